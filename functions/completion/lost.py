"""SQS → refund: job messages that no worker managed to finish, from the dead-letter queue of the jobs queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from studio import jobs
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Fail and refund each job; one whose last attempt is still alive comes back later."""
    return process_partial_response(
        event=event, record_handler=_give_up, processor=_processor, context=context
    )  # fmt: skip


def _give_up(record: SQSRecord) -> None:
    try:
        job_id = str(json.loads(record.body)["jobId"])
    except (ValueError, KeyError, TypeError):
        logger.error("a message that names no job was dropped", extra={"body": record.body[:500]})
        return
    jobs.give_up(job_id, **jobs.WORKER_LOST)
