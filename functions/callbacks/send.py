"""SQS → the customer's program: attempts that are to be made now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, courier

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Make one attempt. A receiver that fails is no failure here: its delivery knows when to try again."""
    message = json.loads(record.body)
    courier.attempt(str(message["deliveryId"]), int(message["attempt"]), waited=int(message.get("waited", 0)))
