"""The error answers of a route, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

from edge.problems import CONTENT_TYPE
from edge.views import Problem

MEANINGS = {
    400: "The body is not valid JSON.",
    401: "No valid token.",
    402: "The balance does not cover the price; nothing was charged.",
    403: "The password is wrong, or an API key may not do this.",
    404: "No such thing, or it belongs to somebody else.",
    409: "Not possible in the present state.",
    410: "It is no longer kept.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A value is not allowed; `errors` names each field.",
    429: "A quota is used up; `Retry-After` says for how long.",
    503: "Busy, or a service that is needed does not answer; nothing was changed, try again.",
    504: "A service that is needed stopped answering. Whether this was done is not known; repeat it with the same "
    "`Idempotency-Key`, or look.",
}

READ = (401,)
READ_ONE = (401, 404, 422)
LIST = (401, 422)
WRITE = (400, 413, 415, 422)


def problems(*statuses: int) -> dict[int, Any]:
    """Problem responses for these statuses."""
    schema = {CONTENT_TYPE: {"model": Problem}}
    return {status: {"description": MEANINGS[status], "content": schema} for status in statuses}
