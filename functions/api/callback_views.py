"""What the API says about callbacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from edge.views import View
from studio import clock
from studio.callbacks import News
from studio.deliveries import State

if TYPE_CHECKING:
    from studio.tables import Delivery, Endpoint, Signing


class EndpointView(View):
    """An address that is called for your news."""

    id: str
    url: str
    description: str
    events: list[News]
    enabled: bool
    disabled_reason: Literal["owner", "gone", "failing"] | None = Field(
        description="`owner`: you did; `gone`: it answered 410; `failing`: nothing succeeded for five days."
    )
    failing_since: str | None = Field(description="The first failure after the last success.")
    created_at: str

    @classmethod
    def of(cls, endpoint: Endpoint) -> EndpointView:
        """The endpoint as its owner sees it."""
        return cls(**_shown(endpoint))


class NewEndpointView(EndpointView):
    """An endpoint with the secret that it was just given."""

    secret: str = Field(description="Shown only now. Verify signatures with it.")

    @classmethod
    def of(cls, endpoint: Endpoint) -> NewEndpointView:
        """The endpoint with its secret."""
        return cls(**_shown(endpoint), secret=endpoint.secret)


class SecretView(View):
    """A secret that callbacks are signed with."""

    secret: str
    old_secret_valid_until: str | None = Field(description="After a rotation: how long the one before is used too.")

    @classmethod
    def of(cls, signing: Signing) -> SecretView:
        """The secret as its owner sees it."""
        return cls(secret=signing.secret, old_secret_valid_until=_moment(signing.old_secret_until))


class DeliveryView(View):
    """One message for one receiver."""

    id: str = Field(description="Its `webhook-id`, the same in every attempt.")
    type: str = Field(description="What it tells of; `webhook.test` for tests.")
    state: State = Field(description="`dead`: given up.")
    reason: str | None = Field(description="Why it was given up.")
    endpoint_id: str | None
    callback_url: str | None = Field(description="Of the job, where it is no endpoint that is called.")
    job_id: str | None
    attempts: int
    last_status: int | None = Field(description="What the receiver answered last; null if it did not.")
    next_attempt_at: str | None
    created_at: str
    ended_at: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryView:
        """The delivery as its owner sees it."""
        return cls(**_told(delivery))


class AttemptView(View):
    """What one attempt came to."""

    number: int
    at: str
    seconds: float
    status: int | None
    error: str | None


class DeliveryDetailView(DeliveryView):
    """One message with all that happened to it."""

    body: dict[str, Any] = Field(description="As it was sent.")
    log: list[AttemptView] = Field(description="The last 30 attempts, oldest first.")

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryDetailView:
        """The delivery with body and attempts."""
        log = [AttemptView(**attempt) for attempt in delivery.attempts]
        return cls(**_told(delivery), body=json.loads(delivery.body), log=log)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description or "",
        "events": endpoint.events,
        "enabled": not endpoint.disabled_reason,
        "disabled_reason": endpoint.disabled_reason,
        "failing_since": _moment(endpoint.failing_since),
        "created_at": endpoint.created_at,
    }


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "type": delivery.type,
        "state": delivery.state,
        "reason": delivery.reason,
        "endpoint_id": delivery.endpoint_id,
        "callback_url": delivery.callback_url,
        "job_id": delivery.job_id,
        "attempts": int(delivery.attempt),
        "last_status": delivery.attempts[-1]["status"] if delivery.attempts else None,
        "next_attempt_at": _moment(delivery.next_attempt_at),
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else clock.iso(clock.from_epoch(int(seconds)))
