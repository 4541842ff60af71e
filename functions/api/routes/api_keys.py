"""Routes for API keys."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from api.account_views import ApiKeysView, ApiKeyView, NewApiKeyView
from edge.caller import caller
from edge.responses import READ, READ_ONE, WRITE, problems
from edge.views import WHOLE, View
from studio import api_keys
from studio.api_keys import Scope

router = APIGatewayHttpRouter()

MAX_DAYS = 3650


class KeyOrder(View):
    """A key to be made."""

    model_config = ConfigDict(strict=True)

    name: str = Field(min_length=1, max_length=100, description="For you.")
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(
        min_length=1, max_length=len(Scope), description="What it may do."
    )
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_DAYS), WHOLE] | None = Field(
        None, description="Without it the key works until deleted."
    )


@router.post(
    "/api/v1/users/keys",
    summary="Make an API key",
    tags=["keys"],
    status_code=201,
    responses={201: {"description": "The key, with its secret."}, **problems(401, 409, *WRITE)},
)
def create(order: Annotated[KeyOrder, Body()]) -> Response[NewApiKeyView]:
    """A key for your programs. Its secret is shown here and never again."""
    made = api_keys.create(caller(router), order.name, order.scopes, expires_in_days=order.expires_in_days)
    return Response(201, "application/json", NewApiKeyView.made(made))


@router.get(
    "/api/v1/users/keys",
    summary="Your API keys",
    tags=["keys"],
    responses={200: {"description": "All of them, oldest first."}, **problems(*READ)},
)
def listing() -> ApiKeysView:
    """Names, scopes and when they were last used."""
    return ApiKeysView(data=[ApiKeyView.of(key) for key in api_keys.all_of(caller(router).user_id)])


@router.delete(
    "/api/v1/users/keys/<key_id>",
    summary="Delete an API key",
    tags=["keys"],
    status_code=204,
    responses={204: {"description": "It no longer works."}, **problems(*READ_ONE)},
)
def delete(key_id: str) -> Response[None]:
    """The key stops working with the next request."""
    api_keys.delete(caller(router).user_id, key_id)
    return Response(204, body=None)
