"""DynamoDB rows, and the transaction that writes several of them or none.

Keys and indexes stand in `template.yaml` too; a test compares the two.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from botocore.exceptions import ClientError
from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.connection import Connection as DynamoConnection
from pynamodb.connection import TableConnection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from studio import outages
from studio.errors import Busy, Conflict, StudioError
from studio.settings import settings

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

# Nothing was decided by these: reading again and repeating is right.
CONTENDED = outages.THROTTLED | {"TransactionConflict", "TransactionInProgressException"}

P = ParamSpec("P")
R = TypeVar("R")

# One stalled call must not outlive the 29 s that API Gateway waits for an answer.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 3
MAX_RETRIES = 2
CONFLICT_RETRY_SECONDS = 12.0  # well inside the 29 s of API Gateway
CONFLICT_BACKOFF_SECONDS = 0.02
CONFLICT_BACKOFF_CAP_SECONDS = 0.5
BUSY_ITEM = "TransactionConflictException"
BUSY_ITEM_SECONDS = 2.0  # a transaction takes some ten milliseconds


class _FromSettings:
    """A table name that is looked up when used, never at import."""

    def __init__(self, field: str) -> None:
        self._field = field

    def __get__(self, instance: object, owner: type | None = None) -> str:
        return str(getattr(settings(), self._field))


class _Patient(DynamoConnection):
    """A connection that waits out what single writes meet: an item that somebody's transaction is busy with.

    DynamoDB refuses such a write, nothing is written, and boto3 does not repeat it. Transactions that meet each other
    are told otherwise, and run again whole; see `retried`.
    """

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        give_up_at = time.monotonic() + BUSY_ITEM_SECONDS
        while True:
            try:
                return super()._make_api_call(operation_name, operation_kwargs)
            except ClientError as error:
                if error.response["Error"].get("Code") != BUSY_ITEM or time.monotonic() > give_up_at:
                    raise
            time.sleep(random.uniform(0, CONFLICT_BACKOFF_SECONDS))  # noqa: S311  # jitter, not a secret


@cache
def _shared_connection() -> DynamoConnection:
    return _Patient(
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds=READ_TIMEOUT_SECONDS,
        max_retry_attempts=MAX_RETRIES,
    )


class Row(Model):
    """Base of every table. All share one connection: left alone, pynamodb builds a client per table (60 ms each)."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        known = cls._connection
        connection = super()._get_connection()
        if connection is not known:
            shared = _shared_connection()
            if connection.table_name not in shared._tables:  # noqa: SLF001  # no public way to ask
                shared.add_meta_table(connection.get_meta_table())
            connection.connection = shared
        return connection


