"""Places in what all users share, so that nobody has all of it: each user has a few, and keeps one only for a while."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from studio import clock
from studio.tables import Limit, refused


@dataclass(frozen=True, slots=True)
class Share:
    """How many places a user has, and after how long one is free again whose holder died."""

    name: str
    per_user: int
    lease_seconds: int


SENDERS = Share("senders", per_user=5, lease_seconds=60)
"""Of callbacks: a tenth of those that the template lets run, each of which ends after 29 seconds.

A receiver that takes its time and then answers 200 is no failure, so no breaker stops it. Without a share, somebody
whose receivers take 15 seconds each would have all senders, and everybody else's callbacks would come late.
"""
WAITS = Share("waits", per_user=10, lease_seconds=30)
"""Requests that wait for a job: each keeps a function of the whole AWS account busy, and 10 jobs may be active."""


@contextmanager
def one(share: Share, user_id: str) -> Iterator[bool]:
    """A place for this user while the block lasts; False when they have as many as they may."""
    place = _taken(share, user_id)
    try:
        yield place is not None
    finally:
        if place is not None:
            place.update(actions=[Limit.blocked_until.remove()])


def _taken(share: Share, user_id: str) -> Limit | None:
    """One of the user's places, if any is free or was left by a holder that died."""
    for number in random.sample(range(share.per_user), share.per_user):
        now = clock.epoch()
        place = Limit(f"{share.name}#{user_id}#{number}")
        free = Limit.blocked_until.does_not_exist() | (Limit.blocked_until <= now)
        lease: list[Action] = [
            Limit.used.add(1),
            Limit.blocked_until.set(now + share.lease_seconds),
            Limit.expires_at.set(clock.from_epoch(now + share.lease_seconds)),
        ]
        try:
            place.update(actions=lease, condition=free)
        except UpdateError as error:
            if not refused(error):
                raise
            continue
        return place
    return None
