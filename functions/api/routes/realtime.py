"""Route about live updates: how to connect for them."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.views import TicketView
from edge.caller import caller
from edge.responses import problems
from studio import tickets

router = APIGatewayHttpRouter()


@router.post(
    "/api/v1/realtime/ticket",
    summary="A ticket for live updates",
    tags=["jobs"],
    responses={200: {"description": "The ticket."}, **problems(401, 429)},
)
def ticket() -> TicketView:
    """Open a WebSocket at `url` within a minute; it works once."""
    return TicketView.of(tickets.issue(caller(router)))
