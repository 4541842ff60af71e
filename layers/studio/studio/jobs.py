"""Jobs: submit, work, end. A job ends once: whoever writes its `Settlement` first decides delivered or refunded."""

from __future__ import annotations

import json
import math
import re
import time
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pynamodb.exceptions import DoesNotExist, PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from studio import (
    callback_secrets,
    catalog,
    clock,
    credits,
    deadlines,
    ids,
    limits,
    measures,
    news,
    outbox,
    paces,
    personas,
    receivers,
    requests,
    storage,
    tries,
    uploads,
)
from studio.catalog import Order
from studio.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    Duplicate,
    Expired,
    InsufficientCredits,
    InvalidOrder,
    JobEnded,
    LeaseHeld,
    LeaseLost,
    NotFound,
    StudioError,
    TooManyActiveJobs,
)
from studio.events import Finished
from studio.requests import Asked
from studio.settings import settings
from studio.tables import JobRow, OutboxRow, Persona, Settlement, Transaction, refused, retried, transaction
from studio.telemetry import logger

JOB_ID = re.compile(r"job_[0-9a-z]{26}")
MAX_FAILURES = 3
WAIT_POLL_SECONDS = 0.5
SHARDS = 4  # spreads the indexes by deadline and by expiry over partitions
DAY_SECONDS = 86_400


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


class Erased(StrEnum):
    """Why a row has no content any more."""

    DELETED = "deleted"
    EXPIRED = "expired"


