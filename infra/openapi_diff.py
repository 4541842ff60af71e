"""`python -m infra.openapi_diff OLD NEW`: what a program written for the old API would stumble over in the new one.

Requests may only become more tolerant and answers may only say more. An enum of an answer that gains a value is not
counted: docs/API.md tells clients to expect it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT = ("pattern", "multipleOf", "uniqueItems")
"""Limits of which nobody can say which is the wider one: a new or another one is a break."""
CHOICES = ("anyOf", "oneOf")
DEPTH = 12  # schemas may name themselves


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One sentence for every break."""
    return list(dict.fromkeys(_operations(old, new)))


def _operations(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            where = f"{method.upper()} {path}"
            after = new["paths"].get(path, {}).get(method)
            if after is None:
                yield f"{where} is gone"
                continue
            yield from _parameters(where, item[method], after, old, new)
            yield from _body(where, item[method], after, old, new)
            yield from _answers(where, item[method], after, old, new)


def _parameters(where: str, was: Any, now: Any, old: Any, new: Any) -> Iterator[str]:
    before = {(one["in"], one["name"]): one for one in _all(was, old)}
    after = {(one["in"], one["name"]): one for one in _all(now, new)}
    for key, one in after.items():
        if one.get("required") and not before.get(key, {}).get("required"):
            yield f"{where} asks for the {key[0]} parameter {key[1]}"
    for key in before.keys() - after.keys():
        yield f"{where} no longer knows the {key[0]} parameter {key[1]}"
    for key in sorted(before.keys() & after.keys()):
        told = f"{where} parameter {key[1]}"
        yield from _schemas(told, before[key].get("schema", {}), after[key].get("schema", {}), old, new, asked=True)


def _all(operation: Any, document: Any) -> list[Any]:
    return [_resolved(one, document) for one in operation.get("parameters", [])]


def _body(where: str, was: Any, now: Any, old: Any, new: Any) -> Iterator[str]:
    before, after = _resolved(was.get("requestBody", {}), old), _resolved(now.get("requestBody", {}), new)
    if after.get("required") and not before.get("required"):
        yield f"{where} asks for a body"
    for kind, content in before.get("content", {}).items():
        if kind not in after.get("content", {}):
            yield f"{where} no longer takes {kind}"
            continue
        given = after["content"][kind].get("schema", {})
        yield from _schemas(f"{where} body", content.get("schema", {}), given, old, new, asked=True)


def _answers(where: str, was: Any, now: Any, old: Any, new: Any) -> Iterator[str]:
    for status, answer in was.get("responses", {}).items():
        if not status.startswith("2"):
            continue
        after = _resolved(now.get("responses", {}).get(status, {}), new)
        if not after:
            yield f"{where} no longer answers {status}"
            continue
        for kind, content in _resolved(answer, old).get("content", {}).items():
            if kind not in after.get("content", {}):
                yield f"{where} {status} is no longer {kind}"
                continue
            told = after["content"][kind].get("schema", {})
            yield from _schemas(f"{where} {status}", content.get("schema", {}), told, old, new, asked=False)


def _schemas(where: str, was: Any, now: Any, old: Any, new: Any, *, asked: bool, depth: int = 0) -> Iterator[str]:
    was, now = _whole(was, old), _whole(now, new)
    if depth > DEPTH or (was == now and "$ref" not in json.dumps(was)):
        return
    kinds, become = _kinds(was, old), _kinds(now, new)
    if kinds and become and (kinds - become if asked else become - kinds):
        yield f"{where} was {_told(kinds)} and is {_told(become)}"
        return
    if any(name in schema for schema in (was, now) for name in CHOICES):
        yield from _choices(where, was, now, old, new, asked=asked, depth=depth)
    yield from _alike(where, was, now, old, new, asked=asked, depth=depth)


def _alike(where: str, was: Any, now: Any, old: Any, new: Any, *, asked: bool, depth: int) -> Iterator[str]:
    """The schemas without their choices."""
    if asked:
        yield from _limits(where, was, now)
        for name in sorted(set(now.get("required", [])) - set(was.get("required", []))):
            yield f"{where} asks for {name}"
        if now.get("additionalProperties") is False and was.get("additionalProperties") is not False:
            yield f"{where} no longer takes fields it does not know"
    elif left_out := set(was.get("required", [])) - set(now.get("required", [])):
        yield f"{where} may leave out {_told(left_out)}"
    before, after = was.get("properties", {}), now.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield f"{where} no longer has {name}"
    further: dict[str, Any] = {"asked": asked, "depth": depth + 1}
    for name in sorted(before.keys() & after.keys()):
        yield from _schemas(f"{where}.{name}", before[name], after[name], old, new, **further)
    for name, sign in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(was.get(name), dict) and isinstance(now.get(name), dict):
            yield from _schemas(f"{where}{sign}", was[name], now[name], old, new, **further)


def _choices(where: str, was: Any, now: Any, old: Any, new: Any, *, asked: bool, depth: int) -> Iterator[str]:
    """What may be sent must still fit one choice, and what is answered must fit one that was there before.

    A schema without choices is one choice of its own. What fits none is told by the choice it comes closest to.
    """
    before, after = _parts(was), _parts(now)
    for number, one in enumerate(before if asked else after):
        others = after if asked else before
        pairs = [(one, other) if asked else (other, one) for other in others]
        found = [list(_schemas(where, *pair, old, new, asked=asked, depth=depth + 1)) for pair in pairs]
        nearest = min(found, key=len)
        same = found[number] if len(before) == len(after) else nearest
        if nearest:
            yield from same


def _parts(schema: Any) -> list[Any]:
    return next((list(schema[name]) for name in CHOICES if name in schema), [schema])


def _limits(where: str, was: Any, now: Any) -> Iterator[str]:
    before, after = _values(was), _values(now)
    if after is not None and before is None:
        yield f"{where} takes only {_told(after)}"
    elif after is not None and before is not None and (gone := before - after):
        yield f"{where} no longer takes {_told(gone)}"
    for name in UPPER:
        if name in now and now[name] < was.get(name, float("inf")):
            yield f"{where} has {name} {now[name]}"
    for name in LOWER:
        if name in now and now[name] > was.get(name, float("-inf")):
            yield f"{where} has {name} {now[name]}"
    for name in EXACT:
        if now.get(name) and now[name] != was.get(name):
            yield f"{where} has {name} {now[name]}"


def _values(schema: Any) -> set[str] | None:
    """The values that a schema lists, or None where it lists none."""
    if "const" in schema:
        return {str(schema["const"])}
    return set(map(str, schema["enum"])) if "enum" in schema else None


def _whole(schema: Any, document: Any) -> Any:
    """The schema with what its `allOf` adds: properties and required fields of all, the last word on anything else."""
    schema = _resolved(schema, document)
    if not isinstance(schema, dict) or "allOf" not in schema:
        return schema if isinstance(schema, dict) else {}  # `true` takes anything
    parts = [_whole(one, document) for one in schema["allOf"]] + [
        {name: value for name, value in schema.items() if name != "allOf"}
    ]
    whole: dict[str, Any] = {}
    for one in parts:
        whole |= one | {
            "properties": whole.get("properties", {}) | one.get("properties", {}),
            "required": [*whole.get("required", []), *one.get("required", [])],
        }
    return whole


def _kinds(schema: Any, document: Any) -> set[str]:
    """JSON types that a schema allows; empty where it does not say."""
    if isinstance(schema.get("type"), list):
        return set(schema["type"])
    if "type" in schema:
        return {schema["type"]}
    parts = [_kinds(_whole(one, document), document) for one in schema.get("anyOf", schema.get("oneOf", []))]
    return set().union(*parts) if parts and all(parts) else set()


def _resolved(part: Any, document: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        target = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        part = target
    return part


def _told(names: set[str]) -> str:
    return ", ".join(sorted(names))


def main() -> None:
    """Print every break; end with 1 when there is one."""
    old, new = (json.loads(Path(name).read_text()) for name in sys.argv[1:3])
    found = breaks(old, new)
    print("\n".join(found) or "nothing that breaks programs")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
