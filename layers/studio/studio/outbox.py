"""The outbox: what must go out is written with the change it tells of, sent at once, and re-sent by the sweeper.

Sending comes before deleting the row, so a crash in between sends twice and loses nothing; every consumer expects
duplicates.
"""

from __future__ import annotations

from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, PynamoDBException

from studio import aws, clock, events, ids
from studio.errors import AlreadyExists, DeliveryFailed
from studio.settings import settings
from studio.tables import OutboxRow, Transaction
from studio.telemetry import logger

# Younger rows are most likely being sent by the request that wrote them.
SWEEP_AFTER_SECONDS = 15

Target = Literal["jobs", "drafts", "bus"]


def queue(
    tx: Transaction, target: Target, body: str, *, detail_type: str | None = None, row_id: str | None = None
) -> OutboxRow:
    """Add a message to the transaction; it exists exactly when the change does."""
    row = OutboxRow(
        row_id or ids.new("out"), target=target, detail_type=detail_type, body=body, created_epoch=clock.epoch()
    )  # fmt: skip
    tx.create(row, condition=OutboxRow.id.does_not_exist(), otherwise=AlreadyExists("this message is queued"))
    return row


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
    """Send the message of a change whose answer was lost, if it is still there."""
    try:
        send(OutboxRow.get(row_id, consistent_read=True))
    except DoesNotExist:
        return


def sweep() -> int:
    """Send everything that was left behind; returns how many rows went out.

    A scan is right here: the table holds only what is in flight.
    """
    stale = OutboxRow.scan(OutboxRow.created_epoch < clock.epoch() - SWEEP_AFTER_SECONDS, consistent_read=True)
    return sum(send(row) for row in stale)


def _deliver(row: OutboxRow) -> None:
    match row.target:
        case "jobs":
            aws.client("sqs").send_message(QueueUrl=settings().jobs_queue_url, MessageBody=row.body)
        case "drafts":
            aws.client("sqs").send_message(QueueUrl=settings().drafts_queue_url, MessageBody=row.body)
        case "bus":
            events.put(events.JOBS_SOURCE, row.detail_type or "", row.body)
        case unknown:
            raise DeliveryFailed(f"no target {unknown!r}")
