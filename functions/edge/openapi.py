"""OpenAPI 3.1 documents of HTTP functions, made from their routes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from edge.problems import CONTENT_TYPE
from edge.quota import LIMIT, POLICY
from edge.responses import MEANINGS

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

    from edge.gate import Gate

TITLE = "AI Creative Studio API"
VERSION = "1.0.0"
DESCRIPTION = "Submit media jobs, pay with credits, follow and download them. Errors are RFC 9457 problem documents."

EMPTY = {"204", "302", "304"}
"""Answers without a body; powertools describes one all the same."""
OPERATOR = "operator"
"""The role of those who may see how the studio runs."""
_HEADERS = {
    POLICY: {"description": 'The quota, such as `"requests";q=100;w=900`.', "schema": {"type": "string"}},
    LIMIT: {"description": 'What is left of it, such as `"requests";r=57;t=311`.', "schema": {"type": "string"}},
}
_ETAG = {"ETag": {"description": "Changes with the answer; send it as `If-None-Match`.", "schema": {"type": "string"}}}
_IF_NONE_MATCH = {
    "name": "if-none-match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that you have: 304 without a body if nothing has changed.",
    "schema": {"type": "string"},
}


def described(app: APIGatewayHttpResolver, gate: Gate) -> dict[str, Any]:
    """The document. Routes say who may call them, and what the gate may answer before they are reached."""
    document: dict[str, Any] = json.loads(
        app.get_openapi_json_schema(
            title=TITLE,
            version=VERSION,
            description=DESCRIPTION,
            security_schemes={
                "bearer": HTTPBearer(bearerFormat="JWT", description="A token of `POST /api/v1/auth/login`."),
                "apiKey": HTTPBearer(bearerFormat="acs_live_…", description="A key of `POST /api/v1/users/keys`."),
            },
            security=[{"bearer": []}],
        )
    )
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if f"{method.upper()} {path}" in gate.revalidated_routes:
                _revalidate(operation)
            for status in EMPTY & operation["responses"].keys():
                operation["responses"][status].pop("content", None)
            _guard(operation, gate, f"{method.upper()} {path}")
    return document


def _guard(operation: dict[str, Any], gate: Gate, route: str) -> None:
    """Write down what the gate does for one route. Powertools drops an empty `security`, so that is set here too."""
    silent = (503,) if route.startswith("GET ") else (503, 504)
    if route in gate.open_routes:
        operation["security"] = []
        _add(operation, *silent)
        return
    scope = gate.scopes.get(route) or next((s for key, s in gate.scopes.items() if _covers(key, route)), None)
    # OpenAPI 3.1 lets schemes other than OAuth name the roles that a route needs.
    roles = [OPERATOR] if route in gate.operator_routes else []
    operation["security"] = [{"bearer": roles}, *([{"apiKey": [scope.value]}] if scope else [])]
    _add(operation, 403, 422, 429, *silent)
    for answer in operation["responses"].values():
        answer["headers"] = answer.get("headers", {}) | _HEADERS


def _add(operation: dict[str, Any], *statuses: int) -> None:
    """Write down problems that the route does not name itself."""
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in statuses:
        operation["responses"].setdefault(str(status), {"description": MEANINGS[status], "content": content})


def _revalidate(operation: dict[str, Any]) -> None:
    """Write down that the caller may ask whether anything has changed."""
    operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
    operation["responses"]["304"] = {"description": "Nothing has changed since the answer with this `ETag`; no body."}
    for status in ("200", "304"):
        operation["responses"][status]["headers"] = dict(_ETAG)


def _covers(route_key: str, route: str) -> bool:
    """Whether API Gateway's key, such as ``POST /jobs/{feature}``, has this route among others."""
    return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route_key)), route) is not None
