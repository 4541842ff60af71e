"""Credits: the only module that changes a balance, always together with one immutable ledger entry.

An entry's id is the step's idempotency key (``signup:<user>``, ``hold:<job>``, ``refund:<job>``,
``purchase:<session>``, ``revoke:<session>:<n>``, ``restore:<session>:<n>``, ``grant:<id>``): a step that ran before
finds its entry and changes nothing. Entries of a user are numbered without gaps, and each carries the balance after it,
so a lost or altered entry shows. Only a revocation may take a balance below zero; with such a debt nothing is held, and
an account that is opened anew with the same address begins with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pynamodb.exceptions import DoesNotExist

from studio import clock, news, outbox, pages
from studio.errors import (
    AlreadyExists,
    Conflict,
    Fault,
    InsufficientCredits,
    InvalidOrder,
    NotFound,
    TooManyActiveJobs,
)
from studio.settings import settings
from studio.tables import Balance, Entry, OutboxRow, Transaction

MAX_PAGE = 100
MAX_EXAMINED = 1_000  # entries that one request reads; a filter that few pass goes on with the next page
_CLOSED = "There is no such account."
RETRY_ACTIVE_SECONDS = 10  # nobody knows when a job ends; this asks clients that repeat by themselves not to hurry


class Kind(StrEnum):
    """What an entry is about."""

    SIGNUP = "signup"
    HOLD = "hold"
    REFUND = "refund"
    PURCHASE = "purchase"
    REVOKE = "revoke"
    RESTORE = "restore"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Credits:
    """Spendable credits, and those held by jobs that have not ended."""

    balance: int
    held: int


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of the ledger, newest first, and the number to continue below. It may have few entries, or none."""

    entries: tuple[Entry, ...]
    next_number: int | None


def of(user_id: str) -> Credits:
    """What the user has now, read consistently."""
    row = Balance.get(user_id, consistent_read=True)
    return Credits(balance=int(row.credits), held=int(row.held))


def open_account(tx: Transaction, user_id: str, amount: int) -> None:
    """Create the balance of a new user with the signup credits as its first entry.

    Args:
        amount: below zero it is the debt of an account that the same address had before.
    """
    tx.create(
        Balance(user_id, credits=amount, held=0, active=0, version=1),
        condition=Balance.user_id.does_not_exist(),
        otherwise=AlreadyExists("this user has a balance"),
    )
    _write_entry(tx, Entry(user_id, f"signup:{user_id}", kind=Kind.SIGNUP, number=1, amount=amount), after=amount)


def close_account(tx: Transaction, user_id: str) -> int:
    """Note on the balance that it belongs to nobody from now on. What is held still comes back to it.

    Returns:
        What the account owes when all of that has come back, exact at the moment it is closed.
    """
    row = Balance.get(user_id, consistent_read=True)
    tx.change(
        row,
        [Balance.closed_at.set(clock.iso(clock.now()))],
        # A delivery lowers what is held without an entry, so the version alone would not show it.
        condition=(Balance.version == row.version) & (Balance.held == row.held),
        otherwise=Conflict("the balance moved on"),
    )
    return max(0, -int(row.credits + row.held))


def require_open(tx: Transaction, user_id: str) -> None:
    """Write nothing for a user whose account is closed; `hold` sees to it by itself."""
    tx.require(Balance, user_id, condition=Balance.closed_at.does_not_exist(), otherwise=NotFound(_CLOSED))


def hold(tx: Transaction, user_id: str, amount: int, job_id: str) -> OutboxRow | None:
    """Take `amount` credits out of the balance for a job that is being created.

    Returns:
        The news that the balance is low, if this is what brings it below the threshold; for `outbox.send`.
    Raises:
        InsufficientCredits: the balance is below `amount`.
        NotFound: the account is closed.
        TooManyActiveJobs: as many holds of the user are open as there may be.
    """
    row = Balance.get(user_id, consistent_read=True)
    if row.closed_at:
        raise NotFound(_CLOSED)
    if row.credits < amount:
        missing = amount - int(row.credits)
        raise InsufficientCredits(
            f"This costs {amount} credits and you have {int(row.credits)}; {missing} more are needed.",
            required=amount,
            balance=int(row.credits),
        )
    _require_room(row)
    _post(tx, row, Entry(user_id, f"hold:{job_id}", kind=Kind.HOLD, amount=-amount, job_id=job_id), held=amount)
    return _news_if_low(tx, row, amount, job_id)


def settle(tx: Transaction, user_id: str, job_id: str, *, held: int, returned: int) -> None:
    """End the hold of a job: `returned` credits go back with a refund entry, the rest is spent.

    Where nothing goes back the balance does not change, so there is no new entry: the hold's entry is the price paid.

    Args:
        held: what `held_for` says; drafts hold nothing and settle nothing.
        returned: 0 … `held`, whatever the price is today.
    """
    if held == 0:
        return
    if returned:
        row = Balance.get(user_id, consistent_read=True)
        back = min(returned, held)
        _post(tx, row, Entry(user_id, f"refund:{job_id}", kind=Kind.REFUND, amount=back, job_id=job_id), held=-held)
        return
    tx.change(
        Balance(user_id),
        [Balance.held.add(-held), Balance.active.add(-1)],
        condition=Balance.held >= held,
        otherwise=Conflict("held credits changed"),
    )


