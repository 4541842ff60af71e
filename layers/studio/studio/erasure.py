"""What is cleared after an account was closed. Every step may run twice; a run goes on where the one before stopped."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from studio import accounts, connections, errands, retention, storage, tickets
from studio.tables import ApiKey, CallbackSecret, Delivery, Endpoint, JobRow, Persona, Session, Upload
from studio.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pynamodb.models import Model


def erase(user_id: str, *, seconds: float = math.inf) -> None:
    """Clear all that is not the ledger's of an account that is closed: what opened it, what it made, what listens.

    Every part has its turn; the first failure is raised after the last. What is not begun after so many seconds is left
    to another errand.

    Raises:
        RuntimeError: the account is not closed.
    """
    if accounts.exists(user_id):
        raise RuntimeError("only closed accounts are erased")
    ends = time.monotonic() + seconds
    failures: list[Exception] = []
    for part in (_what_opens_it, _what_runs, _what_listens, _what_it_said, _what_it_made, _what_it_was_told):
        try:
            out_of_time = any(time.monotonic() > ends for _ in part(user_id))
        except Exception as failure:
            logger.exception("a part of an account was not erased", extra={"user": user_id, "part": part.__name__})
            failures.append(failure)
            continue
        if out_of_time:
            errands.go_on("erase", user_id)
            return
    if failures:
        raise failures[0]
    logger.info("account erased", extra={"user": user_id})


# Each part yields after every step that no later run repeats; there whoever is short of time may stop.


def _what_opens_it(user_id: str) -> Iterator[None]:
    yield from _deleted(Session.by_user.query(user_id))
    yield from _deleted(ApiKey.by_user.query(user_id))
    tickets.delete_all(user_id)


def _what_runs(user_id: str) -> Iterator[None]:
    return accounts.cancelled_jobs(user_id)


def _what_listens(user_id: str) -> Iterator[None]:
    yield from _deleted(Endpoint.query(user_id, consistent_read=True))
    CallbackSecret(user_id).delete()
    connections.end_all(user_id)


def _what_it_said(user_id: str) -> Iterator[None]:
    yield from _deleted(Persona.by_user.query(user_id))
    # Before the files: from now on nothing that still arrives is taken, see `ingest.look`.
    yield from _deleted(Upload.by_user.query(user_id))


def _what_it_made(user_id: str) -> Iterator[None]:
    """Files first: while one is left, the jobs stay on the sweeper's list."""
    for prefix in storage.prefixes(user_id):
        yield from storage.deleted(prefix)
    for job in JobRow.by_user.query(user_id, filter_condition=retention.HAS_CONTENT):
        retention.forget(job)
        yield


def _what_it_was_told(user_id: str) -> Iterator[None]:
    return _deleted(Delivery.by_user.query(user_id))


def _deleted(rows: Iterable[Model]) -> Iterator[None]:
    for row in rows:
        row.delete()
        yield
