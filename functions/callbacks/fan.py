"""SQS → deliveries: news of the bus, for everybody who wants to be called for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, callbacks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Begin the deliveries of one piece of news."""
    callbacks.tell(json.loads(record.body))
