"""Purchases: credits for money. Whatever tells of a payment, one function makes our books agree with Stripe's.

`fulfil` serves the webhook, the page after the payment and the nightly reconciliation alike. It takes no word for
anything: it reads what Stripe says *now* and writes what follows. Duplicates, disorder and lost events therefore end in
the same books.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from studio import accounts, clock, credits, events, ids, limits, outbox, requests, stripe_api
from studio.errors import (
    AlreadyExists,
    CheckoutExpired,
    Conflict,
    Fault,
    InvalidOrder,
    NotFound,
    PaymentsUnavailable,
    StudioError,
)
from studio.outages import is_outage
from studio.packages import Package
from studio.requests import Asked
from studio.settings import settings
from studio.stripe_api import Checkout, Event, Line, Payment
from studio.tables import PaymentEvent, Purchase, Transaction, User, retried, transaction
from studio.telemetry import CREDITS_SOLD, PURCHASES_TO_REVIEW, logger, measure

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

PURCHASE_ID = re.compile(r"pur_[0-9a-z]{26}")
CHECKOUT_SECONDS = 3600  # Stripe takes 30 minutes to a day; a retry of ours comes well before the half hour is over
CREATE_SECONDS = 1500
FOLLOWED = ("charge.refund", "charge.dispute.", "refund.", "radar.early_fraud_warning.")
FRAUD_WARNING = "radar.early_fraud_warning.created"
EVENT_RECORD_SECONDS = 90 * 24 * 3600
SESSIONS_SECONDS = 4 * 24 * 3600  # Stripe repeats a webhook for three days
EVENTS_SECONDS = 7 * 24 * 3600  # one night is enough; a week leaves people time to mend what stopped the nights before
EVENTS_AT_ONCE = 100  # as many as DynamoDB reads in one call
PATIENCE_SECONDS = 3600  # webhooks take seconds; one that is repeated once or twice is no silence yet
NIGHT_SECONDS = 24 * 3600  # what is silent counts in one night, though Stripe lists it for days


class PurchaseStatus(StrEnum):
    """Where a purchase stands. Not a one-way street: refunds fail and disputes are won."""

    OPEN = "open"
    PROCESSING = "processing"
    PAID = "paid"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    FAILED = "failed"
    EXPIRED = "expired"
    REVIEW = "review"


_UNDECIDED = (PurchaseStatus.OPEN.value, PurchaseStatus.PROCESSING.value)


@dataclass(frozen=True, slots=True)
class Started:
    """A purchase that can be paid for, and whether an earlier request with the same key had made it."""

    purchase: Purchase
    replayed: bool


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconciliation went through."""

    sessions: int
    events: int
    """Those that nobody had followed."""
    failed: int
    """Of both, those that could not be followed now."""
    untold: int
    """Events about our purchases of the day up to an hour ago that no webhook has told of."""
    reviews: int
    """Purchases that wait for people."""


def begin(user_id: str, package: Package, *, success_url: str, cancel_url: str, key: str | None = None) -> Started:
    """Open a checkout for a package. The purchase is written first, so that no payment is without one.

    Args:
        success_url, cancel_url: where Stripe sends the payer; `purchase=<id>` is added to both.
        key: the caller's Idempotency-Key; a repeat within a day answers with the first purchase.
    Raises:
        InvalidOrder: an address is not on one of our pages.
        KeyReused: the same key came with another body.
        TooManyRequests: the user's quota of checkouts is used up.
        CheckoutExpired: the key's purchase can no longer be paid for.
        PaymentsUnavailable: Stripe did not open the checkout; repeating with the same key goes on where this stopped.
    """
    _require_ours(successUrl=success_url, cancelUrl=cancel_url)
    asked = None if key is None else Asked.of(user_id, key, "checkout", package.name, success_url, cancel_url)
    if asked and (earlier := _earlier(asked)):
        return Started(_with_checkout(earlier.id), replayed=True)
    limits.take(limits.CHECKOUTS, user_id)
    purchase = _new(user_id, package, success_url, cancel_url)
    try:
        _create(purchase, asked)
    except (AlreadyExists, PynamoDBException):
        if asked and (twin := _earlier(asked)) and twin.id != purchase.id:  # another of these requests was faster
            return Started(_with_checkout(twin.id), replayed=True)
        if find(purchase.id) is None:  # otherwise a try whose answer was lost had made it
            raise
    logger.info("purchase begun", extra={"purchase": purchase.id, "package": package.name})
    return Started(_with_checkout(purchase.id), replayed=False)


