"""Routes for operators."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from edge.responses import problems
from operators.views import OverviewView
from studio import overview

router = APIGatewayHttpRouter()


@router.get(
    "/api/v1/operator/overview",
    summary="How the studio runs",
    tags=["operator"],
    responses={200: {"description": "Now, and the days that were asked for."}, **problems(401, 404, 422)},
)
def show(
    days: Annotated[int, Query(ge=1, le=overview.MAX_DAYS, description="How far back; today in UTC is one.")] = 7,
) -> OverviewView:
    """Jobs, queues, workers, cost, failures and margins. Only for operators who signed in; others get 404."""
    return OverviewView.of(overview.look(days))
