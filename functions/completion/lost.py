"""SQS → refund: job messages that no worker managed to finish, from the dead-letter queue of the jobs queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, jobs
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Fail and refund one job; one whose last attempt is still alive comes back later."""
    try:
        job_id = str(json.loads(record.body)["jobId"])
    except (ValueError, KeyError, TypeError):
        logger.error("a message that names no job was dropped", extra={"body": record.body[:500]})
        return
    jobs.give_up(job_id, **jobs.WORKER_LOST)
