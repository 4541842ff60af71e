# Made by clients/generate.py from docs/openapi.json; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""What the API answers, typed. Times are in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["signup", "hold", "refund", "purchase", "revoke", "restore", "grant"]
"""What an entry is about."""
News = Literal["job.completed", "job.failed", "job.cancelled", "credits.low", "job.started", "job.progress"]
"""What a customer can be called for."""
PurchaseStatus = Literal["open", "processing", "paid", "refunded", "disputed", "failed", "expired", "review"]
"""Where a purchase stands. Not a one-way street: refunds fail and disputes are won."""
Scope = Literal["jobs:read", "jobs:write", "uploads:write", "webhooks:manage", "billing:read", "account:read"]
"""What a key may be allowed to do."""
State = Literal["pending", "delivered", "dead"]
"""Where a delivery is."""
Status = Literal["pending", "processing", "completed", "failed", "cancelled"]
"""A status only ever moves down this list."""
UploadState = Literal["waiting", "ready", "refused"]
"""What became of an upload."""


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    hint: str
    """Beginning and end of the secret."""
    created_at: datetime = field(metadata={"json": "createdAt"})
    expires_at: datetime | None = field(metadata={"json": "expiresAt"})
    last_used_at: datetime | None = field(metadata={"json": "lastUsedAt"})
    """To five minutes."""


@dataclass(frozen=True, kw_only=True)
class ApiKeys:
    """All keys of an account."""

    data: list[ApiKey]


@dataclass(frozen=True, kw_only=True)
class CallbackAttempt:
    """What one attempt came to."""

    number: int
    at: datetime
    seconds: float
    status: int | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """Where to pay."""

    purchase_id: str = field(metadata={"json": "purchaseId"})
    checkout_url: str = field(metadata={"json": "checkoutUrl"})
    """Send the payer here. Works until `expiresAt`."""
    expires_at: datetime = field(metadata={"json": "expiresAt"})


@dataclass(frozen=True, kw_only=True)
class Credits:
    """Credits that can be spent, and those held by jobs that have not ended."""

    balance: int
    held: int


@dataclass(frozen=True, kw_only=True)
class Crew:
    """Workers of one kind."""

    queue: Literal["jobs", "drafts"]
    """`jobs`: paid work of either priority, drafts when idle; `drafts`: these only."""
    profile: str
    """What they draw with; `sketch` is the one without a model."""
    state: str
    reason: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message for one receiver."""

    id: str
    """Its `webhook-id`, the same in every attempt."""
    type: str
    """What it tells of; `webhook.test` for tests."""
    state: State
    """`dead`: given up."""
    reason: str | None
    """Why it was given up."""
    endpoint_id: str | None = field(metadata={"json": "endpointId"})
    callback_url: str | None = field(metadata={"json": "callbackUrl"})
    """Of the job, where it is no endpoint that is called."""
    job_id: str | None = field(metadata={"json": "jobId"})
    attempts: int
    last_status: int | None = field(metadata={"json": "lastStatus"})
    """What the receiver answered last; null if it did not."""
    next_attempt_at: datetime | None = field(metadata={"json": "nextAttemptAt"})
    created_at: datetime = field(metadata={"json": "createdAt"})
    ended_at: datetime | None = field(metadata={"json": "endedAt"})


@dataclass(frozen=True, kw_only=True)
class DeliveryDetail:
    """One message with all that happened to it."""

    id: str
    """Its `webhook-id`, the same in every attempt."""
    type: str
    """What it tells of; `webhook.test` for tests."""
    state: State
    """`dead`: given up."""
    reason: str | None
    """Why it was given up."""
    endpoint_id: str | None = field(metadata={"json": "endpointId"})
    callback_url: str | None = field(metadata={"json": "callbackUrl"})
    """Of the job, where it is no endpoint that is called."""
    job_id: str | None = field(metadata={"json": "jobId"})
    attempts: int
    last_status: int | None = field(metadata={"json": "lastStatus"})
    """What the receiver answered last; null if it did not."""
    next_attempt_at: datetime | None = field(metadata={"json": "nextAttemptAt"})
    created_at: datetime = field(metadata={"json": "createdAt"})
    ended_at: datetime | None = field(metadata={"json": "endedAt"})
    body: dict[str, Any]
    """As it was sent."""
    log: list[CallbackAttempt]
    """The last 30 attempts, oldest first."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An address that is called for your news."""

    id: str
    url: str
    description: str
    events: list[News]
    enabled: bool
    disabled_reason: Literal["owner", "gone", "failing"] | None = field(metadata={"json": "disabledReason"})
    """`owner`: you did; `gone`: it answered 410; `failing`: nothing succeeded for five days."""
    failing_since: datetime | None = field(metadata={"json": "failingSince"})
    """The first failure after the last success."""
    created_at: datetime = field(metadata={"json": "createdAt"})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    id: str
    kind: Kind
    amount: int
    """Credits; negative when they leave the balance."""
    balance_after: int = field(metadata={"json": "balanceAfter"})
    job_id: str | None = field(metadata={"json": "jobId"})
    purchase_id: str | None = field(metadata={"json": "purchaseId"})
    invoice_url: str | None = field(metadata={"json": "invoiceUrl"})
    """Of a purchase, once there is one."""
    reason: str | None
    """Why the studio granted these credits."""
    created_at: datetime = field(metadata={"json": "createdAt"})


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature on sale."""

    name: str
    title: str
    summary: str
    credits_per_unit: int = field(metadata={"json": "creditsPerUnit"})
    unit: str
    endpoint: str
    options: dict[str, Any]
    """JSON Schema of the request body."""
    example: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Features:
    """Everything on sale."""

    data: list[Feature]


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a completed job."""

    name: str
    content_type: str = field(metadata={"json": "contentType"})
    size_bytes: int = field(metadata={"json": "sizeBytes"})
    url: str
    """Works without a token until `urlExpiresAt`."""
    url_expires_at: datetime = field(metadata={"json": "urlExpiresAt"})


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files of a completed job, with fresh links."""

    files: list[File]


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether the API answers, and who is there to work."""

    status: Literal["ok", "degraded"]
    """`degraded`: the API runs, its database does not answer."""
    stage: str
    workers: list[Crew]