DEADLINE_EXCEEDED = {
    "code": "deadline_exceeded",
    "message": "The job was not finished in time. Your credits have been returned.",
}
CANCEL_AFTER = {
    "code": "cancel_after",
    "message": "The job was not finished in the time you gave it. Your credits have been returned.",
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
class Quote:
    """What an order would cost, and whether the balance covers it."""

    cost: int
    balance: int

    @property
    def sufficient(self) -> bool:
        """Whether a submit would find enough credits now; free drafts go through even with a debt."""
        return self.cost == 0 or self.balance >= self.cost


def submit(
    user_id: str,
    order: Order,
    *,
    key: str | None = None,
    asked: Asked | None = None,
    cancel_after: str | None = None,
    request_id: str | None = None,
) -> Submission:
    """Hold the order's credits, create the job and its message, all or nothing.

    Args:
        key: the caller's Idempotency-Key; a repeat within a day answers with the first job.
        asked: what the key stands for where that is not the order, as of a rerun.
        cancel_after: when to give up, such as ``5m``; None is the feature's own deadline.
        request_id: of the HTTP request, carried into every log line of the job.
    Raises:
        InsufficientCredits: the balance is below `order.cost`; nothing is written.
        InvalidOrder: `cancel_after` is out of range, or a picture, a persona or the callback URL is not right.
        NotFound: the account was closed a moment ago.
        KeyReused: the same key came with another order.
        TooManyActiveJobs: the user has as many paid jobs waiting or running as there may be.
        TooManyRequests: the user's quota of free drafts is used up.
        Busy: too many of the user's requests at once; nothing is written.
    """
    seconds = deadlines.seconds(cancel_after, order)
    asked = asked or _asked(user_id, key, order, cancel_after)
    if asked and (earlier := submitted_before(asked)):
        return earlier
    if order.callback_url:
        receivers.require(order.callback_url, "/callbackUrl")
        callback_secrets.of(user_id)  # so that it is there when the callback is signed
    if order.draft:
        limits.take(limits.for_draft(order), user_id)
    complete, persona = personas.attached(user_id, uploads.settled(user_id, order))
    job = _new(user_id, complete, seconds, request_id)
    if cancel_after is not None:
        job.cancel_after = seconds
    try:
        for message in _create(job, asked, persona):
            outbox.send(message)  # best effort now; the sweeper repeats it if we die here
    except (AlreadyExists, Busy, InsufficientCredits, TooManyActiveJobs, PynamoDBException):
        if find(job.id):  # a try whose answer was lost had made it
            for left in (_message_id(job), _news_id(job)):
                outbox.send_left(left)
        elif asked and (earlier := submitted_before(asked)):  # a twin of this request was faster
            return earlier
        else:
            raise
    logger.info("job submitted", extra={"job": job.id, "feature": job.feature, "held": job.credits})
    return Submission(job, replayed=False)


def quote(user_id: str, order: Order) -> Quote:
    """The price of an order and the balance now. Looks, and writes nothing.

    Raises:
        InvalidOrder: a submit would be refused for its uploads or its persona.
    """
    if order.callback_url:
        receivers.require(order.callback_url, "/callbackUrl")
    uploads.check(user_id, order)
    personas.attached(user_id, order)
    return Quote(cost=order.cost, balance=credits.of(user_id).balance)


@retried
def _create(job: JobRow, asked: Asked | None, persona: Persona | None) -> list[OutboxRow]:
    """Everything that exists once the job does; returns what is to be sent, the queue message first."""
    low = None
    with transaction() as tx:
        if job.credits:
            low = credits.hold(tx, job.user_id, int(job.credits), job.id)
        else:
            credits.require_open(tx, job.user_id)
        tx.create(job, condition=JobRow.id.does_not_exist(), otherwise=AlreadyExists("this job exists"))
        message = outbox.queue(tx, queue_of(job), json.dumps({"jobId": job.id}), row_id=_message_id(job))
        told = outbox.tell(tx, news.queued(job), row_id=_news_id(job))
        if persona:
            tx.create(persona, condition=Persona.id.does_not_exist(), otherwise=AlreadyExists("this persona exists"))
        if asked:
            requests.remember(tx, asked, job.id)
    return [message, told, low] if low else [message, told]


def queue_of(job: JobRow) -> Literal["jobs", "low", "drafts"]:
    """Where the messages of a job go."""
    if job.order["quality"] == "draft":
        return "drafts"
    return "low" if job.priority == "low" else "jobs"


def _asked(user_id: str, key: str | None, order: Order, cancel_after: str | None) -> Asked | None:
    """What a key stands for: the order as it came, before uploads and personas are filled in."""
    if key is None:
        return None
    return Asked.of(user_id, key, order.feature, order.stored() | _envelope(order, cancel_after))


def _envelope(order: Order, cancel_after: str | None) -> dict[str, Any]:
    """What was asked for beside the order itself, as far as anything was."""
    priority = None if order.priority == "normal" else order.priority
    asked = {"callbackUrl": order.callback_url, "priority": priority, "cancelAfter": cancel_after}
    return {name: value for name, value in asked.items() if value is not None}


def _message_id(job: JobRow) -> str:
    return f"submit:{job.id}"


def _news_id(job: JobRow) -> str:
    return f"queued:{job.id}"


def get(user_id: str, job_id: str) -> JobRow:
    """The user's job. One whose time is up ends now, without waiting for the sweeper.

    Raises:
        NotFound: no such job, or another user's, or deleted.
        Expired: it was kept for as long as jobs are.
    """
    job = owned(user_id, job_id)
    if job is None or job.erased == Erased.DELETED:
        raise NotFound("There is no such job.")
    if gone(job):
        raise Expired("The job and its files are no longer kept.")
    return _in_time(job)


def owned(user_id: str, job_id: str) -> JobRow | None:
    """The user's job as it is stored, also when it is gone; None for another user's."""
    job = find(job_id)
    return job if job and job.user_id == user_id else None


def gone(job: JobRow) -> bool:
    """Whether the job was deleted or has expired, even if nobody has come to erase it yet."""
    return bool(job.erased) or (job.expires_epoch is not None and job.expires_epoch <= clock.epoch())


def ended_seconds_ago(job: JobRow) -> float:
    """How long ago a job ended; 0 when it has not."""
    return clock.now().timestamp() - _epoch(job.ended_at) if job.ended_at else 0.0


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
        job = _in_time(now)
        if Status(job.status).ended:
            break
        time.sleep(WAIT_POLL_SECONDS)
    return job


def claim(job_id: str, message_id: str | None = None, *, worker: str = "") -> JobRow:
    """Take the job for a new attempt; its number fences out every earlier one.

    Args:
        message_id: of the queue message that asks; the job remembers the one it is worked on for.
        worker: who asks, for the log of attempts.
    Raises:
        LeaseHeld: another attempt is alive, for the same message.
        Duplicate: another attempt is alive, for another message; this one is not needed.
        JobEnded: there is nothing left to do.
        LeaseLost: its time is up; the sweeper is about to end it.
        NotFound: no such job.
    """
    now = clock.epoch()
    seen = find(job_id)
    if seen is None:
        raise NotFound
    number = int(seen.attempt) + 1
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
                JobRow.attempt_log.set(tries.begun(seen.attempt_log, number, worker)),
                JobRow.waits_in.remove(),
                JobRow.progress.remove(),  # of the attempt before
            ],
            condition=JobRow.status.is_in(*_OPEN) & free & (JobRow.attempt == seen.attempt) & (JobRow.deadline >= now),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        stored = find(job_id)
        if stored is None:
            raise NotFound from error
        if Status(stored.status).ended:
            raise JobEnded from error
        if stored.deadline < now:
            raise LeaseLost from error
        if message_id and stored.message_id and stored.message_id != message_id:
            raise Duplicate from error
        raise LeaseHeld from error
    return job


