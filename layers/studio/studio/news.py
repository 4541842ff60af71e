"""What the bus tells about jobs and credits: versioned facts, without what was ordered, links or secrets.

What belongs to a transaction goes through the outbox, so it is told exactly when it is true, at least once. A worker
tells of its own start and progress itself, best effort: it has no right to the outbox. Nothing arrives in order;
`sequence` says which of two events about a job is the newer one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from studio import clock, events, ids
from studio.events import CREDITS_SOURCE, JOBS_SOURCE, WORKER_SOURCE

if TYPE_CHECKING:
    from studio.tables import JobRow

VERSION: Literal[1] = 1
_RANKS = {"pending": 0, "processing": 1}  # every end is 2
_ENDED = 2
_MAX_ATTEMPT = 9_999
_PER_ATTEMPT = 100_000


class Facts(BaseModel):
    """What every event says. Versions only ever gain fields; a change of meaning is a new version."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    source: ClassVar[str]
    detail_type: ClassVar[str]

    version: Literal[1] = VERSION
    user_id: str

    def body(self) -> str:
        """As JSON for the outbox, which adds `eventId` and `occurredAt`."""
        return self.model_dump_json(by_alias=True)


class ProgressFacts(BaseModel):
    """How far a job is: `value` is 0 … 1 over the whole job."""

    value: float = Field(ge=0, le=1)
    stage: str
    step: int
    steps: int


class CreditFacts(BaseModel):
    """Where the credits of a job are; the three always add up to its price."""

    held: int
    charged: int
    refunded: int


class FailureFacts(BaseModel):
    """Why a job did not complete."""

    code: str
    message: str


class JobFacts(Facts):
    """A job at the moment of the event."""

    source = JOBS_SOURCE

    job_id: str
    feature: str
    status: str
    attempt: int = Field(ge=0, description="0 before the first one.")
    sequence: int = Field(ge=0, description="Of two events about a job, the larger one is newer.")
    progress: ProgressFacts | None
    credits: CreditFacts
    error: FailureFacts | None
    created_at: str
    started_at: str | None


class JobQueued(JobFacts):
    """A job was accepted and its credits are held."""

    detail_type = "Job Queued"
    status: Literal["pending"]


class JobStarted(JobFacts):
    """A worker began an attempt. Best effort."""

    source, detail_type = WORKER_SOURCE, "Job Started"
    status: Literal["processing"]


class JobProgress(JobFacts):
    """How far an attempt is, at most every two seconds. Best effort."""

    source, detail_type = WORKER_SOURCE, "Job Progress"
    status: Literal["processing"]


class JobCompleted(JobFacts):
    """The files are there."""

    detail_type = "Job Completed"
    status: Literal["completed"]


class JobFailed(JobFacts):
    """It could not be done; its credits went back."""

    detail_type = "Job Failed"
    status: Literal["failed"]


class JobCancelled(JobFacts):
    """Its owner, or the time they gave it, ended it; its credits went back."""

    detail_type = "Job Cancelled"
    status: Literal["cancelled"]


class CreditsLow(Facts):
    """A job brought the balance below the threshold; once per crossing."""

    source, detail_type = CREDITS_SOURCE, "Credits Low"

    balance: int = Field(description="Credits.")
    threshold: int = Field(description="Credits.")


OF_JOBS: tuple[type[JobFacts], ...] = (JobQueued, JobStarted, JobProgress, JobCompleted, JobFailed, JobCancelled)
ALL: tuple[type[Facts], ...] = (*OF_JOBS, CreditsLow)
_ENDS = {"completed": JobCompleted, "failed": JobFailed, "cancelled": JobCancelled}


def queued(job: JobRow) -> JobFacts:
    """That a new job waits."""
    return JobQueued(**_of(job))


def started(job: JobRow) -> JobFacts:
    """That a claimed job is being worked on."""
    return JobStarted(**_of(job) | {"progress": None})


def progressed(job: JobRow, progress: dict[str, Any]) -> JobFacts:
    """How far a claimed job is; `progress` as it is stored."""
    at = sequence("processing", int(job.attempt), progress["value"])
    return JobProgress(**_of(job) | {"progress": _progress(progress), "sequence": at})


def ended(job: JobRow, status: str, *, charged: int, refunded: int, error: dict[str, str] | None) -> JobFacts:
    """How a job ends; `job` is the row as it was before. When it ended is when the event occurred."""
    value = (job.progress or {}).get("value", 0.0)
    facts = {
        "status": status,
        "sequence": sequence(status, int(job.attempt), value),
        "credits": CreditFacts(held=0, charged=charged, refunded=refunded),
        "error": FailureFacts(code=error["code"], message=error["message"]) if error else None,
    }
    return _ENDS[status](**_of(job) | facts)


def sequence(status: str, attempt: int, value: float) -> int:
    """A number that grows with status, then attempt, then progress; well inside what JavaScript counts exactly."""
    rank = _RANKS.get(status, _ENDED)
    return (rank * (_MAX_ATTEMPT + 1) + min(attempt, _MAX_ATTEMPT)) * _PER_ATTEMPT + round(value * 10_000)


def began(number: int) -> int:
    """The sequence that the same status of the same attempt began with."""
    return number - number % _PER_ATTEMPT


def sequence_of(job: JobRow) -> int:
    """The sequence of a job as it is stored."""
    return sequence(job.status, int(job.attempt), (job.progress or {}).get("value", 0.0))


def tell(facts: Facts) -> None:
    """Publish now, without the outbox.

    Raises:
        DeliveryFailed, ClientError, BotoCoreError: the bus did not take it.
    """
    told = json.loads(facts.body()) | {"eventId": ids.new("evt"), "occurredAt": clock.iso(clock.now())}
    events.put(facts.source, facts.detail_type, json.dumps(told))


def _of(job: JobRow) -> dict[str, Any]:
    return {
        "user_id": job.user_id,
        "job_id": job.id,
        "feature": job.feature,
        "status": job.status,
        "attempt": int(job.attempt),
        "sequence": sequence_of(job),
        "progress": _progress(job.progress) if job.progress else None,
        "credits": CreditFacts(held=int(job.credits), charged=0, refunded=0),
        "error": None,
        "created_at": job.created_at,
        "started_at": job.started_at,
    }


def _progress(stored: dict[str, Any]) -> ProgressFacts:
    return ProgressFacts(**{name: stored[name] for name in ("value", "stage", "step", "steps")})