@dataclass(frozen=True, kw_only=True)
class JobAttempt:
    """One try at a job."""

    number: int
    worker: str
    started_at: datetime = field(metadata={"json": "startedAt"})
    ended_at: datetime | None = field(metadata={"json": "endedAt"})
    outcome: str | None
    """`succeeded`, `cancelled`, `handed_back` by a worker that went away, `lost` with its worker, or the code of its
    error. Null while it runs.
    """


@dataclass(frozen=True, kw_only=True)
class JobCredits:
    """Where the credits of a job are; the three always add up to its price."""

    held: int
    charged: int
    refunded: int


@dataclass(frozen=True, kw_only=True)
class JobFailure:
    """Why a job failed, or was cancelled without anybody's asking."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class JobLinks:
    """Addresses of the job."""

    self: str
    download: str


@dataclass(frozen=True, kw_only=True)
class JobSnapshot:
    """A job."""

    id: str
    feature: str
    status: Status
    progress: Progress
    credits: JobCredits
    input: dict[str, Any]
    """The order as accepted."""
    result: dict[str, Any] | None
    """How a completed job was made; engines and features add more."""
    error: JobFailure | None
    attempts: int
    sequence: int
    """Never falls; of two views of a job, the larger one is newer."""
    attempt_log: list[JobAttempt] = field(metadata={"json": "attemptLog"})
    """The last ten attempts, oldest first."""
    priority: Literal["normal", "low"]
    queue: Place | None
    """Of a pending job that is asked for by its id, if it can be told."""
    created_at: datetime = field(metadata={"json": "createdAt"})
    started_at: datetime | None = field(metadata={"json": "startedAt"})
    ended_at: datetime | None = field(metadata={"json": "endedAt"})
    deadline: datetime
    """A job that has not ended by then is ended and refunded."""
    expires_at: datetime | None = field(metadata={"json": "expiresAt"})
    """Until when an ended job and its files are kept."""
    urls: JobLinks


@dataclass(frozen=True, kw_only=True)
class Mailed:
    """Something was asked for by mail. Says the same whether or not there is an account."""

    status: Literal["check_your_mail"] | None = field(default=None)


@dataclass(frozen=True, kw_only=True)
class NewApiKey:
    """A key that was just made."""

    id: str
    name: str
    scopes: list[Scope]
    hint: str
    """Beginning and end of the secret."""
    created_at: datetime = field(metadata={"json": "createdAt"})
    expires_at: datetime | None = field(metadata={"json": "expiresAt"})
    last_used_at: datetime | None = field(metadata={"json": "lastUsedAt"})
    """To five minutes."""
    secret: str = field(repr=False)
    """Shown only now. Send it as `Authorization: Bearer <secret>`."""


@dataclass(frozen=True, kw_only=True)
class NewEndpoint:
    """An endpoint with the secret that it was just given."""

    id: str
    url: str
    description: str
    events: list[News]
    enabled: bool
    disabled_reason: Literal["owner", "gone", "failing"] | None = field(metadata={"json": "disabledReason"})
    """`owner`: you did; `gone`: it answered 410; `failing`: nothing succeeded for five days."""
    failing_since: datetime | None = field(metadata={"json": "failingSince"})
    """The first failure after the last success."""
    created_at: datetime = field(metadata={"json": "createdAt"})
    secret: str = field(repr=False)
    """Shown only now. Verify signatures with it."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of credits on sale."""

    name: str
    title: str
    credits: int
    amount: int
    """In the smallest unit of the currency: cents."""
    currency: str


