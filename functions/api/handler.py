"""Lambda entry of the HTTP API: admit the caller, route, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from api import gate, openapi, problems
from api.routes import auth, features, jobs, service, users
from studio.errors import StudioError
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver(enable_validation=True)
for router in (service.router, auth.router, users.router, features.router, jobs.router):
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
        app.append_context(caller=gate.admit(request))
        answer = app.resolve(event, context)
    except StudioError as error:
        problem = problems.answer(error, request_id)
        answer = {"statusCode": problem.status_code, "body": problem.body, "headers": problem.headers}
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
