"""Routes about callbacks: who is called, with which secret, and how it went."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from api import paging
from api.callback_views import DeliveryDetailView, DeliveryView, EndpointView, NewEndpointView, SecretView
from api.views import Page
from edge.caller import caller
from edge.responses import LIST, READ, READ_ONE, WRITE, problems
from edge.views import View
from studio import callback_secrets, callbacks, deliveries, endpoints
from studio.callbacks import USUAL, News
from studio.deliveries import State
from studio.tables import Delivery

router = APIGatewayHttpRouter()

_ENDPOINTS = "/api/v1/webhooks/endpoints"
_ENDPOINT = f"{_ENDPOINTS}/<endpoint_id>"
_DELIVERIES = "/api/v1/webhooks/deliveries"
_DELIVERY = f"{_DELIVERIES}/<delivery_id>"

Url = Annotated[str, Field(min_length=1, max_length=2048, description="https:// on port 443, under a public name.")]
# JSON has no enumerations, so their values are taken although models are strict.
Wanted = Annotated[
    list[Annotated[News, Field(strict=False)]], Field(min_length=1, max_length=10, description="What to be called for.")
]
Description = Annotated[str, Field(max_length=200, description="For you.")]


class EndpointOrder(View):
    """An address to be called at."""

    model_config = ConfigDict(strict=True)

    url: Url
    events: Wanted = Field(default_factory=lambda: list(USUAL))
    description: Description = ""


class EndpointChange(View):
    """What to change; what is left out, or null, stays."""

    model_config = ConfigDict(strict=True)

    url: Url | None = None
    events: Wanted | None = None
    description: Description | None = None
    enabled: bool | None = Field(None, description="`true` also forgets past failures.")


@router.post(
    _ENDPOINTS,
    summary="Add an endpoint",
    tags=["webhooks"],
    status_code=201,
    responses={201: {"description": "The endpoint, with its secret."}, **problems(401, 409, *WRITE)},
)
def create(order: Annotated[EndpointOrder, Body()]) -> Response[NewEndpointView]:
    """From now on this address is called for your news. The secret is shown here and never again."""
    endpoint = endpoints.create(caller(router), order.url, _distinct(order.events), order.description)
    headers: dict[str, str | list[str]] = {"Location": f"{_ENDPOINTS}/{endpoint.id}"}
    return Response(201, "application/json", NewEndpointView.of(endpoint), headers=headers)


@router.get(
    _ENDPOINTS,
    summary="Your endpoints",
    tags=["webhooks"],
    responses={200: {"description": "All of them, oldest first."}, **problems(*READ)},
)
def listing() -> Page[EndpointView]:
    """There are ten at most, so this is always the only page."""
    found = endpoints.all_of(caller(router).user_id)
    return Page[EndpointView](data=[EndpointView.of(endpoint) for endpoint in found], has_more=False)


@router.get(
    _ENDPOINT,
    summary="One endpoint",
    tags=["webhooks"],
    responses={200: {"description": "The endpoint."}, **problems(*READ_ONE)},
)
def show(endpoint_id: str) -> EndpointView:
    """The endpoint as it is now."""
    return EndpointView.of(endpoints.get(caller(router).user_id, endpoint_id))


@router.patch(
    _ENDPOINT,
    summary="Change an endpoint",
    tags=["webhooks"],
    responses={200: {"description": "The endpoint."}, **problems(401, 404, *WRITE)},
)
def change(endpoint_id: str, wanted: Annotated[EndpointChange, Body()]) -> EndpointView:
    """What is still on its way goes to the new address."""
    endpoint = endpoints.change(
        caller(router).user_id,
        endpoint_id,
        url=wanted.url,
        events=None if wanted.events is None else _distinct(wanted.events),
        description=wanted.description,
        enabled=wanted.enabled,
    )
    return EndpointView.of(endpoint)


@router.delete(
    _ENDPOINT,
    summary="Delete an endpoint",
    tags=["webhooks"],
    status_code=204,
    responses={204: {"description": "Gone."}, **problems(*READ_ONE)},
)
def delete(endpoint_id: str) -> Response[None]:
    """What is still on its way is given up; the log of what was sent stays."""
    endpoints.delete(caller(router).user_id, endpoint_id)
    return Response(204)


@router.post(
    f"{_ENDPOINT}/rotate",
    summary="Give an endpoint a new secret",
    tags=["webhooks"],
    responses={200: {"description": "The endpoint, with its new secret."}, **problems(503, *READ_ONE)},
)
def rotate(endpoint_id: str) -> NewEndpointView:
    """The old secret stays valid for 24 hours: until then callbacks carry a signature by each."""
    return NewEndpointView.of(endpoints.rotate(caller(router).user_id, endpoint_id))


@router.post(
    f"{_ENDPOINT}/test",
    summary="Send a test to an endpoint",
    tags=["webhooks"],
    status_code=202,
    responses={202: {"description": "On its way; follow `Location`."}, **problems(409, 429, *READ_ONE)},
)
def test(endpoint_id: str) -> Response[DeliveryView]:
    """One message of type `webhook.test`, sent once and not repeated."""
    return _on_its_way(callbacks.test(caller(router).user_id, endpoint_id))


@router.get(
    "/api/v1/webhooks/secret",
    summary="The secret of your one-off callbacks",
    tags=["webhooks"],
    responses={200: {"description": "The secret."}, **problems(*READ)},
)
def secret() -> SecretView:
    """What callbacks to a `callbackUrl` are signed with."""
    return SecretView.of(callback_secrets.shown(caller(router)))


@router.post(
    "/api/v1/webhooks/secret/rotate",
    summary="Renew the secret of your one-off callbacks",
    tags=["webhooks"],
    responses={200: {"description": "The new secret."}, **problems(503, *READ)},
)
def rotate_secret() -> SecretView:
    """The old secret stays valid for 24 hours: until then callbacks carry a signature by each."""
    return SecretView.of(callback_secrets.rotate(caller(router)))


@router.get(
    _DELIVERIES,
    summary="Your deliveries",
    tags=["webhooks"],
    responses={200: {"description": "A page, newest first."}, **problems(*LIST)},
)
def log(
    limit: Annotated[int, Query(ge=1, le=deliveries.MAX_PAGE)] = 20,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before.")] = None,
    state: Annotated[State | None, Query(description="Only these; `dead` are those that were given up.")] = None,
    endpoint_id: Annotated[
        str | None, Query(alias="endpointId", max_length=40, description="Only to this one.")
    ] = None,
    job_id: Annotated[str | None, Query(alias="jobId", max_length=40, description="Only about this job.")] = None,
) -> Page[DeliveryView]:
    """Everything that was sent to you, or is to be, in the last 30 days."""
    page = deliveries.log(
        caller(router).user_id,
        limit=limit,
        below=paging.delivery_id(cursor),
        state=state,
        endpoint_id=endpoint_id,
        job_id=job_id,
    )
    return Page[DeliveryView](
        data=[DeliveryView.of(delivery) for delivery in page.deliveries],
        has_more=page.next_id is not None,
        next_cursor=paging.cursor(page.next_id),
    )


@router.get(
    _DELIVERY,
    summary="One delivery",
    tags=["webhooks"],
    responses={200: {"description": "The delivery with its attempts."}, **problems(*READ_ONE)},
)
def delivery(delivery_id: str) -> DeliveryDetailView:
    """What was sent, and what each attempt came to."""
    return DeliveryDetailView.of(deliveries.get(caller(router).user_id, delivery_id))


@router.post(
    f"{_DELIVERY}/replay",
    summary="Send a delivery once more",
    tags=["webhooks"],
    status_code=202,
    responses={202: {"description": "On its way; follow `Location`."}, **problems(409, 429, 503, *READ_ONE)},
)
def replay(delivery_id: str) -> Response[DeliveryView]:
    """The same message under the same `webhook-id`, at once; if that fails, the schedule begins anew."""
    return _on_its_way(callbacks.replay(caller(router).user_id, delivery_id))


def _on_its_way(sent: Delivery) -> Response[DeliveryView]:
    headers: dict[str, str | list[str]] = {"Location": f"{_DELIVERIES}/{sent.id}"}
    return Response(202, "application/json", DeliveryView.of(sent), headers=headers)


def _distinct(news: list[News]) -> list[str]:
    return [item.value for item in News if item in news]
