"""What the routes need to know of the request beyond their parameters."""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from studio import proxies
from studio.errors import NotAuthenticated
from studio.settings import settings
from studio.tokens import Caller

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Router

PROXY_HEADER = "x-studio-proxy"
"""What CloudFront sets on its way to us, whatever the client sent; `infra/web.yaml` has the name too."""


def caller(router: Router) -> Caller:
    """The authenticated caller; the gate has put it there."""
    who = router.context["caller"]
    if not isinstance(who, Caller):
        raise NotAuthenticated
    return who


def request_id(router: Router) -> str:
    """API Gateway's id of this request."""
    event = cast(APIGatewayProxyEventV2, router.current_event)
    return str(event.request_context.request_id)


def seconds_here(router: Router) -> float:
    """How long ago API Gateway took this request, which gives up on it after 29 seconds."""
    event = cast(APIGatewayProxyEventV2, router.current_event)
    return max(0.0, time.time() - event.request_context.time_epoch / 1000)


def network(router: Router) -> str:
    """Where the request comes from: an IPv4 address, or the /64 that one customer has of IPv6.

    Only as many entries of `X-Forwarded-For` are believed as there are proxies of ours; the rest is the client's word.
    Without what only our proxies can show none is believed, and the caller is who API Gateway says.
    """
    event = cast(APIGatewayProxyEventV2, router.current_event)
    address = _forwarded(event) or str(event.request_context.http.source_ip)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


def _forwarded(event: APIGatewayProxyEventV2) -> str | None:
    """The client's address by the word of our proxies, if it came through them."""
    behind = settings().proxies
    passed = [part.strip() for part in event.headers.get("x-forwarded-for", "").split(",")]
    if not 0 < behind < len(passed) or not proxies.ours(event.headers.get(PROXY_HEADER, "")):
        return None
    return passed[-1 - behind]
