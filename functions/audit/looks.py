"""Two looks at the books: a scan is no snapshot, so what is written meanwhile may look wrong once.

What ends up in a report was wrong both times, and is not the work of somebody who is at work.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from audit.books import Books, Row
from audit.invariants import EVERYBODY, Violation, audit, rewritten

SECOND_LOOK_SECONDS = 5  # longer than any transaction of ours takes, with its retries
OF_ENTRIES = ("I1", "I3", "I4")  # need nothing but balances and entries


def look(read: Callable[[], Books]) -> tuple[Books, list[Violation]]:
    """Read and check, and where something looks wrong read again after a moment.

    Returns:
        The first reading, and what is wrong.
    """

    def again() -> Books:
        time.sleep(SECOND_LOOK_SECONDS)
        return read()

    books = read()
    return books, confirmed(books, again)


def confirmed(first: Books, look_again: Callable[[], Books]) -> list[Violation]:
    """Violations that are still there at a second look, in the words of the second.

    A second reading also shows whether anything was rewritten that must never change. Whoever's balance moved between
    the two may look wrong both times. Of them only the entries are judged, by the balance that they had led to at the
    first look, and the sums are those of all others.
    """
    suspected = audit(first)
    if not suspected:
        return []
    second = look_again()
    moved = _moved(first, second)
    doubted = {_key(violation) for violation in suspected if violation.subject not in moved}
    if not _sums_are_wrong(first.without(moved)):
        doubted.discard(("I2", EVERYBODY))
    found = [violation for violation in audit(second) if _key(violation) in doubted]
    busy = second.as_of(row for row in first.balances if row["userId"] in moved)
    return found + audit(busy, only=OF_ENTRIES) + rewritten(first, second)


def _moved(first: Books, second: Books) -> set[str]:
    """Users whose balance was written after it was read first; of all others the first reading is a snapshot."""
    before, after = _balances(first), _balances(second)
    return {user for user in before.keys() | after.keys() if before.get(user) != after.get(user)}


def _balances(books: Books) -> dict[str, Row]:
    return {row["userId"]: row for row in books.balances}


def _sums_are_wrong(books: Books) -> bool:
    return any(violation.subject == EVERYBODY for violation in audit(books))


def _key(violation: Violation) -> tuple[str, str]:
    return violation.invariant, violation.subject