def get(user_id: str, purchase_id: str) -> Purchase:
    """The user's purchase as Stripe has it now; the page after a payment needs no webhook to have come.

    Raises:
        NotFound: no such purchase, or another user's.
    """
    purchase = find(purchase_id)
    if purchase is None or purchase.user_id != user_id:
        raise NotFound("There is no such purchase.")
    if not purchase.session_id or (purchase.status not in _UNDECIDED and purchase.invoice_url):
        return purchase
    try:
        limits.take(limits.PAYMENT_LOOKS, user_id)
        return _settled(purchase.id, purchase.session_id)
    except Exception as error:
        if not isinstance(error, StudioError) and not is_outage(error):
            raise
        # What we know is an answer too, and a payment that is being followed may have been credited by now.
        logger.warning("purchase shown as stored", extra={"purchase": purchase.id, "why": repr(error)})
        return purchase


def find(purchase_id: str) -> Purchase | None:
    """The purchase whoever owns it, read consistently."""
    if not PURCHASE_ID.fullmatch(purchase_id):
        return None
    try:
        return Purchase.get(purchase_id, consistent_read=True)
    except DoesNotExist:
        return None


def standing(purchase: Purchase) -> PurchaseStatus:
    """The status as its owner sees it."""
    if purchase.problems:
        return PurchaseStatus.REVIEW
    if not purchase.session_id and purchase.expires_epoch < clock.epoch():
        return PurchaseStatus.EXPIRED  # Stripe never heard of it
    return PurchaseStatus(purchase.status)


def invoice_urls(purchase_ids: set[str]) -> dict[str, str]:
    """Hosted invoices of purchases, of those that have one."""
    return {row.id: row.invoice_url for row in Purchase.batch_get(sorted(purchase_ids)) if row.invoice_url}


def hear(event: Event, *, webhook: bool = True) -> Purchase | None:
    """Act on one event of Stripe. It only says where to look; None when it is about nothing of ours.

    Args:
        webhook: whether Stripe sent it, and not we asked for it.
    Raises:
        PaymentsUnavailable: Stripe does not answer, or does not know what it tells of: our key sees something else.
        Busy: too many writers at once; nothing was changed.
    """
    try:
        session_id = _session_of(event)
        purchase = fulfil(session_id) if session_id else None
    except NotFound as error:
        if (event.about.get("metadata") or {}).get("stage") == settings().stage:
            logger.error("stripe does not know what it told of", extra={"event": event.id, "type": event.type})
            raise PaymentsUnavailable from error
        purchase = None  # somebody else's; asking again would not find it either
    if purchase and event.type == FRAUD_WARNING:
        _flag(purchase.id, f"{session_id}: the card's owner may not know of this payment")
    about = str(event.about.get("id", ""))
    PaymentEvent(
        event.id,
        type=event.type,
        about=about,
        outcome="followed" if purchase else "ignored",
        asked=None if webhook else True,
        received_at=clock.iso(clock.now()),
        expires_at=clock.from_epoch(clock.epoch() + EVENT_RECORD_SECONDS),
    ).save()
    logger.info("stripe event", extra={"event": event.id, "type": event.type, "about": about})
    return purchase


def fulfil(session_id: str) -> Purchase | None:
    """Make the purchase of a checkout session what Stripe says it is; None when the session is not one of ours.

    Credits come once, when the session is paid and is exactly what was offered. Refunded and disputed money takes its
    share of them back, and brings it again when a refund fails or a dispute is won.

    Raises:
        NotFound: Stripe knows no such session.
        PaymentsUnavailable: Stripe does not answer.
        Busy: too many writers at once; nothing was changed.
    """
    payment = stripe_api.payment(session_id)
    purchase = _ours(payment) if payment else None
    return _settled(purchase.id, session_id) if purchase else None


@retried
def resolve(purchase_id: str, *, operator: str, reason: str) -> Purchase:
    """End the review of a purchase; who did, when and why stays on it, and the same problems are not raised again.

    Credits stay as they are: whoever looked at it has refunded or granted what was due.

    Raises:
        NotFound: no such purchase, or nothing of it is under review.
    """
    purchase = _known(purchase_id)
    if not purchase.problems:
        raise NotFound("Nothing of this purchase is under review.")
    ended = {"operator": operator, "reason": reason, "at": clock.iso(clock.now())}
    reviews = [{"problem": problem} | ended for problem in purchase.problems]
    with _change(purchase, {"problem": None, "reviews": [*(purchase.reviews or []), *reviews]}):
        pass
    logger.info("review ended", extra={"purchase": purchase.id, "problems": purchase.problems, **ended})
    return _known(purchase_id)


