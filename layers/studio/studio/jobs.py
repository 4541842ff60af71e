"""Jobs: submit, work, end. A job ends once: whoever writes its `Settlement` first decides delivered or refunded."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pynamodb.exceptions import DoesNotExist, PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from studio import catalog, clock, credits, ids, limits, outbox, personas, storage, uploads
from studio.catalog import Order
from studio.errors import (
    AlreadyExists,
    Conflict,
    Duplicate,
    InsufficientCredits,
    InvalidOrder,
    JobEnded,
    KeyReused,
    LeaseHeld,
    LeaseLost,
    NotFound,
    StudioError,
)
from studio.events import Finished
from studio.settings import settings
from studio.tables import JobRow, OutboxRow, Persona, Request, Settlement, Transaction, retried, transaction
from studio.telemetry import logger

JOB_ID = re.compile(r"job_[0-9a-z]{26}")
REQUEST_KEY_SECONDS = 24 * 3600
MAX_FAILURES = 3
MAX_PAGE = 50  # with prompts of 10,000 characters of 4 bytes well below the 6 MB a Lambda may answer
WAIT_POLL_SECONDS = 0.5
DEADLINE_SHARDS = 4  # spreads the deadline index over partitions


class Status(StrEnum):
    """A status only ever moves down this list."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether this is the last word on a job."""
        return self in (Status.COMPLETED, Status.FAILED, Status.CANCELLED)


DEADLINE_EXCEEDED = {
    "code": "deadline_exceeded",
    "message": "The job was not finished in time. Your credits have been returned.",
}
WORKER_LOST = {
    "code": "worker_lost",
    "message": "The machines working on this job stopped. Your credits have been returned.",
}

_OPEN = (Status.PENDING.value, Status.PROCESSING.value)


@dataclass(frozen=True, slots=True)
class Submission:
    """The job of a submit, and whether an earlier request with the same key had made it."""

    job: JobRow
    replayed: bool


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs newest first, and the id to continue below."""

    jobs: tuple[JobRow, ...]
    next_id: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `value` is 0 … 1 over the whole job."""

    value: float
    stage: str
    step: int
    steps: int
    previews: tuple[str, ...] = ()
    """Keys of small pictures of what is being made, as far as there are any."""

    def stored(self) -> dict[str, Any]:
        """As JSON for the job row."""
        told = {"value": round(self.value, 4), "stage": self.stage, "step": self.step, "steps": self.steps}
        return told | ({"previews": list(self.previews)} if self.previews else {})


@dataclass(frozen=True, slots=True)
class _Asked:
    """The order as it came, before uploads and personas were filled in, and its Idempotency-Key."""

    order: Order
    key: str | None


def submit(user_id: str, order: Order, *, key: str | None = None, request_id: str | None = None) -> Submission:
    """Hold the order's credits, create the job and its message, all or nothing.

    Args:
        key: the caller's Idempotency-Key; a repeat within a day answers with the first job.
        request_id: of the HTTP request, carried into every log line of the job.
    Raises:
        InsufficientCredits: the balance is below `order.cost`; nothing is written.
        KeyReused: the same key came with another order.
        TooManyRequests: the user's quota of free drafts is used up.
        Busy: too many of the user's requests at once; nothing is written.
    """
    if key is not None and (earlier := _earlier(user_id, order, key)):
        return Submission(earlier, replayed=True)
    if order.draft:
        limits.take(limits.for_draft(order), user_id)
    uploads.require(user_id, order)
    complete, persona = personas.attached(user_id, order)
    job = _new(user_id, complete, request_id)
    try:
        message = _create(job, _Asked(order, key), persona)
        outbox.send(message)  # best effort now; the sweeper repeats it if we die here
    except (AlreadyExists, InsufficientCredits, PynamoDBException):
        if find(job.id):  # a try whose answer was lost had made it
            outbox.send_left(_message_id(job))
        elif key is not None and (earlier := _earlier(user_id, order, key)):  # a twin of this request was faster
            return Submission(earlier, replayed=True)
        else:
            raise
    logger.info("job submitted", extra={"job": job.id, "feature": job.feature, "held": job.credits})
    return Submission(job, replayed=False)


@retried
def _create(job: JobRow, asked: _Asked, persona: Persona | None) -> OutboxRow:
    with transaction() as tx:
        if job.credits:
            credits.hold(tx, job.user_id, int(job.credits), job.id)
        tx.create(job, condition=JobRow.id.does_not_exist(), otherwise=AlreadyExists("this job exists"))
        queue: outbox.Target = "drafts" if asked.order.draft else "jobs"
        message = outbox.queue(tx, queue, json.dumps({"jobId": job.id}), row_id=_message_id(job))
        if persona:
            tx.create(persona, condition=Persona.id.does_not_exist(), otherwise=AlreadyExists("this persona exists"))
        if asked.key is not None:
            _remember(tx, job.user_id, asked.order, asked.key, job.id)
    return message


