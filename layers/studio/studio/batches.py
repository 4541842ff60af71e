"""SQS batches: a function that works on one record becomes a Lambda handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    Handler = Callable[[dict[str, Any], LambdaContext], PartialItemFailureResponse]


def handler(work: Callable[[SQSRecord], None]) -> Handler:
    """Call `work` for each record of a batch; one whose `work` raises comes back without its batch mates."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def handle(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
        return process_partial_response(event=event, record_handler=work, processor=processor, context=context)

    injected: Handler = logger.inject_lambda_context(handle)
    return injected
