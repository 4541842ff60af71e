"""Cursors of lists: opaque to the client, checked when they come back."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime

from studio.deliveries import DELIVERY_ID
from studio.errors import Fault, InvalidOrder
from studio.jobs import JOB_ID


def cursor(position: int | str | None) -> str | None:
    """The cursor of a position, None at the end of a list."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def number(value: str | None) -> int | None:
    """The position of a cursor over numbers."""
    position = _position(value)
    if position is None or (type(position) is int and 1 <= position < 2**53):
        return position
    raise _invalid()


def job_id(value: str | None) -> str | None:
    """The position of a cursor over jobs."""
    position = _position(value)
    if position is None or (isinstance(position, str) and JOB_ID.fullmatch(position)):
        return position
    raise _invalid()


def moment(value: str | None, name: str) -> datetime | None:
    """The time that a parameter names; one without an offset is UTC."""
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value)
        return given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        detail = "must be a time such as 2026-11-20T09:30:00Z"
        raise InvalidOrder(f"?{name} {detail}", faults=(Fault(f"?{name}", detail),)) from error


def delivery_id(value: str | None) -> str | None:
    """The position of a cursor over deliveries."""
    position = _position(value)
    if position is None or (isinstance(position, str) and DELIVERY_ID.fullmatch(position)):
        return position
    raise _invalid()


def _position(value: str | None) -> object:
    if value is None:
        return None
    try:
        return json.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)) or ""
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _invalid() from error


def _invalid() -> InvalidOrder:
    return InvalidOrder(faults=(Fault("?cursor", "is not a cursor of this list"),))
