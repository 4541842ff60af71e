"""`$connect`: an admitted connection takes one of its user's places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from realtime import peer
from studio import connections
from studio.errors import TooManyConnections
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """Anything but 200 refuses the connection."""
    _, connection_id = peer.of(event)
    try:
        connections.open_for(peer.credential(event), connection_id)
    except TooManyConnections as error:
        return {"statusCode": error.status}
    return {"statusCode": 200}
