"""The time. One place, so that tests can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Now in UTC."""
    return datetime.now(UTC)


def epoch() -> int:
    """Now as whole seconds since 1970, the unit of leases, deadlines and DynamoDB TTLs."""
    return int(time.time())


def iso(moment: datetime) -> str:
    """RFC 3339 with milliseconds, for example ``2026-11-20T09:30:00.250Z``; sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_epoch(seconds: float) -> datetime:
    """The UTC moment of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC)
