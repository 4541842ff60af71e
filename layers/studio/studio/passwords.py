"""Password hashes: argon2id, 19 MiB, 3 passes, 1 lane (OWASP Password Storage minimum plus one pass).

Accounts of former times have bcrypt hashes. They are still understood, and replaced when their owner next signs in.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

MIN_CHARACTERS = 8
MAX_BYTES = 1024  # argon2 takes any length; without a cap a huge password would cost us CPU
BCRYPT_MAX_BYTES = 72  # bcrypt never looked further; its package refuses longer passwords since version 5

_BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
# Of a random password that was thrown away. Made beforehand, so that the first stranger waits no longer than the next.
_HASH_OF_NOBODY = "$argon2id$v=19$m=19456,t=3,p=1$njX8oZUxKXghngtl1LrDOQ$QiwsjWhOl5gLZkhunwn3ZymRTI+K/AmjZmyF9eXHd/M"

_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The argon2id hash to store, with its parameters and salt."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password belongs to the hash. Without a hash the same work is done, so time tells nothing."""
    if stored is not None and stored.startswith(_BCRYPT_PREFIXES):
        return _matches_bcrypt(password, stored)
    try:
        return _hasher.verify(stored or _HASH_OF_NOBODY, password) and stored is not None
    except VerifyMismatchError:
        return False


def outdated(stored: str) -> bool:
    """Whether the hash should be replaced by one of today, now that the password is at hand."""
    return stored.startswith(_BCRYPT_PREFIXES) or _hasher.check_needs_rehash(stored)


def _matches_bcrypt(password: str, stored: str) -> bool:
    import bcrypt

    # What made these hashes cut longer passwords off silently, so their owners must be compared in the same way.
    return bcrypt.checkpw(password.encode()[:BCRYPT_MAX_BYTES], stored.encode())
