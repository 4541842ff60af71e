"""Attempts to sign in. After some failures the next attempt must wait, longer each time, and never for ever.

An attempt is counted before the password is looked at, so that many at once are no way round; one that succeeds is
taken back. Unknown addresses are counted like known ones. Failures of an account are counted by the network they come
from, so that nobody shuts its owner out from elsewhere, and all together, so that many networks are no way round.
"""

from __future__ import annotations

import hashlib

from pynamodb.exceptions import DoesNotExist, UpdateError

from studio import clock
from studio.errors import Conflict
from studio.limits import WINDOW_SECONDS, Bucket, exceeded
from studio.tables import Limit, refused, retried

PER_PLACE = Bucket("failed sign-ins", quota=5, window_seconds=WINDOW_SECONDS)  # of an account, from one network
# NIST SP 800-63B allows 100 in a row. Twenty networks are needed to use them up, and then a guess takes 15 minutes.
PER_ACCOUNT = Bucket("failed sign-ins of an account", quota=100, window_seconds=WINDOW_SECONDS)
PER_OWNER = Bucket("wrong passwords", quota=5, window_seconds=WINDOW_SECONDS)  # of whoever is signed in already
PER_NETWORK = Bucket("failed sign-ins of a network", quota=20, window_seconds=WINDOW_SECONDS)  # many share an address
PER_PROOF = Bucket("wrong passwords with one mail", quota=5, window_seconds=WINDOW_SECONDS)

FIRST_DELAY_SECONDS = 30
MAX_DELAY_SECONDS = 900


@retried
def begin(bucket: Bucket, who: str) -> None:
    """Count an attempt that is about to be made.

    Raises:
        TooManyRequests: it must wait; nothing was counted.
        Busy: too many at once.
    """
    now, key = clock.epoch(), _key(bucket, who)
    try:
        row: Limit | None = Limit.get(key, consistent_read=True)
    except DoesNotExist:
        row = None
    if row is not None and row.blocked_until is not None and row.blocked_until > now:
        raise exceeded(bucket, int(row.blocked_until) - now, f"{bucket.quota} {bucket.name} or more")
    # DynamoDB deletes expired rows late, or never on a laptop.
    used = 1 if row is None or row.expires_at <= clock.now() else int(row.used) + 1
    delay = _delay(used, bucket.quota)
    try:
        Limit(key).update(
            actions=[
                Limit.used.set(used),
                Limit.blocked_until.set(now + delay),
                Limit.expires_at.set(clock.from_epoch(now + delay + bucket.window_seconds)),
            ],
            condition=Limit.used.does_not_exist() if row is None else (Limit.used == row.used),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        raise Conflict("another attempt was first") from error


def forgive(bucket: Bucket, who: str) -> None:
    """Forget all failures: whoever it is has shown that they know the password."""
    Limit(_key(bucket, who)).delete()


def take_back(bucket: Bucket, who: str) -> None:
    """Uncount one attempt that was no failure, with the wait that it began, and leave the others counted."""
    try:
        Limit(_key(bucket, who)).update(
            actions=[Limit.used.add(-1), Limit.blocked_until.remove()], condition=Limit.used > 0
        )
    except UpdateError as error:
        if not refused(error):
            raise


def _delay(used: int, free: int) -> int:
    """Seconds that the attempt after this one must wait."""
    if used < free:
        return 0
    return int(min(FIRST_DELAY_SECONDS * 2 ** min(used - free, 10), MAX_DELAY_SECONDS))


def _key(bucket: Bucket, who: str) -> str:
    """Addresses are people, so the table has only their hashes."""
    return f"{bucket.name}#{hashlib.sha256(who.encode('utf-8', 'replace')).hexdigest()}"
