"""How a job is followed: how long the server holds a request, and which answer is news.

Requests carry `Prefer: wait=n` (RFC 7240), so the end of a job is known at once without asking all the time. A
transport that pushes would replace `_follow` in `jobs.py`, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ai_creative_studio.errors import Conflict

if TYPE_CHECKING:
    from ai_creative_studio.models import JobSnapshot

ENDED = frozenset({"completed", "failed", "cancelled"})
MAX_HELD_SECONDS = 20
"""The API holds no request longer."""
MAX_REST_SECONDS = 5.0
"""Between two requests where the server holds none."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that requests are held: from `shortest` after news to `longest` when nothing happens."""

    first_seconds: float
    shortest_seconds: float
    longest_seconds: float

    def next_seconds(self, seconds: float, *, news: bool) -> float:
        """How long the next request is held."""
        return self.shortest_seconds if news else min(max(seconds, self.shortest_seconds) * 1.5, self.longest_seconds)


LIVE_PACE = Pace(0, 1, 5)
"""For whoever watches."""
PATIENT_PACE = Pace(MAX_HELD_SECONDS, MAX_HELD_SECONDS, MAX_HELD_SECONDS)
"""For whoever only wants the end."""


def prefer(seconds: int) -> dict[str, str]:
    """The header that has a request held."""
    return {"Prefer": f"wait={seconds}"} if seconds else {}


def differs(last: JobSnapshot, job: JobSnapshot) -> bool:
    """Whether `job` is newer than `last`, or its place in the queue is another."""
    return job.sequence > last.sequence or (job.sequence == last.sequence and job.queue != last.queue)


def duration(wanted: str | float) -> str:
    """Of `Cancel-After`: whole seconds, or as it is."""
    return wanted if isinstance(wanted, str) else f"{round(wanted)}s"


def segment(part: str) -> str:
    """One part of a path, whatever is in it."""
    return quote(part, safe="")


def still_going(job: JobSnapshot) -> Conflict:
    """The refusal to delete what has not ended."""
    return Conflict(409, "job_not_ended", f"{job.id} is {job.status}; cancel it first")
