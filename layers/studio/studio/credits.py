"""Credits: the only module that changes a balance, always together with one immutable ledger entry.

An entry's id is the step's idempotency key (``signup:<user>``, ``hold:<job>``, ``refund:<job>``): a step that ran
before finds its entry and changes nothing. Entries of a user are numbered without gaps, and each carries the balance
after it, so a lost or altered entry shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pynamodb.exceptions import DoesNotExist

from studio import clock
from studio.errors import AlreadyExists, Conflict, InsufficientCredits, InvalidOrder
from studio.tables import Balance, Entry, Transaction

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Credits:
    """Spendable credits, and those held by jobs that have not ended."""

    balance: int
    held: int


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of the ledger, newest first, and the entry number to continue below."""

    entries: tuple[Entry, ...]
    next_number: int | None


def of(user_id: str) -> Credits:
    """What the user has now, read consistently."""
    row = Balance.get(user_id, consistent_read=True)
    return Credits(balance=int(row.credits), held=int(row.held))


def open_account(tx: Transaction, user_id: str, amount: int) -> None:
    """Create the balance of a new user with the signup credits as its first entry."""
    tx.create(
        Balance(user_id, credits=amount, held=0, version=1),
        condition=Balance.user_id.does_not_exist(),
        otherwise=AlreadyExists("this user has a balance"),
    )
    _write_entry(tx, user_id, f"signup:{user_id}", "signup", number=1, amount=amount, balance_after=amount)


def hold(tx: Transaction, user_id: str, amount: int, job_id: str) -> None:
    """Take `amount` credits out of the balance for a job that is being created.

    Raises:
        InsufficientCredits: the balance is below `amount`.
    """
    row = Balance.get(user_id, consistent_read=True)
    if row.credits < amount:
        missing = amount - int(row.credits)
        raise InsufficientCredits(
            f"This costs {amount} credits and you have {int(row.credits)}; {missing} more are needed.",
            required=amount,
            balance=int(row.credits),
        )
    _post(tx, row, f"hold:{job_id}", "hold", amount=-amount, held=amount, job_id=job_id)


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
        _post(tx, row, f"refund:{job_id}", "refund", amount=min(returned, held), held=-held, job_id=job_id)
        return
    tx.change(
        Balance(user_id),
        [Balance.held.add(-held)],
        condition=Balance.held >= held,
        otherwise=Conflict("held credits changed"),
    )


def held_for(user_id: str, job_id: str) -> int:
    """The credits that were held for the job, read from its ledger entry; drafts have none."""
    try:
        return -int(Entry.get(user_id, f"hold:{job_id}", consistent_read=True).amount)
    except DoesNotExist:
        return 0


def entries(user_id: str, *, limit: int, below: int | None = None) -> EntryPage:
    """Ledger entries newest first, those numbered under `below` if given; `limit` is 1 … `MAX_PAGE`."""
    if below is not None and below < 1:
        raise InvalidOrder("This cursor is not one of ours.")
    found = list(
        Entry.by_number.query(
            user_id,
            None if below is None else Entry.number < below,
            scan_index_forward=False,
            limit=limit + 1,
            consistent_read=True,
        )
    )
    page = found[:limit]
    return EntryPage(tuple(page), int(page[-1].number) if len(found) > limit else None)


def _post(tx: Transaction, row: Balance, entry_id: str, kind: str, *, amount: int, held: int, job_id: str) -> None:
    """Write one entry and the balance it leads to. `row` is the balance this decision was made on."""
    number, after = int(row.version) + 1, int(row.credits) + amount
    tx.change(
        row,
        [Balance.credits.set(after), Balance.version.set(number), Balance.held.add(held)],
        condition=Balance.version == row.version,
        otherwise=Conflict("the balance moved on"),
    )
    _write_entry(tx, row.user_id, entry_id, kind, number=number, amount=amount, balance_after=after, job_id=job_id)


def _write_entry(
    tx: Transaction,
    user_id: str,
    entry_id: str,
    kind: str,
    *,
    number: int,
    amount: int,
    balance_after: int,
    job_id: str | None = None,
) -> None:
    tx.create(
        Entry(
            user_id,
            entry_id,
            number=number,
            kind=kind,
            amount=amount,
            balance_after=balance_after,
            job_id=job_id,
            created_at=clock.iso(clock.now()),
        ),
        condition=Entry.id.does_not_exist(),
        otherwise=AlreadyExists(f"entry {entry_id} exists"),
    )
