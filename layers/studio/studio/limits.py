"""How often a user may do something: fixed windows, counted exactly in one conditional DynamoDB update each.

Windows of different users start at different moments, so that not everybody is let in again at once. At the border of
two windows up to twice the quota can pass in a short time; the quota holds within every window.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from pynamodb.exceptions import UpdateError

from studio import clock
from studio.catalog import Order
from studio.errors import TooManyRequests
from studio.tables import Limit


@dataclass(frozen=True, slots=True)
class Bucket:
    """A quota per window of seconds."""

    name: str
    quota: int
    window_seconds: int


DRAFTS = Bucket("drafts", quota=60, window_seconds=900)
VIDEO_DRAFTS = Bucket("video drafts", quota=10, window_seconds=900)  # each keeps a worker busy for seconds


def for_draft(order: Order) -> Bucket:
    """The bucket that a free draft of this order counts in."""
    return VIDEO_DRAFTS if order.unit == "video" else DRAFTS


def take(bucket: Bucket, user_id: str) -> None:
    """Count one use.

    Raises:
        TooManyRequests: the window's quota is used up; says in how many seconds the next one starts.
    """
    now = clock.epoch()
    offset = zlib.crc32(user_id.encode()) % bucket.window_seconds
    window, passed = divmod(now + offset, bucket.window_seconds)
    left = bucket.window_seconds - passed
    try:
        Limit(f"{bucket.name}#{user_id}#{window}").update(
            actions=[Limit.used.add(1), Limit.expires_at.set(clock.from_epoch(now + left))],
            condition=Limit.used.does_not_exist() | (Limit.used < bucket.quota),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise TooManyRequests(
            f"At most {bucket.quota} {bucket.name} in {bucket.window_seconds // 60} minutes; "
            f"the next are possible in {left} seconds.",
            bucket=bucket.name,
            quota=bucket.quota,
            retryAfter=left,
        ) from error
