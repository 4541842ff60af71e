"""The frame of an HTTP function: its resolver, and the answer to one request whatever happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from edge import addresses, etags, problems, quota
from studio import measures
from studio.errors import StudioError
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from edge.gate import Gate
    from studio.tokens import Caller

    Resolve = Callable[[APIGatewayProxyEventV2, Caller | None], dict[str, Any]]

SECURITY_HEADERS = {
    # Answers are for programs: a browser that is made to show one runs nothing in it, and nobody frames it.
    etags.POLICY: "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
_compact = partial(json.dumps, separators=(",", ":"), ensure_ascii=False)  # answers have a size limit of 6 MB


def application(*routers: APIGatewayHttpRouter) -> APIGatewayHttpResolver:
    """A resolver with these routers that answers every exception with a problem."""
    app = APIGatewayHttpResolver(enable_validation=True, serializer=_compact)
    for router in routers:
        app.include_router(router)
    problems.register(app)
    return app


def routed(app: APIGatewayHttpResolver, context: LambdaContext) -> Resolve:
    """What resolves requests by the routes of `app`, which learn who is calling."""

    def resolve(request: APIGatewayProxyEventV2, caller: Caller | None) -> dict[str, Any]:
        return resolved(app, context, request.raw_event, caller)

    return resolve


def resolved(
    app: APIGatewayHttpResolver, context: LambdaContext, event: dict[str, Any], caller: Caller | None
) -> dict[str, Any]:
    """What the routes of `app` answer to an event that the gate let through: its body is JSON, or there is none.

    Powertools judges the type of the body for itself, by case, and also where there is none, so it gets the plain one.
    """
    app.append_context(caller=caller)
    return app.resolve(event | {"headers": event["headers"] | {"content-type": "application/json"}}, context)


def answered(event: dict[str, Any], gate: Gate, resolve: Resolve) -> dict[str, Any]:
    """The answer to one HTTP request: what `resolve` gives, or a problem, with the headers every answer has."""
    began = time.perf_counter()
    request = APIGatewayProxyEventV2(event)
    request_id = request.request_context.request_id
    standing: dict[str, str] = {}
    try:
        addresses.check_method(request, gate.addresses)
        caller = gate.identify(request)
        if caller and (counted := gate.count(request, caller)):
            standing = quota.headers(counted)
        gate.check_role(request, caller)
        gate.check_query(request)
        gate.check_body(request)
        answer = resolve(request, caller)
        if request.route_key in gate.revalidated_routes and answer["statusCode"] == 200:
            answer = etags.conditional(answer, request.headers.get("if-none-match"), shared=caller is None)
    except StudioError as error:
        answer = _refusal(error, request_id)
    except Exception as error:
        answer = _refusal(problems.unforeseen(error, changes=False), request_id)  # it has not reached its route
    answer["body"] = answer.get("body") or ""  # a 204 has none, and not every gateway takes null for it
    answer["headers"] = {
        "Cache-Control": "no-store",
        **SECURITY_HEADERS,
        **standing,
        **(answer.get("headers") or {}),
        "X-Request-Id": request_id,
    }
    # The route and not the path: a path may hold what only its caller should know, such as the token of a callback.
    logger.info(
        "request answered",
        extra={"method": request.http_method, "route": request.route_key, "status": answer["statusCode"]},
    )
    waited = "Preference-Applied" in answer["headers"]
    measures.answered(request.route_key, answer["statusCode"], (time.perf_counter() - began) * 1000, waited=waited)
    return answer


def _refusal(error: StudioError, request_id: str) -> dict[str, Any]:
    problem = problems.answer(error, request_id)
    return {"statusCode": problem.status_code, "body": problem.body, "headers": problem.headers}