def _message_id(job: JobRow) -> str:
    return f"submit:{job.id}"


def get(user_id: str, job_id: str) -> JobRow:
    """The user's job.

    Raises:
        NotFound: no such job, or another user's.
    """
    job = find(job_id)
    if job is None or job.user_id != user_id:
        raise NotFound("There is no such job.")
    return job


def find(job_id: str) -> JobRow | None:
    """The job whoever owns it, read consistently."""
    if not JOB_ID.fullmatch(job_id):  # DynamoDB refuses overlong keys with an error of its own
        return None
    try:
        return JobRow.get(job_id, consistent_read=True)
    except DoesNotExist:
        return None


def ended_within(job: JobRow, seconds: int) -> JobRow:
    """The job as soon as it has ended, or as it is after `seconds`."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        now = find(job.id)
        if now is None:
            break
        job = now
        if Status(job.status).ended:
            break
        time.sleep(WAIT_POLL_SECONDS)
    return job


def history(
    user_id: str,
    *,
    limit: int,
    below: str | None = None,
    status: Status | None = None,
    feature: str | None = None,
) -> JobPage:
    """The user's jobs newest first, optionally of one status or feature; `limit` is 1 … `MAX_PAGE`."""
    wanted: Condition | None = None
    if status:
        wanted = JobRow.status == status.value
    if feature:
        of_feature = JobRow.feature == feature
        wanted = of_feature if wanted is None else wanted & of_feature
    # pynamodb's limit counts items that pass the filter, over as many pages as it takes.
    found = list(
        JobRow.by_user.query(
            user_id,
            None if below is None else JobRow.id < below,
            filter_condition=wanted,
            scan_index_forward=False,
            limit=limit + 1,
            page_size=MAX_PAGE if wanted is not None else limit + 1,
        )
    )
    page = found[:limit]
    return JobPage(tuple(page), page[-1].id if len(found) > limit else None)


def claim(job_id: str, message_id: str | None = None) -> JobRow:
    """Take the job for a new attempt; its number fences out every earlier one.

    Args:
        message_id: of the queue message that asks; the job remembers the one it is worked on for.
    Raises:
        LeaseHeld: another attempt is alive, for the same message.
        Duplicate: another attempt is alive, for another message; this one is not needed.
        JobEnded: there is nothing left to do.
        NotFound: no such job.
    """
    now = clock.epoch()
    job = JobRow(job_id)
    free = JobRow.lease_until.does_not_exist() | (JobRow.lease_until < now)
    try:
        job.update(
            actions=[
                JobRow.status.set(Status.PROCESSING.value),
                JobRow.attempt.add(1),
                JobRow.lease_until.set(now + settings().lease_seconds),
                JobRow.started_at.set(JobRow.started_at | clock.iso(clock.now())),
                JobRow.message_id.set(message_id or ""),
            ],
            condition=JobRow.status.is_in(*_OPEN) & free,
        )
    except UpdateError as error:
        _reraise_unless_refused(error)
        stored = find(job_id)
        if stored is None:
            raise NotFound from error
        if Status(stored.status).ended:
            raise JobEnded from error
        if message_id and stored.message_id and stored.message_id != message_id:
            raise Duplicate from error
        raise LeaseHeld from error
    return job


def renew(job_id: str, attempt: int) -> None:
    """Keep the lease of a running attempt for another `lease_seconds`.

    Raises:
        LeaseLost: the job was cancelled, has ended, or a later attempt has it.
    """
    _update_running(job_id, attempt, [JobRow.lease_until.set(clock.epoch() + settings().lease_seconds)])


def report(job_id: str, attempt: int, progress: Progress) -> None:
    """Record the progress of a running attempt. Its lease is the heartbeat's business.

    Raises:
        LeaseLost: the job was cancelled, has ended, or a later attempt has it.
    """
    _update_running(job_id, attempt, [JobRow.progress.set(progress.stored())])


def release(job_id: str, attempt: int, *, failed: bool) -> None:
    """Give the lease up so that another worker can try at once; failures are counted, going away is not one.

    Raises:
        LeaseLost: there is nothing to give up.
    """
    _update_running(job_id, attempt, [JobRow.lease_until.remove(), JobRow.failures.add(1 if failed else 0)])


