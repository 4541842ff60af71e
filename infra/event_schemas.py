"""Writes the schemas of the bus's events: `docs/events/*.json` for people and validators, and the template that
registers them with EventBridge.

`python -m infra.event_schemas`, run by `make schemas`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studio import news
from studio.news import Facts

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "events"
TEMPLATE = ROOT / "infra" / "event-schemas.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REGISTRY_DIALECT = "http://json-schema.org/draft-04/schema#"

_ADDED = {  # by `outbox` and `news.tell`
    "eventId": {"type": "string", "description": "The same however often this event is sent."},
    "occurredAt": {"type": "string", "format": "date-time"},
}


def files() -> dict[Path, str]:
    """Everything that is generated, by where it belongs."""
    documents = {FOLDER / f"{name(kind)}.json": _text(schema(kind)) for kind in news.ALL}
    return documents | {TEMPLATE: _text(template())}


def name(kind: type[Facts]) -> str:
    """Such as `job-queued.v1`."""
    return f"{kind.detail_type.lower().replace(' ', '-')}.v{news.VERSION}"


def schema(kind: type[Facts]) -> dict[str, Any]:
    """The event as EventBridge delivers it (JSON Schema 2020-12). A version may gain fields, so more is allowed."""
    detail = kind.model_json_schema(by_alias=True)
    definitions = detail.pop("$defs", {})
    del detail["description"]
    detail["properties"] |= _ADDED
    detail["required"] = sorted({*detail["required"], "version", *_ADDED})
    document = {
        "$schema": DIALECT,
        "title": kind.detail_type,
        "description": kind.__doc__,
        "type": "object",
        "required": ["source", "detail-type", "detail"],
        "properties": {
            "source": {"const": kind.source},
            "detail-type": {"const": kind.detail_type},
            "detail": detail,
        },
        "$defs": definitions,
    }
    plain: dict[str, Any] = _cleaned(document)
    return plain


def template() -> dict[str, Any]:
    """The CloudFormation template of the registry."""
    resources: dict[str, Any] = {
        "Registry": {
            "Type": "AWS::EventSchemas::Registry",
            "Properties": {"RegistryName": {"Ref": "RegistryName"}, "Description": "Events of the studio"},
        }
    }
    for kind in news.ALL:
        resources[kind.__name__] = {
            "Type": "AWS::EventSchemas::Schema",
            "Properties": {
                "RegistryName": {"Fn::GetAtt": ["Registry", "RegistryName"]},
                "SchemaName": f"{kind.source}@{kind.__name__}",
                "Type": "JSONSchemaDraft4",
                "Description": kind.detail_type,
                "Content": json.dumps(_as_draft_4(schema(kind)), separators=(",", ":")),
            },
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Schemas of the studio's events, written by `make schemas`",
        "Parameters": {"RegistryName": {"Type": "String"}},
        "Resources": resources,
    }


def _cleaned(value: Any) -> Any:
    """Without what pydantic adds for itself: titles of fields, defaults, and a ban on fields of the future."""
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = {"additionalProperties", "default"}
    if "properties" in value or "type" in value or "anyOf" in value or "const" in value or "$ref" in value:
        dropped |= set() if "$schema" in value else {"title"}
    kept = {k: v for k, v in value.items() if k not in dropped}
    return {
        k: {name: _cleaned(inner) for name, inner in v.items()} if k in ("properties", "$defs") else _cleaned(v)
        for k, v in kept.items()
    }


def _as_draft_4(value: Any) -> Any:
    """What EventBridge's registry takes: an older dialect that says some things in other words."""
    if isinstance(value, list):
        return [_as_draft_4(item) for item in value]
    if not isinstance(value, dict):
        return value
    said: dict[str, Any] = {}
    for key, inner in value.items():
        match key:
            case "$schema":
                said[key] = REGISTRY_DIALECT
            case "$defs":
                said["definitions"] = _as_draft_4(inner)
            case "$ref":
                said[key] = inner.replace("#/$defs/", "#/definitions/")
            case "const":
                said["enum"] = [inner]
            case _:
                said[key] = _as_draft_4(inner)
    return said


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text)