def reconcile() -> Reconciled:
    """Go through the events and the completed sessions of the last days; one that fails holds up no other.

    Events come first: they tell of everything that happens to a payment, however long ago it was begun. Sessions are
    for what they may have left, and cost nothing where Stripe lists what we have.
    """
    night = range(clock.epoch() - PATIENCE_SECONDS - NIGHT_SECONDS, clock.epoch() - PATIENCE_SECONDS)
    sessions = events_heard = failed = untold = 0
    for event, record in _recorded(stripe_api.events_since(clock.epoch() - EVENTS_SECONDS)):
        try:
            if record is None or not _done(record):
                events_heard += 1
                silent = hear(event, webhook=False) is not None
            else:
                silent = bool(record.asked) and record.outcome == "followed"
            untold += silent and event.created in night
        except Exception:
            logger.exception("event could not be followed", extra={"event": event.id})
            failed += 1
    for session in stripe_api.completed_since(clock.epoch() - SESSIONS_SECONDS):
        try:
            if payment := stripe_api.payment_in(session):
                sessions += 1
                _compare(payment)
        except Exception:
            logger.exception("session could not be reconciled", extra={"session": session["id"]})
            failed += 1
    return Reconciled(sessions, events_heard, failed, untold, _under_review())


# ---- Beginning -------------------------------------------------------------------------------------------------------


def _earlier(asked: Asked) -> Purchase | None:
    purchase_id = requests.made_before(asked)
    return find(purchase_id) if purchase_id else None


@retried
def _create(purchase: Purchase, asked: Asked | None) -> None:
    with transaction() as tx:
        tx.create(purchase, condition=Purchase.id.does_not_exist(), otherwise=AlreadyExists("this purchase exists"))
        if asked:
            requests.remember(tx, asked, purchase.id)


@retried
def _with_checkout(purchase_id: str) -> Purchase:
    """The purchase with its checkout session, opened now if it has none."""
    purchase = _known(purchase_id)
    if purchase.checkout_url:
        if _is_over(purchase):
            raise CheckoutExpired
        return purchase
    if clock.epoch() > purchase.expires_epoch - CHECKOUT_SECONDS + CREATE_SECONDS:
        raise CheckoutExpired
    checkout = stripe_api.create_checkout(
        purchase.id,
        user_id=purchase.user_id,
        email=accounts.profile(purchase.user_id).email,
        price_id=purchase.price_id,
        success_url=purchase.success_url,
        cancel_url=purchase.cancel_url,
        expires_epoch=int(purchase.expires_epoch),
    )
    _require_as_offered(purchase, checkout)
    with _change(purchase, {"session_id": checkout.id, "checkout_url": checkout.url}):
        pass
    return _known(purchase_id)


def _is_over(purchase: Purchase) -> bool:
    """Whether nobody has paid and nobody can any more, by Stripe's word or by the clock."""
    late = purchase.status == PurchaseStatus.OPEN and purchase.expires_epoch <= clock.epoch()
    return late or purchase.status == PurchaseStatus.EXPIRED


def _require_as_offered(purchase: Purchase, checkout: Checkout) -> None:
    """Let nobody pay a checkout that asks for something else than was offered: a price at Stripe is not ours.

    Raises:
        PaymentsUnavailable: it does; the session is closed, and nobody has its address.
    """
    checks: dict[str, tuple[object, object]] = {
        "amount": (checkout.amount, int(purchase.amount)),
        "currency": (checkout.currency, purchase.currency),
        "livemode": (checkout.livemode, stripe_api.is_live()),
    }
    if wrong := _differences(checks):
        told = {"purchase": purchase.id, "session": checkout.id, "price": purchase.price_id, "wrong": wrong}
        logger.error("checkout is not what was offered", extra=told)
        stripe_api.expire_checkout(checkout.id)
        raise PaymentsUnavailable


def _new(user_id: str, package: Package, success_url: str, cancel_url: str) -> Purchase:
    purchase_id = ids.new("pur")
    return Purchase(
        purchase_id,
        user_id=user_id,
        package=package.name,
        credits=package.credits,
        amount=package.amount,
        currency=package.currency,
        price_id=package.price_id,
        success_url=_naming(purchase_id, success_url),
        cancel_url=_naming(purchase_id, cancel_url),
        status=PurchaseStatus.OPEN.value,
        expires_epoch=clock.epoch() + CHECKOUT_SECONDS,
        created_at=clock.iso(clock.now()),
    )


