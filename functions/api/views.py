"""What the API says: camelCase, closed shapes, nothing internal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from studio import storage
from studio.jobs import Status

if TYPE_CHECKING:
    from studio.catalog import Order
    from studio.tables import Entry, JobRow, User
    from studio.tokens import Token
    from studio.uploads import UploadTarget
    from studio.workers import Crew

T = TypeVar("T")


class View(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Page(View, Generic[T]):
    """One page of a list."""

    data: list[T]
    has_more: bool
    next_cursor: str | None = Field(None, description="Pass as `cursor` to get the next page.")


class CrewView(View):
    """Workers of one kind."""

    queue: Literal["jobs", "drafts"] = Field(description="`jobs`: paid work; `drafts`: free drafts.")
    profile: str = Field(description="What they draw with; `sketch` is the one without a model.")
    state: str
    reason: str | None
    count: int

    @classmethod
    def of(cls, crew: Crew) -> CrewView:
        """The crew as anybody may see it."""
        return cls.model_validate(crew, from_attributes=True)


class Health(View):
    """Whether the API answers, and who is there to work."""

    status: Literal["ok", "degraded"] = Field(description="`degraded`: the API runs, its database does not answer.")
    stage: str
    workers: list[CrewView]


class UserView(View):
    """An account."""

    id: str
    email: str
    name: str | None
    created_at: str

    @classmethod
    def of(cls, user: User) -> UserView:
        """The public part of the account row."""
        return cls(id=user.id, email=user.email, name=user.name, created_at=user.created_at)


class TokenView(View):
    """A bearer token."""

    token: str
    expires_in: int = Field(description="Seconds.")

    @classmethod
    def of(cls, token: Token) -> TokenView:
        """The token as handed to its owner."""
        return cls(token=token.value, expires_in=token.expires_in)


class SignupView(TokenView):
    """A new account and its first token."""

    user: UserView


class CreditsView(View):
    """Credits that can be spent, and those held by jobs that have not ended."""

    balance: int
    held: int


class EntryView(View):
    """One line of the ledger."""

    id: str
    kind: str
    amount: int = Field(description="Credits; negative when they leave the balance.")
    balance_after: int
    job_id: str | None
    created_at: str

    @classmethod
    def of(cls, entry: Entry) -> EntryView:
        """The ledger line as its owner sees it."""
        return cls(
            id=entry.id,
            kind=entry.kind,
            amount=int(entry.amount),
            balance_after=int(entry.balance_after),
            job_id=entry.job_id,
            created_at=entry.created_at,
        )


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
    """Why a job failed."""

    code: str
    message: str


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
    result: dict[str, Any] | None = Field(description="Engine, model, seeds and timings of a completed job.")
    error: JobFailure | None
    attempts: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    urls: JobLinks

    @classmethod
    def of(cls, job: JobRow) -> JobView:
        """The job as its owner sees it."""
        status = Status(job.status)
        address = f"/api/v1/jobs/{job.id}"
        return cls(
            id=job.id,
            feature=job.feature,
            status=status,
            progress=_progress(job, status),
            credits=_credits(int(job.credits), int(job.refunded or 0), status),
            input=job.order,
            result=job.result["metadata"] if job.result else None,
            error=JobFailure(**job.error) if job.error else None,
            attempts=int(job.attempt),
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            urls=JobLinks(self=address, download=f"{address}/download"),
        )


class FileView(View):
    """One file of a completed job."""

    name: str
    content_type: str
    size_bytes: int
    url: str = Field(description="Works without a token until `urlExpiresAt`.")
    url_expires_at: str


class FilesView(View):
    """The files of a completed job, with fresh links."""

    files: list[FileView]


class UploadView(View):
    """Where to send one file: a form POST to `url` with `fields` first and the file as `file` last."""

    id: str
    url: str
    fields: dict[str, str]
    expires_at: str

    @classmethod
    def of(cls, target: UploadTarget) -> UploadView:
        """The target as its owner sees it."""
        return cls(id=target.id, url=target.url, fields=target.fields, expires_at=target.expires_at)


class FeatureView(View):
    """A feature on sale."""

    name: str
    title: str
    summary: str
    credits_per_unit: int
    unit: str
    endpoint: str
    options: dict[str, Any] = Field(description="JSON Schema of the request body.")
    example: dict[str, Any]

    @classmethod
    def of(cls, kind: type[Order]) -> FeatureView:
        """The catalogue entry."""
        return cls(
            name=kind.feature,
            title=kind.title,
            summary=kind.summary,
            credits_per_unit=kind.credits_per_unit,
            unit=kind.unit,
            endpoint=f"/api/v1/jobs/{kind.feature}",
            options=kind.model_json_schema(by_alias=True),
            example=kind.example,
        )


class FeaturesView(View):
    """Everything on sale."""

    data: list[FeatureView]


class Problem(View):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; decide on this.")
    request_id: str
    errors: list[dict[str, str]] | None = Field(None, description="On 422: `pointer` and `detail` per field.")


def _progress(job: JobRow, status: Status) -> ProgressView:
    if status is Status.COMPLETED:
        return ProgressView(value=1, stage="done", step=1, steps=1)
    if job.progress:
        told = dict(job.progress)
        keys = told.pop("previews", [])  # of unchecked, unpaid work: only shown while it is being made
        links = [storage.link(key) for key in keys] if status is Status.PROCESSING else []
        return ProgressView(**told, previews=links)
    return ProgressView(value=0, stage="queued" if status is Status.PENDING else "starting", step=0, steps=1)


def _credits(price: int, refunded: int, status: Status) -> JobCredits:
    if not status.ended:
        return JobCredits(held=price, charged=0, refunded=0)
    return JobCredits(held=0, charged=price - refunded, refunded=refunded)
