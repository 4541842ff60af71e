"""Tickets for live updates: each opens one connection, within a minute, so that no token ever stands in an address."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pynamodb.exceptions import DeleteError, DoesNotExist

from studio import clock, credentials, limits
from studio.errors import NotAuthenticated
from studio.settings import settings
from studio.tables import Ticket, refused

if TYPE_CHECKING:
    from studio.credentials import Credential
    from studio.tokens import Caller

TICKET_SECONDS = 60
MAX_LENGTH = 100  # ours have 43 characters


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket as its owner gets it; `url` has it in already."""

    value: str
    url: str
    expires_in: int


def issue(caller: Caller) -> IssuedTicket:
    """A fresh ticket of the caller; only its SHA-256 is kept.

    Raises:
        TooManyRequests: too many within a quarter of an hour.
    """
    limits.take(limits.TICKETS, caller.user_id)
    value = secrets.token_urlsafe(32)
    expires_at = clock.from_epoch(clock.epoch() + TICKET_SECONDS)
    Ticket(
        _hash(value),
        user_id=caller.user_id,
        session_id=caller.session_id,
        key_hash=caller.key_hash,
        ver=caller.ver,
        expires_at=expires_at,
    ).save()
    return IssuedTicket(value, f"{settings().realtime_url}?ticket={value}", TICKET_SECONDS)


def redeem(value: str) -> Credential:
    """What a ticket was asked for with. Of several who come with it, one gets in.

    Raises:
        NotAuthenticated: unknown, used or expired; or the session or key it was asked for with has ended.
    """
    refusal = NotAuthenticated("The ticket is not valid; ask for a new one.")
    if not 0 < len(value) <= MAX_LENGTH:
        raise refusal
    try:
        ticket = Ticket.get(_hash(value), consistent_read=True)
        ticket.delete(condition=Ticket.hash.exists())
    except DoesNotExist as error:
        raise refusal from error
    except DeleteError as error:
        if not refused(error):
            raise
        raise refusal from error
    credential = credentials.remembered(ticket)
    if ticket.expires_at <= clock.now() or not credentials.valid([credential]):
        raise refusal
    return credential


def delete_all(user_id: str) -> None:
    """Delete the user's tickets that nobody has used."""
    for ticket in Ticket.by_user.query(user_id):
        ticket.delete()


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
