"""What is kept of a job, and for how long. The ledger, the settlement and a bare row stay; files and content go."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from pynamodb.exceptions import UpdateError

from studio import clock, jobs, storage
from studio.errors import JobEnded, NotFound
from studio.jobs import Erased, Status
from studio.tables import JobRow, refused
from studio.telemetry import logger

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

JUST_ENDED_SECONDS = 30
SWEEP_LIMIT = 100  # a second each at worst would not fit; the rest has its turn a minute later

_CONTENT = (
    JobRow.order, JobRow.result, JobRow.error, JobRow.progress, JobRow.attempt_log,
    JobRow.request_id, JobRow.message_id, JobRow.callback_url, JobRow.ended_shard,
)  # fmt: skip
HAS_CONTENT = JobRow.erased.does_not_exist() | JobRow.ended_shard.exists()
"""A job that has ended was not erased yet, or only marked."""


def withdraw(user_id: str, job_id: str) -> JobRow | None:
    """Cancel an open job, or delete one that has ended, files and all.

    A job that ended within the last half minute is not deleted: that may well have been meant as a cancel.

    Returns:
        The cancelled job, None when it was deleted.
    Raises:
        NotFound: no such job of this user.
        JobEnded: it has only just ended, so it is too late to cancel and too early to delete.
    """
    job = jobs.get(user_id, job_id)
    if not Status(job.status).ended or jobs.ended_seconds_ago(job) < JUST_ENDED_SECONDS:
        return _cancelled(user_id, job_id)
    # First of all, so that nobody is offered a dead link, and the sweeper finishes what we may not.
    if not _mark(job):
        raise NotFound("There is no such job.")
    _erase(job)
    return None


def _cancelled(user_id: str, job_id: str) -> JobRow:
    try:
        return jobs.cancel(user_id, job_id)
    except JobEnded as error:
        raise JobEnded(
            f"{error.detail} It can no longer be cancelled, and be deleted {JUST_ENDED_SECONDS} seconds after its end.",
            retryAfter=JUST_ENDED_SECONDS,
        ) from error


def forget(job: JobRow) -> None:
    """Take the content of a job that has ended, however lately, and whose files are gone; fine if that was done."""
    try:
        _strip(job, Erased.DELETED, condition=JobRow.ended_shard.exists())
    except UpdateError as error:
        if not refused(error):
            raise


def sweep(*, seconds: float = math.inf) -> int:
    """Erase what has expired, beginning nothing after so many seconds; returns how many jobs.

    One that cannot be erased holds up no other.
    """
    now, erased, give_up_at = clock.epoch(), 0, time.monotonic() + seconds
    for shard in range(jobs.SHARDS):
        for due in JobRow.by_expiry.query(shard, JobRow.expires_epoch <= now, limit=SWEEP_LIMIT // jobs.SHARDS):
            if time.monotonic() > give_up_at:
                return erased
            try:
                job = jobs.find(due.id)
                if job:
                    _erase(job)
            except Exception:
                logger.exception("expired job could not be erased", extra={"job": due.id})
                continue
            erased += 1
    return erased


def _mark(job: JobRow) -> bool:
    """From now on the job is gone for its owner; False when it was before."""
    try:
        JobRow(job.id).update(
            [JobRow.erased.set(Erased.DELETED.value), JobRow.expires_epoch.set(clock.epoch())],
            condition=JobRow.erased.does_not_exist() & JobRow.ended_shard.exists(),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        return False
    return True


def _erase(job: JobRow) -> None:
    """Files first: while one is left, the row stays on the sweeper's list."""
    storage.delete_all(storage.job_prefix(job.user_id, job.id))
    _strip(job, Erased.EXPIRED, condition=JobRow.id.exists())


def _strip(job: JobRow, why: Erased, *, condition: Condition) -> None:
    """Leave the bare row; one that was marked keeps its reason."""
    gone = JobRow.erased.set(JobRow.erased | why.value)
    JobRow(job.id).update([gone, *(attribute.remove() for attribute in _CONTENT)], condition=condition)
    logger.info("job erased", extra={"job": job.id})
