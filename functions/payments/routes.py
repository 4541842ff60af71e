"""Routes for buying credits."""

import base64
import binascii
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from edge.caller import caller
from edge.responses import READ_ONE, WRITE, problems
from edge.views import View
from payments.views import CheckoutView, HeardView, PackagesView, PackageView, PurchaseView
from studio import packages, purchases, stripe_api
from studio.errors import MalformedRequest

router = APIGatewayHttpRouter()


class CheckoutOrder(View):
    """What to buy, and where to go afterwards."""

    model_config = ConfigDict(strict=True)

    package: Literal["starter", "pro", "enterprise"]
    success_url: str = Field(max_length=1000, description="On one of our pages; `purchase=<id>` is added.")
    cancel_url: str = Field(max_length=1000, description="On one of our pages; `purchase=<id>` is added.")


@router.get("/api/v1/payments/packages", summary="Packages of credits", tags=["payments"])
def on_sale() -> PackagesView:
    """Every package with its price; needs no token."""
    return PackagesView(data=[PackageView.of(package) for package in packages.PACKAGES.values()])


@router.post(
    "/api/v1/payments/create-checkout",
    summary="Buy credits",
    tags=["payments"],
    status_code=201,
    responses={201: {"description": "Where to pay; follow `Location`."}, **problems(401, 409, 429, 503, *WRITE)},
)
def create_checkout(
    order: Annotated[CheckoutOrder, Body()],
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=255, description="A repeat within a day answers alike."),
    ] = None,
) -> Response[CheckoutView]:
    """Open a checkout at Stripe for one package. The credits come once it is paid."""
    started = purchases.begin(
        caller(router).user_id,
        packages.named(order.package),
        success_url=order.success_url,
        cancel_url=order.cancel_url,
        key=None if idempotency_key is None else idempotency_key.strip('"'),
    )
    headers: dict[str, str | list[str]] = {"Location": f"/api/v1/payments/{started.purchase.id}"}
    if started.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(201, "application/json", CheckoutView.of(started.purchase), headers=headers)


@router.post(
    "/api/v1/payments/webhook",
    summary="Stripe's webhook",
    tags=["payments"],
    responses={200: {"description": "Heard; Stripe need not send it again."}, **problems(400, 503)},
)
def webhook(
    stripe_signature: Annotated[str, Header(alias="Stripe-Signature", description="Proves that Stripe sent it.")] = "",
) -> HeardView:
    """Take an event of Stripe. What it says is not believed but looked up."""
    purchase = purchases.hear(stripe_api.verified(_raw_body(), stripe_signature))
    return HeardView(outcome="followed" if purchase else "ignored")


@router.get(
    "/api/v1/payments/<purchase_id>",
    summary="One purchase",
    tags=["payments"],
    responses={200: {"description": "The purchase."}, **problems(*READ_ONE)},
)
def show(purchase_id: str) -> PurchaseView:
    """The purchase as Stripe has it now; a payment counts from here on, whether or not its webhook has come."""
    return PurchaseView.of(purchases.get(caller(router).user_id, purchase_id))


def _raw_body() -> bytes:
    """The body byte by byte as it was sent."""
    event = router.current_event
    if not event.is_base64_encoded:
        return (event.body or "").encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(event.body or "", validate=True)
    except binascii.Error as error:
        raise MalformedRequest("The body cannot be read.") from error
