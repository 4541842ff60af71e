"""A job as its owner sees it, in answers of the HTTP API and in live updates alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from edge.result_schema import RESULT
from edge.views import View
from studio import clock, news, storage
from studio.jobs import Status

if TYPE_CHECKING:
    from studio.tables import JobRow
    from studio.waiting import Place


class ProgressView(View):
    """How far a job is."""

    value: float = Field(ge=0, le=1, description="0 to 1 over the whole job.")
    stage: str
    step: int
    steps: int
    previews: list[str] = Field(default_factory=list, description="Links to small pictures of what is being made.")


class JobCredits(View):
    """Where the credits of a job are; the three always add up to its price."""

    held: int
    charged: int
    refunded: int


class JobFailure(View):
    """Why a job failed, or was cancelled without anybody's asking."""

    code: str
    message: str


class AttemptView(View):
    """One try at a job."""

    number: int
    worker: str
    started_at: str
    ended_at: str | None
    outcome: str | None = Field(
        description="`succeeded`, `cancelled`, `handed_back` by a worker that went away, `lost` with its worker, or "
        "the code of its error. Null while it runs."
    )


class PlaceView(View):
    """Where a pending job stands in its queue; an estimate."""

    position: int = Field(description="1 is the next.")
    estimated_seconds: int | None = Field(
        description="Until the job is likely done, by what such jobs took lately and how many workers are there. Null "
        "when too little is known."
    )

    @classmethod
    def of(cls, place: Place) -> PlaceView:
        """The place as its owner sees it."""
        return cls.model_validate(place, from_attributes=True)


class JobLinks(View):
    """Addresses of the job."""

    self: str
    download: str


class JobView(View):
    """A job."""

    id: str
    feature: str
    status: Status
    progress: ProgressView
    credits: JobCredits
    input: dict[str, Any] = Field(description="The order as accepted.")
    result: Annotated[dict[str, Any], WithJsonSchema(RESULT)] | None = Field(
        description="How a completed job was made; engines and features add more."
    )
    error: JobFailure | None
    attempts: int
    sequence: int = Field(description="Never falls; of two views of a job, the larger one is newer.")
    attempt_log: list[AttemptView] = Field(description="The last ten attempts, oldest first.")
    priority: Literal["normal", "low"]
    queue: PlaceView | None = Field(description="Of a pending job that is asked for by its id, if it can be told.")
    created_at: str
    started_at: str | None
    ended_at: str | None
    deadline: str = Field(description="A job that has not ended by then is ended and refunded.")
    expires_at: str | None = Field(description="Until when an ended job and its files are kept.")
    urls: JobLinks

    @classmethod
    def of(cls, job: JobRow, place: Place | None = None, *, links: bool = True) -> JobView:
        """The job as its owner sees it; without `links` where nobody may want to look."""
        status = Status(job.status)
        address = f"/api/v1/jobs/{job.id}"
        return cls(
            id=job.id,
            feature=job.feature,
            status=status,
            progress=_progress(job, status, links=links),
            credits=_credits(int(job.credits), int(job.refunded or 0), status),
            input=job.order,
            result=job.result["metadata"] if job.result else None,
            error=JobFailure(code=job.error["code"], message=job.error["message"]) if job.error else None,
            attempts=int(job.attempt),
            sequence=news.sequence_of(job),
            attempt_log=[AttemptView.model_validate(attempt) for attempt in job.attempt_log or []],
            priority="low" if job.priority == "low" else "normal",
            queue=PlaceView.of(place) if place else None,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            deadline=_moment(job.deadline),
            expires_at=_moment(job.expires_epoch) if job.expires_epoch else None,
            urls=JobLinks(self=address, download=f"{address}/download"),
        )


def _progress(job: JobRow, status: Status, *, links: bool) -> ProgressView:
    if status is Status.COMPLETED:
        return ProgressView(value=1, stage="done", step=1, steps=1)
    if job.progress:
        told = dict(job.progress)
        keys = told.pop("previews", [])  # of unchecked, unpaid work: only shown while it is being made
        shown = keys if links and status is Status.PROCESSING else []
        return ProgressView(**told, previews=[storage.link(key) for key in storage.owned(job.user_id, job.id, shown)])
    return ProgressView(value=0, stage="queued" if status is Status.PENDING else "starting", step=0, steps=1)


def _credits(price: int, refunded: int, status: Status) -> JobCredits:
    if not status.ended:
        return JobCredits(held=price, charged=0, refunded=0)
    return JobCredits(held=0, charged=price - refunded, refunded=refunded)


def _moment(epoch: float) -> str:
    return clock.iso(clock.from_epoch(epoch))
