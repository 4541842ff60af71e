"""Password hashes: argon2id, 19 MiB, 3 passes, 1 lane (OWASP Password Storage minimum plus one pass)."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MIN_CHARACTERS = 8
MAX_BYTES = 1024  # argon2 takes any length; without a cap a huge password would cost us CPU

_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The argon2id hash to store, with its parameters and salt."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the hash. Without a hash the same work is done, so time tells nothing."""
    try:
        return _hasher.verify(stored or _hash_of_nobody(), password) and stored is not None
    except VerifyMismatchError:
        return False


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("nobody signs in with this")
