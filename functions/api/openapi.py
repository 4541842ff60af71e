"""The OpenAPI 3.1 document, made from the routes, and the page that shows it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from api.gate import OPEN_ROUTES

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

TITLE = "AI Creative Studio API"
VERSION = "1.0.0"
DESCRIPTION = "Submit media jobs, pay with credits, follow and download them. Errors are RFC 9457 problem documents."

_INFO: dict[str, Any] = {
    "title": TITLE,
    "version": VERSION,
    "description": DESCRIPTION,
    "security_schemes": {"bearer": HTTPBearer(bearerFormat="JWT")},
    "security": [{"bearer": []}],
}


def document(app: APIGatewayHttpResolver) -> str:
    """The document as JSON. Open routes say that they need no token; powertools drops an empty `security`."""
    parsed = json.loads(app.get_openapi_json_schema(**_INFO))
    for route in OPEN_ROUTES:
        method, _, path = route.partition(" ")
        if path in parsed["paths"]:
            parsed["paths"][path][method.lower()]["security"] = []
    return json.dumps(parsed, indent=2, ensure_ascii=False)


def register(app: APIGatewayHttpResolver) -> None:
    """Serve the document and its page."""
    app.enable_swagger(path="/api/v1/docs", **_INFO)

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def _openapi() -> Response[str]:
        return Response(200, "application/json", document(app))


if __name__ == "__main__":
    from api.handler import app

    sys.stdout.write(document(app) + "\n")
