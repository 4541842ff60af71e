"""SQS → settle: "Job Finished" events, delivered by the bus through a queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from studio import jobs
from studio.events import Finished
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Settle each event on its own; one that fails comes back without its batch mates."""
    return process_partial_response(
        event=event, record_handler=_settle, processor=_processor, context=context
    )  # fmt: skip


def _settle(record: SQSRecord) -> None:
    jobs.settle(Finished.parse(json.loads(record.body)["detail"]))
