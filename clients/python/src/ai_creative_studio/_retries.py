"""When a request is repeated, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anyio
import httpx

# Whatever the method, doing these twice is doing them once (RFC 9110 §9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient the client is. Waits have full jitter: anything from 0 to a bound that doubles with each failure."""

    attempts: int = 5
    """Of one call, the first among them; 1 never repeats."""
    base_seconds: float = 0.5
    """The bound after the first failure."""
    cap_seconds: float = 8.0
    """No bound is larger."""
    patience_seconds: float = 60.0
    """A longer `Retry-After` is not waited for, but raised."""
    rand: Callable[[], float] = random.random
    """From 0 to 1."""

    def delay(self, failures: int, retry_after: float | None = None) -> float | None:
        """Seconds until the next attempt after so many failures; None to give up."""
        if failures >= self.attempts:
            return None
        if retry_after is None:
            return self.rand() * min(self.cap_seconds, self.base_seconds * 2.0 ** (failures - 1))
        if retry_after > self.patience_seconds:
            return None
        return retry_after + self.rand() * self.base_seconds  # not everybody at the same moment


def may_repeat(method: str, failure: httpx.Response | httpx.TransportError, *, keyed: bool) -> bool:
    """Whether the call may be made again without the risk of doing it twice.

    Args:
        keyed: it carries an Idempotency-Key, which the next attempt carries too.
    """
    once = keyed or method in _IDEMPOTENT
    if isinstance(failure, httpx.Response):
        return failure.status_code == 429 or (once and failure.status_code in _PASSING)
    if isinstance(failure, _HOPELESS):
        return False
    return once or isinstance(failure, _NOT_SENT)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds of the `Retry-After` header, which may be a date; None without a sensible one."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


class Clock:
    """Time that passes; tests bring their own."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        time.sleep(seconds)


class AsyncClock:
    """The same for asyncio and trio."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let seconds pass."""
        await anyio.sleep(seconds)
