"""Orders on the command line: ``prompt="A fox" width=512 person=me.jpg``, read by the schema that the studio serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ai_creative_studio._reading import camel
from ai_creative_studio.errors import StudioError

if TYPE_CHECKING:
    from ai_creative_studio.models import Feature


def parse(feature: Feature, options: list[str]) -> dict[str, Any]:
    """The order that `options` spell, each as ``name=value``; ``name=@file`` is the text in a file.

    Raises:
        StudioError: an option that the feature does not have, or a value that cannot be of its type.
    """
    known = feature.options["properties"]
    order = {}
    for option in options:
        name, sign, text = option.partition("=")
        name = camel(name.replace("-", "_"))
        if not sign:
            raise StudioError(f"{option!r} is not of the form name=value")
        if name not in known:
            raise StudioError(f"{feature.name} has no option {name}; it has {', '.join(known)}")
        order[name] = _value(name, text, list(_kinds(known[name])))
    return order


def described(feature: Feature) -> Iterator[tuple[str, str]]:
    """Each option with what may stand there."""
    required = feature.options.get("required", ())
    for name, schema in feature.options["properties"].items():
        words = [_allowed(schema), schema.get("description", "")]
        if name in required:
            words.insert(0, "required")
        elif schema.get("default") not in (None, "", []):
            words.insert(1, f"default {json.dumps(schema['default'])}")
        yield name, "; ".join(filter(None, words))


def _allowed(schema: dict[str, Any]) -> str:
    choices = [value for kind in _kinds(schema) for value in kind.get("enum", [])]
    if choices:
        return " | ".join(map(str, choices))
    return " or ".join(
        "a picture file or its https:// URL" if _is_picture(kind) else str(kind.get("type", "JSON"))
        for kind in _kinds(schema)
    )


def _kinds(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in schema.get("anyOf", [schema]):
        if kind.get("type") != "null":
            yield kind


def _value(name: str, text: str, kinds: list[dict[str, Any]]) -> Any:
    if any(_is_picture(kind) for kind in kinds):
        return (
            text if text.startswith(("upl_", "https://")) and not Path(text).exists() else Path(text.removeprefix("@"))
        )
    if any(kind.get("type") == "string" for kind in kinds):
        return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
    try:
        return json.loads(text)
    except ValueError as error:
        raise StudioError(f"{name}={text}: this is no {kinds[0].get('type', 'JSON')}") from error


def _is_picture(kind: dict[str, Any]) -> bool:
    return kind.get("format") == "picture"
