"""Operators: accounts that may see how the studio runs. People with IAM rights appoint and dismiss them, on the record.

Nothing of this can be asked for over HTTP: the functions of the API may read these rows and not write them.
"""

from __future__ import annotations

from typing import Any, Literal

from pynamodb.exceptions import DoesNotExist, PutError

from studio import accounts, clock
from studio.errors import Conflict, KeyReused, NotFound
from studio.instructions import AccountInstruction, parsed
from studio.tables import OperatorRow, refused, retried
from studio.telemetry import logger
from studio.tokens import Caller

NOTHING_HERE = "There is nothing at this address."


class Act(AccountInstruction):
    """Whether to appoint or to dismiss an account."""

    act: Literal["appoint", "dismiss"]

    def noted(self) -> dict[str, str]:
        """As it stands on the record, without the time."""
        return {"requestId": self.request_id, "act": self.act, "reason": self.reason, "operator": self.operator}


def parse(event: object) -> Act:
    """The act in an invocation.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    return parsed(Act, event)


def perform(act: Act) -> OperatorRow:
    """Appoint or dismiss, once per request id and account; what is so already is noted all the same.

    Raises:
        NotFound: there is no such account, or, to dismiss, it never was an operator.
        KeyReused: this request id did something else with the account.
    """
    user_id = act.account_id()
    if act.act == "appoint":
        accounts.profile(user_id)
    row = _perform(user_id, act)
    logger.info("operator", extra={"user": user_id, "act": act.act, "reason": act.reason, "operator": act.operator})
    return row


def is_one(caller: Caller) -> bool:
    """Whether this is an operator who signed in; an API key never is, whoever it belongs to."""
    if caller.session_id is None:
        return False
    row = _of(caller.user_id)
    return row is not None and row.appointed


def acts_on(user_id: str) -> list[dict[str, Any]]:
    """Every appointment and dismissal of the account, oldest first."""
    row = _of(user_id)
    return list(row.acts) if row else []


def require(caller: Caller) -> None:
    """Let operators through.

    Raises:
        NotFound: for everybody else there is nothing here.
    """
    if not is_one(caller):
        raise NotFound(NOTHING_HERE)


@retried
def _perform(user_id: str, act: Act) -> OperatorRow:
    known = _of(user_id)
    if known is None and act.act == "dismiss":
        raise NotFound("This account never was an operator.")
    acts: list[dict[str, Any]] = list(known.acts) if known else []
    for done in acts:
        if done["requestId"] == act.request_id:
            if {name: value for name, value in done.items() if name != "at"} != act.noted():
                raise KeyReused
            return known  # type: ignore[return-value]  # only a row has acts
    row = OperatorRow(
        user_id,
        appointed=act.act == "appoint",
        acts=[*acts, act.noted() | {"at": clock.iso(clock.now())}],
        version=int(known.version) + 1 if known else 1,
    )
    unchanged = OperatorRow.version == known.version if known else OperatorRow.user_id.does_not_exist()
    try:
        row.save(condition=unchanged)
    except PutError as error:
        if not refused(error):
            raise
        raise Conflict("somebody else appoints or dismisses") from error
    return row


def _of(user_id: str) -> OperatorRow | None:
    try:
        return OperatorRow.get(user_id, consistent_read=True)
    except DoesNotExist:
        return None