def renew(job_id: str, attempt: int) -> None:
    """Keep the lease of a running attempt for another `lease_seconds`.

    Raises:
        LeaseLost: the job was cancelled, has ended, its time is up, or a later attempt has it.
    """
    now = clock.epoch()
    _update_running(
        job_id, attempt, [JobRow.lease_until.set(now + settings().lease_seconds)], also=JobRow.deadline >= now
    )  # fmt: skip


def report(job_id: str, attempt: int, progress: Progress) -> None:
    """Record the progress of a running attempt. Its lease is the heartbeat's business.

    Raises:
        LeaseLost: the job was cancelled, has ended, its time is up, or a later attempt has it.
    """
    _update_running(
        job_id, attempt, [JobRow.progress.set(progress.stored())], also=JobRow.deadline >= clock.epoch()
    )  # fmt: skip


def release(job_id: str, attempt: int, *, failure: str | None = None) -> None:
    """Give the lease up so that another worker can try at once; failures are counted, going away is not one.

    Args:
        failure: code of the error that broke the attempt; None when the worker only goes away.
    Raises:
        LeaseLost: there is nothing to give up.
    """
    job = find(job_id)
    if job is None:
        raise LeaseLost
    actions: list[Action] = [JobRow.lease_until.remove(), JobRow.failures.add(1 if failure else 0)]
    log = tries.ended(job.attempt_log, attempt, failure or tries.HANDED_BACK)
    _update_running(job_id, attempt, [*actions, JobRow.attempt_log.set(log)])


def _update_running(job_id: str, attempt: int, actions: list[Action], *, also: Condition | None = None) -> None:
    running = (JobRow.status == Status.PROCESSING.value) & (JobRow.attempt == attempt)
    if also is not None:
        running &= also
    try:
        JobRow(job_id).update(actions=actions, condition=running)
    except UpdateError as error:
        if not refused(error):
            raise
        raise LeaseLost from error


def settle(event: Finished) -> JobRow | None:
    """End a job by what its worker reported: deliver, or refund with the reason.

    Returns None when the event is late: the job has ended, or a later attempt is running.
    """
    try:
        if event.outcome == "succeeded":
            _require_own_files(event)
            ended = _end(event.job_id, Status.COMPLETED, attempt=event.attempt, result=event.result)
            _note_pace(ended)
            measures.delivered(ended, queue=queue_of(ended))
            return ended
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


def _note_pace(job: JobRow) -> None:
    """What the job took is what the next one of its kind may take."""
    seconds = job.result["metadata"].get("timings", {}).get("total")
    if seconds is not None:
        paces.note(paces.key(job.feature, draft=queue_of(job) == "drafts"), float(seconds))


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


def expire_overdue(*, seconds: float = math.inf) -> int:
    """End and refund jobs past their deadline, beginning none after so many seconds; returns how many.

    One that cannot be ended holds up no other.
    """
    now, ended, give_up_at = clock.epoch(), 0, time.monotonic() + seconds
    for shard in range(SHARDS):
        for overdue in JobRow.by_deadline.query(shard, JobRow.deadline < now):
            if time.monotonic() > give_up_at:
                logger.warning("not every overdue job could be ended", extra={"ended": ended})
                return ended
            try:
                _end_overdue(overdue.id)
            except (JobEnded, NotFound):
                continue
            except Exception:
                logger.exception("overdue job could not be ended", extra={"job": overdue.id})
                continue
            ended += 1
    return ended


