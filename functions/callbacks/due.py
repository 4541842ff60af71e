"""Schedule → ask for the attempts that are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import deliveries
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One round; safe to run twice at once."""
    asked = {"asked": deliveries.ask_for_due()}
    logger.info("due callbacks asked for", extra=asked)
    return asked
