"""Lambda authorizer of `$connect`: a ticket becomes the user of the connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from realtime import peer
from studio import tickets
from studio.errors import NotAuthenticated
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  # the signature of Lambda
    """Allow whoever brings a ticket that nobody has used; API Gateway remembers the answer with the connection."""
    try:
        credential = tickets.redeem((event.get("queryStringParameters") or {}).get("ticket") or "")
    except NotAuthenticated:
        return _answer("Deny", {"userId": "nobody"}, event["methodArn"])
    return _answer("Allow", peer.told(credential), event["methodArn"])


def _answer(effect: str, kept: dict[str, str], arn: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}
    return {
        "principalId": kept["userId"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": kept,
    }
