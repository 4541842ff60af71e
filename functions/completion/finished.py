"""SQS → settle: "Job Finished" events, delivered by the bus through a queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, jobs
from studio.events import Finished

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Settle what the worker says of one job."""
    jobs.settle(Finished.parse(json.loads(record.body)["detail"]))
