"""API keys: what programs of a user sign in with, each for what its scopes say and nothing else.

A key is ``acs_live_``, 30 random characters (178 bits) and a checksum of six, so that a mistyped key, or a string that
only looks like one, is told from a key without asking anybody. We keep its SHA-256; nobody can show it again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from enum import StrEnum

from pynamodb.exceptions import DeleteError, DoesNotExist, UpdateError

from studio import clock, credentials, ids
from studio.errors import AlreadyExists, NotAuthenticated, NotFound, TooManyKeys
from studio.tables import ApiKey, User, refused, retried, transaction
from studio.telemetry import logger
from studio.tokens import Caller

PREFIX = "acs_live_"
RANDOM_CHARACTERS = 30
CHECKSUM_CHARACTERS = 6  # 62⁶ is above the 2³² values of a CRC
MAX_KEYS = 25
USE_NOTED_SECONDS = 300
"""How old "last used" may be; noting every use would cost a write a request."""

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}")


class Scope(StrEnum):
    """What a key may be allowed to do."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    UPLOADS_WRITE = "uploads:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    BILLING_READ = "billing:read"
    ACCOUNT_READ = "account:read"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, with the secret that is shown this once."""

    row: ApiKey
    secret: str


def create(caller: Caller, name: str, scopes: list[Scope], *, expires_in_days: int | None = None) -> NewKey:
    """A new key of the caller.

    Raises:
        TooManyKeys: there are `MAX_KEYS`.
        NotAuthenticated: the caller's sessions have ended meanwhile; nothing is written.
        Busy: too many at once; nothing is written.
    """
    if len(all_of(caller.user_id)) >= MAX_KEYS:
        raise TooManyKeys(f"There are {MAX_KEYS} API keys; delete one first.")
    secret = _new_secret()
    row = ApiKey(
        _hash(secret),
        id=ids.new("key"),
        user_id=caller.user_id,
        name=name,
        scopes=[scope.value for scope in Scope if scope in scopes],
        hint=f"{PREFIX}…{secret[-4:]}",
        expires_epoch=None if expires_in_days is None else clock.epoch() + expires_in_days * 24 * 3600,
        created_at=clock.iso(clock.now()),
    )
    _keep(row, caller)
    logger.info("API key made", extra={"user": row.user_id, "key": row.id, "scopes": row.scopes})
    return NewKey(row, secret)


def all_of(user_id: str) -> list[ApiKey]:
    """The user's keys, oldest first, those that have expired among them."""
    return list(ApiKey.by_user.query(user_id))


def delete(user_id: str, key_id: str) -> None:
    """Make the key stop working with the next request.

    Raises:
        NotFound: no such key of this user.
    """
    row = next((key for key in all_of(user_id) if key.id == key_id), None)
    if row is None:
        raise NotFound("There is no such API key.")
    try:
        row.delete(condition=ApiKey.hash.exists())
    except DeleteError as error:
        if not refused(error):
            raise
        raise NotFound("There is no such API key.") from error
    logger.info("API key deleted", extra={"user": user_id, "key": key_id})


def verify(secret: str) -> Caller:
    """Whose key this is, and what it may do.

    Raises:
        NotAuthenticated: no key of ours, expired, deleted, from before a reset by mail, or its account is gone.
    """
    if not well_formed(secret):
        raise NotAuthenticated("This is not an API key.")
    try:
        row = ApiKey.get(_hash(secret), consistent_read=True)
        user = User.get(row.user_id, consistent_read=True)
    except DoesNotExist as error:
        raise NotAuthenticated("This API key does not exist any more.") from error
    if credentials.ended_by_reset(row, user):
        raise NotAuthenticated("This API key ended when the password was reset.")
    if not credentials.key_counts(row, user):
        raise NotAuthenticated("This API key has expired.")
    _note_use(row)
    return Caller(
        row.user_id,
        session_id=None,
        scopes=frozenset(row.scopes),
        key_hash=row.hash,
        key_created_at=row.created_at,
    )


def well_formed(secret: str) -> bool:
    """Whether the checksum is right; says nothing about whether the key exists."""
    body = secret[:-CHECKSUM_CHARACTERS]
    return _KEY.fullmatch(secret) is not None and secret[-CHECKSUM_CHARACTERS:] == _checksum(body)


@retried
def _keep(row: ApiKey, caller: Caller) -> None:
    with transaction() as tx:
        credentials.require(tx, caller)
        # Its own id is there when it was put before and only the answer was lost.
        new = ApiKey.hash.does_not_exist() | (ApiKey.id == row.id)
        tx.create(row, condition=new, otherwise=AlreadyExists("this key exists"))


def _new_secret() -> str:
    body = PREFIX + "".join(secrets.choice(_BASE62) for _ in range(RANDOM_CHARACTERS))
    return body + _checksum(body)


def _checksum(body: str) -> str:
    value, digits = zlib.crc32(body.encode("utf-8", "replace")), ""
    for _ in range(CHECKSUM_CHARACTERS):
        value, digit = divmod(value, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note_use(row: ApiKey) -> None:
    now = clock.epoch()
    if row.last_used_epoch is not None and now < row.last_used_epoch + USE_NOTED_SECONDS:
        return
    try:
        row.update(actions=[ApiKey.last_used_epoch.set(now)], condition=ApiKey.hash.exists())
    except UpdateError as error:  # a note is not worth refusing a request for
        logger.warning("use of an API key was not noted", extra={"key": row.id, "reason": str(error)})
