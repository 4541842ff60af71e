"""Invoked by the API for a picture that an order needs now: an upload nobody has looked at, or a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio import ingest
from studio.errors import BadPicture
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(task: dict[str, str], context: LambdaContext) -> dict[str, str]:  # noqa: ARG001  # the signature of Lambda
    """`{userId, uploadId}` or `{userId, url}` → `{uploadId}`, or `{refused}` with the reason."""
    try:
        if "url" in task:
            return {"uploadId": ingest.fetch(task["userId"], task["url"])}
        return {"uploadId": ingest.look(task["userId"], task["uploadId"])}
    except BadPicture as error:
        return {"refused": error.detail}
