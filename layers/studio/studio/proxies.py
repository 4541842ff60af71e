"""What a proxy of ours shows for itself: a secret header, without which anybody could say who the client is.

Putting a new value rolls it: Secrets Manager keeps the one before as AWSPREVIOUS, and that one goes on being believed,
so proxies may be told later.
"""

from __future__ import annotations

import hmac
from functools import lru_cache

from studio import aws, clock
from studio.settings import settings

REREAD_SECONDS = 300
"""How long a process may not know a new value yet; proxies are told it after that."""

_STAGES = ("AWSCURRENT", "AWSPREVIOUS")


def ours(shown: str) -> bool:
    """Whether this is what our proxies send; takes as long for a wrong value as for a right one."""
    told = shown.encode("utf-8", "surrogatepass")
    slot = clock.epoch() // REREAD_SECONDS
    matches = [hmac.compare_digest(secret, told) for secret in _secrets(slot)]
    return any(matches)


def forget() -> None:
    """Read everything anew, as a fresh process does."""
    _secrets.cache_clear()


@lru_cache(maxsize=1)
def _secrets(slot: int) -> tuple[bytes, ...]:  # noqa: ARG001  # a new slot reads anew
    values = (aws.secret_version(settings().proxy_secret_arn, stage) for stage in _STAGES)
    return tuple(value.encode() for value in values if value)
