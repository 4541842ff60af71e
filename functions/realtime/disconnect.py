"""`$disconnect`: the place is free again. API Gateway tells as well as it can; what it does not tell is found out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from realtime import peer
from studio import connections
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """Forget the connection."""
    connections.close(*peer.of(event))
    return {"statusCode": 200}
