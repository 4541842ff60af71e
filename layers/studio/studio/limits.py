"""How often somebody may do something: fixed windows, counted exactly in one conditional DynamoDB update each.

Windows of different users start at different moments, so that not everybody is let in again at once. At the border of
two windows up to twice the quota can pass in a short time; the quota holds within every window.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from pynamodb.exceptions import PynamoDBException, UpdateError

from studio import clock
from studio.catalog import Order
from studio.errors import TooManyRequests
from studio.settings import settings
from studio.tables import Limit, refused

WINDOW_SECONDS = 900
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Bucket:
    """A quota per window of seconds."""

    name: str
    quota: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a quota is left, and in how many seconds the next window begins."""

    bucket: Bucket
    remaining: int
    reset_seconds: int


DRAFTS = Bucket("drafts", quota=60, window_seconds=WINDOW_SECONDS)
VIDEO_DRAFTS = Bucket("video drafts", quota=10, window_seconds=WINDOW_SECONDS)  # each keeps a worker busy for seconds

SENDS_BY_HAND = Bucket("callbacks by hand", quota=60, window_seconds=WINDOW_SECONDS)

CHECKOUTS = Bucket("checkouts", quota=20, window_seconds=WINDOW_SECONDS)
# Each asks Stripe, which has limits too.
PAYMENT_LOOKS = Bucket("looks at payments", quota=100, window_seconds=WINDOW_SECONDS)

FETCHES = Bucket("pictures by URL", quota=60, window_seconds=WINDOW_SECONDS)  # each has us call somebody

TICKETS = Bucket("tickets for live updates", quota=300, window_seconds=WINDOW_SECONDS)

MESSAGES = Bucket("messages over live connections", quota=600, window_seconds=WINDOW_SECONDS)  # some read 50 jobs

MAILS = Bucket("mails to one address", quota=5, window_seconds=WINDOW_SECONDS)  # nobody's inbox is filled through us
EXPORTS = Bucket("exports", quota=5, window_seconds=WINDOW_SECONDS)  # each reads everything there is of an account


def requests(method: str) -> Bucket:
    """The bucket that every request of an account counts in. Reads have their own, so that following jobs is free."""
    if method in ("GET", "HEAD"):
        return Bucket("reads", settings().read_quota, WINDOW_SECONDS)
    return Bucket("requests", settings().request_quota, WINDOW_SECONDS)


def looks() -> Bucket:
    """The bucket of files that are decoded when they arrive, or for an order: as many as uploads can be begun."""
    return Bucket("looks at uploads", settings().request_quota, WINDOW_SECONDS)


def signups() -> Bucket:
    """The bucket of registrations, and of mails that are asked for, from one network."""
    return Bucket("registrations", settings().signup_quota, WINDOW_SECONDS)


def for_draft(order: Order) -> Bucket:
    """The bucket that a free draft of this order counts in."""
    return VIDEO_DRAFTS if order.unit == "video" else DRAFTS


def take(bucket: Bucket, who: str) -> Standing:
    """Count one use of a user, or of whoever else this bucket is about.

    Raises:
        TooManyRequests: the window's quota is used up; says in how many seconds the next one starts.
    """
    row, left = _window(bucket, who)
    _use(bucket, row, left)
    return Standing(bucket, bucket.quota - int(row.used), left)


@contextmanager
def unless_failed(bucket: Bucket, who: str) -> Iterator[None]:
    """Count one use, and take it back when the block fails: nobody is locked out by what did not work for us.

    Raises:
        TooManyRequests: the window's quota is used up.
    """
    row, left = _window(bucket, who)
    _use(bucket, row, left)
    try:
        yield
    except Exception:
        with suppress(PynamoDBException):
            row.update(actions=[Limit.used.add(-1)])
        raise


def _window(bucket: Bucket, who: str) -> tuple[Limit, int]:
    """The row that is counted in now, and for how many seconds it is the one."""
    now = clock.epoch()
    offset = zlib.crc32(who.encode()) % bucket.window_seconds
    window, passed = divmod(now + offset, bucket.window_seconds)
    return Limit(f"{bucket.name}#{who}#{window}"), bucket.window_seconds - passed


def _use(bucket: Bucket, row: Limit, left: int) -> None:
    try:
        row.update(
            actions=[Limit.used.add(1), Limit.expires_at.set(clock.from_epoch(clock.epoch() + left))],
            condition=Limit.used.does_not_exist() | (Limit.used < bucket.quota),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        why = f"At most {bucket.quota} {bucket.name} in {bucket.window_seconds // 60} minutes"
        raise exceeded(bucket, left, why) from error


def spaced(what: str, who: str, *, at: datetime, seconds: int) -> bool:
    """Whether what happened at that moment is at least so many seconds after the last of which this was true.

    The same moment again has the same answer, so that whoever was interrupted may ask once more.
    """
    moment = int(at.timestamp() * 1000)
    row = Limit(f"{what}#{who}")
    try:
        row.update(
            actions=[Limit.used.set(moment), Limit.expires_at.set(clock.from_epoch(clock.epoch() + DAY_SECONDS))],
            condition=Limit.used.does_not_exist() | (Limit.used <= moment - seconds * 1000) | (Limit.used == moment),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        return False
    return True


def exceeded(bucket: Bucket, seconds: int, why: str) -> TooManyRequests:
    """The refusal of one use too many; the next is possible in so many seconds."""
    return TooManyRequests(
        f"{why}; the next are possible in {seconds} seconds.",
        bucket=bucket.name,
        quota=bucket.quota,
        windowSeconds=bucket.window_seconds,
        retryAfter=seconds,
    )
