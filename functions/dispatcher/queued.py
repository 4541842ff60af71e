"""SQS → RunPod: jobs that wait to be worked on."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from studio import aws, batches, runpod_dispatches
from studio.errors import RunPodUnavailable
from studio.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

# Doubled with every receive. The queue lets go after ten, that is after 26 to 51 minutes in all; what is still waiting
# then is refunded.
BACKOFF_SECONDS = 5
BACKOFF_CAP_SECONDS = 900


@batches.handler
def handler(record: SQSRecord) -> None:
    """Send one job; one that RunPod does not take comes back later."""
    try:
        runpod_dispatches.send(str(json.loads(record.body)["jobId"]))
    except RunPodUnavailable:
        aws.client("sqs").change_message_visibility(
            QueueUrl=_queue_url(record), ReceiptHandle=record.receipt_handle, VisibilityTimeout=_pause(record)
        )
        raise


def _pause(record: SQSRecord) -> int:
    """Seconds until the message may come back, with jitter."""
    doublings = int(record.attributes.approximate_receive_count) - 1
    longest = min(BACKOFF_SECONDS * 2**doublings, BACKOFF_CAP_SECONDS)
    return random.randint((longest + 1) // 2, longest)  # noqa: S311  # jitter, not a secret


def _queue_url(record: SQSRecord) -> str:
    """Of the queue that the message came from; all have their URL's last part in their ARN."""
    name = record.event_source_arn.rpartition(":")[2]
    others = (settings().drafts_queue_url, settings().low_queue_url)
    return next((url for url in others if url.endswith(f"/{name}")), settings().jobs_queue_url)
