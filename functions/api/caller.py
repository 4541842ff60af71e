"""What the routes need to know of the request beyond their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from studio.errors import NotAuthenticated
from studio.tokens import Caller

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.api_gateway import Router


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
