"""Stripe's stand-in without a network, and a customer who buys; for tests in one process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from infra.local.stripe import WEBHOOK_SECRET, Stripe, signature
from studio import clock, purchases, stripe_api
from studio.packages import named
from studio.purchases import Purchase
from studio.stripe_api import Event

PAGE = "http://localhost:3000/"


class Wire(stripe.HTTPClient):
    """Carries requests of the official package into the stand-in; `fault` may come between."""

    name = "in-process"

    def __init__(self, standin: Stripe) -> None:
        super().__init__()
        self.standin = standin
        self.asked: list[str] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/v1/")
        self.asked.append(f"{method.upper()} {path}")
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        answer = self.standin.answer(method.upper(), path, parts.query, post_data or "", lower)
        return json.dumps(answer.body), answer.status, {}

    def close(self) -> None:
        pass


@dataclass
class Till:
    """The stand-in with shortcuts: what happens to a purchase in the world, and the events of it."""

    standin: Stripe
    wire: Wire
    _seen: int = field(default=0)

    def begin(self, user_id: str, package: str = "starter", **options: Any) -> Purchase:
        return purchases.begin(
            user_id, named(package), success_url=f"{PAGE}paid", cancel_url=PAGE, **options
        ).purchase  # fmt: skip

    def session(self, purchase: Purchase) -> dict[str, Any]:
        return self.standin.books["checkout/sessions"][purchase.session_id]

    def intent(self, purchase: Purchase) -> str:
        return str(self.session(purchase)["payment_intent"])

    def news(self) -> list[Event]:
        """Events since the last look, oldest first."""
        events = self.standin.events()[self._seen :]
        self._seen += len(events)
        return [Event(event["id"], event["type"], event["data"]["object"]) for event in events]

    def news_of_ours(self) -> list[Event]:
        """The same, of the types that are followed."""
        return [event for event in self.news() if event.type in stripe_api.EVENTS]

    def deliver(self) -> None:
        """Hand every new event to the studio, once and in order."""
        for event in self.news():
            purchases.hear(event)

    def webhook(self, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> tuple[str, str]:
        """Body and signature of an event as Stripe sends them."""
        body = json.dumps(event, indent=2)
        return body, signature(body.encode(), secret, clock.epoch() if at is None else at)


def connected(monkeypatch: pytest.MonkeyPatch) -> Till:
    """A stand-in that the studio's Stripe module talks to instead of the network."""
    standin = Stripe("https://stripe.test", now=lambda: clock.epoch())  # noqa: PLW0108  # tests replace it
    wire = Wire(standin)
    monkeypatch.setattr(stripe_api, "_transport", lambda: wire)
    stripe_api._client_of.cache_clear()
    stripe_api._secrets_of.cache_clear()
    return Till(standin, wire)
