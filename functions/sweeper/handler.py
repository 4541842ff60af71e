"""Schedule → end what is past its deadline, send what the outbox still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import jobs, outbox
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One sweep; safe to run twice at once."""
    swept = {"expired": jobs.expire_overdue(), "sent": outbox.sweep()}
    logger.info("swept", extra=swept)
    return swept
