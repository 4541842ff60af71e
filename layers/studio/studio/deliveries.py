"""Deliveries: one message for one receiver, tried until the receiver has it or the schedule is over.

A delivery that waits carries the time of its next attempt, and whoever finds that time in the past asks for the
attempt. So a lost queue message delays a delivery and never loses it. Attempts are numbered: of all who are asked for
attempt n, one makes it.
"""

from __future__ import annotations

import json
import math
import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from studio import aws, clock, pages
from studio.errors import Conflict, NotFound
from studio.settings import settings
from studio.tables import Delivery, refused, retried
from studio.telemetry import logger

DELIVERY_ID = re.compile(r"dlv_[0-9a-z]{26}")
TEST = "webhook.test"
PROGRESS = "job.progress"
MAX_EXAMINED = 200  # rows that one request reads; a filter that few pass goes on with the next page
MAX_PAGE = 50  # bodies of 20 kB are read along: well below what one query may read

# The waits after the first attempt, the second, and so on: ten attempts in 75 hours, as Standard Webhooks proposes.
RETRY_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1  # waits are up to a tenth longer, so that what failed together does not come back together
MAX_WAIT_SECONDS = 86_400  # of a Retry-After
OVERLOADED = frozenset({429, 502, 504})
OVERLOADED_SECONDS = 60  # a receiver that says it is overloaded is not asked again at once
GONE = 410

LEASE_SECONDS = 60  # an attempt takes at most 15 s and the sender's function 29 s
MAX_QUEUE_DELAY_SECONDS = 900  # of SQS
GRACE_SECONDS = 30  # messages for attempts due more recently are most likely on their way
ASKED_SECONDS = 300  # after being asked for, an attempt is asked for again
LEAST_ASIDE_SECONDS = 2  # until a sender of the user is free, which is soon where receivers are quick
MAX_ASIDE_SECONDS = 300  # so that what waits behind slow receivers costs little while it does
MAX_ASKED = 5_000  # in one round, which takes less than the function's time
DUE_SHARDS = 4  # spreads the index over partitions
KEPT_SECONDS = 30 * 24 * 3600
PROGRESS_KEPT_SECONDS = 24 * 3600  # a long film has hundreds of these
MAX_LOGGED = 30  # attempts, of which replays can make any number


class State(StrEnum):
    """Where a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to.

    Attributes:
        status: of the receiver's answer; None when there was none.
        error: why it is no delivery, in words for the customer; None when it is one.
        retry_after: seconds that the receiver asked to be left alone.
    """

    at: str
    seconds: float
    status: int | None
    error: str | None
    retry_after: int | None = None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has the message."""
        return self.error is None

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more of them."""
        return self.status == GONE

    def stored(self, number: int) -> dict[str, Any]:
        """As JSON for the log. What the receiver answered beyond its status is nobody's business."""
        seconds = round(self.seconds, 3)
        return {"number": number, "at": self.at, "seconds": seconds, "status": self.status, "error": self.error}


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Deliveries newest first, and the id to continue below. A page may have few, or none, and others follow."""

    deliveries: tuple[Delivery, ...]
    next_id: str | None


def begin(
    delivery_id: str,
    user_id: str,
    news: str,
    body: str,
    *,
    endpoint_id: str | None = None,
    callback_url: str | None = None,
    job_id: str | None = None,
) -> Delivery:
    """Create the delivery and ask for its first attempt; where its id is known already, nothing happens."""
    now = clock.epoch()
    delivery = Delivery(
        delivery_id,
        user_id=user_id,
        type=news,
        body=body,
        endpoint_id=endpoint_id,
        callback_url=callback_url,
        job_id=job_id,
        state=State.PENDING.value,
        due_shard=_shard(delivery_id),
        next_attempt_at=now,
        attempts=[],
        created_at=clock.iso(clock.now()),
        expires_at=clock.from_epoch(now + (PROGRESS_KEPT_SECONDS if news == PROGRESS else KEPT_SECONDS)),
    )
    try:
        delivery.save(condition=Delivery.id.does_not_exist())
    except PutError as error:
        if not refused(error):
            raise
        return delivery
    _ask(delivery)
    return delivery


def get(user_id: str, delivery_id: str) -> Delivery:
    """The user's delivery.

    Raises:
        NotFound: no such delivery, or another user's.
    """
    delivery = _find(delivery_id)
    if delivery is None or delivery.user_id != user_id:
        raise NotFound("There is no such delivery.")
    return delivery


def log(
    user_id: str,
    *,
    limit: int,
    below: str | None = None,
    state: State | None = None,
    endpoint_id: str | None = None,
    job_id: str | None = None,
) -> DeliveryPage:
    """The user's deliveries newest first, optionally of one state, endpoint or job; `limit` is 1 … `MAX_PAGE`."""
    wanted = [(name, value) for name, value in _filters(state, endpoint_id, job_id).items() if value is not None]
    rows = Delivery.by_user.query(
        user_id,
        None if below is None else Delivery.id < below,
        scan_index_forward=False,
        page_size=MAX_PAGE if wanted else limit + 1,
    )
    return DeliveryPage(
        *pages.filtered(
            rows,
            lambda row: all(getattr(row, name) == value for name, value in wanted),
            limit=limit,
            most=MAX_EXAMINED,
            mark=lambda row: row.id,
        )
    )