class User(Row):
    """An account. The password is an argon2id hash, or a bcrypt hash of former times until its owner signs in."""

    class Meta:
        table_name = _FromSettings("users_table")

    id = UnicodeAttribute(hash_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    password_hash = UnicodeAttribute(attr_name="passwordHash")
    created_at = UnicodeAttribute(attr_name="createdAt")
    ver = NumberAttribute(default=0)
    """Raised to end every session at once: a token carries the number it was issued under."""
    reset_at = UnicodeAttribute(attr_name="resetAt", null=True)
    """When the password was last reset by mail, which ended all API keys made until then."""


class Email(Row):
    """The claim on an address: its key makes an address belong to one account."""

    class Meta:
        table_name = _FromSettings("emails_table")

    address = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")


class Welcome(Row):
    """An address that had its signup credits, as its SHA-256. Outlives the account, so that they come once."""

    class Meta:
        table_name = _FromSettings("welcomes_table")

    hash = UnicodeAttribute(hash_key=True)
    debt = NumberAttribute(default=0)
    """Credits that the last account with the address owed when it was closed."""


class SessionByUser(GlobalSecondaryIndex["Session"]):
    """Sessions of one user."""

    class Meta:
        index_name = "byUser"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class Session(Row):
    """A signed-in device. Deleting the row revokes its token at once."""

    class Meta:
        table_name = _FromSettings("sessions_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    expires_at = TTLAttribute(attr_name="expiresAt")

    by_user = SessionByUser()


class ApiKeyByUser(GlobalSecondaryIndex["ApiKey"]):
    """API keys of one user, oldest first."""

    class Meta:
        index_name = "byUser"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class ApiKey(Row):
    """A key that programs of a user sign in with. Only its SHA-256 is kept."""

    class Meta:
        table_name = _FromSettings("api_keys_table")

    hash = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute()
    user_id = UnicodeAttribute(attr_name="userId")
    name = UnicodeAttribute()
    scopes: JSONAttribute = JSONAttribute()
    hint = UnicodeAttribute()
    expires_epoch = NumberAttribute(attr_name="expiresEpoch", null=True)
    last_used_epoch = NumberAttribute(attr_name="lastUsedEpoch", null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")

    by_user = ApiKeyByUser()


class ProofByAddress(GlobalSecondaryIndex["Proof"]):
    """Proofs of one address, however it was written."""

    class Meta:
        index_name = "byAddress"
        projection = KeysOnlyProjection()

    address_hash = UnicodeAttribute(hash_key=True, attr_name="addressHash")
    id = UnicodeAttribute(range_key=True)


class Proof(Row):
    """What the holder of an address may do once they prove it is theirs, with the secret that is mailed to it."""

    class Meta:
        table_name = _FromSettings("proofs_table")

    id = UnicodeAttribute(hash_key=True)
    purpose = UnicodeAttribute()
    address = UnicodeAttribute()
    address_hash = UnicodeAttribute(attr_name="addressHash", null=True)
    name = UnicodeAttribute(null=True)
    password_hash = UnicodeAttribute(attr_name="passwordHash", null=True)
    secret_hash = UnicodeAttribute(attr_name="secretHash", null=True)
    user_id = UnicodeAttribute(attr_name="userId", null=True)
    user_ver = NumberAttribute(attr_name="userVer", null=True)
    expires_at = TTLAttribute(attr_name="expiresAt")

    by_address = ProofByAddress()


class Balance(Row):
    """What a user can spend now, and what running jobs hold. Only `studio.credits` writes it."""

    class Meta:
        table_name = _FromSettings("balances_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    credits = NumberAttribute()
    held = NumberAttribute()
    active = NumberAttribute(default=0)
    version = NumberAttribute()
    closed_at = UnicodeAttribute(null=True, attr_name="closedAt")
    """When its account was closed; the balance and its ledger stay."""


class EntryByNumber(LocalSecondaryIndex["Entry"]):
    """Entries of one user in the order they were written."""

    class Meta:
        index_name = "byNumber"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    number = NumberAttribute(range_key=True)


class Entry(Row):
    """One immutable line of the ledger. Its id is what makes the step happen once."""

    class Meta:
        table_name = _FromSettings("ledger_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)
    number = NumberAttribute()
    kind = UnicodeAttribute()
    amount = NumberAttribute()
    balance_after = NumberAttribute(attr_name="balanceAfter")
    job_id = UnicodeAttribute(attr_name="jobId", null=True)
    purchase_id = UnicodeAttribute(attr_name="purchaseId", null=True)
    reason = UnicodeAttribute(null=True)
    operator = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")

    by_number = EntryByNumber()


class JobByUser(GlobalSecondaryIndex["JobRow"]):
    """Jobs of one user; ids are time-ordered, so this is the history."""

    class Meta:
        index_name = "byUser"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class JobByDeadline(GlobalSecondaryIndex["JobRow"]):
    """Jobs that have not ended, by the time they must. Sparse: the shard is removed when a job ends."""

    class Meta:
        index_name = "byDeadline"
        projection = KeysOnlyProjection()

    open_shard = NumberAttribute(hash_key=True, attr_name="openShard")
    deadline = NumberAttribute(range_key=True)


class JobByQueue(GlobalSecondaryIndex["JobRow"]):
    """Jobs that nobody has begun, by the queue they wait in and their age. Sparse: the first claim takes them out."""

    class Meta:
        index_name = "byQueue"
        projection = IncludeProjection(["feature"])

    waits_in = UnicodeAttribute(hash_key=True, attr_name="waitsIn")
    id = UnicodeAttribute(range_key=True)


class JobByExpiry(GlobalSecondaryIndex["JobRow"]):
    """Jobs that have ended, by when they are no longer kept. Sparse: what was erased is not in it."""

    class Meta:
        index_name = "byExpiry"
        projection = KeysOnlyProjection()

    ended_shard = NumberAttribute(hash_key=True, attr_name="endedShard")
    expires_epoch = NumberAttribute(range_key=True, attr_name="expiresEpoch")


class JobRow(Row):
    """A job as stored. `studio.jobs` is its only writer, and `studio.retention` the only eraser."""

    class Meta:
        table_name = _FromSettings("jobs_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    feature = UnicodeAttribute()
    status = UnicodeAttribute()
    order: JSONAttribute = JSONAttribute()
    credits = NumberAttribute()
    attempt = NumberAttribute(default=0)
    lease_until = NumberAttribute(attr_name="leaseUntil", null=True)
    open_shard = NumberAttribute(attr_name="openShard", null=True)
    deadline = NumberAttribute()
    progress: JSONAttribute = JSONAttribute(null=True)
    result: JSONAttribute = JSONAttribute(null=True)
    error: JSONAttribute = JSONAttribute(null=True)
    request_id = UnicodeAttribute(attr_name="requestId", null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")
    refunded = NumberAttribute(default=0)
    failures = NumberAttribute(default=0)
    message_id = UnicodeAttribute(attr_name="messageId", null=True)
    callback_url = UnicodeAttribute(attr_name="callbackUrl", null=True)
    priority = UnicodeAttribute(default="normal")
    cancel_after = NumberAttribute(attr_name="cancelAfter", null=True)
    attempt_log: JSONAttribute = JSONAttribute(attr_name="attemptLog", null=True)
    waits_in = UnicodeAttribute(attr_name="waitsIn", null=True)
    ended_shard = NumberAttribute(attr_name="endedShard", null=True)
    expires_epoch = NumberAttribute(attr_name="expiresEpoch", null=True)
    erased = UnicodeAttribute(null=True)
    started_at = UnicodeAttribute(attr_name="startedAt", null=True)
    ended_at = UnicodeAttribute(attr_name="endedAt", null=True)

    by_user = JobByUser()
    by_deadline = JobByDeadline()
    by_queue = JobByQueue()
    by_expiry = JobByExpiry()


class Settlement(Row):
    """The one row that ends a job: delivered xor refunded, whoever writes it first."""

    class Meta:
        table_name = _FromSettings("settlements_table")

    job_id = UnicodeAttribute(hash_key=True, attr_name="jobId")
    outcome = UnicodeAttribute()
    status = UnicodeAttribute()
    attempt = NumberAttribute()
    credits = NumberAttribute()
    created_at = UnicodeAttribute(attr_name="createdAt")


class Request(Row):
    """An Idempotency-Key that was used, and the job or purchase it made."""

    class Meta:
        table_name = _FromSettings("requests_table")

    key = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    made = UnicodeAttribute()
    expires_at = TTLAttribute(attr_name="expiresAt")


class PurchaseByUser(GlobalSecondaryIndex["Purchase"]):
    """Purchases of one user, oldest first, also those that brought nothing."""

    class Meta:
        index_name = "byUser"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class Purchase(Row):
    """Credits that somebody set out to buy. `studio.purchases` is its only writer; every write raises the version."""

    class Meta:
        table_name = _FromSettings("purchases_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    package = UnicodeAttribute()
    credits = NumberAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    price_id = UnicodeAttribute(attr_name="priceId")
    success_url = UnicodeAttribute(attr_name="successUrl")
    cancel_url = UnicodeAttribute(attr_name="cancelUrl")
    status = UnicodeAttribute()
    session_id = UnicodeAttribute(attr_name="sessionId", null=True)
    checkout_url = UnicodeAttribute(attr_name="checkoutUrl", null=True)
    granted = NumberAttribute(default=0)
    revoked = NumberAttribute(default=0)
    corrections = NumberAttribute(default=0)
    problem = UnicodeAttribute(null=True)
    """What people are to look at, a line each; absent where there is nothing."""
    reviews: JSONAttribute = JSONAttribute(null=True)
    """Problems that people have dealt with: who, when and why."""
    invoice_url = UnicodeAttribute(attr_name="invoiceUrl", null=True)
    expires_epoch = NumberAttribute(attr_name="expiresEpoch")
    created_at = UnicodeAttribute(attr_name="createdAt")
    paid_at = UnicodeAttribute(attr_name="paidAt", null=True)
    version = NumberAttribute(default=1)

    by_user = PurchaseByUser()

    @property
    def problems(self) -> list[str]:
        """Each of what people are to look at."""
        return str(self.problem or "").splitlines()


class PaymentEvent(Row):
    """A Stripe event that reached us. What is not here is followed at night; credits are decided on Stripe's word."""

    class Meta:
        table_name = _FromSettings("payment_events_table")

    id = UnicodeAttribute(hash_key=True)
    type = UnicodeAttribute()
    about = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute()
    asked = BooleanAttribute(null=True)
    """Whether we asked for it and no webhook has told of it."""
    received_at = UnicodeAttribute(attr_name="receivedAt")
    expires_at = TTLAttribute(attr_name="expiresAt")


class PersonaByUser(GlobalSecondaryIndex["Persona"]):
    """Personas of one user, oldest first."""

    class Meta:
        index_name = "byUser"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class Persona(Row):
    """An invented person of a user, shown again by every job with its id."""

    class Meta:
        table_name = _FromSettings("personas_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    gender = UnicodeAttribute()
    ethnicity = UnicodeAttribute()
    age_range = UnicodeAttribute(attr_name="ageRange")
    created_at = UnicodeAttribute(attr_name="createdAt")

    by_user = PersonaByUser()


class UploadByUser(GlobalSecondaryIndex["Upload"]):
    """Uploads of one user."""

    class Meta:
        index_name = "byUser"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class Upload(Row):
    """A file that a user sends straight to the bucket, and what became of it."""

    class Meta:
        table_name = _FromSettings("uploads_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    """Why it was refused; completes the sentence "the file …"."""
    looks = NumberAttribute(default=0)
    """How many files that were sent to it have been decoded, or were about to be."""
    created_at = UnicodeAttribute(attr_name="createdAt")
    expires_at = TTLAttribute(attr_name="expiresAt")

    by_user = UploadByUser()


class Signing(Row):
    """What the secrets of callbacks have in common; `studio.signatures` reads and rolls them."""

    secret = UnicodeAttribute()
    old_secret = UnicodeAttribute(attr_name="oldSecret", null=True)
    old_secret_until = NumberAttribute(attr_name="oldSecretUntil", null=True)


class Endpoint(Signing):
    """An address of a user that is told of their news. Each takes one of the user's places, so they stay few."""

    class Meta:
        table_name = _FromSettings("endpoints_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    place = NumberAttribute(range_key=True)
    id = UnicodeAttribute()
    url = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    events: JSONAttribute = JSONAttribute()
    created_at = UnicodeAttribute(attr_name="createdAt")
    disabled_reason = UnicodeAttribute(attr_name="disabledReason", null=True)
    failures = NumberAttribute(default=0)
    failing_since = NumberAttribute(attr_name="failingSince", null=True)
    not_before = NumberAttribute(attr_name="notBefore", null=True)


class CallbackSecret(Signing):
    """What a user's one-off callbacks are signed with."""

    class Meta:
        table_name = _FromSettings("callback_secrets_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")


class DeliveryByUser(GlobalSecondaryIndex["Delivery"]):
    """Deliveries of one user; ids are time-ordered, so this is the log."""

    class Meta:
        index_name = "byUser"
        projection = AllProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    id = UnicodeAttribute(range_key=True)


class DeliveryByDue(GlobalSecondaryIndex["Delivery"]):
    """Deliveries that wait for an attempt, by when. Sparse: the shard is removed when a delivery ends."""

    class Meta:
        index_name = "byDue"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True, attr_name="dueShard")
    next_attempt_at = NumberAttribute(range_key=True, attr_name="nextAttemptAt")


class Delivery(Row):
    """One message for one receiver, until it has it. `studio.deliveries` is its only writer."""

    class Meta:
        table_name = _FromSettings("deliveries_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    type = UnicodeAttribute()
    body = UnicodeAttribute()
    endpoint_id = UnicodeAttribute(attr_name="endpointId", null=True)
    callback_url = UnicodeAttribute(attr_name="callbackUrl", null=True)
    job_id = UnicodeAttribute(attr_name="jobId", null=True)
    state = UnicodeAttribute()
    attempt = NumberAttribute(default=0)
    round_began = NumberAttribute(attr_name="roundBegan", default=0)
    lease_until = NumberAttribute(attr_name="leaseUntil", null=True)
    due_shard = NumberAttribute(attr_name="dueShard", null=True)
    next_attempt_at = NumberAttribute(attr_name="nextAttemptAt", null=True)
    attempts: JSONAttribute = JSONAttribute()
    reason = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")
    ended_at = UnicodeAttribute(attr_name="endedAt", null=True)
    expires_at = TTLAttribute(attr_name="expiresAt")

    by_user = DeliveryByUser()
    by_due = DeliveryByDue()


class Limit(Row):
    """How often a user did something within one window."""

    class Meta:
        table_name = _FromSettings("limits_table")

    key = UnicodeAttribute(hash_key=True)
    used = NumberAttribute()
    blocked_until = NumberAttribute(attr_name="blockedUntil", null=True)
    expires_at = TTLAttribute(attr_name="expiresAt")


class TicketByUser(GlobalSecondaryIndex["Ticket"]):
    """Tickets of one user that nobody has used."""

    class Meta:
        index_name = "byUser"
        projection = KeysOnlyProjection()

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")


class Ticket(Row):
    """What opens one connection for live updates, as its SHA-256, and what it was asked for with."""

    class Meta:
        table_name = _FromSettings("tickets_table")

    hash = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    session_id = UnicodeAttribute(attr_name="sessionId", null=True)
    key_hash = UnicodeAttribute(attr_name="keyHash", null=True)
    ver = NumberAttribute(null=True)
    expires_at = TTLAttribute(attr_name="expiresAt")

    by_user = TicketByUser()


class Connection(Row):
    """An open connection for live updates, in one of its user's places."""

    class Meta:
        table_name = _FromSettings("connections_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    place = NumberAttribute(range_key=True)
    connection_id = UnicodeAttribute(attr_name="connectionId")
    session_id = UnicodeAttribute(attr_name="sessionId", null=True)
    key_hash = UnicodeAttribute(attr_name="keyHash", null=True)
    ver = NumberAttribute(null=True)
    jobs = UnicodeSetAttribute(null=True)
    sent: MapAttribute[str, Any] = MapAttribute()
    expires_at = TTLAttribute(attr_name="expiresAt")


class WorkerRow(Row):
    """A worker that is there."""

    class Meta:
        table_name = _FromSettings("workers_table")

    id = UnicodeAttribute(hash_key=True)
    queue = UnicodeAttribute()
    profile = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    utilisation = NumberAttribute(null=True)
    vram_used = NumberAttribute(null=True, attr_name="vramUsed")
    expires_at = TTLAttribute(attr_name="expiresAt")


class Pace(Row):
    """How long jobs of one kind take on average, lately."""

    class Meta:
        table_name = _FromSettings("paces_table")

    key = UnicodeAttribute(hash_key=True)
    seconds = NumberAttribute()


class OperatorRow(Row):
    """Whether an account may see how the studio runs, and who said so. `studio.operators` is its only writer."""

    class Meta:
        table_name = _FromSettings("operators_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    appointed = BooleanAttribute()
    acts: JSONAttribute = JSONAttribute()
    """Every appointment and dismissal, oldest first."""
    version = NumberAttribute()


class Tally(Row):
    """What came of the jobs of one kind that ended on one day, or that one job was counted. See `studio.tallies`."""

    class Meta:
        table_name = _FromSettings("tallies_table")

    about = UnicodeAttribute(hash_key=True)
    """A month such as ``2026-11``, or a job."""
    key = UnicodeAttribute(range_key=True)
    completed = NumberAttribute(default=0)
    failed = NumberAttribute(default=0)
    cancelled = NumberAttribute(default=0)
    priced = NumberAttribute(default=0)
    refunded = NumberAttribute(default=0)
    milliseconds = NumberAttribute(default=0)
    times = NumberAttribute(default=0)
    newest_job = UnicodeAttribute(attr_name="newestJob", null=True)
    expires_at = TTLAttribute(attr_name="expiresAt")


class Dispatch(Row):
    """A job on its way through RunPod, until it has ended. `studio.runpod_dispatches` is its only writer."""

    class Meta:
        table_name = _FromSettings("dispatches_table")

    job_id = UnicodeAttribute(hash_key=True, attr_name="jobId")
    run_id = UnicodeAttribute(attr_name="runId", null=True)
    runs = NumberAttribute(default=0)
    sent_epoch = NumberAttribute(attr_name="sentEpoch", null=True)


class OutboxRow(Row):
    """A message or event that must go out; written with the change it tells of, deleted once it was accepted."""

    class Meta:
        table_name = _FromSettings("outbox_table")

    id = UnicodeAttribute(hash_key=True)
    target = UnicodeAttribute()
    source = UnicodeAttribute(null=True)
    detail_type = UnicodeAttribute(attr_name="detailType", null=True)
    body = UnicodeAttribute()
    delay_seconds = NumberAttribute(attr_name="delaySeconds", null=True)
    created_epoch = NumberAttribute(attr_name="createdEpoch")


class Transaction:
    """Writes collected for one `TransactWriteItems`; each names the error to raise if its condition fails."""

    def __init__(self) -> None:
        self._write = TransactWrite(connection=_shared_connection())
        # pynamodb sends checks, deletes, puts and updates in this order whatever that of the calls, and reports by
        # position.
        self._check_errors: list[StudioError] = []
        self._delete_errors: list[StudioError] = []
        self._put_errors: list[StudioError] = []
        self._update_errors: list[StudioError] = []

    def create(self, row: Model, *, condition: Condition, otherwise: StudioError) -> None:
        """Put `row`; `otherwise` is raised when `condition` does not hold."""
        self._write.save(row, condition=condition)
        self._put_errors.append(otherwise)

    def change(self, row: Model, actions: list[Action], *, condition: Condition, otherwise: StudioError) -> None:
        """Update the stored item of `row`'s key; `otherwise` is raised when `condition` does not hold."""
        self._write.update(row, actions=actions, condition=condition)
        self._update_errors.append(otherwise)

    def remove(self, row: Model, *, condition: Condition, otherwise: StudioError) -> None:
        """Delete the stored item of `row`'s key; `otherwise` is raised when `condition` does not hold."""
        self._write.delete(row, condition=condition)
        self._delete_errors.append(otherwise)

    def require(self, model: type[Model], key: str, *, condition: Condition, otherwise: StudioError) -> None:
        """Write nothing at all, and raise `otherwise`, unless `condition` holds for the stored item of this key."""
        self._write.condition_check(model, key, condition=condition)
        self._check_errors.append(otherwise)

    def commit(self) -> None:
        """Write everything or nothing.

        Raises:
            Conflict: another writer was first; the caller reads again and repeats.
            StudioError: the `otherwise` of the first condition that failed for good.
        """
        try:
            with self._write:  # pynamodb commits when its block ends
                pass
        except TransactWriteError as error:
            ours = self._translated(error)
            if ours is None:
                raise
            raise ours from error

    def _translated(self, error: TransactWriteError) -> StudioError | None:
        errors = self._check_errors + self._delete_errors + self._put_errors + self._update_errors
        codes = [reason.code if reason else None for reason in error.cancellation_reasons]
        failed = [e for e, code in zip(errors, codes, strict=False) if code == "ConditionalCheckFailed"]
        # A step that is already done outranks a lost race: repeating it would never succeed.
        final = next((e for e in failed if not isinstance(e, Conflict)), None)
        if final is not None:
            return final
        if failed or CONTENDED & {*codes, answered(error)}:
            return Conflict("another writer was first")
        return None


def answered(error: PynamoDBException) -> str | None:
    """The error code that DynamoDB answered with; None when there was no answer.

    pynamodb's own `cause_response_code` breaks on a timeout: that has a `response`, and it is None.
    """
    response = getattr(error.cause, "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


def refused(error: PynamoDBException) -> bool:
    """Whether nothing was written because the condition did not hold."""
    return answered(error) == "ConditionalCheckFailedException"


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Collect writes in the block and commit them together at its end; an exception in the block writes nothing."""
    tx = Transaction()
    yield tx
    tx.commit()


def retried(step: Callable[P, R]) -> Callable[P, R]:
    """Repeat a read-then-write step while other writers get there first, with full jitter.

    The step must read what it depends on inside, so that each try decides anew, and take the ids of what it creates
    from outside, so that a try whose answer was lost is found, not done twice.

    Raises:
        Busy: still contended after `CONFLICT_RETRY_SECONDS`; nothing was written.
    """

    @functools.wraps(step)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        give_up_at = time.monotonic() + CONFLICT_RETRY_SECONDS
        backoff = CONFLICT_BACKOFF_SECONDS
        while True:
            try:
                return step(*args, **kwargs)
            except Conflict as conflict:
                if time.monotonic() > give_up_at:
                    raise Busy from conflict
            time.sleep(random.uniform(0, backoff))  # noqa: S311  # jitter, not a secret
            backoff = min(backoff * 2, CONFLICT_BACKOFF_CAP_SECONDS)

    return wrapped


ALL_MODELS: tuple[type[Model], ...] = (
    User, Email, Welcome, Session, ApiKey, Proof, Balance, Entry, JobRow, Settlement, Request, Persona,
    Limit,
    WorkerRow,
    Pace,
    OperatorRow,
    Tally,
    Ticket,
    Connection,
    OutboxRow,
    Purchase,
    PaymentEvent,
    Dispatch,
    Endpoint,
    CallbackSecret,
    Delivery,
    Upload,
)  # fmt: skip
