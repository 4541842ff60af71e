"""Lambda entry for RunPod's callbacks: a run has ended, so look what became of its job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.logging import correlation_paths

from edge import frame
from edge.gate import Gate
from studio import runpod_callbacks, runpod_dispatches
from studio.errors import NotFound
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from studio.tokens import Caller

ROUTE = f"POST {runpod_callbacks.PATH}/{{job_id}}/{{token}}"
GATE = Gate(frozenset({ROUTE}), signed_routes=frozenset({ROUTE}))  # the token is in the address; the body is not read

router = APIGatewayHttpRouter()


@router.post(f"{runpod_callbacks.PATH}/<job_id>/<token>", include_in_schema=False)
def look(job_id: str, token: str) -> dict[str, str]:
    """Ask RunPod itself about the run. A callback changes nothing that the next reconciliation would not change."""
    if not runpod_callbacks.belongs(job_id, token):
        raise NotFound("There is nothing at this address.")
    return {"outcome": runpod_dispatches.look(job_id).value}


app = frame.application(router)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One HTTP request."""
    return frame.answered(event, GATE, partial(_resolve, context=context))


def _resolve(request: APIGatewayProxyEventV2, caller: Caller | None, context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  # nobody signs in here
    return app.resolve(request.raw_event, context)