def _update_running(job_id: str, attempt: int, actions: list[Action]) -> None:
    running = (JobRow.status == Status.PROCESSING.value) & (JobRow.attempt == attempt)
    try:
        JobRow(job_id).update(actions=actions, condition=running)
    except UpdateError as error:
        _reraise_unless_refused(error)
        raise LeaseLost from error


def settle(event: Finished) -> JobRow | None:
    """End a job by what its worker reported: deliver, or refund with the reason.

    Returns None when the event is late: the job has ended, or a later attempt is running.
    """
    try:
        if event.outcome == "succeeded":
            _require_own_files(event)
            return _end(event.job_id, Status.COMPLETED, attempt=event.attempt, result=event.result)
        return _end(event.job_id, Status.FAILED, attempt=event.attempt, error=event.error)
    except (JobEnded, LeaseLost, NotFound) as late:
        logger.info("finished event dropped", extra={"job": event.job_id, "attempt": event.attempt, "why": late.code})
        return None


def _require_own_files(event: Finished) -> None:
    """A worker may only deliver what its own attempt has written; raises `ValueError` otherwise."""
    job = find(event.job_id)
    if job is None:
        raise NotFound
    prefix = storage.output_prefix(job.user_id, job.id, event.attempt)
    files = (event.result or {}).get("files") or []
    if not files or not all(str(file.get("key", "")).startswith(prefix) for file in files):
        raise ValueError("the event names no files of its own attempt")


def cancel(user_id: str, job_id: str) -> JobRow:
    """End the job now and give its credits back. Cancelling twice is fine.

    Raises:
        NotFound: no such job of this user.
        JobEnded: it has completed or failed before.
    """
    job = get(user_id, job_id)
    if job.status == Status.CANCELLED:
        return job
    try:
        return _end(job_id, Status.CANCELLED)
    except JobEnded:
        job = get(user_id, job_id)
        if job.status == Status.CANCELLED:
            return job
        raise


def give_up(job_id: str, code: str, message: str) -> JobRow | None:
    """Fail and refund a job that no worker will finish; None when it had ended anyway.

    Raises:
        LeaseHeld: an attempt is alive, so it is too early.
    """
    job = find(job_id)
    if job is None or Status(job.status).ended:
        return None
    if job.lease_until is not None and job.lease_until >= clock.epoch():
        raise LeaseHeld
    try:
        return _end(job_id, Status.FAILED, attempt=int(job.attempt), error={"code": code, "message": message})
    except (JobEnded, LeaseLost):
        return None


def expire_overdue() -> int:
    """Fail and refund every job past its deadline; returns how many. One that cannot be ended holds up no other."""
    now, ended = clock.epoch(), 0
    for shard in range(DEADLINE_SHARDS):
        for overdue in JobRow.by_deadline.query(shard, JobRow.deadline < now):
            try:
                _end(overdue.id, Status.FAILED, error=DEADLINE_EXCEEDED)
            except (JobEnded, NotFound):
                continue
            except Exception:
                logger.exception("overdue job could not be ended", extra={"job": overdue.id})
                continue
            ended += 1
    return ended


@retried
def _end(
    job_id: str,
    status: Literal[Status.COMPLETED, Status.FAILED, Status.CANCELLED],
    *,
    attempt: int | None = None,
    result: dict[str, Any] | None = None,
    error: dict[str, str] | None = None,
) -> JobRow:
    """Write the settlement, the status, the money and the news in one transaction.

    Args:
        attempt: the attempt that reports; None for those who may end any attempt (the customer, the clock).
    Raises:
        JobEnded: somebody else settled it first.
        LeaseLost: a later attempt has the job.
    """
    job = find(job_id)
    if job is None:
        raise NotFound
    if Status(job.status).ended:
        raise JobEnded(f"The job is {job.status}.")
    if attempt is not None and job.attempt != attempt:
        raise LeaseLost
    delivered = status is Status.COMPLETED
    held = credits.held_for(job.user_id, job_id)
    returned = _price_of_undelivered(job, held, result) if delivered else held
    with transaction() as tx:
        # First, so that the loser of a race learns that the job has ended before anything else.
        settlement = Settlement(
            job_id,
            outcome="delivered" if delivered else "refunded",
            status=status.value,
            attempt=job.attempt,
            credits=held,
            created_at=clock.iso(clock.now()),
        )
        ended_before = JobEnded("The job has ended.")
        tx.create(settlement, condition=Settlement.job_id.does_not_exist(), otherwise=ended_before)
        credits.settle(tx, job.user_id, job_id, held=held, returned=returned)
        # A new attempt may start between our read and this write. Its predecessor has lost; the customer has not.
        overtaken = Conflict() if attempt is None else LeaseLost("a later attempt has the job")
        _mark_ended(tx, job, status, returned, result, error, otherwise=overtaken)
        told = _news(job, status, held, returned, error)
        news = outbox.queue(tx, "bus", told, detail_type=f"Job {status.value.title()}")
    logger.info("job settled", extra={"job": job_id, "status": status.value, "held": held, "returned": returned})
    outbox.send(news)
    ended = find(job_id)
    if ended is None:
        raise NotFound
    return ended


