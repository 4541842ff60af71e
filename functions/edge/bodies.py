"""What counts as JSON here: RFC 8259, and of what it leaves open nothing that two readers could take differently."""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 32  # orders have four levels; deeper ones only cost whoever reads them their stack
# Takes a string that nobody closed to the end, so that no body makes it look at anything twice.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def read(text: str) -> Any:
    """What a body says, if it is JSON that everybody reads alike.

    Raises:
        ValueError: it is no JSON, nests too deep, names a field twice, or has a number that is none or too large.
    """
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")
    return json.loads(text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_each_once)


def _depth(text: str) -> int:
    """How deep it nests; counted before it is read, so that reading cannot run out of stack."""
    depth = deepest = 0
    for sign in re.findall(r"[\[{\]}]", _STRING.sub("", text)):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is given twice")
    return found
