"""From the API's JSON to dataclasses and back: camelCase there, snake_case here.

What is new in an answer is ignored and a new word among known ones is passed on, so that a client keeps working when
the studio learns something.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import types
import typing
from datetime import datetime
from typing import Any, TypeVar

from ai_creative_studio.errors import UnreadableAnswer

T = TypeVar("T")


def read(kind: type[T], value: Any, **extra: Any) -> T:
    """`value` as an instance of the dataclass `kind`; `extra` are fields that are not of the API.

    Raises:
        UnreadableAnswer: something that belongs to it is missing or of another shape.
    """
    try:
        return typing.cast("T", _dataclass(kind, value, extra))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UnreadableAnswer(f"this is no {kind.__name__}: {error!r}") from error


def camel(name: str) -> str:
    """``num_images`` → ``numImages``; camelCase stays as it is."""
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def _dataclass(kind: Any, value: Any, extra: dict[str, Any]) -> Any:
    given = {}
    for name, spelled, hint, required in _fields(kind):
        if name in extra:
            given[name] = extra[name]
        elif required or spelled in value:
            given[name] = _value(hint, value[spelled])
    return kind(**given)


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, {})
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is float:
        return float(value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(next(each for each in arguments if each is not types.NoneType), value)
    if origin is list:
        return [_value(arguments[0], each) for each in value]
    if origin is dict:
        return {key: _value(arguments[1], each) for key, each in value.items()}
    return value


@functools.cache
def _fields(kind: type[Any]) -> list[tuple[str, str, Any, bool]]:
    """Name, spelling of the API, type, and whether it is always there, of each field."""
    hints = typing.get_type_hints(kind)
    return [
        (field.name, field.metadata.get("json", field.name), hints[field.name], field.default is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    ]
