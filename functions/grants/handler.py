"""Invoked by an operator with IAM rights → credits for one account, or the end of a review. It has no HTTP route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import grants, purchases, reviews
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  # the signature of Lambda
    """Give once per `requestId`, or `resolve` the review of a purchase; answers with what is on the record then."""
    if "resolve" in event:
        purchase = reviews.end(reviews.parse(event))
        return {"purchase": purchase.id, "status": purchases.standing(purchase).value, "reviews": purchase.reviews}
    entry = grants.give(grants.parse(event))
    return {
        "entry": entry.id,
        "userId": entry.user_id,
        "amount": int(entry.amount),
        "balanceAfter": int(entry.balance_after),
    }
