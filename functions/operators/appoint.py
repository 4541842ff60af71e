"""Invoked by a person with IAM rights → one more operator, or one less. It has no HTTP route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import operators
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  # the signature of Lambda
    """Appoint or dismiss once per `requestId`; answers with what is on the record then."""
    row = operators.perform(operators.parse(event))
    return {"userId": row.user_id, "appointed": row.appointed, "acts": row.acts}