@dataclass(frozen=True, kw_only=True)
class Packages:
    """Everything on sale."""

    data: list[Package]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a pending job stands in its queue; an estimate."""

    position: int
    """1 is the next."""
    estimated_seconds: int | None = field(metadata={"json": "estimatedSeconds"})
    """Until the job is likely done, by what such jobs took lately and how many workers are there. Null when too
    little is known.
    """


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job is."""

    value: float
    """0 to 1 over the whole job."""
    stage: str
    step: int
    steps: int
    previews: list[str] | None = field(default=None)
    """Links to small pictures of what is being made."""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A purchase."""

    id: str
    package: str
    amount: int
    """In the smallest unit of the currency: cents."""
    currency: str
    status: PurchaseStatus
    """`processing`: the money is on its way; `review`: something does not fit and a person looks at it."""
    credits: PurchaseCredits
    checkout_url: str | None = field(metadata={"json": "checkoutUrl"})
    """Where to pay, while it can be paid for."""
    invoice_url: str | None = field(metadata={"json": "invoiceUrl"})
    """The invoice, once there is one."""
    created_at: datetime = field(metadata={"json": "createdAt"})
    paid_at: datetime | None = field(metadata={"json": "paidAt"})


@dataclass(frozen=True, kw_only=True)
class PurchaseCredits:
    """What a purchase did to the balance: `granted - revoked` credits are the buyer's."""

    granted: int
    """Once the money has come."""
    revoked: int
    """For money that went back, or that the payer's bank holds."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What an order would cost; nothing was charged, queued or kept."""

    feature: str
    cost: int
    """Credits."""
    balance: int
    sufficient: bool
    """Whether the balance covers it now."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret that callbacks are signed with."""

    secret: str = field(repr=False)
    old_secret_valid_until: datetime | None = field(metadata={"json": "oldSecretValidUntil"})
    """After a rotation: how long the one before is used too."""


@dataclass(frozen=True, kw_only=True)
class Signup:
    """A new account and its first token."""

    token: str = field(repr=False)
    expires_in: int = field(metadata={"json": "expiresIn"})
    """Seconds."""
    user: User


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """What opens one connection for live updates."""

    ticket: str
    url: str
    """Where to open the WebSocket; the ticket is in it."""
    expires_in: int = field(metadata={"json": "expiresIn"})
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A bearer token."""

    token: str = field(repr=False)
    expires_in: int = field(metadata={"json": "expiresIn"})
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Where to send one file: a form POST to `url` with `fields` first and the file as `file` last."""

    id: str
    url: str
    fields: dict[str, str]
    expires_at: datetime = field(metadata={"json": "expiresAt"})


@dataclass(frozen=True, kw_only=True)
class UploadStanding:
    """What became of an upload."""

    id: str
    state: UploadState
    """`waiting` until its file was looked at; then `ready`, or `refused`."""
    reason: str | None
    """Why it was refused; completes the sentence "the file …"."""


@dataclass(frozen=True, kw_only=True)
class User:
    """An account."""

    id: str
    email: str
    name: str | None
    created_at: datetime = field(metadata={"json": "createdAt"})
    operator: bool
    """Whether the caller may see how the studio runs."""
