"""What the result of a completed job says, as JSON Schema. Engines and features may add more; none has everything."""

from __future__ import annotations

from typing import Any


def _object(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "additionalProperties": True, "properties": properties}


def _list(description: str, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "description": description, "items": items}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _or_null(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "anyOf": [schema, {"type": "null"}]}


_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_YES = {"type": "boolean"}
_CHECK = _object(
    "What the content check found in one picture; without `checked` nobody looked.",
    checked=_YES,
    nsfw=_or_null(_NUMBER, "How likely it is not for everybody, 0 to 1."),
    blocked={"type": "boolean", "description": "It was held back, and its share of the price refunded."},
)

RESULT = _object(
    "How a completed job was made.",
    engine=_text("What drew it; `sketch` draws without a model."),
    model=_text("The model of the engine."),
    revision=_text("Which version of the model."),
    licence=_text("What the model may be used under."),
    seeds=_list("Of every picture or shot, in order; the same seed draws the same again.", _WHOLE),
    quality={"type": "string", "enum": ["standard", "draft"]},
    timings={"type": "object", "description": "Seconds by stage, and in `total`.", "additionalProperties": _NUMBER},
    notes=_list("What the customer should know: a substitute voice, sentences left out.", {"type": "string"}),
    safety={
        "description": "What the content check found: picture by picture, or of all pictures of a film together.",
        "anyOf": [
            _list("By picture, in order.", _CHECK),
            _object("Of a film.", checked=_YES, pictures=_WHOLE),
        ],
    },
    provenance=_object(
        "How the files say that they were made by a machine.",
        watermark=_text("The invisible marks in the pictures."),
        c2pa={"type": "boolean", "description": "The files carry a signed C2PA manifest."},
        c2paTrusted={"type": "boolean", "description": "Its certificate is one that others trust."},
    ),
    method=_text("How a try-on or a persona was made."),
    personaId=_text("For the same person again, as `personaId` of an order."),
    images=_list("Of a persona, by picture.", _object("One picture.", safety=_CHECK)),
    video=_object("The film.", width=_WHOLE, height=_WHOLE, fps=_WHOLE, seconds=_NUMBER, codec={"type": "string"}),
    voice=_object("Who speaks.", engine={"type": "string"}, voice={"type": "string"}, language={"type": "string"}),
    music=_object("What plays.", mood={"type": "string"}, engine=_or_null({"type": "string"}, "What composed it.")),
)
