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
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from pynamodb.attributes import JSONAttribute, NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from studio.errors import Busy, Conflict, StudioError
from studio.settings import settings

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

# Nothing was decided by these: reading again and repeating is right.
CONTENDED = {
    "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
    "TransactionInProgressException", "ThrottlingException", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")

# One stalled call must not outlive the 29 s that API Gateway waits for an answer.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 3
MAX_RETRIES = 2
CONFLICT_RETRY_SECONDS = 12.0  # well inside the 29 s of API Gateway
CONFLICT_BACKOFF_SECONDS = 0.02
CONFLICT_BACKOFF_CAP_SECONDS = 0.5


class _FromSettings:
    """A table name that is looked up when used, never at import."""

    def __init__(self, field: str) -> None:
        self._field = field

    def __get__(self, instance: object, owner: type | None = None) -> str:
        return str(getattr(settings(), self._field))


@cache
def _shared_connection() -> Connection:
    return Connection(
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
    """An account. The password is an argon2id hash."""

    class Meta:
        table_name = _FromSettings("users_table")

    id = UnicodeAttribute(hash_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    password_hash = UnicodeAttribute(attr_name="passwordHash")
    created_at = UnicodeAttribute(attr_name="createdAt")


class Email(Row):
    """The claim on an address: its key makes an address belong to one account."""

    class Meta:
        table_name = _FromSettings("emails_table")

    address = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")


class Session(Row):
    """A signed-in device. Deleting the row revokes its token at once."""

    class Meta:
        table_name = _FromSettings("sessions_table")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(attr_name="userId")
    expires_at = TTLAttribute(attr_name="expiresAt")


class Balance(Row):
    """What a user can spend now, and what running jobs hold. Only `studio.credits` writes it."""

    class Meta:
        table_name = _FromSettings("balances_table")

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    credits = NumberAttribute()
    held = NumberAttribute()
    version = NumberAttribute()


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


class JobRow(Row):
    """A job as stored. `studio.jobs` is its only writer."""

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
    started_at = UnicodeAttribute(attr_name="startedAt", null=True)
    ended_at = UnicodeAttribute(attr_name="endedAt", null=True)

    by_user = JobByUser()
    by_deadline = JobByDeadline()


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
    """An Idempotency-Key that was used, and the job it made."""

    class Meta:
        table_name = _FromSettings("requests_table")

    key = UnicodeAttribute(hash_key=True)
    fingerprint = UnicodeAttribute()
    job_id = UnicodeAttribute(attr_name="jobId")
    expires_at = TTLAttribute(attr_name="expiresAt")


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


class Limit(Row):
    """How often a user did something within one window."""

    class Meta:
        table_name = _FromSettings("limits_table")

    key = UnicodeAttribute(hash_key=True)
    used = NumberAttribute()
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
    expires_at = TTLAttribute(attr_name="expiresAt")


class OutboxRow(Row):
    """A message or event that must go out; written with the change it tells of, deleted once it was accepted."""

    class Meta:
        table_name = _FromSettings("outbox_table")

    id = UnicodeAttribute(hash_key=True)
    target = UnicodeAttribute()
    detail_type = UnicodeAttribute(attr_name="detailType", null=True)
    body = UnicodeAttribute()
    created_epoch = NumberAttribute(attr_name="createdEpoch")


class Transaction:
    """Writes collected for one `TransactWriteItems`; each names the error to raise if its condition fails."""

    def __init__(self) -> None:
        self._write = TransactWrite(connection=_shared_connection())
        # pynamodb sends puts before updates whatever the order of the calls, and reports failures by position.
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
        errors = self._put_errors + self._update_errors
        codes = [reason.code if reason else None for reason in error.cancellation_reasons]
        failed = [e for e, code in zip(errors, codes, strict=False) if code == "ConditionalCheckFailed"]
        # A step that is already done outranks a lost race: repeating it would never succeed.
        final = next((e for e in failed if not isinstance(e, Conflict)), None)
        if final is not None:
            return final
        if failed or CONTENDED & {*codes, error.cause_response_code}:
            return Conflict("another writer was first")
        return None


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
    User, Email, Session, Balance, Entry, JobRow, Settlement, Request, Persona,
    Limit,
    WorkerRow,
    OutboxRow,
)  # fmt: skip
