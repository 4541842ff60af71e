"""What a feature returns: files in memory and what the result says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file to deliver."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files of a job and its metadata (engine, seeds and whatever else explains the result)."""

    files: tuple[OutputFile, ...]
    metadata: dict[str, Any]
    undelivered: int = 0
    """Parts of the order that are not in `files`; the metadata says why, and their share of the price goes back."""
    parts: int | None = None
    """How many parts the order has, where that is not the number of units it is charged by."""
