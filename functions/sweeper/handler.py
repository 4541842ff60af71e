"""Schedule → send what the outbox still holds, end what is past its deadline, erase what is no longer kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import jobs, outbox, retention
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


PART_SECONDS = 7.0  # of the function's 29: no part may starve the others, and the last thing begun may be slow


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One sweep; safe to run twice at once."""
    swept = {
        "sent": outbox.sweep(seconds=PART_SECONDS),
        "expired": jobs.expire_overdue(seconds=PART_SECONDS),
        "erased": retention.sweep(seconds=PART_SECONDS),
    }
    logger.info("swept", extra=swept)
    return swept