def _require_ours(**urls: str) -> None:
    """Refuse addresses outside our pages: a checkout must not become a way to send payers anywhere."""
    allowed = {origin.strip() for origin in settings().redirect_origins.split(",")}
    faults = tuple(
        Fault(f"/{name}", "must be an address of the studio's page: " + ", ".join(sorted(allowed)))
        for name, url in urls.items()
        if not _plain(url) or _origin(url) not in allowed
    )
    if faults:
        raise InvalidOrder(faults=faults)


def _plain(url: str) -> bool:
    """Only characters that every parser of addresses reads alike."""
    return url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`|')


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _naming(purchase_id: str, url: str) -> str:
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}purchase={purchase_id}{mark}{fragment}"


# ---- Following Stripe ------------------------------------------------------------------------------------------------


def _session_of(event: Event) -> str | None:
    """The checkout session an event is about."""
    if event.type.startswith("checkout.session."):
        return str(event.about["id"])
    if event.type == "invoice.paid":
        purchase = find(str((event.about.get("metadata") or {}).get("purchase")))
        return purchase.session_id if purchase else None
    if event.type.startswith(FOLLOWED) and event.about.get("payment_intent"):
        return stripe_api.session_of(str(event.about["payment_intent"]))
    return None


def _ours(payment: Payment) -> Purchase | None:
    """The purchase that a session is of, as it is stored; None when there is none."""
    purchase = find(payment.purchase_id or "")
    if purchase is None:
        told = {"session": payment.session_id, "purchase": payment.purchase_id}
        logger.warning("session of somebody else", extra=told)
    return purchase


def _recorded(events: Iterator[Event]) -> Iterator[tuple[Event, PaymentEvent | None]]:
    """Each event with what is on record of it."""
    while some := list(islice(events, EVENTS_AT_ONCE)):
        ids_of_some = list(dict.fromkeys(event.id for event in some))
        known = {record.id: record for record in PaymentEvent.batch_get(ids_of_some, consistent_read=True)}
        yield from ((event, known.get(event.id)) for event in some)


def _done(record: PaymentEvent) -> bool:
    """Whether an event needs no other look. What was ignored gets one more: Stripe may have been wrong, or our key."""
    return record.outcome == "followed" or bool(record.asked)


def _compare(payment: Payment) -> None:
    """Settle a listed session unless the purchase is as Stripe lists it.

    The list is older than the purchase that is read here, so nothing is written on its word. Nor is anything where
    both agree: who acts on an answer from before is overtaken by the event of what changed since (`_step`).
    """
    purchase = _ours(payment)
    if purchase and (_mismatch(purchase, payment) or _wanted(purchase, payment)[0]):
        _settled(purchase.id, payment.session_id)


def _under_review() -> int:
    """How many purchases wait for people. A scan is right once a night; few rows leave it."""
    return len(list(Purchase.scan(Purchase.problem.exists(), attributes_to_get=["id"])))


def _settled(purchase_id: str, session_id: str) -> Purchase:
    while not _step(purchase_id, session_id):
        pass  # credits that came and went at once are two entries, so two steps
    return _known(purchase_id)


@retried
def _step(purchase_id: str, session_id: str) -> bool:
    """One transaction towards what Stripe says; whether nothing is left to do.

    The purchase is read before Stripe is asked, and written only if it is still the same; it is written even where
    nothing changes. So whoever writes has asked Stripe after everybody who wrote before, and no answer that was
    overtaken gets in.
    """
    purchase = _known(purchase_id)
    payment = stripe_api.payment(session_id)
    if payment is None:  # its metadata were taken away meanwhile
        return True
    if problem := _mismatch(purchase, payment):
        if payment.status != "expired":  # which nobody can pay, and of which we refused to give the address
            _flag(purchase.id, problem)
        return True
    changes, money = _wanted(purchase, payment)
    if "granted" in changes and not accounts.exists(purchase.user_id):
        _flag(purchase.id, f"{session_id}: paid after the account was closed; refund it")
        return True
    with _change(purchase, changes) as tx:
        whose: dict[str, Any] = {"session_id": session_id, "purchase_id": purchase.id}
        if "granted" in changes:
            closed = Conflict("the account was closed meanwhile")
            tx.require(User, purchase.user_id, condition=User.id.exists(), otherwise=closed)
            credits.purchase(tx, purchase.user_id, money, **whose)
        elif money:
            credits.correct(tx, purchase.user_id, money, number=changes["corrections"], **whose)
    if changes:
        logger.info("purchase changed", extra={"purchase": purchase.id, "credits": money} | changes)
    if money:
        measure(CREDITS_SOLD, money)
    return "granted" not in changes or _taken_back(purchase, payment) == 0


def _wanted(purchase: Purchase, payment: Payment) -> tuple[dict[str, Any], int]:
    """What is to be written, and by how many credits the balance moves: the grant first, then its correction."""
    now: dict[str, Any] = {
        "session_id": payment.session_id,
        "invoice_url": payment.invoice_url or purchase.invoice_url,
        "status": _status(purchase, payment).value,
    }
    money = 0
    if payment.paid and not purchase.granted:
        money = int(purchase.credits)
        now |= {"granted": money, "paid_at": clock.iso(clock.now())}
    elif purchase.granted and (revoked := _taken_back(purchase, payment)) != purchase.revoked:
        money = int(purchase.revoked) - revoked
        now |= {"revoked": revoked, "corrections": int(purchase.corrections) + 1}
    return {name: value for name, value in now.items() if getattr(purchase, name) != value}, money


def _taken_back(purchase: Purchase, payment: Payment) -> int:
    """Credits whose money is refunded or disputed: their share rounded down, at most what was granted."""
    if not payment.charged:
        return 0
    lost = min(payment.refunded + payment.disputed, payment.charged)
    return int(purchase.credits) * lost // payment.charged


def _status(purchase: Purchase, payment: Payment) -> PurchaseStatus:
    if payment.paid:
        if payment.disputed:
            return PurchaseStatus.DISPUTED
        return PurchaseStatus.REFUNDED if _taken_back(purchase, payment) == purchase.credits else PurchaseStatus.PAID
    if payment.status == "complete":
        return PurchaseStatus.FAILED if payment.failed else PurchaseStatus.PROCESSING
    return PurchaseStatus.EXPIRED if payment.status == "expired" else PurchaseStatus.OPEN


def _mismatch(purchase: Purchase, payment: Payment) -> str | None:
    """What in a session is not as it was offered; None when all is."""
    checks: dict[str, tuple[object, object]] = {
        "session": (payment.session_id, purchase.session_id or payment.session_id),
        "purchase": (payment.purchase_id, purchase.id),
        "user": (payment.user_id, purchase.user_id),
        "price": (payment.lines, (Line(purchase.price_id, 1),)),
        "amount": (payment.amount, int(purchase.amount)),
        "currency": (payment.currency, purchase.currency),
        "livemode": (payment.livemode, stripe_api.is_live()),
    }
    wrong = _differences(checks)
    return f"{payment.session_id}: {wrong}" if wrong else None


def _differences(checks: dict[str, tuple[object, object]]) -> str:
    """What was found instead of what was offered, by name; empty where all agrees."""
    wrong = {name: pair for name, pair in checks.items() if pair[0] != pair[1]}
    return "; ".join(f"{name} is {found}, not {offered}" for name, (found, offered) in wrong.items())


@retried
def _flag(purchase_id: str, problem: str) -> None:
    """Mark a purchase for people to look at, and tell them; credits stay as they are."""
    purchase = _known(purchase_id)
    problem = " ".join(problem.split())
    dealt_with = [review["problem"] for review in purchase.reviews or []]
    if problem in (*purchase.problems, *dealt_with):
        return
    logger.error("purchase needs review", extra={"purchase": purchase.id, "problem": problem})
    with _change(purchase, {"problem": "\n".join([*purchase.problems, problem])}) as tx:
        news = outbox.queue(
            tx,
            "bus",
            json.dumps({"purchaseId": purchase.id, "userId": purchase.user_id, "problem": problem}),
            source=events.PURCHASES_SOURCE,
            detail_type=events.PURCHASE_NEEDS_REVIEW,
            row_id=f"review:{purchase.id}:{int(purchase.version)}",
        )
    measure(PURCHASES_TO_REVIEW, 1)
    outbox.send(news)


def _known(purchase_id: str) -> Purchase:
    purchase = find(purchase_id)
    if purchase is None:
        raise NotFound("There is no such purchase.")
    return purchase


@contextmanager
def _change(purchase: Purchase, changes: dict[str, Any]) -> Iterator[Transaction]:
    """A transaction that changes the purchase if it is still as it was read, together with what the block adds.

    Raises:
        Conflict: it is not, or a try of ours whose answer was lost has done this; reading again tells.
    """
    try:
        with transaction() as tx:
            yield tx
            tx.change(
                Purchase(purchase.id),
                [_action(name, value) for name, value in changes.items()] + [Purchase.version.add(1)],
                condition=Purchase.version == purchase.version,
                otherwise=Conflict("the purchase moved on"),
            )
    except AlreadyExists as done:
        raise Conflict("this was done before") from done


def _action(name: str, value: Any) -> Action:
    attribute = getattr(Purchase, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action
