"""Identifiers: a readable prefix and a ULID, so that newer ids sort after older ones."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ulid import ULID


def new(prefix: str) -> str:
    """A fresh id such as ``job_01jd3k…``: 48 bits of time, 80 random bits."""
    return f"{prefix}_{str(ULID()).lower()}"


def earliest(prefix: str, moment: datetime) -> str:
    """The lowest id that could be made at that moment: everything made before sorts below it."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return f"{prefix}_{str(ULID.from_bytes(milliseconds.to_bytes(6) + bytes(10))).lower()}"


def moment(id_: str) -> datetime:
    """When an id was made, in UTC."""
    return ULID.from_str(id_.rpartition("_")[2].upper()).datetime


def derived(prefix: str, seconds: int, *parts: str) -> str:
    """The one id that these parts have at that Unix time, so that whoever makes it again makes the same."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return f"{prefix}_{str(ULID.from_bytes((seconds * 1000).to_bytes(6) + digest[:10])).lower()}"
