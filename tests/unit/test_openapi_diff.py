"""What would break programs of customers is found in the reference, and what would not is left alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.stack import ROOT
from infra.openapi_diff import breaks

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
ORDER = "/api/v1/jobs/image-generation"
SMALL: dict[str, Any] = {
    "paths": {
        "/things": {
            "post": {
                "parameters": [{"in": "query", "name": "dry", "schema": {"type": "boolean"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "style": {"enum": ["a", "b"]},
                    "size": {"type": "integer", "minimum": 1},
                    "voice": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
                    "source": {
                        "oneOf": [{"$ref": "#/components/schemas/Link"}, {"$ref": "#/components/schemas/Upload"}]
                    },
                    "scene": {"allOf": [{"$ref": "#/components/schemas/Link"}]},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "Link": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}},
            "Upload": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "owner": {"anyOf": [{"$ref": "#/components/schemas/Upload"}, {"type": "null"}]},
                    "id": {"type": "string"},
                    "parts": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}


def post(document: Any) -> Any:
    return document["paths"]["/things"]["post"]


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def field(document: Any, name: str) -> Any:
    return schema(document, "Order")["properties"][name]


def test_a_document_does_not_break_with_itself():
    assert breaks(DOCUMENT, DOCUMENT) == []


BREAKING: dict[str, Callable[[Any], object]] = {
    "POST /things is gone": lambda d: d["paths"]["/things"].pop("post"),
    "POST /things asks for the header parameter key": lambda d: post(d)["parameters"].append(
        {"in": "header", "name": "key", "required": True}
    ),
    "POST /things no longer knows the query parameter dry": lambda d: post(d)["parameters"].clear(),
    "POST /things no longer answers 200": lambda d: post(d)["responses"].pop("200"),
    "POST /things body asks for size": lambda d: schema(d, "Order")["required"].append("size"),
    "POST /things body no longer has size": lambda d: schema(d, "Order")["properties"].pop("size"),
    "POST /things body.style no longer takes b": lambda d: schema(d, "Order")["properties"]["style"]["enum"].remove(
        "b"
    ),
    "POST /things body.name has maxLength 10": lambda d: schema(d, "Order")["properties"]["name"].update(maxLength=10),
    "POST /things body.size has minimum 2": lambda d: schema(d, "Order")["properties"]["size"].update(minimum=2),
    "POST /things body.size was integer and is string": lambda d: schema(d, "Order")["properties"]["size"].update(
        type="string"
    ),
    "POST /things 200 no longer has parts": lambda d: schema(d, "Thing")["properties"].pop("parts"),
    "POST /things 200 may leave out id": lambda d: schema(d, "Thing")["required"].clear(),
    "POST /things 200.parts[] was string and is integer": lambda d: schema(d, "Thing")["properties"]["parts"].update(
        items={"type": "integer"}
    ),
}
BREAKING |= {
    "POST /things body.name takes only Ada, Bob": lambda d: field(d, "name").update(enum=["Ada", "Bob"]),
    "POST /things body.name takes only Ada": lambda d: field(d, "name").update(const="Ada"),
    "POST /things body.name has pattern ^[a-z]+$": lambda d: field(d, "name").update(pattern="^[a-z]+$"),
    "POST /things body.size has exclusiveMinimum 2": lambda d: field(d, "size").update(exclusiveMinimum=2),
    "POST /things body.size has exclusiveMaximum 9": lambda d: field(d, "size").update(exclusiveMaximum=9),
    "POST /things body.size has multipleOf 8": lambda d: field(d, "size").update(multipleOf=8),
    "POST /things body.voice has maxLength 3": lambda d: field(d, "voice")["anyOf"][0].update(maxLength=3),
    "POST /things body.voice was null, string and is string": lambda d: field(d, "voice")["anyOf"].pop(),
    "POST /things body.source asks for name": lambda d: schema(d, "Upload")["required"].append("name"),
    "POST /things body.scene asks for title": lambda d: field(d, "scene")["allOf"].append({"required": ["title"]}),
    "POST /things body.scene.url has maxLength 8": lambda d: field(d, "scene")["allOf"].append(
        {"properties": {"url": {"type": "string", "maxLength": 8}}}
    ),
    "POST /things body.labels.* was string and is integer": lambda d: field(d, "labels").update(
        additionalProperties={"type": "integer"}
    ),
    "POST /things body no longer takes fields it does not know": lambda d: schema(d, "Order").update(
        additionalProperties=False
    ),
    "POST /things 200.id was string and is null, string": lambda d: schema(d, "Thing")["properties"].update(
        id={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "POST /things 200.owner.id was string and is integer": lambda d: schema(d, "Thing")["properties"].update(
        owner={"anyOf": [{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}]}
    ),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_break_is_told_in_words(told):
    new = copy.deepcopy(SMALL)
    BREAKING[told](new)
    assert breaks(SMALL, new) == [told]


HARMLESS: dict[str, Callable[[Any], object]] = {
    "an option more": lambda d: schema(d, "Order")["properties"].update(mood={"type": "string"}),
    "a value more": lambda d: schema(d, "Order")["properties"]["style"]["enum"].append("c"),
    "a wider limit": lambda d: schema(d, "Order")["properties"]["name"].update(maxLength=99),
    "an answer that says more": lambda d: schema(d, "Thing")["properties"].update(size={"type": "integer"}),
    "another type that is taken": lambda d: schema(d, "Order")["properties"]["size"].update(type=["integer", "string"]),
    "a field that need not be sent": lambda d: schema(d, "Order")["required"].clear(),
    "a choice more": lambda d: field(d, "source")["oneOf"].append({"type": "string"}),
    "one choice where there was none": lambda d: schema(d, "Order")["properties"].update(
        size={"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}
    ),
    "choices in another order": lambda d: field(d, "source")["oneOf"].reverse(),
    "a choice less of an answer": lambda d: schema(d, "Thing")["properties"]["owner"]["anyOf"].pop(),
    "a route more": lambda d: d["paths"].update({"/others": {"get": {"responses": {}}}}),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_breaks_nothing_is_not_told(change):
    new = copy.deepcopy(SMALL)
    HARMLESS[change](new)
    assert breaks(SMALL, new) == []


def test_a_choice_that_is_gone_is_told_by_what_the_nearest_one_wants():
    new = copy.deepcopy(SMALL)
    field(new, "source")["oneOf"].pop()
    where = "POST /things body.source"
    assert breaks(SMALL, new) == [f"{where} asks for url", f"{where} no longer has id"]


def test_a_break_of_our_own_reference_is_found():
    new = copy.deepcopy(DOCUMENT)
    assert ORDER in new["paths"]
    del new["paths"][ORDER]["post"]
    assert breaks(DOCUMENT, new) == [f"POST {ORDER} is gone"]
