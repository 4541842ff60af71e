"""The outbox: what must go out is written with the change it tells of, sent at once, and re-sent by the sweeper.

Sending comes before deleting the row, so a crash in between sends twice and loses nothing; every consumer expects
duplicates.
"""

from __future__ import annotations

import json
import math
import time
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, PynamoDBException

from studio import aws, clock, events, ids
from studio.errors import AlreadyExists, DeliveryFailed
from studio.news import Facts
from studio.settings import settings
from studio.tables import OutboxRow, Transaction
from studio.telemetry import logger

# Younger rows are most likely being sent by the request that wrote them.
SWEEP_AFTER_SECONDS = 15

Target = Literal["jobs", "low", "drafts", "errands", "bus"]


def queue(
    tx: Transaction,
    target: Target,
    body: str,
    *,
    source: str | None = None,
    detail_type: str | None = None,
    row_id: str | None = None,
    delay_seconds: int = 0,
) -> OutboxRow:
    """Add a message to the transaction; it exists exactly when the change does. The bus needs source and type.

    Args:
        delay_seconds: how long SQS keeps an errand back once it is sent, at most 900.
    """
    row = OutboxRow(
        row_id or ids.new("out"),
        target=target,
        source=source,
        detail_type=detail_type,
        body=body,
        delay_seconds=delay_seconds or None,
        created_epoch=clock.epoch(),
    )
    tx.create(row, condition=OutboxRow.id.does_not_exist(), otherwise=AlreadyExists("this message is queued"))
    return row


def tell(tx: Transaction, facts: Facts, *, row_id: str | None = None) -> OutboxRow:
    """Add news for the bus to the transaction."""
    return queue(tx, "bus", facts.body(), source=facts.source, detail_type=facts.detail_type, row_id=row_id)


def send(row: OutboxRow) -> bool:
    """Deliver now, best effort; returns whether it went out. What fails stays for the sweeper."""
    try:
        _deliver(row)
        row.delete()
    except (BotoCoreError, ClientError, PynamoDBException, DeliveryFailed) as error:
        logger.warning("outbox message waits for the sweeper", extra={"outbox": row.id, "reason": str(error)})
        return False
    return True


def send_left(row_id: str) -> None:
    """Send the message of a change whose answer was lost, if it is still there; best effort like `send`."""
    try:
        row = OutboxRow.get(row_id, consistent_read=True)
    except DoesNotExist:
        return
    except PynamoDBException as error:
        logger.warning("outbox message waits for the sweeper", extra={"outbox": row_id, "reason": str(error)})
        return
    send(row)


def sweep(*, seconds: float = math.inf) -> int:
    """Send what was left behind, beginning nothing after so many seconds; returns how many rows went out.

    A scan is right here: the table holds only what is in flight. A row that can never be sent holds up no other; what
    is wrong with it is raised after the last.
    """
    ends, sent = time.monotonic() + seconds, 0
    failures: list[Exception] = []
    for row in OutboxRow.scan(OutboxRow.created_epoch < clock.epoch() - SWEEP_AFTER_SECONDS, consistent_read=True):
        if time.monotonic() > ends:
            logger.warning("not everything in the outbox could be sent", extra={"sent": sent})
            break
        try:
            sent += send(row)
        except Exception as failure:
            logger.exception("outbox message cannot be sent", extra={"outbox": row.id})
            failures.append(failure)
    if failures:
        raise failures[0]
    return sent


def _deliver(row: OutboxRow) -> None:
    match row.target:
        case "jobs":
            aws.client("sqs").send_message(QueueUrl=settings().jobs_queue_url, MessageBody=row.body)
        case "low":
            aws.client("sqs").send_message(QueueUrl=settings().low_queue_url, MessageBody=row.body)
        case "drafts":
            aws.client("sqs").send_message(QueueUrl=settings().drafts_queue_url, MessageBody=row.body)
        case "errands":
            aws.client("sqs").send_message(
                QueueUrl=settings().errands_queue_url, MessageBody=row.body, DelaySeconds=int(row.delay_seconds or 0)
            )
        case "bus":
            events.put(row.source or "", row.detail_type or "", _told(row))
        case unknown:
            raise DeliveryFailed(f"no target {unknown!r}")


def _told(row: OutboxRow) -> str:
    """The event's detail with what is the same however often it is sent: its id, and when it happened."""
    happened = clock.iso(clock.from_epoch(int(row.created_epoch)))
    return json.dumps(json.loads(row.body) | {"eventId": row.id, "occurredAt": happened})