def _filters(state: State | None, endpoint_id: str | None, job_id: str | None) -> dict[str, str | None]:
    return {"state": state and state.value, "endpoint_id": endpoint_id or None, "job_id": job_id or None}


def waiting(delivery_id: str, number: int) -> Delivery | None:
    """The delivery if it still waits for attempt `number`."""
    delivery = _find(delivery_id)
    if delivery is None or delivery.state != State.PENDING or delivery.attempt != number - 1:
        return None
    return delivery


def exhausted(delivery: Delivery) -> bool:
    """Whether the schedule has no further attempt; attempts whose sender died count."""
    return int(delivery.attempt - delivery.round_began) > len(_schedule(delivery))


def claim(delivery: Delivery) -> bool:
    """Take the next attempt, unless somebody else has it or is still at the one before."""
    now = clock.epoch()
    idle = Delivery.lease_until.does_not_exist() | (Delivery.lease_until < now)
    actions = [
        Delivery.attempt.add(1),
        Delivery.lease_until.set(now + LEASE_SECONDS),
        Delivery.next_attempt_at.set(now + LEASE_SECONDS),  # for whoever finds that the sender has died
    ]
    return _update(delivery, actions, condition=_unchanged(delivery) & idle)


def record(delivery: Delivery, outcome: Outcome) -> None:
    """Write down what the claimed attempt came to: delivered, dead, or when the next one is."""
    number = int(delivery.attempt)
    attempts = [*delivery.attempts, outcome.stored(number)][-MAX_LOGGED:]
    actions: list[Action] = [Delivery.attempts.set(attempts), Delivery.lease_until.remove()]
    wait = None if outcome.delivered or outcome.gone else _wait(delivery, outcome)
    if wait is not None:
        actions.append(Delivery.next_attempt_at.set(clock.epoch() + wait))
    elif outcome.error is None:
        actions += _ended(State.DELIVERED)
    else:
        actions += [*_ended(State.DEAD), Delivery.reason.set(outcome.error)]
    if not _update(delivery, actions, condition=_unchanged(delivery)):
        logger.warning("result of an attempt came too late", extra={"delivery": delivery.id, "attempt": number})
        return
    logger.info(
        "callback attempted",
        extra={"delivery": delivery.id, "attempt": number, "status": outcome.status, "wait": wait},
    )
    if wait is not None and wait <= MAX_QUEUE_DELAY_SECONDS:
        _ask(delivery, delay_seconds=wait)


def postpone(delivery: Delivery, until: int) -> None:
    """Leave the next attempt for later; it counts as none."""
    spread = random.randint(0, OVERLOADED_SECONDS)  # noqa: S311  # jitter, not a secret
    _update(delivery, [Delivery.next_attempt_at.set(until + spread)], condition=_unchanged(delivery))


