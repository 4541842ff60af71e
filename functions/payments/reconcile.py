"""Schedule → compare the last days with Stripe, for what no webhook told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from studio import purchases
from studio.telemetry import PURCHASES_TO_REVIEW, STRIPE_FAILED, STRIPE_UNTOLD, logger, measure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One reconciliation; safe to run twice at once."""
    done = purchases.reconcile()
    measure(STRIPE_UNTOLD, done.untold)
    measure(STRIPE_FAILED, done.failed)
    measure(PURCHASES_TO_REVIEW, done.reviews)
    logger.info("reconciled", extra=asdict(done))
    return asdict(done)
