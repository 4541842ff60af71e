"""SQS → errands: mails, and the clearing of closed accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import batches, erasure, letters

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

ERASE_SECONDS = 90.0  # of the function's 120: the last thing begun may be slow


@batches.handler
def handler(record: SQSRecord) -> None:
    """Run one errand."""
    match json.loads(record.body):
        case {"errand": "letter", "subject": str(proof_id)}:
            letters.send(proof_id)
        case {"errand": "erase", "subject": str(user_id)}:
            erasure.erase(user_id, seconds=ERASE_SECONDS)
        case unknown:
            raise ValueError(f"no such errand: {unknown!r}")
