"""The one place where errors become HTTP answers: RFC 9457 problem details."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from edge import quota
from studio.catalog import faults_of
from studio.errors import (
    Fault,
    InvalidOrder,
    NotFound,
    StudioError,
    TooManyRequests,
    Unanswered,
    Unavailable,
    first,
)
from studio.outages import is_outage
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

CONTENT_TYPE = "application/problem+json"
SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""
_PLACES = {"body": "", "query": "?", "header": "header ", "path": "path "}


def register(app: APIGatewayHttpResolver) -> None:
    """Teach the resolver to answer every exception with a problem."""

    def request_id() -> str:
        return str(app.current_event.request_context.request_id)

    @app.exception_handler(StudioError)
    def _known(error: StudioError) -> Response[str]:
        return answer(error, request_id())

    @app.exception_handler(RequestValidationError)
    def _invalid(error: RequestValidationError) -> Response[str]:
        return answer(_from_validation(error), request_id())

    @app.exception_handler(NotFoundError)
    def _no_route(error: NotFoundError) -> Response[str]:  # noqa: ARG001  # the signature of exception handlers
        return answer(NotFound("There is nothing at this address."), request_id())

    @app.exception_handler(Exception)
    def _unknown(error: Exception) -> Response[str]:
        changes = app.current_event.http_method not in SAFE
        return answer(unforeseen(error, changes=changes), request_id())


def unforeseen(error: Exception, *, changes: bool) -> StudioError:
    """What to say of an error that none of our code expected; the log has the rest.

    Args:
        changes: whether the request may have changed something before.
    """
    if not is_outage(error):
        logger.exception("request failed", exc_info=error)
        return StudioError()
    logger.exception("a service did not answer", exc_info=error)
    return Unanswered() if changes else Unavailable()


def answer(error: StudioError, request_id: str) -> Response[str]:
    """The problem document of an error. Server errors tell no details; the request id leads to the log."""
    return Response(error.status, CONTENT_TYPE, json.dumps(_document(error, request_id)), headers=_headers(error))


def _document(error: StudioError, request_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail if error.code != "internal" else StudioError.title,
        "code": error.code,
        "requestId": request_id,
    }
    if error.faults:
        document["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults]
    return document | error.extra


def _headers(error: StudioError) -> dict[str, str | list[str]]:
    if error.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.status == 405:
        return {"Allow": str(error.extra["allow"])}
    if "retryAfter" in error.extra:
        told = quota.headers_of_refusal(error) if isinstance(error, TooManyRequests) else {}
        return {"Retry-After": str(error.extra["retryAfter"]), **told}
    if error.status in (503, 504):
        return {"Retry-After": "1"}
    return {}


def _from_validation(error: RequestValidationError) -> StudioError:
    found = error.errors()
    faults = (
        Fault(_place(item["loc"], fault.pointer), fault.detail)
        for item in found
        for fault in faults_of([item | {"loc": item["loc"][1:]}])
    )
    return InvalidOrder.naming(first(faults, len(found)))


def _place(loc: tuple[int | str, ...], pointer: str) -> str:
    """A JSON pointer for the body; for anything else the place and its name."""
    place = _PLACES.get(str(loc[0]), "")
    return pointer if not place else place + pointer.lstrip("/")
