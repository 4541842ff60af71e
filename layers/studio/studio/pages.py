"""Pages of rows that pass a filter, with a bound on how many rows one request reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Row = TypeVar("Row")
Mark = TypeVar("Mark")


def filtered(
    rows: Iterable[Row], passes: Callable[[Row], bool], *, limit: int, most: int, mark: Callable[[Row], Mark]
) -> tuple[tuple[Row, ...], Mark | None]:
    """The next `limit` rows that pass, out of `most` that are looked at, and where the page after them begins.

    Args:
        rows: in the order of the pages; no more are taken than needed.
        mark: what a row is found again by.
    Returns:
        The mark is that of the last row looked at, None when there are no more. A page may have few rows, or none,
        and others follow.
    """
    found: list[Row] = []
    examined, last = 0, None
    for row in rows:
        if len(found) == limit or examined == most:
            return tuple(found), last
        examined, last = examined + 1, mark(row)
        if passes(row):
            found.append(row)
    return tuple(found), None
