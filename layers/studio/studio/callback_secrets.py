"""The secret that a user's one-off callbacks are signed with. It can be read at any time, unlike an endpoint's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynamodb.exceptions import DoesNotExist, PutError

from studio import credentials, signatures
from studio.tables import CallbackSecret, refused, retried

if TYPE_CHECKING:
    from studio.tokens import Caller


def shown(caller: Caller) -> CallbackSecret:
    """The caller's secret, for them to see.

    Raises:
        NotAuthenticated: what they signed in with has ended meanwhile, so it may be somebody else's by now.
    """
    row = of(caller.user_id)
    credentials.check(caller)
    return row


def of(user_id: str) -> CallbackSecret:
    """The user's secret, made when it is first asked for."""
    try:
        return find(user_id)
    except DoesNotExist:
        fresh = CallbackSecret(user_id, secret=signatures.new_secret())
    try:
        fresh.save(condition=CallbackSecret.user_id.does_not_exist())
    except PutError as error:
        if not refused(error):
            raise
        return find(user_id)
    return fresh


def find(user_id: str) -> CallbackSecret:
    """The user's secret; raises `DoesNotExist` where none was asked for."""
    return CallbackSecret.get(user_id, consistent_read=True)


def rotate(caller: Caller) -> CallbackSecret:
    """A new secret for the caller; callbacks carry the signatures of both for a day.

    Raises:
        NotAuthenticated: what they signed in with has ended meanwhile.
        Busy: too many at once.
    """
    return _rolled(caller, signatures.new_secret())


@retried
def _rolled(caller: Caller, fresh: str) -> CallbackSecret:
    row = shown(caller)
    signatures.roll(row, fresh)
    return row
