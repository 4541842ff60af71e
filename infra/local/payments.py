"""Who takes the money in the local studio: the stand-in for Stripe, or Stripe's test mode if there is a key for it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from infra.local.stripe import PRICES, SECRET_KEY, WEBHOOK_SECRET
from infra.local.stripe_server import PREFERRED_PORT, StripeServer
from infra.local.web_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from infra.local.stack import Deployment

WEBHOOK_PATH = "/api/v1/payments/webhook"


class Payments:
    """Set `STRIPE_SECRET_KEY=sk_test_…` to use Stripe, and `STRIPE_WEBHOOK_SECRET` to what `stripe listen` prints.

    Args:
        folder: where the stand-in keeps its books and its port between runs; None keeps nothing.
        studio_url: of the studio, whose webhook is told of payments.
    Raises:
        RuntimeError: the key is one that moves real money.
    """

    def __init__(self, folder: Path | None, studio_url: str) -> None:
        self._studio_url = studio_url
        self._key = os.environ.get("STRIPE_SECRET_KEY", "")
        if self._key and not self._key.startswith(("sk_test_", "rk_test_")):
            raise RuntimeError("STRIPE_SECRET_KEY is not a test key; the local studio takes no real money")
        self._server = (
            None if self._key else WebServer("stand-in for Stripe", PREFERRED_PORT, folder and folder / "payments-port")
        )
        self.standin = self._server and StripeServer(
            self._server.url, studio_url + WEBHOOK_PATH, books=folder and folder / "stripe.json"
        )

    @property
    def told(self) -> str:
        """What a person should know."""
        if self._server:
            return f"{self._server.url}  (a stand-in for Stripe: no card, no money)"
        forward = f"stripe listen --forward-to {self._studio_url}{WEBHOOK_PATH}"
        return f"Stripe's test mode; webhooks come with `{forward}`, without them credits come when a purchase is shown"

    @property
    def parameters(self) -> dict[str, str]:
        """Of the template."""
        if self._server:
            return {"StripeApiBase": self._server.url}
        prices = prices_at_stripe(self._key)
        return {f"{name.removeprefix('price_').title()}Price": prices[name] for name in PRICES}

    def start(self, session: boto3.Session, endpoint_url: str, deployment: Deployment) -> None:
        """Tell the deployed studio the keys, and open the stand-in."""
        keys: dict[str, Any] = {"secretKey": SECRET_KEY, "webhookSecrets": [WEBHOOK_SECRET]}
        if self._key:
            secret = os.environ.get("STRIPE_WEBHOOK_SECRET")
            keys = {"secretKey": self._key, "webhookSecrets": [secret] if secret else []}
        session.client("secretsmanager", endpoint_url=endpoint_url).put_secret_value(
            SecretId=deployment.outputs["StripeSecretArn"], SecretString=json.dumps(keys)
        )
        if self._server and self.standin:
            self._server.start(self.standin.application())

    def stop(self) -> None:
        """Close the stand-in."""
        if self._server:
            self._server.stop()


def prices_at_stripe(secret_key: str, base: str | None = None) -> dict[str, str]:
    """Our prices in a Stripe account by our name, made where the account has none of that lookup key.

    Args:
        base: where Stripe answers, if not at Stripe.
    """
    import stripe

    client = stripe.StripeClient(secret_key, base_addresses={"api": base} if base else None, max_network_retries=2)
    found = client.v1.prices.list(params={"lookup_keys": [f"studio_{name}" for name in PRICES], "limit": 100})
    prices = {str(price.lookup_key).removeprefix("studio_"): price.id for price in found.data}
    for name, (title, cents) in PRICES.items():
        if name not in prices:
            made = client.v1.prices.create(
                params={
                    "lookup_key": f"studio_{name}",
                    "unit_amount": cents,
                    "currency": "usd",
                    "product_data": {"name": title},
                }
            )
            prices[name] = made.id
    return prices
