"""Schedule → compare the last days with Stripe, for what no webhook told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from studio import purchases
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One reconciliation; safe to run twice at once."""
    done = asdict(purchases.reconcile())
    logger.info("reconciled", extra=done)
    return done
