"""Grants: credits that an operator gives away, on the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from studio import accounts, credits
from studio.errors import AlreadyExists, KeyReused
from studio.instructions import AccountInstruction, parsed
from studio.tables import Entry, retried, transaction
from studio.telemetry import logger

MAX_GRANT = 100_000  # a typing error of an operator should not be worth a fortune


class Grant(AccountInstruction):
    """How many credits an operator gives an account."""

    credits: Annotated[int, Field(ge=1, le=MAX_GRANT)]


def parse(event: object) -> Grant:
    """The grant in an invocation.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    return parsed(Grant, event)


def give(grant: Grant) -> Entry:
    """Add the credits once per request id and account, however often it is asked.

    Raises:
        NotFound: there is no such account.
        KeyReused: this request id gave the account something else.
    """
    user_id = grant.account_id()
    accounts.profile(user_id)
    try:
        _write(user_id, grant)
    except AlreadyExists:
        entry = _given(user_id, grant)
        if (entry.amount, entry.reason, entry.operator) != (grant.credits, grant.reason, grant.operator):
            raise KeyReused from None
        return entry
    entry = _given(user_id, grant)
    logger.info(
        "credits granted",
        extra={"user": user_id, "credits": grant.credits, "reason": grant.reason, "operator": grant.operator},
    )
    return entry


@retried
def _write(user_id: str, grant: Grant) -> None:
    with transaction() as tx:
        credits.grant(
            tx, user_id, grant.credits, grant_id=grant.request_id, reason=grant.reason, operator=grant.operator
        )  # fmt: skip


def _given(user_id: str, grant: Grant) -> Entry:
    return Entry.get(user_id, f"grant:{grant.request_id}", consistent_read=True)
