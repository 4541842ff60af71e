"""Tallies: what came of the jobs, counted per day, feature and price once they have ended. Nothing is decided on them.

Each job is counted once: its mark and the sums are written in one transaction, so an event that comes twice changes
nothing. A sum is behind by as long as its events are on their way, seconds as a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from studio import clock, jobs
from studio.errors import AlreadyExists, Conflict, NotFound
from studio.jobs import Status
from studio.tables import JobRow, Tally, Transaction, retried, transaction

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

COUNTED = "counted"
MARK_SECONDS = 30 * 86_400  # queue and dead-letter queue keep an event for 18 days together
KEPT_SECONDS = 400 * 86_400  # a year can be compared with the one before
ERASED = "erased"
"""Instead of the code of a failure whose job was erased before it was counted."""


def count(job_id: str) -> bool:
    """Take an ended job into the sums of its day; False if it was before.

    Raises:
        NotFound: no such job, or it has not ended.
    """
    job = jobs.find(job_id)
    if job is None or not Status(job.status).ended:
        raise NotFound
    try:
        _count(job)
    except AlreadyExists:
        return False
    return True


def of_days(first: date, last: date) -> list[Tally]:
    """Everything that was counted on these days, both included; read without consistency."""
    return [
        row
        for month in _months(first, last)
        for row in Tally.query(month, Tally.key.between(first.isoformat(), f"{last.isoformat()}~"))
    ]


def worker_seconds(log: list[dict[str, Any]] | None) -> float:
    """How long workers had a job, from its log of attempts: claim to end, whatever the end.

    An attempt whose worker fell silent lasts until somebody noticed, and of more than ten attempts the first are
    forgotten.
    """
    return sum(
        (datetime.fromisoformat(each["endedAt"]) - datetime.fromisoformat(each["startedAt"])).total_seconds()
        for each in log or []
        if each["endedAt"]
    )


@retried
def _count(job: JobRow) -> None:
    ended = datetime.fromisoformat(job.ended_at).astimezone(UTC)
    with transaction() as tx:
        mark = Tally(job.id, COUNTED, expires_at=clock.from_epoch(clock.epoch() + MARK_SECONDS))
        tx.create(mark, condition=Tally.key.does_not_exist(), otherwise=AlreadyExists("this job was counted"))
        price = "paid" if job.credits else "draft"
        _add(tx, ended, f"jobs#{job.feature}#{price}", _sums(job))
        if job.status == Status.FAILED:
            code = (job.error or {}).get("code", ERASED)
            # An example, as a rule the newest: an update cannot keep the greater of two, and events race.
            last: list[Action] = [Tally.times.add(1), Tally.newest_job.set(job.id)]
            _add(tx, ended, f"failures#{job.feature}#{code}", last)


def _sums(job: JobRow) -> list[Action]:
    """What customers cancel says nothing about refunds, so its price is not among the prices."""
    priced = 0 if job.status == Status.CANCELLED else int(job.credits)
    return [
        getattr(Tally, job.status).add(1),
        Tally.priced.add(priced),
        Tally.refunded.add(min(int(job.refunded), priced)),
        Tally.milliseconds.add(round(worker_seconds(job.attempt_log) * 1000)),
    ]


def _add(tx: Transaction, ended: datetime, what: str, sums: list[Action]) -> None:
    row = Tally(f"{ended:%Y-%m}", f"{ended:%Y-%m-%d}#{what}")
    kept = Tally.expires_at.set(clock.from_epoch(clock.epoch() + KEPT_SECONDS))
    whether_or_not = Tally.key.exists() | Tally.key.does_not_exist()
    tx.change(row, [*sums, kept], condition=whether_or_not, otherwise=Conflict())


def _months(first: date, last: date) -> Iterator[str]:
    month = first.replace(day=1)
    while month <= last:
        yield f"{month:%Y-%m}"
        month = (month + timedelta(days=31)).replace(day=1)
