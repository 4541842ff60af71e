"""What happens before any route: size, content type and authentication. A route not listed as open needs a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from studio import tokens
from studio.errors import MalformedRequest, NotAuthenticated, TooLarge, UnsupportedContentType

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

# The longest order is a prompt of 10,000 characters, at most 4 bytes each in UTF-8, or 12 as JSON escapes.
MAX_BODY_BYTES = 192 * 1024

SUBMIT_ROUTE = "POST /api/v1/jobs/{feature}"
OPEN_ROUTES = frozenset(
    {
        "GET /health",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "GET /api/v1/features",
        "GET /api/v1/openapi.json",
        "GET /api/v1/docs",
        "$default",  # unknown addresses: everybody gets the same 404
    }
)


def admit(event: APIGatewayProxyEventV2) -> tokens.Caller | None:
    """Who is calling; None on an open route.

    Raises:
        NotAuthenticated: no valid bearer token on a route that needs one.
        TooLarge, UnsupportedContentType, MalformedRequest: the body cannot be one of ours.
    """
    caller = None if event.route_key in OPEN_ROUTES else _authenticated(event)
    if event.body:
        _check_body(event, event.body)
    return caller


def _authenticated(event: APIGatewayProxyEventV2) -> tokens.Caller:
    scheme, _, value = event.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise NotAuthenticated("Send the token as `Authorization: Bearer <token>`.")
    return tokens.verify(value.strip())


def _check_body(event: APIGatewayProxyEventV2, body: str) -> None:
    content_type = event.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data" and event.route_key == SUBMIT_ROUTE:
        return  # `forms` reads it
    if content_type != "application/json":
        raise UnsupportedContentType(f"The body was sent as {content_type}; send it as application/json.")
    size = len(body) * 3 // 4 if event.is_base64_encoded else len(body.encode("utf-8", "surrogatepass"))
    if size > MAX_BODY_BYTES:
        raise TooLarge(f"The body has {size:,} bytes; at most {MAX_BODY_BYTES:,} are taken.")
    try:
        json.loads(event.decoded_body or "")
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and bytes that are no UTF-8
        raise MalformedRequest(f"The body is not valid JSON: {error}.") from error
