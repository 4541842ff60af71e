"""Lambda entry of the HTTP API: admit the caller, route, answer."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from api import forms, gate, openapi, problems
from api.routes import auth, features, jobs, service, uploads, users
from studio.errors import StudioError
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_compact = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)  # answers have a size limit of 6 MB
app = APIGatewayHttpResolver(enable_validation=True, serializer=_compact)
for router in (service.router, auth.router, users.router, features.router, uploads.router, jobs.router):
    app.include_router(router)
problems.register(app)
openapi.register(app)

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One HTTP request."""
    request = APIGatewayProxyEventV2(event)
    request_id = request.request_context.request_id
    try:
        caller = gate.admit(request)
        if caller and request.route_key == gate.SUBMIT_ROUTE and forms.is_form(request):
            event = _with_json(event, forms.order_json(request, caller.user_id))
        app.append_context(caller=caller)
        answer = app.resolve(event, context)
    except StudioError as error:
        answer = _refusal(error, request_id)
    except Exception:
        logger.exception("request failed before it reached its route")
        answer = _refusal(StudioError(), request_id)
    answer["headers"] = {
        "Cache-Control": "no-store",
        **_SECURITY_HEADERS,
        **(answer.get("headers") or {}),
        "X-Request-Id": request_id,
    }
    logger.info(
        "request answered",
        extra={"method": request.http_method, "path": request.raw_path, "status": answer["statusCode"]},
    )
    return answer


def _with_json(event: dict[str, Any], body: str) -> dict[str, Any]:
    """The event as if the client had sent JSON."""
    headers = event["headers"] | {"content-type": "application/json"}
    return event | {"body": body, "isBase64Encoded": False, "headers": headers}


def _refusal(error: StudioError, request_id: str) -> dict[str, Any]:
    problem = problems.answer(error, request_id)
    return {"statusCode": problem.status_code, "body": problem.body, "headers": problem.headers}