def _mark_ended(
    tx: Transaction,
    job: JobRow,
    status: Status,
    returned: int,
    result: dict[str, Any] | None,
    error: dict[str, str] | None,
    *,
    otherwise: StudioError,
) -> None:
    actions: list[Action] = [
        JobRow.status.set(status.value),
        JobRow.ended_at.set(clock.iso(clock.now())),
        JobRow.refunded.set(returned),
        JobRow.lease_until.remove(),
        JobRow.open_shard.remove(),
    ]
    if result is not None:
        actions.append(JobRow.result.set(result))
    if error is not None:
        actions.append(JobRow.error.set(error))
    tx.change(
        JobRow(job.id),
        actions,
        condition=JobRow.status.is_in(*_OPEN) & (JobRow.attempt == job.attempt),
        otherwise=otherwise,
    )


def _price_of_undelivered(job: JobRow, held: int, result: dict[str, Any] | None) -> int:
    """What goes back for units that were ordered and, for a reason the result names, not delivered."""
    missing = int((result or {}).get("undelivered", 0))
    units = int((result or {}).get("parts") or catalog.parse(job.feature, job.order).units)
    if not 0 <= missing < units:
        raise ValueError("a delivered job delivers at least one unit")
    return held * missing // units


def _news(job: JobRow, status: Status, held: int, returned: int, error: dict[str, str] | None) -> str:
    detail = {
        "jobId": job.id,
        "userId": job.user_id,
        "feature": job.feature,
        "status": status.value,
        "credits": {"charged": held - returned, "refunded": returned},
        "error": error,
    }
    return json.dumps(detail)


def _new(user_id: str, order: Order, request_id: str | None) -> JobRow:
    job_id = ids.new("job")
    return JobRow(
        job_id,
        user_id=user_id,
        feature=order.feature,
        status=Status.PENDING.value,
        order=order.stored(),
        credits=order.cost,
        attempt=0,
        deadline=clock.epoch() + order.deadline_seconds,
        open_shard=zlib.crc32(job_id.encode()) % DEADLINE_SHARDS,
        request_id=request_id,
        created_at=clock.iso(clock.now()),
    )


def _reraise_unless_refused(error: UpdateError) -> None:
    if error.cause_response_code != "ConditionalCheckFailedException":
        raise error


def _earlier(user_id: str, order: Order, key: str) -> JobRow | None:
    """The job an earlier request with this key made, as it was then."""
    try:
        request = Request.get(_request_key(user_id, key), consistent_read=True)
    except DoesNotExist:
        return None
    if request.expires_at <= clock.now():  # DynamoDB deletes expired rows late, or never on a laptop
        return None
    if request.fingerprint != _fingerprint(order):
        raise KeyReused
    job = find(request.job_id)
    if job is None:
        raise StudioError
    return as_submitted(job)


def as_submitted(job: JobRow) -> JobRow:
    """The job as its submit answered it, so that a replay says what the first answer said."""
    return JobRow(
        job.id,
        user_id=job.user_id,
        feature=job.feature,
        status=Status.PENDING.value,
        order=job.order,
        credits=job.credits,
        attempt=0,
        deadline=job.deadline,
        created_at=job.created_at,
    )


def _remember(tx: Transaction, user_id: str, order: Order, key: str, job_id: str) -> None:
    tx.create(
        Request(
            _request_key(user_id, key),
            fingerprint=_fingerprint(order),
            job_id=job_id,
            expires_at=clock.from_epoch(clock.epoch() + REQUEST_KEY_SECONDS),
        ),
        condition=Request.key.does_not_exist() | (Request.expires_at <= clock.now()),
        otherwise=AlreadyExists("this key was used"),
    )


def _request_key(user_id: str, key: str) -> str:
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise InvalidOrder("The Idempotency-Key must be 1 to 255 printable characters.")
    return f"{user_id}#{key}"


def _fingerprint(order: Order) -> str:
    canonical = json.dumps([order.feature, order.stored()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
