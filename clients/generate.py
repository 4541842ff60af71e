"""Write what of the Python client is generated: models and orders from docs/openapi.json, `_sync` from `_async`.

`make clients` runs this, and openapi-typescript for the TypeScript client. A generator of our own, because no other
makes keyword arguments of orders; what it makes is dataclasses that ignore what they do not know.
"""

from __future__ import annotations

import argparse
import json
import keyword
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLIENTS = Path(__file__).resolve().parent
DOCUMENT = CLIENTS.parent / "docs" / "openapi.json"
PACKAGE = CLIENTS / "python" / "src" / "ai_creative_studio"

_REF = "#/components/schemas/"
_SUBMIT = re.compile(r"/api/v1/jobs/([a-z0-9-]+)")
_WIDTH = 110
_RENAMED = {"JobView": "JobSnapshot"}  # a `Job` can also wait and download
_SECRETS = {"secret", "token"}  # must not end up in somebody's log
_NOT_FOR_CUSTOMERS = {"JwksView", "HeardView", "OverviewView"}
_HEADER = """# Made by clients/generate.py from {source}; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""

Schemas = dict[str, Any]


def written(document: dict[str, Any], sources: Path) -> dict[str, str]:
    """Every generated file by its path in the package.

    Args:
        document: the OpenAPI document.
        sources: the folder of the package, for what is made from `_async`.
    """
    schemas: Schemas = document["components"]["schemas"]
    features = _features(document)
    overloads = _overloads(features)
    made = {
        "models.py": _models(schemas, _answered(document)),
        "orders.py": _orders(schemas, features),
        "_async/orders.py": overloads,
        "_sync/orders.py": synchronous(overloads),
    }
    for path in sorted((sources / "_async").glob("*.py")):
        if path.name == "__init__.py":
            made["_sync/__init__.py"] = '"""The client for everybody else; made from `_async`."""\n'
        elif path.name != "orders.py":
            head = _HEADER.format(source=f"_async/{path.name}")
            made[f"_sync/{path.name}"] = head + synchronous(path.read_text(encoding="utf-8"))
    return made


def synchronous(source: str) -> str:
    """The same code without async."""
    for pattern, replacement in (
        (r"\basync (def|with|for)\b", r"\1"),
        (r"\bawait ", ""),
        (r"\bAsync([A-Z]\w*)", r"\1"),
        (r"\b_async\b", "_sync"),
        (r"\baclose\b", "close"),
        (r"\b__a(enter|exit)__", r"__\1__"),
        (r"\baiter_", "iter_"),
    ):
        source = re.sub(pattern, replacement, source)
    return source


# ---- Models: what the API answers ------------------------------------------------------------------------------------


def _headed(doc: str) -> str:
    return _HEADER.format(source="docs/openapi.json") + f'"""{doc}"""\n\nfrom __future__ import annotations\n\n'


def _models(schemas: Schemas, names: list[str]) -> str:
    lines = [_headed("What the API answers, typed. Times are in UTC.")]
    lines.append("from dataclasses import dataclass, field\n")
    lines.append("from datetime import datetime\nfrom typing import Any, Literal\n\n")
    for name in names:
        if "enum" in schemas[name]:
            lines.append(f"{_class(name)} = {_literal(schemas[name]['enum'])}\n")
            lines.extend(_doc(schemas[name], indent=""))
    for name in names:
        if "enum" not in schemas[name]:
            lines.extend(_model(name, schemas[name], schemas))
    return "".join(lines)


def _model(name: str, schema: Schemas, schemas: Schemas) -> Iterator[str]:
    yield f"\n\n@dataclass(frozen=True, kw_only=True)\nclass {_class(name)}:\n"
    yield from _doc(schema)
    yield "\n"
    required = set(schema.get("required", ()))
    # What may be missing has a default, and dataclasses want those without one first.
    for spelled, field in sorted(schema["properties"].items(), key=lambda each: each[0] not in required):
        attribute, hint = _snake(spelled), _hint(field, schemas, spelled)
        metadata = f'metadata={{"json": "{spelled}"}}' if attribute != spelled else ""
        default = "" if spelled in required else "default=None"
        if default and not hint.endswith("| None"):
            hint += " | None"
        hidden = "repr=False" if spelled in _SECRETS else ""
        arguments = ", ".join(filter(None, (default, hidden, metadata)))
        yield f"    {attribute}: {hint}" + (f" = field({arguments})" if arguments else "") + "\n"
        yield from _doc(field)


def _hint(schema: Schemas, schemas: Schemas, name: str = "") -> str:
    match schema:
        case {"$ref": ref}:
            return _class(ref.removeprefix(_REF))
        case {"anyOf": choices}:
            hints = [_hint(choice, schemas, name) for choice in choices if choice.get("type") != "null"]
            return " | ".join([*dict.fromkeys(hints), *(["None"] if len(hints) < len(choices) else [])])
        case {"enum": values}:
            return _literal(values)
        case {"const": value}:
            return _literal([value])
        case {"type": "array", "items": items}:
            return f"list[{_hint(items, schemas)}]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"dict[str, {_hint(values, schemas)}]"
        case {"type": "object"}:
            return "dict[str, Any]"
        case {"type": "string"} if _is_time(name):
            return "datetime"
        case {"type": kind}:
            return {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}[kind]
    return "Any"


def _is_time(name: str) -> bool:
    """The API names its times so, and nothing else."""
    return name.endswith(("At", "Since", "Until")) or name in ("at", "deadline")


# ---- Orders: what the API is asked for -------------------------------------------------------------------------------


def _orders(schemas: Schemas, features: dict[str, str]) -> str:
    doc = "Orders as keyword arguments. Pictures are ids of uploads, or paths and bytes that are uploaded first."
    lines = [_headed(doc)]
    lines.append("from pathlib import Path\nfrom typing import Literal, Required, TypedDict\n")
    nested = {
        ref for name in features.values() for ref in _refs(schemas[name]["properties"]) if "enum" not in schemas[ref]
    }
    for name in [*sorted(nested), *features.values()]:
        lines.append(f"\n\nclass {name}(TypedDict, total=False):\n")
        lines.extend(_doc(schemas[name]))
        lines.append("\n")
        for spelled, field in schemas[name]["properties"].items():
            hint = _hint(field, schemas)
            if _is_picture(field):
                hint = hint.replace("str", "str | Path | bytes")
            if spelled in schemas[name].get("required", ()):
                hint = f"Required[{hint}]"
            lines.append(f"    {_snake(spelled)}: {hint}\n")
            lines.extend(_doc(field))
    return "".join(lines)


def _is_picture(field: Schemas) -> bool:
    return any(each.get("format") == "picture" for each in (field, *field.get("anyOf", ())))


def _overloads(features: dict[str, str]) -> str:
    """`submit` and `quote`, once per feature."""
    doc = "What can be ordered: one signature per feature."
    lines = [_headed(doc)]
    lines.append("from abc import ABC, abstractmethod\n")
    lines.append("from typing import TYPE_CHECKING, Any, Literal, Unpack, overload\n\n")
    lines.append("if TYPE_CHECKING:\n    from ai_creative_studio import models, orders\n")
    lines.append("    from ai_creative_studio._async.jobs import AsyncJob\n\n\n")
    lines.append('class AsyncOrders(ABC):\n    """`submit` and `quote` of `studio.jobs`."""\n')
    sending = "idempotency_key: str | None = None, cancel_after: str | float | None = None, "
    for method, answer, more in (("submit", "AsyncJob", sending), ("quote", "models.Quote", "")):
        for feature, order in features.items():
            lines.append(
                f'\n    @overload\n    async def {method}(self, feature: Literal["{feature}"], *, {more}'
                f"**order: Unpack[orders.{order}]) -> {answer}: ...\n".replace("*, **", "**")
            )
        lines.append(f"\n    async def {method}(self, feature: str, **order: Any) -> {answer}:\n")
        lines.append(f'        """{_METHODS[method]}"""\n        return await self._{method}(feature, order)\n')
    for method, answer in (("submit", "AsyncJob"), ("quote", "models.Quote")):
        lines.append(
            f"\n    @abstractmethod\n    async def _{method}(self, feature: str, order: dict[str, Any]) -> {answer}:"
            " ...\n"
        )
    return "".join(lines)


_METHODS = {
    "submit": "Order something; see `submit_any`. Options are keyword arguments, those of `orders`.",
    "quote": "What an order would cost, and whether the balance covers it. Nothing is charged or queued.",
}


# ---- Reading the document --------------------------------------------------------------------------------------------


def _features(document: dict[str, Any]) -> dict[str, str]:
    """Schema of the order of each feature."""
    found = {}
    for path, methods in document["paths"].items():
        if (match := _SUBMIT.fullmatch(path)) and "post" in methods:
            found[match[1]] = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return {feature: ref.removeprefix(_REF) for feature, ref in found.items()}


def _answered(document: dict[str, Any]) -> list[str]:
    """Schemas that a success can be answered with, and theirs; pages are ours."""
    schemas = document["components"]["schemas"]
    waiting = [
        answer.get("content", {})
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    ]
    seen: set[str] = set(_NOT_FOR_CUSTOMERS)
    while waiting:
        for name in set(_refs(waiting.pop())) - seen:
            seen.add(name)
            waiting.append(schemas[name])
    return sorted((name for name in seen - _NOT_FOR_CUSTOMERS if not name.startswith("Page_")), key=_class)


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(ref := node.get("$ref"), str):
            yield ref.removeprefix(_REF)
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def _class(name: str) -> str:
    """``JobView`` → `JobSnapshot`, ``UserView`` → `User`; ``api__callback_views__AttemptView`` → `CallbackAttempt`."""
    if name in _RENAMED:
        return _RENAMED[name]
    *module, last = name.split("__")
    family = module[-1].removesuffix("_views").title() if module else ""
    return family + last.removesuffix("View")


def _snake(name: str) -> str:
    snake = re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def _literal(values: list[Any]) -> str:
    return f"Literal[{', '.join(json.dumps(each) if isinstance(each, str) else repr(each) for each in values)}]"


def _doc(schema: Schemas, indent: str = "    ") -> Iterator[str]:
    if text := schema.get("description", ""):
        wrapped = textwrap.wrap(text.replace("\\", "\\\\"), _WIDTH, break_long_words=False)
        closing = f'\n{indent}"""' if len(wrapped) > 1 else '"""'
        yield f'{indent}"""' + f"\n{indent}".join(wrapped) + closing + "\n"


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    document = json.loads(parser.parse_args().document.read_text(encoding="utf-8"))
    for name, text in written(document, PACKAGE).items():
        path = PACKAGE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