def step_aside(delivery: Delivery, waited: int) -> None:
    """Ask for the same attempt again later, twice as late as the last time; it counts as none.

    Args:
        waited: seconds that it waited the last time, 0 if it did not.
    """
    least = min(max(2 * waited, LEAST_ASIDE_SECONDS), MAX_ASIDE_SECONDS)
    wait = random.randint(least, least * 3 // 2)  # noqa: S311  # jitter, not a secret
    if _update(delivery, [Delivery.next_attempt_at.set(clock.epoch() + wait)], condition=_unchanged(delivery)):
        _ask(delivery, delay_seconds=wait, waited=wait)


def bury(delivery: Delivery, reason: str) -> None:
    """Give up on a delivery that waits."""
    _update(delivery, [*_ended(State.DEAD), Delivery.reason.set(reason)], condition=_unchanged(delivery))


@retried
def replay(user_id: str, delivery_id: str) -> Delivery:
    """Send the same message once more, now, with the whole schedule ahead of it if that fails.

    Raises:
        NotFound: no such delivery of this user.
    """
    delivery = get(user_id, delivery_id)
    now = clock.epoch()
    actions = [
        Delivery.state.set(State.PENDING.value),
        Delivery.round_began.set(delivery.attempt),
        Delivery.due_shard.set(_shard(delivery_id)),
        Delivery.next_attempt_at.set(now),
        Delivery.expires_at.set(clock.from_epoch(now + KEPT_SECONDS)),
        Delivery.ended_at.remove(),
        Delivery.reason.remove(),
    ]
    if not _update(delivery, actions, condition=Delivery.attempt == delivery.attempt):
        raise Conflict("an attempt began meanwhile")
    _ask(delivery)
    return delivery


def ask_for_due() -> int:
    """Ask for every attempt whose time has passed; returns how many. Safe to run twice at once."""
    now, asked = clock.epoch(), 0
    for shard in range(DUE_SHARDS):
        overdue = Delivery.by_due.query(
            shard, Delivery.next_attempt_at < now - GRACE_SECONDS, limit=MAX_ASKED // DUE_SHARDS
        )  # fmt: skip
        for found in overdue:
            # Out of the way, so that a long queue is not filled with the same questions every minute.
            later = [Delivery.next_attempt_at.set(now + ASKED_SECONDS)]
            if _update(found, later, condition=Delivery.next_attempt_at == found.next_attempt_at):
                asked += _ask(found)
    return asked


def _ask(delivery: Delivery, *, delay_seconds: int = 0, waited: int = 0) -> bool:
    """Put the next attempt on the queue, best effort; what fails is found by `ask_for_due`.

    The group makes it a fair queue: where one user has many messages, those of the others come first.
    """
    message = json.dumps({"deliveryId": delivery.id, "attempt": int(delivery.attempt) + 1, "waited": waited})
    try:
        aws.client("sqs").send_message(
            QueueUrl=settings().deliveries_queue_url,
            MessageBody=message,
            DelaySeconds=delay_seconds,
            MessageGroupId=delivery.user_id,
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("an attempt was not asked for", extra={"delivery": delivery.id, "reason": str(error)})
        return False
    return True


def _wait(delivery: Delivery, outcome: Outcome) -> int | None:
    """Seconds until the next attempt; None when this was the last."""
    schedule = _schedule(delivery)
    made = int(delivery.attempt - delivery.round_began)
    if made > len(schedule):
        return None
    wait = schedule[made - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311  # jitter, not a secret
    least = OVERLOADED_SECONDS if outcome.status in OVERLOADED else 0
    asked = min(outcome.retry_after or 0, MAX_WAIT_SECONDS)
    return math.ceil(max(wait, least, asked))


def _schedule(delivery: Delivery) -> tuple[int, ...]:
    """The waits between attempts; whoever tests a receiver wants to know now, and old progress is no news."""
    return () if delivery.type in (TEST, PROGRESS) else RETRY_SECONDS


def _ended(state: State) -> list[Action]:
    return [
        Delivery.state.set(state.value),
        Delivery.ended_at.set(clock.iso(clock.now())),
        Delivery.due_shard.remove(),
        Delivery.next_attempt_at.remove(),
    ]


def _unchanged(delivery: Delivery) -> Condition:
    unchanged: Condition = (Delivery.state == State.PENDING.value) & (Delivery.attempt == delivery.attempt)
    return unchanged


def _find(delivery_id: str) -> Delivery | None:
    if not DELIVERY_ID.fullmatch(delivery_id):  # DynamoDB refuses overlong keys with an error of its own
        return None
    try:
        return Delivery.get(delivery_id, consistent_read=True)
    except DoesNotExist:
        return None


def _update(delivery: Delivery, actions: Sequence[Action], *, condition: Condition) -> bool:
    """Write if the condition holds, and take over what is stored then."""
    try:
        delivery.update(actions=list(actions), condition=condition)
    except UpdateError as error:
        if not refused(error):
            raise
        return False
    return True


def _shard(delivery_id: str) -> int:
    return zlib.crc32(delivery_id.encode()) % DUE_SHARDS
