"""A customer's jobs newest first, filtered, with a bound on how much one request reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from studio import clock, ids, jobs, pages
from studio.jobs import Status
from studio.tables import JobRow

MAX_PAGE = 50  # with prompts of 10,000 characters of 4 bytes well below the 6 MB a Lambda may answer
MAX_EXAMINED = 200  # rows that one request reads; a filter that few pass goes on with the next page
# An id is made just before the job's `createdAt` is noted. Bounds on ids must not cut off what bounds on times let in.
ID_SLACK = timedelta(seconds=5)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs are wanted; None lets everything pass."""

    status: Status | None = None
    feature: str | None = None
    created_after: datetime | None = None
    """Created at this moment or later."""
    created_before: datetime | None = None
    """Created earlier than this moment."""

    def passes(self, job: JobRow) -> bool:
        """Whether a job is to be shown. What was deleted or has expired never is."""
        return (
            not jobs.gone(job)
            and (self.status is None or job.status == self.status)
            and (self.feature is None or job.feature == self.feature)
            and (self.created_after is None or job.created_at >= clock.iso(_moved(self.created_after)))
            and (self.created_before is None or job.created_at < clock.iso(_moved(self.created_before)))
        )


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs newest first, and the id to continue below. A page may have few jobs, or none, and others follow."""

    jobs: tuple[JobRow, ...]
    next_id: str | None


def page(user_id: str, *, limit: int, below: str | None = None, wanted: Filter = Filter()) -> JobPage:
    """The next jobs that are wanted; `limit` is 1 … `MAX_PAGE`. Reads at most `MAX_EXAMINED` rows."""
    lowest = "job_" if wanted.created_after is None else ids.earliest("job", _moved(wanted.created_after, -ID_SLACK))
    highest = "job_~" if wanted.created_before is None else ids.earliest("job", _moved(wanted.created_before, ID_SLACK))
    if below is not None:
        highest = min(highest, below)
    if lowest > highest:
        return JobPage((), None)
    rows = JobRow.by_user.query(
        user_id, JobRow.id.between(lowest, highest), scan_index_forward=False, page_size=min(4 * limit, MAX_EXAMINED)
    )
    others = (row for row in rows if row.id != below)  # `between` includes its ends
    return JobPage(*pages.filtered(others, wanted.passes, limit=limit, most=MAX_EXAMINED, mark=lambda row: row.id))


def _moved(moment: datetime, by: timedelta = timedelta(0)) -> datetime:
    """The moment later or earlier, within the years that there are, whatever its offset."""
    try:
        return moment.astimezone(UTC) + by
    except OverflowError:
        return _FIRST if moment.year == _FIRST.year else _LAST
