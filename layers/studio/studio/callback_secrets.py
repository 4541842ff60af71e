"""The secret that a user's one-off callbacks are signed with. It can be read at any time, unlike an endpoint's."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist, PutError

from studio import signatures
from studio.tables import CallbackSecret, refused, retried


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


def rotate(user_id: str) -> CallbackSecret:
    """A new secret; callbacks carry the signatures of both for a day."""
    return _rolled(user_id, signatures.new_secret())


@retried
def _rolled(user_id: str, fresh: str) -> CallbackSecret:
    row = of(user_id)
    signatures.roll(row, fresh)
    return row
