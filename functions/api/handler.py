"""Lambda entry of the HTTP API: admit the caller, route, answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import correlation_paths

from api import forms, openapi
from api.gate import GATE, SUBMIT_ROUTE
from api.routes import api_keys, auth, features, jobs, realtime, service, uploads, users, webhooks
from edge import frame
from studio import catalog
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from studio.tokens import Caller

app = frame.application(
    service.router,
    auth.router,
    users.router,
    api_keys.router,
    features.router,
    uploads.router,
    jobs.router,
    realtime.router,
    webhooks.router,
)
openapi.register(app)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One HTTP request."""
    return frame.answered(event, GATE, partial(_resolve, context=context))


def _resolve(request: APIGatewayProxyEventV2, caller: Caller | None, context: LambdaContext) -> dict[str, Any]:
    event = request.raw_event
    if request.route_key == SUBMIT_ROUTE:
        catalog.order_type(request.raw_path.rpartition("/")[2])
    if caller and request.route_key == SUBMIT_ROUTE and forms.is_form(request):
        dry_run = request.query_string_parameters.get("dryRun") == "true"
        order = forms.order_json(request, caller.user_id, dry_run=dry_run)
        event = event | {"body": order, "isBase64Encoded": False}
    return frame.resolved(app, context, event, caller)
