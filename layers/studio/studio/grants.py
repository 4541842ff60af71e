"""Grants: credits that an operator gives away, on the record."""

from __future__ import annotations

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from studio import accounts, credits
from studio.catalog import faults_of
from studio.errors import AlreadyExists, InvalidOrder, KeyReused
from studio.tables import Entry, retried, transaction
from studio.telemetry import logger

MAX_GRANT = 100_000  # a typing error of an operator should not be worth a fortune

Request = TypeVar("Request", bound=BaseModel)
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class Grant(BaseModel):
    """What an operator asks for: an account, by id or address, how many credits, why, and who gives them."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)

    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,100}$")]
    user_id: str | None = None
    email: str | None = None
    credits: Annotated[int, Field(ge=1, le=MAX_GRANT)]
    reason: Text
    operator: Text

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if (self.user_id is None) == (self.email is None):
            raise ValueError("needs userId or email, one of the two")
        return self


def parse(event: object) -> Grant:
    """The grant in an invocation.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    return parsed(Grant, event)


def parsed(kind: type[Request], event: object) -> Request:
    """What an operator asks for, whichever `kind` it is.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        faults = faults_of(error.errors())
        raise InvalidOrder("; ".join(f"{fault.pointer} {fault.detail}" for fault in faults), faults=faults) from error


def give(grant: Grant) -> Entry:
    """Add the credits once per request id and account, however often it is asked.

    Raises:
        NotFound: there is no such account.
        KeyReused: this request id gave the account something else.
    """
    user_id = grant.user_id or accounts.id_of(grant.email or "")
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
