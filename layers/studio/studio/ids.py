"""Identifiers: a readable prefix and a ULID, so that newer ids sort after older ones."""

from __future__ import annotations

from ulid import ULID


def new(prefix: str) -> str:
    """A fresh id such as ``job_01jd3k…``: 48 bits of time, 80 random bits."""
    return f"{prefix}_{str(ULID()).lower()}"
