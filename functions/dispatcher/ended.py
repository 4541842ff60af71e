"""SQS → RunPod: jobs that ended without their run, so that it does not go on for nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, runpod_dispatches

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Stop the run of one job; while RunPod does not answer, the event comes back."""
    runpod_dispatches.look(str(json.loads(record.body)["detail"]["jobId"]))