def purchase(tx: Transaction, user_id: str, amount: int, *, session_id: str, purchase_id: str) -> None:
    """Add credits that were paid for in a checkout session."""
    bought = Entry(
        user_id, f"purchase:{session_id}", kind=Kind.PURCHASE, amount=amount, purchase_id=purchase_id
    )  # fmt: skip
    _post(tx, Balance.get(user_id, consistent_read=True), bought)


def correct(tx: Transaction, user_id: str, amount: int, *, session_id: str, purchase_id: str, number: int) -> None:
    """Revoke bought credits whose money went back (`amount` below zero), or restore them (above).

    Args:
        number: which correction of this session it is, from 1.
    """
    kind = Kind.REVOKE if amount < 0 else Kind.RESTORE
    entry = Entry(
        user_id, f"{kind}:{session_id}:{number}", kind=kind, amount=amount, purchase_id=purchase_id
    )  # fmt: skip
    _post(tx, Balance.get(user_id, consistent_read=True), entry)


def grant(tx: Transaction, user_id: str, amount: int, *, grant_id: str, reason: str, operator: str) -> None:
    """Add credits that an operator gives away; the entry says who and why."""
    given = Entry(user_id, f"grant:{grant_id}", kind=Kind.GRANT, amount=amount, reason=reason, operator=operator)
    _post(tx, Balance.get(user_id, consistent_read=True), given)


def held_for(user_id: str, job_id: str) -> int:
    """The credits that were held for the job, read from its ledger entry; drafts have none."""
    try:
        return -int(Entry.get(user_id, f"hold:{job_id}", consistent_read=True).amount)
    except DoesNotExist:
        return 0


def entries(user_id: str, *, limit: int, below: int | None = None, kind: Kind | None = None) -> EntryPage:
    """Ledger entries newest first, of one kind and numbered under `below` if given; `limit` is 1 … `MAX_PAGE`."""
    if below is not None and below < 1:
        raise InvalidOrder(faults=(Fault("?cursor", "is not a cursor of this list"),))
    rows = Entry.by_number.query(
        user_id,
        None if below is None else Entry.number < below,
        scan_index_forward=False,
        page_size=limit + 1 if kind is None else MAX_EXAMINED,
        consistent_read=True,
    )
    return EntryPage(
        *pages.filtered(
            rows,
            lambda row: kind is None or row.kind == kind,
            limit=limit,
            most=MAX_EXAMINED,
            mark=lambda row: int(row.number),
        )
    )


def _require_room(row: Balance) -> None:
    """One more job must be allowed. Whatever raises the count raises the balance's version too, so this is exact."""
    limit = settings().max_active_jobs
    if row.active >= limit:
        raise TooManyActiveJobs(
            f"At most {limit} paid jobs of yours may wait or run at the same time; wait for one to end, or cancel one.",
            limit=limit,
            active=int(row.active),
            retryAfter=RETRY_ACTIVE_SECONDS,
        )


def _news_if_low(tx: Transaction, row: Balance, taken: int, job_id: str) -> OutboxRow | None:
    """Tell once, when a balance crosses the threshold; `row` is the balance before."""
    threshold, after = settings().low_credits, int(row.credits) - taken
    if not after < threshold <= row.credits:
        return None
    facts = news.CreditsLow(user_id=row.user_id, balance=after, threshold=threshold)
    return outbox.tell(tx, facts, row_id=f"low:{job_id}")


def _post(tx: Transaction, row: Balance, entry: Entry, *, held: int = 0) -> None:
    """Write one entry and the balance it leads to. `row` is the balance this decision was made on.

    `held` is what one job takes (above zero) or gives back (below); the jobs that hold something are counted with it.
    """
    entry.number, after = int(row.version) + 1, int(row.credits + entry.amount)
    unmoved = Balance.version == row.version
    if held > 0:  # closing an account is no entry, so the version does not show it
        unmoved &= Balance.closed_at.does_not_exist()
    tx.change(
        row,
        [
            Balance.credits.set(after),
            Balance.version.set(entry.number),
            Balance.held.add(held),
            Balance.active.add((held > 0) - (held < 0)),
        ],
        condition=unmoved,
        otherwise=Conflict("the balance moved on"),
    )
    _write_entry(tx, entry, after=after)


def _write_entry(tx: Transaction, entry: Entry, *, after: int) -> None:
    entry.balance_after, entry.created_at = after, clock.iso(clock.now())
    tx.create(entry, condition=Entry.id.does_not_exist(), otherwise=AlreadyExists(f"entry {entry.id} exists"))
