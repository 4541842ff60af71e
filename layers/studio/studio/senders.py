"""The senders of callbacks, which all users share: each user keeps only so many of them busy at once.

A receiver that takes its time and then answers 200 is no failure, so no breaker stops it. Without a share, somebody
whose receivers take 15 seconds each would have all senders, and everybody else's callbacks would come late.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from studio import clock
from studio.tables import Limit, refused

MAX_PER_USER = 5  # a tenth of those that the template lets run
LEASE_SECONDS = 60  # of a sender that dies; its function ends after 29


@contextmanager
def one(user_id: str) -> Iterator[bool]:
    """A sender for this user while the block lasts; False when they have as many as they may."""
    place = _taken(user_id)
    try:
        yield place is not None
    finally:
        if place is not None:
            place.update(actions=[Limit.blocked_until.remove()])


def _taken(user_id: str) -> Limit | None:
    """One of the user's places, if any is free or was left by a sender that died."""
    for number in random.sample(range(MAX_PER_USER), MAX_PER_USER):
        now = clock.epoch()
        place = Limit(f"senders#{user_id}#{number}")
        free = Limit.blocked_until.does_not_exist() | (Limit.blocked_until <= now)
        lease: list[Action] = [
            Limit.used.add(1),
            Limit.blocked_until.set(now + LEASE_SECONDS),
            Limit.expires_at.set(clock.from_epoch(now + LEASE_SECONDS)),
        ]
        try:
            place.update(actions=lease, condition=free)
        except UpdateError as error:
            if not refused(error):
                raise
            continue
        return place
    return None