def _in_time(job: JobRow) -> JobRow:
    """The job, ended if its time is up."""
    if Status(job.status).ended or job.deadline >= clock.epoch():
        return job
    try:
        return _end_overdue(job.id)
    except JobEnded:
        return find(job.id) or job


def _end_overdue(job_id: str) -> JobRow:
    """Late by our own deadline it failed; late by the customer's it is cancelled, as they said."""
    job = find(job_id)
    if job is None:
        raise NotFound
    if job.cancel_after:
        return _end(job_id, Status.CANCELLED, error=CANCEL_AFTER)
    return _end(job_id, Status.FAILED, error=DEADLINE_EXCEEDED)


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
        facts = news.ended(job, status, charged=held - returned, refunded=returned, error=error)
        told = outbox.tell(tx, facts)
    logger.info("job settled", extra={"job": job_id, "status": status.value, "held": held, "returned": returned})
    measures.settled(held=held, returned=returned, cancelled=status is Status.CANCELLED)
    outbox.send(told)
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
        JobRow.waits_in.remove(),
        JobRow.ended_shard.set(_shard(job.id)),
        JobRow.expires_epoch.set(_expires(job)),
    ]
    if job.attempt_log:
        code = error["code"] if error and status is Status.FAILED else str(status)
        outcome = tries.SUCCEEDED if status is Status.COMPLETED else code
        actions.append(JobRow.attempt_log.set(tries.ended(job.attempt_log, int(job.attempt), outcome)))
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


def _expires(job: JobRow) -> int:
    """Until when it is kept: counted from its submit, since no file is older, so the bucket keeps them as long."""
    return int(_epoch(job.created_at)) + settings().output_retention_days * DAY_SECONDS


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _shard(job_id: str) -> int:
    return zlib.crc32(job_id.encode()) % SHARDS


def _price_of_undelivered(job: JobRow, held: int, result: dict[str, Any] | None) -> int:
    """What goes back for units that were ordered and, for a reason the result names, not delivered."""
    missing = int((result or {}).get("undelivered", 0))
    if missing == 0:
        return 0
    units = _parts_of(job, result or {})
    if not 0 <= missing < units:
        raise ValueError("a delivered job delivers at least one unit")
    return held * missing // units


def _parts_of(job: JobRow, result: dict[str, Any]) -> int:
    """How many parts were ordered. Work that was accepted is settled, also when its order is not taken any more."""
    if parts := result.get("parts"):
        return int(parts)
    try:
        return catalog.parse(job.feature, job.order).units
    except (InvalidOrder, NotFound):
        return len(result.get("files") or ()) + int(result["undelivered"])  # each file is one part


def _new(user_id: str, order: Order, seconds: int, request_id: str | None) -> JobRow:
    """A job that must have ended in so many seconds."""
    job_id = ids.new("job")
    job = JobRow(
        job_id,
        user_id=user_id,
        feature=order.feature,
        status=Status.PENDING.value,
        order=order.stored(),
        credits=order.cost,
        attempt=0,
        deadline=clock.epoch() + seconds,
        open_shard=_shard(job_id),
        priority=order.priority,
        request_id=request_id,
        callback_url=order.callback_url,
        created_at=clock.iso(clock.now()),
    )
    job.waits_in = queue_of(job)
    return job


def submitted_before(asked: Asked) -> Submission | None:
    """The job an earlier request with this key made, as it was then.

    Raises:
        KeyReused: the key came with another order.
        Expired: the job is no longer kept.
    """
    job_id = requests.made_before(asked)
    if job_id is None:
        return None
    job = find(job_id)
    if job is None:
        raise StudioError
    if gone(job):
        raise Expired("The job of this Idempotency-Key is no longer kept.")
    return Submission(as_submitted(job), replayed=True)


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
        priority=job.priority,
        created_at=job.created_at,
    )
