"""Waiting for the end of a job while a request is held open."""

from __future__ import annotations

from dataclasses import dataclass

from studio import jobs, places
from studio.jobs import Status
from studio.tables import JobRow
from studio.telemetry import logger


@dataclass(frozen=True, slots=True)
class Waited:
    """A job, and whether it was waited for: nobody waits in more requests at once than they have places."""

    job: JobRow
    heeded: bool


def ended_within(job: JobRow, seconds: int) -> Waited:
    """The job as soon as it has ended, or as it is after `seconds`; at once where the user has no place left."""
    if seconds <= 0:
        return Waited(job, heeded=False)
    if Status(job.status).ended:
        return Waited(job, heeded=True)
    with places.one(places.WAITS, job.user_id) as ours:
        return Waited(jobs.ended_within(job, seconds) if ours else job, heeded=ours)


def just_submitted(job: JobRow, seconds: int) -> Waited:
    """The same, and never raises: the job is there and paid for, so what happens meanwhile is no failure of it."""
    try:
        return ended_within(job, seconds)
    except Exception:
        logger.exception("the end of a job could not be waited for", extra={"job": job.id})
        return Waited(job, heeded=False)
