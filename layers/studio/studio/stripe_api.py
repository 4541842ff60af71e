"""Stripe: the only module that speaks to it, and the only one that imports its package, when it is first used.

`settings().stripe_api_base` says where it answers; empty means Stripe itself. Keys come from Secrets Manager.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from studio import aws, clock
from studio.errors import BadSignature, MalformedRequest, NotFound, PaymentsUnavailable
from studio.settings import settings
from studio.telemetry import logger

if TYPE_CHECKING:
    from stripe import HTTPClient, StripeClient

API_VERSION = "2026-10-28.endive"  # the webhook endpoint at Stripe must be made with the same
MAX_RETRIES = 2
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 6  # three tries stay inside the 29 s of API Gateway
SIGNATURE_SECONDS = 300  # how far a signature's time may be from ours, either way
SECRETS_SECONDS = 300  # how long keys are kept before they are read again, so that a rolled one comes in by itself
PAGE = 100
SESSIONS_PAGE = 25  # with all that is read together with each, a full page may take longer than we wait
EVENTS = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
    "charge.dispute.closed", "radar.early_fraud_warning.created", "invoice.paid",
)  # fmt: skip
"""Types of events that are followed: those of the webhook endpoint, as docs/DEPLOYMENT.md lists them, at most 20."""

_OF_SESSION = ("line_items", "payment_intent.latest_charge", "invoice")
"""What is read together with a checkout session."""
# Disputes that leave the money with us; inquiries (`warning_…`) do too. All others hold it back or have taken it.
_RESOLVED_DISPUTES = frozenset({"won", "prevented"})
_INQUIRY = "warning_"
_TEST_KEYS = ("sk_test_", "rk_test_")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout session, where its payer goes, and what it asks of them: cents without taxes."""

    id: str
    url: str
    amount: int
    currency: str
    livemode: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What a session sells."""

    price_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Payment:
    """All that Stripe says now about a checkout session and the money of it. Amounts are in cents."""

    session_id: str
    purchase_id: str | None
    user_id: str | None
    livemode: bool
    status: str
    """`open`, `complete` or `expired`."""
    paid: bool
    failed: bool
    """Complete, but the payment was refused later."""
    lines: tuple[Line, ...]
    amount: int
    """Without taxes."""
    currency: str
    charged: int
    refunded: int
    disputed: int
    """In disputes that are open or lost."""
    invoice_url: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """What Stripe tells: in a webhook with a good signature, or when asked for it."""

    id: str
    type: str
    about: dict[str, Any]
    """The object as it was when the event was made."""
    created: int = 0
    """Unix time; 0 where it does not matter."""


@dataclass(frozen=True, slots=True)
class _Secrets:
    secret_key: str
    webhook_secrets: tuple[str, ...]


def create_checkout(
    purchase_id: str,
    *,
    user_id: str,
    email: str,
    price_id: str,
    success_url: str,
    cancel_url: str,
    expires_epoch: int,
) -> Checkout:
    """Open a checkout session for one piece of a price. The same purchase gets the same session within a day.

    Raises:
        PaymentsUnavailable: Stripe does not answer, or refuses.
    """
    metadata = {"stage": settings().stage, "purchase": purchase_id, "user": user_id}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price": price_id, "quantity": 1}],
        "client_reference_id": user_id,
        "customer_email": email,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "invoice_creation": {"enabled": True, "invoice_data": {"metadata": metadata}},
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": expires_epoch,
    }
    with _translated():
        created = _client().v1.checkout.sessions.create(
            params=params, options={"idempotency_key": f"purchase-{purchase_id}"}
        )
    session = created.to_dict()
    return Checkout(
        session["id"], session["url"] or "", _without_taxes(session), session["currency"], session["livemode"]
    )


def expire_checkout(session_id: str) -> None:
    """Close a checkout session that nobody may pay.

    Raises:
        PaymentsUnavailable: Stripe does not answer, or refuses: it may be closed already.
    """
    with _translated():
        _client().v1.checkout.sessions.expire(session_id)


def payment(session_id: str) -> Payment | None:
    """What became of a checkout session; None when it is not of this stage, whatever else it is.

    Raises:
        NotFound: Stripe knows no such session.
        PaymentsUnavailable: Stripe does not answer, or refuses.
    """
    with _translated(asked_for_one=True):
        session = _client().v1.checkout.sessions.retrieve(session_id, params={"expand": list(_OF_SESSION)})
    return payment_in(session.to_dict())


def payment_in(session: dict[str, Any]) -> Payment | None:
    """What a session tells, as Stripe gave it; None when it is not of this stage: then it may lack all that ours have.

    Raises:
        PaymentsUnavailable: it is disputed, and Stripe does not say by how much.
    """
    metadata = session.get("metadata") or {}
    if metadata.get("stage") != settings().stage:
        return None
    intent = session.get("payment_intent") or {}
    charge = intent.get("latest_charge") or {}
    return Payment(
        session_id=session["id"],
        purchase_id=metadata.get("purchase"),
        user_id=session.get("client_reference_id"),
        livemode=session["livemode"],
        status=session["status"],
        paid=session["payment_status"] == "paid",
        failed=session["status"] == "complete" and intent.get("status") in ("requires_payment_method", "canceled"),
        lines=tuple(Line(line["price"]["id"], line["quantity"]) for line in session["line_items"]["data"]),
        amount=_without_taxes(session),
        currency=session["currency"],
        charged=charge.get("amount", 0),
        refunded=charge.get("amount_refunded", 0),
        disputed=_disputed(intent["id"], charge) if charge.get("disputed") else 0,
        invoice_url=(session.get("invoice") or {}).get("hosted_invoice_url"),
    )


def session_of(payment_intent: str) -> str | None:
    """The checkout session that a payment was made in, if it was.

    Raises:
        NotFound: Stripe knows no such payment.
        PaymentsUnavailable: Stripe does not answer, or refuses.
    """
    with _translated(asked_for_one=True):
        found = _client().v1.checkout.sessions.list(params={"payment_intent": payment_intent, "limit": 1})
    return found.data[0].id if found.data else None


def completed_since(epoch: int) -> Iterator[dict[str, Any]]:
    """Checkout sessions created since that their payers have completed, newest first; `payment_in` reads them."""
    with _translated():
        for session in (
            _client()
            .v1.checkout.sessions.list(
                params={
                    "created": {"gte": epoch},
                    "status": "complete",
                    "expand": [f"data.{name}" for name in _OF_SESSION],
                    "limit": SESSIONS_PAGE,
                }
            )
            .auto_paging_iter()
        ):
            yield session.to_dict()


def events_since(epoch: int) -> Iterator[Event]:
    """Events of the types we follow since then, newest first, whether or not a webhook told of them.

    Stripe keeps them for 30 days.
    """
    with _translated():
        for event in (
            _client()
            .v1.events.list(params={"created": {"gte": epoch}, "types": list(EVENTS), "limit": PAGE})
            .auto_paging_iter()
        ):
            told = event.to_dict()
            yield Event(told["id"], told["type"], told["data"]["object"], told["created"])


def verified(body: bytes, signature: str) -> Event:
    """The event in a webhook's body, exactly as it was sent.

    Raises:
        BadSignature: signed with none of our secrets, or too long ago, or in the future.
        MalformedRequest: well signed, but not an event.
    """
    fields = [field.partition("=") for field in signature.split(",")]
    times = [value for name, _, value in fields if name.strip() == "t"]
    given = [value for name, _, value in fields if name.strip() == "v1"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        raise BadSignature("The Stripe-Signature header has no time.")
    if abs(clock.epoch() - int(times[0])) > SIGNATURE_SECONDS:
        raise BadSignature("The signature is not from the last five minutes.")
    signed = f"{times[0]}.".encode() + body
    wanted = [hmac.new(s.encode(), signed, hashlib.sha256).hexdigest() for s in _secrets().webhook_secrets if s]
    if not any(hmac.compare_digest(w.encode(), g.encode()) for w in wanted for g in given):
        raise BadSignature("The signature belongs to none of our secrets.")
    try:
        event = json.loads(body)
        return Event(str(event["id"]), str(event["type"]), dict(event["data"]["object"]))
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise MalformedRequest("The body is not an event.") from error


def is_live() -> bool:
    """Whether our key moves real money."""
    return not _secrets().secret_key.startswith(_TEST_KEYS)


def _without_taxes(session: dict[str, Any]) -> int:
    """Cents that a session asks for what it sells."""
    return int(session["amount_total"]) - int((session.get("total_details") or {}).get("amount_tax", 0))


def _disputed(payment_intent: str, charge: dict[str, Any]) -> int:
    """Cents of a charge in disputes that are open or lost; one in another currency counts as all of it."""
    with _translated():
        disputes = _client().v1.disputes.list(params={"payment_intent": payment_intent, "limit": PAGE}).data
    return sum(
        dispute.amount if dispute.currency == charge["currency"] else charge["amount"]
        for dispute in disputes
        if dispute.status not in _RESOLVED_DISPUTES and not dispute.status.startswith(_INQUIRY)
    )


@contextmanager
def _translated(*, asked_for_one: bool = False) -> Iterator[None]:
    """Stripe's errors as ours. Details go to the log: they may name internals.

    Args:
        asked_for_one: whether what Stripe may not know is what was asked for. Otherwise it is something that we have
            configured, such as a price of the other mode, and a fault of ours.
    """
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        if asked_for_one and error.code == "resource_missing":
            raise NotFound from error
        logger.error("stripe refused", extra={"kind": type(error).__name__, "why": str(error), "code": error.code})
        raise PaymentsUnavailable from error


def _client() -> StripeClient:
    return _client_of(_secrets().secret_key, settings().stripe_api_base)


@cache
def _client_of(secret_key: str, base: str) -> StripeClient:
    import stripe

    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        max_network_retries=MAX_RETRIES,  # its own default here is none
        base_addresses={"api": base} if base else None,
        http_client=_transport(),
    )


def _transport() -> HTTPClient:
    """What carries the requests; tests put Stripe's stand-in here without a network."""
    import stripe

    return stripe.RequestsClient(timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS))


def _secrets() -> _Secrets:
    return _secrets_of(int(time.monotonic() // SECRETS_SECONDS))


@cache
def _secrets_of(period: int) -> _Secrets:  # noqa: ARG001  # a new period reads anew
    secrets = aws.client("secretsmanager")
    try:
        told = json.loads(secrets.get_secret_value(SecretId=settings().stripe_secret_arn)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException as error:
        logger.error("the secret with Stripe's keys has no value yet")
        raise PaymentsUnavailable from error
    if settings().stage == "prod" and told["secretKey"].startswith(_TEST_KEYS):
        logger.error("Stripe's key is of its test mode, in which anybody pays with play money")
        raise PaymentsUnavailable
    return _Secrets(told["secretKey"], tuple(told["webhookSecrets"]))
