"""Schedule → look after every job at RunPod, for what no callback told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import runpod_dispatches
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SPARE_SECONDS = 15  # the last look may still be waiting for an answer


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One reconciliation; safe to run twice at once."""
    seconds = context.get_remaining_time_in_millis() / 1000 - SPARE_SECONDS
    seen = dict(runpod_dispatches.reconcile(seconds=seconds))
    logger.info("runpod reconciled", extra=seen)
    return seen
