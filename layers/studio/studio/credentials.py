"""What somebody signed in with, as a connection remembers it, and whether it still opens anything.

A socket outlives the request it was asked for with. So it carries the session or key of that request and the number of
the account then, and whoever is about to tell it something looks whether a request with them would still be let in.
Neither may what a request leaves behind outlive a reset by mail that overtook it; see `require`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pynamodb.exceptions import DoesNotExist

from studio import clock
from studio.errors import NotAuthenticated
from studio.tables import ApiKey, Session, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pynamodb.expressions.condition import Condition

    from studio.tables import Connection, Ticket, Transaction
    from studio.tokens import Caller


@dataclass(frozen=True, slots=True)
class Credential:
    """A session or an API key of a user; neither a token nor a key can be made of it."""

    user_id: str
    ver: int
    """Number of the account that the session's token was issued under; 0 with a key, which does not end with it."""
    session_id: str | None = None
    key_hash: str | None = None


def of(caller: Caller) -> Credential:
    """What the caller's request was let in with."""
    return Credential(caller.user_id, caller.ver, caller.session_id, caller.key_hash)


def remembered(row: Ticket | Connection) -> Credential:
    """What a ticket was issued for, or a connection opened with."""
    return Credential(row.user_id, int(row.ver or 0), row.session_id, row.key_hash)


def valid(asked: Iterable[Credential]) -> set[Credential]:
    """Those that a request would still be let in with.

    Reads at most three times however many they are: accounts, sessions and keys, each in one batch.
    """
    known = set(asked)
    ids = {one.user_id for one in known}
    accounts = User.batch_get(ids, consistent_read=True, attributes_to_get=["id", "ver", "resetAt"])
    users = {row.id: row for row in accounts}
    session_ids = {one.session_id for one in known if one.session_id}
    sessions = {row.id: row for row in Session.batch_get(session_ids, consistent_read=True)}
    key_hashes = {one.key_hash for one in known if one.key_hash}
    keys = {row.hash: row for row in ApiKey.batch_get(key_hashes, consistent_read=True)}
    return {
        one
        for one in known
        if _counts(one, users.get(one.user_id), sessions.get(one.session_id or ""), keys.get(one.key_hash or ""))
    }


def require(tx: Transaction, caller: Caller) -> None:
    """Write only if the account is still the caller's: their sessions have not been ended, or a reset not their key.

    Raises, with the transaction:
        NotAuthenticated: it is not; nothing is written.
    """
    tx.require(User, caller.user_id, condition=User.id.exists() & _still_theirs(caller), otherwise=_ended())


def check(caller: Caller) -> None:
    """Look, once something was read, whether the account was still the caller's.

    Raises:
        NotAuthenticated: it was not, so they must not see it.
    """
    try:
        user = User.get(caller.user_id, consistent_read=True)
    except DoesNotExist as error:
        raise _ended() from error
    if caller.key_created_at is None:
        theirs = user.ver == caller.ver
    else:
        theirs = user.reset_at is None or user.reset_at < caller.key_created_at
    if not theirs:
        raise _ended()


def session_counts(session: Session, user: User, ver: object) -> bool:
    """Whether a token that was issued for the session under this number of the account still works."""
    return bool(session.user_id == user.id and session.expires_at > clock.now() and user.ver == ver)


def key_counts(key: ApiKey, user: User) -> bool:
    """Whether the time of an API key is not over."""
    in_time = key.expires_epoch is None or bool(key.expires_epoch > clock.epoch())
    return in_time and not ended_by_reset(key, user)


def ended_by_reset(key: ApiKey, user: User) -> bool:
    """Whether a reset by mail ended it; the index that a reset finds keys with is a moment late, so some are left."""
    return user.reset_at is not None and bool(key.created_at <= user.reset_at)


def _ended() -> NotAuthenticated:
    return NotAuthenticated("What you signed in with has ended meanwhile; sign in again.")


def _still_theirs(caller: Caller) -> Condition:
    """The same as `session_counts` and `ended_by_reset` ask, as far as it can change under a request."""
    if caller.key_created_at is None:
        return User.ver == caller.ver
    reset_before: Condition = User.reset_at.does_not_exist() | (User.reset_at < caller.key_created_at)
    return reset_before


def _counts(one: Credential, user: User | None, session: Session | None, key: ApiKey | None) -> bool:
    if user is None:
        return False
    if session is not None:
        return session_counts(session, user, one.ver)
    return key is not None and key.user_id == user.id and key_counts(key, user)
