"""SQS → tallies: every job that has ended is counted once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, tallies
from studio.errors import NotFound
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Count the job of one event; the event only says which."""
    job_id = str(json.loads(record.body)["detail"]["jobId"])
    try:
        tallies.count(job_id)
    except NotFound:
        logger.warning("a job that is not there was not counted", extra={"job": job_id})
