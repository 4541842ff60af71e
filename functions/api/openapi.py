"""The reference of the whole HTTP API, and the page that shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_lambda_powertools.event_handler.openapi.swagger_ui as swagger
from aws_lambda_powertools.event_handler import Response

from api import forms, links
from api.gate import GATE
from edge.etags import POLICY
from edge.openapi import described
from studio import catalog

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver


def document(app: APIGatewayHttpResolver) -> str:
    """The document as JSON that people read."""
    return json.dumps(_whole(app), indent=2, ensure_ascii=False)


@cache  # anybody may ask for it, and it takes a quarter of a second
def served(app: APIGatewayHttpResolver) -> str:
    """The document as JSON that programs read."""
    return json.dumps(_whole(app), separators=(",", ":"), ensure_ascii=False)


@cache
def page(app: APIGatewayHttpResolver) -> tuple[str, str]:
    """The page that shows the document, and the policy it runs under: its own scripts, calls of this API, no more."""
    assets = Path(swagger.__file__).parent
    shown = swagger.generate_swagger_html(
        served(app).replace("</", "<\\/"),  # inside a script element
        (assets / "swagger-ui-bundle.min.js").read_text(encoding="utf-8"),
        (assets / "swagger-ui.min.css").read_text(encoding="utf-8"),
        swagger_base_url="",
        oauth2_config=None,
    )
    policy = {
        "default-src": "'none'",
        "script-src": _hashes("script", shown),
        "style-src": _hashes("style", shown),
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return shown, "; ".join(f"{name} {value}" for name, value in policy.items())


def _hashes(element: str, html: str) -> str:
    """Sources that let the inline elements of this name run, and no others."""
    contents = re.findall(f"<{element}>(.*?)</{element}>", html, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def _whole(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """The document: the API's own routes, and those of the other functions, which are only described here."""
    from operators import handler as operators
    from operators.gate import GATE as OPERATORS_GATE
    from payments import handler as payments
    from payments.gate import GATE as PAYMENTS_GATE

    whole = described(app, GATE)
    others = (described(payments.app, PAYMENTS_GATE), described(operators.app, OPERATORS_GATE))
    for theirs in others:
        whole["paths"] |= theirs["paths"]
    links.add(whole["paths"])
    schemas = whole["components"]["schemas"]
    for name, order in catalog.ORDERS.items():
        content = whole["paths"][f"/api/v1/jobs/{name}"]["post"]["requestBody"]["content"]
        content["application/json"]["example"] = order.example
        schema = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schemas[f"{schema}Form"] = forms.described(order, schemas[schema])
        content["multipart/form-data"] = {"schema": {"$ref": f"#/components/schemas/{schema}Form"}}
    for theirs in others:
        _merge_schemas(schemas, theirs["components"]["schemas"])
    return whole


def register(app: APIGatewayHttpResolver) -> None:
    """Serve the document and its page."""

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def _openapi() -> Response[str]:
        return Response(200, "application/json", served(app))

    @app.get("/api/v1/docs", include_in_schema=False)
    def _page() -> Response[str]:
        shown, policy = page(app)
        return Response(200, "text/html; charset=utf-8", shown, headers={POLICY: policy})


def _merge_schemas(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Add schemas of another function; one name must mean one thing."""
    for name, schema in theirs.items():
        if ours.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas are called {name}")


if __name__ == "__main__":
    from api.handler import app

    sys.stdout.write(document(app) + "\n")
