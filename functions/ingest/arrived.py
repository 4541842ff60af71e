"""SQS → a file that a client has put into the bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, ingest

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Look at one file. A file that is refused is no failure here: its owner is told."""
    ingest.arrived(json.loads(record.body)["detail"]["object"]["key"])
