"""How long a customer gives a job: the `Cancel-After` of a submit, such as ``90s``, ``5m`` or ``1h``."""

from __future__ import annotations

import re

from studio.catalog import Order
from studio.errors import Fault, InvalidOrder

MIN_SECONDS = 5  # less is over before a worker could take the job
_UNITS = {"s": 1, "m": 60, "h": 3600}
_WRITTEN = re.compile(r"([0-9]{1,6})([smh])")


def seconds(written: str | None, order: Order) -> int:
    """Seconds until the job must have ended: what was asked for, or the longest its feature allows.

    Raises:
        InvalidOrder: names the range.
    """
    if written is None:
        return order.deadline_seconds
    found = _WRITTEN.fullmatch(written.strip())
    asked = int(found[1]) * _UNITS[found[2]] if found else 0
    if not MIN_SECONDS <= asked <= order.deadline_seconds:
        detail = f"must be {MIN_SECONDS}s to {order.deadline_seconds}s, written like 90s, 5m or 1h"
        raise InvalidOrder(f"Cancel-After {detail}", faults=(Fault("header Cancel-After", detail),))
    return asked
