"""What the API says: camelCase, closed shapes, nothing internal."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import Field

from edge.views import View
from studio import storage
from studio.credits import Kind
from studio.uploads import UploadState

if TYPE_CHECKING:
    from studio.catalog import Order
    from studio.jobs import Quote
    from studio.storage import StoredFile
    from studio.tables import Entry, User
    from studio.tickets import IssuedTicket
    from studio.tokens import Token
    from studio.uploads import Standing, UploadTarget
    from studio.workers import Crew

T = TypeVar("T")


class Page(View, Generic[T]):
    """One page of a list."""

    data: list[T]
    has_more: bool
    next_cursor: str | None = Field(None, description="Pass as `cursor` to get the next page.")


class CrewView(View):
    """Workers of one kind."""

    queue: Literal["jobs", "drafts"] = Field(
        description="`jobs`: paid work of either priority, drafts when idle; `drafts`: these only."
    )
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
    operator: bool = Field(description="Whether the caller may see how the studio runs.")

    @classmethod
    def of(cls, user: User, *, operator: bool = False) -> UserView:
        """The public part of the account row; nobody is an `operator` from the start."""
        return cls(id=user.id, email=user.email, name=user.name, created_at=user.created_at, operator=operator)


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
    kind: Kind
    amount: int = Field(description="Credits; negative when they leave the balance.")
    balance_after: int
    job_id: str | None
    purchase_id: str | None
    invoice_url: str | None = Field(description="Of a purchase, once there is one.")
    reason: str | None = Field(description="Why the studio granted these credits.")
    created_at: str

    @classmethod
    def of(cls, entry: Entry, invoice_url: str | None) -> EntryView:
        """The ledger line as its owner sees it."""
        return cls(
            id=entry.id,
            kind=Kind(entry.kind),
            amount=int(entry.amount),
            balance_after=int(entry.balance_after),
            job_id=entry.job_id,
            purchase_id=entry.purchase_id,
            invoice_url=invoice_url,
            reason=entry.reason,
            created_at=entry.created_at,
        )


class QuoteView(View):
    """What an order would cost; nothing was charged, queued or kept."""

    feature: str
    cost: int = Field(description="Credits.")
    balance: int
    sufficient: bool = Field(description="Whether the balance covers it now.")

    @classmethod
    def of(cls, order: Order, quote: Quote) -> QuoteView:
        """The answer to a dry run."""
        return cls(feature=order.feature, cost=quote.cost, balance=quote.balance, sufficient=quote.sufficient)


class FileView(View):
    """One file of a completed job."""

    name: str
    content_type: str
    size_bytes: int
    url: str = Field(description="Works without a token until `urlExpiresAt`.")
    url_expires_at: str

    @classmethod
    def of(cls, stored: StoredFile) -> FileView:
        """The file with a fresh link."""
        link = storage.download_url(stored)
        return cls(
            name=stored.name,
            content_type=stored.content_type,
            size_bytes=stored.size_bytes,
            url=link.url,
            url_expires_at=link.expires_at,
        )


class TicketView(View):
    """What opens one connection for live updates."""

    ticket: str
    url: str = Field(description="Where to open the WebSocket; the ticket is in it.")
    expires_in: int = Field(description="Seconds.")

    @classmethod
    def of(cls, issued: IssuedTicket) -> TicketView:
        """The ticket as handed to its owner."""
        return cls(ticket=issued.value, url=issued.url, expires_in=issued.expires_in)


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


class UploadStandingView(View):
    """What became of an upload."""

    id: str
    state: UploadState = Field(description="`waiting` until its file was looked at; then `ready`, or `refused`.")
    reason: str | None = Field(description='Why it was refused; completes the sentence "the file …".')

    @classmethod
    def of(cls, standing: Standing) -> UploadStandingView:
        """The upload as its owner sees it."""
        return cls(id=standing.id, state=standing.state, reason=standing.reason)


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
            options=_schema(kind),
            example=kind.example,
        )


@cache
def _schema(kind: type[Order]) -> dict[str, Any]:
    """Of an order's JSON; making it takes longer than all the rest of an answer, and it does not change."""
    return kind.model_json_schema(by_alias=True)


class FeaturesView(View):
    """Everything on sale."""

    data: list[FeatureView]
