"""Where a job stands in its queue, and about how long that will take."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from pynamodb.exceptions import PynamoDBException

from studio import clock, ids, jobs, paces, workers
from studio.jobs import Status
from studio.outages import is_outage
from studio.settings import settings
from studio.tables import JobRow
from studio.telemetry import logger

MAX_COUNTED = 500  # further back a number helps nobody, and counting costs
SERVED_BY = {"jobs": {"jobs"}, "low": {"jobs"}, "drafts": {"drafts", "jobs"}}
"""By queue: what workers announce that look into it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue: 1 is the next. The seconds until the job is likely done are None where too little is known.

    Both are estimates: SQS does not keep the order strictly, and what workers are busy with now is not counted.
    """

    position: int
    estimated_seconds: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits in a queue that nobody has begun: how many, `MAX_COUNTED` at most, and for how long the first."""

    queue: str
    jobs: int
    oldest_seconds: int | None

    @property
    def capped(self) -> bool:
        """Whether there may be more."""
        return self.jobs >= MAX_COUNTED


def lines() -> list[Line]:
    """Every queue as it is now."""
    return [_line(queue) for queue in SERVED_BY]


def _line(queue: str) -> Line:
    waits = [job.id for job in JobRow.by_queue.query(queue, limit=MAX_COUNTED, page_size=MAX_COUNTED)]
    oldest = max(0, round(clock.now().timestamp() - ids.moment(waits[0]).timestamp())) if waits else None
    return Line(queue, len(waits), oldest)


def place(job: JobRow) -> Place | None:
    """The place of a job that waits; None when it does not, or when it cannot be told now.

    Too many may be before it to be counted, or the index may not answer: a job is shown without an estimate as well.
    """
    if job.status != Status.PENDING:
        return None
    try:
        return _counted(job)
    except PynamoDBException as error:
        if not is_outage(error):
            raise
        logger.warning("place could not be told", extra={"job": job.id, "why": str(error)})
        return None


def _counted(job: JobRow) -> Place | None:
    queue = jobs.queue_of(job)
    ahead = list(JobRow.by_queue.query(queue, JobRow.id < job.id, limit=MAX_COUNTED + 1, page_size=MAX_COUNTED + 1))
    if len(ahead) > MAX_COUNTED:
        return None
    return Place(len(ahead) + 1, _seconds(job.feature, queue, Counter(other.feature for other in ahead)))


def unattended() -> list[str]:
    """Queues in which a job waits and for which no worker is ready; RunPod works without announcing itself."""
    if settings().runpod_endpoint:
        return []
    ready = {crew.queue for crew in workers.present() if crew.state == "ready"}
    return [queue for queue, served_by in SERVED_BY.items() if not served_by & ready and _anybody_waits(queue)]


def _anybody_waits(queue: str) -> bool:
    return any(True for _ in JobRow.by_queue.query(queue, limit=1))


def _seconds(own: str, queue: str, ahead: Counter[str]) -> int | None:
    draft = queue == "drafts"
    served_by = "drafts" if draft else "jobs"  # workers of paid jobs take those of low priority too
    there = sum(crew.count for crew in workers.present() if (crew.queue, crew.state) == (served_by, "ready"))
    keys = {feature: paces.key(feature, draft=draft) for feature in {own, *ahead}}
    means = paces.known(keys.values())
    if not there or any(key not in means for key in keys.values()):
        return None
    before = sum(means[keys[feature]] * count for feature, count in ahead.items())
    return math.ceil(before / there + means[keys[own]])
