"""Credits for money: once per payment, taken back with the money, whatever Stripe tells and when."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from infra.local.stack import ROOT
from infra.local.stripe import MAX_TYPES
from studio import (
    accounts,
    clock,
    credits,
    jobs,
    limits,
    packages,
    purchases,
    requests,
    signing_keys,
    stripe_api,
    telemetry,
)
from studio.errors import (
    Busy,
    CheckoutExpired,
    InsufficientCredits,
    InvalidOrder,
    KeyReused,
    NotFound,
    PaymentsUnavailable,
    TooManyRequests,
)
from studio.settings import settings
from studio.stripe_api import Event
from studio.tables import PaymentEvent, Purchase
from tests.integration.conftest import PASSWORD, Customer, Studio, _make_resources
from tests.integration.payments import PAGE, Till, connected


def kinds(studio: Studio, user: Customer) -> list[str]:
    return [entry.kind for entry in studio.ledger(user)]


def assert_books_balance(studio: Studio, user: Customer, purchase: Purchase) -> None:
    """The balance is the sum of the entries, and the purchase says what its entries say."""
    entries = studio.ledger(user)
    running = 0
    for number, entry in enumerate(entries, start=1):
        running += int(entry.amount)
        assert (entry.number, entry.balance_after) == (number, running)
    assert user.balance() == running
    now = stored(purchase)
    of_purchase = [entry for entry in entries if entry.purchase_id == purchase.id]
    assert sum(entry.amount for entry in of_purchase) == now.granted - now.revoked
    assert [entry.kind for entry in of_purchase].count("purchase") <= 1
    assert 0 <= now.revoked <= now.granted <= now.credits


def stored(purchase: Purchase) -> Purchase:
    found = purchases.find(purchase.id)
    assert found is not None
    return found


@pytest.fixture
def bought(studio, till) -> tuple[Customer, Purchase]:
    """A user who has paid for Starter, and the purchase."""
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    till.deliver()
    assert user.balance() == 150
    return user, purchase


# ---- Beginning -------------------------------------------------------------------------------------------------------


def test_a_checkout_offers_one_piece_of_the_configured_price_and_names_its_purchase_everywhere(studio, till):
    user = studio.user()
    purchase = till.begin(user.id, "pro")
    session = till.session(purchase)
    assert [(line["price"]["id"], line["quantity"]) for line in session["line_items"]["data"]] == [("price_pro", 1)]
    whose = {"stage": "dev", "purchase": purchase.id, "user": user.id}
    assert session["metadata"] == session["payment_intent_data"]["metadata"] == whose
    assert session["invoice_creation"]["invoice_data"]["metadata"] == whose
    assert (session["client_reference_id"], session["customer_email"]) == (user.id, "user1@example.com")
    assert session["success_url"] == f"{PAGE}paid?purchase={purchase.id}"
    assert user.balance() == 50


def test_prices_of_the_stand_in_are_those_of_the_catalogue(till):
    offered = {package.price_id: package.amount for package in packages.PACKAGES.values()}
    assert offered == {name: price["unit_amount"] for name, price in till.standin.books["prices"].items()}


def test_the_same_key_gives_the_same_checkout(studio, till):
    user = studio.user()
    first, second = till.begin(user.id, key="k"), till.begin(user.id, key="k")
    assert (first.id, first.checkout_url) == (second.id, second.checkout_url)
    assert len(till.standin.books["checkout/sessions"]) == 1
    with pytest.raises(KeyReused):
        till.begin(user.id, "pro", key="k")


def test_a_checkout_that_stripe_did_not_answer_goes_on_with_the_same_key(studio, till, monkeypatch):
    user = studio.user()
    with monkeypatch.context() as away:
        away.setattr(till.wire, "request", lambda *_, **__: ("{}", 500, {"stripe-should-retry": "false"}))
        with pytest.raises(PaymentsUnavailable):
            till.begin(user.id, key="k")
    assert Purchase.count() == 1
    assert till.begin(user.id, key="k").checkout_url
    assert Purchase.count() == 1


def test_a_checkout_whose_answer_was_lost_is_not_opened_twice(studio, till, monkeypatch):
    user = studio.user()
    send = till.wire.request

    def lost(*args: Any, **kwargs: Any) -> Any:
        send(*args, **kwargs)
        return "{}", 500, {"stripe-should-retry": "false"}

    with monkeypatch.context() as away:
        away.setattr(till.wire, "request", lost)
        with pytest.raises(PaymentsUnavailable):
            till.begin(user.id, key="k")
    till.begin(user.id, key="k")
    assert len(till.standin.books["checkout/sessions"]) == 1


def test_a_key_that_comes_too_late_for_its_checkout_says_so(studio, till, monkeypatch):
    user = studio.user()
    with monkeypatch.context() as away:
        away.setattr(till.wire, "request", lambda *_, **__: ("{}", 500, {"stripe-should-retry": "false"}))
        with pytest.raises(PaymentsUnavailable):
            till.begin(user.id, key="k")
    later = clock.epoch() + purchases.CREATE_SECONDS + 1
    monkeypatch.setattr(clock, "epoch", lambda: later)
    with pytest.raises(CheckoutExpired):
        till.begin(user.id, key="k")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://localhost:3000.evil.example/",
        "http://localhost:3000@evil.example/",
        "http://evil.example\\@localhost:3000/",
        "http://localhost:3000\\.evil.example/",
        "http://localhost:30000/",
        "https://localhost:3000/",
        "//localhost:3000/",
        "javascript:alert(1)//http://localhost:3000",
        "http://localhost:3000/\nSet-Cookie: x",
        "http://local\thost:3000/",
        "http://lоcalhost:3000/",
        "http://[/",
        "",
    ],
)  # fmt: skip
def test_payers_are_only_sent_back_to_our_own_pages(studio, till, url):
    user = studio.user()
    for addresses in ({"success_url": url, "cancel_url": PAGE}, {"success_url": PAGE, "cancel_url": url}):
        with pytest.raises(InvalidOrder):
            purchases.begin(user.id, packages.named("starter"), **addresses)
    assert Purchase.count() == 0


def test_the_purchase_is_named_before_the_fragment_of_an_address(studio, till):
    purchase = purchases.begin(
        studio.user().id, packages.named("starter"), success_url=f"{PAGE}?a=b#c", cancel_url=f"{PAGE}#/paid"
    ).purchase
    assert purchase.success_url == f"{PAGE}?a=b&purchase={purchase.id}#c"
    assert purchase.cancel_url == f"{PAGE}?purchase={purchase.id}#/paid"


def test_checkouts_have_a_quota(studio, till):
    user = studio.user()
    for _ in range(20):
        till.begin(user.id)
    with pytest.raises(TooManyRequests):
        till.begin(user.id)


def test_a_key_whose_checkout_has_expired_says_so_and_gives_no_dead_address(studio, till, monkeypatch):
    user = studio.user()
    closed, late, paid = (till.begin(user.id, key=key) for key in ("closed", "late", "paid"))
    till.standin.expire(closed.session_id)
    till.standin.pay(paid.session_id)
    till.deliver()
    with pytest.raises(CheckoutExpired):
        till.begin(user.id, key="closed")
    assert till.begin(user.id, key="late").checkout_url == late.checkout_url
    later = clock.epoch() + purchases.CHECKOUT_SECONDS
    monkeypatch.setattr(clock, "epoch", lambda: later)
    with pytest.raises(CheckoutExpired):
        till.begin(user.id, key="late")
    assert till.begin(user.id, key="paid").checkout_url == paid.checkout_url


def errors_logged(monkeypatch) -> list[str]:
    """What goes to the log as errors from now on."""
    told: list[str] = []
    for module in (stripe_api, purchases):
        monkeypatch.setattr(module.logger, "error", lambda message, **_: told.append(message))
    return told


def test_a_price_that_stripe_does_not_know_is_our_fault_and_no_404(studio, till, monkeypatch):
    monkeypatch.setenv("STARTER_PRICE", "price_of_the_other_mode")
    settings.cache_clear()
    told = errors_logged(monkeypatch)
    with pytest.raises(PaymentsUnavailable):
        till.begin(studio.user().id)
    assert told == ["stripe refused"]


def test_a_checkout_at_another_price_than_ours_is_closed_before_anybody_has_its_address(studio, till, monkeypatch):
    user = studio.user()
    monkeypatch.setenv("STARTER_PRICE", "price_pro")
    settings.cache_clear()
    told = errors_logged(monkeypatch)
    for _ in range(2):
        with pytest.raises(PaymentsUnavailable):
            till.begin(user.id, key="k")
    assert told[0] == "checkout is not what was offered"
    (session,) = till.standin.books["checkout/sessions"].values()
    (purchase,) = Purchase.scan()
    till.deliver()
    assert (session["status"], stored(purchase).checkout_url, stored(purchase).problems) == ("expired", None, [])
    assert purchases.reconcile().reviews == 0


def test_prod_takes_no_key_of_the_test_mode(studio, till, monkeypatch):
    user = studio.user()
    monkeypatch.setenv("STAGE", "prod")
    settings.cache_clear()
    told = errors_logged(monkeypatch)
    with pytest.raises(PaymentsUnavailable):
        till.begin(user.id)
    assert "test mode" in told[0]
    assert till.standin.books["checkout/sessions"] == {}


# ---- Paid ------------------------------------------------------------------------------------------------------------


def test_a_paid_checkout_adds_its_credits_once(studio, till, bought):
    user, purchase = bought
    for _ in range(3):
        purchases.fulfil(purchase.session_id)
    assert [(e.id, e.amount) for e in studio.ledger(user)][1:] == [(f"purchase:{purchase.session_id}", 100)]
    assert_books_balance(studio, user, purchase)


def test_the_invoice_is_linked(studio, till, bought):
    user, purchase = bought
    shown = purchases.get(user.id, purchase.id)
    assert shown.invoice_url.startswith("https://stripe.test/invoice/in_")
    assert purchases.invoice_urls({purchase.id, "pur_unknown"}) == {purchase.id: shown.invoice_url}


def test_nothing_is_credited_before_the_money_is_there(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    purchases.fulfil(purchase.session_id)
    till.standin.pay(purchase.session_id, later=True)
    till.deliver()
    assert (user.balance(), purchases.standing(stored(purchase))) == (50, "processing")
    till.standin.arrive(purchase.session_id)
    till.deliver()
    assert (user.balance(), purchases.standing(stored(purchase))) == (150, "paid")


def test_money_that_never_arrives_buys_nothing(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id, later=True)
    till.standin.bounce(purchase.session_id)
    till.deliver()
    assert (user.balance(), purchases.standing(stored(purchase))) == (50, "failed")


def test_an_expired_checkout_is_closed(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.expire(purchase.session_id)
    till.deliver()
    assert (user.balance(), purchases.standing(stored(purchase))) == (50, "expired")


def test_the_page_after_the_payment_needs_no_webhook(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    shown = purchases.get(user.id, purchase.id)
    assert (shown.status, user.balance()) == ("paid", 150)
    till.deliver()
    assert user.balance() == 150


def test_a_purchase_is_shown_as_stored_while_stripe_is_away(studio, till, monkeypatch):
    user = studio.user()
    purchase = till.begin(user.id)
    monkeypatch.setattr(till.wire, "request", lambda *_, **__: ("{}", 500, {"stripe-should-retry": "false"}))
    assert purchases.get(user.id, purchase.id).status == "open"
    with pytest.raises(PaymentsUnavailable):
        purchases.fulfil(purchase.session_id)


def test_who_looks_all_the_time_is_told_what_is_stored(studio, till, monkeypatch):
    user = studio.user()
    purchase = till.begin(user.id)
    monkeypatch.setattr(limits, "PAYMENT_LOOKS", limits.Bucket("looks at payments", quota=1, window_seconds=900))
    purchases.get(user.id, purchase.id)
    till.standin.pay(purchase.session_id)
    asked = len(till.wire.asked)
    assert purchases.get(user.id, purchase.id).status == "open"
    assert len(till.wire.asked) == asked
    till.deliver()
    assert purchases.get(user.id, purchase.id).status == "paid"


def test_another_users_purchase_is_not_found(studio, till, bought):
    _, purchase = bought
    for somebody, purchase_id in ((studio.user().id, purchase.id), (purchase.user_id, "pur_nobody")):
        with pytest.raises(NotFound):
            purchases.get(somebody, purchase_id)


def test_two_purchases_of_one_user_both_count(studio, till, bought):
    user, _ = bought
    second = till.begin(user.id, "enterprise")
    till.standin.pay(second.session_id)
    till.deliver()
    assert user.balance() == 2_150
    assert_books_balance(studio, user, second)


# ---- Not as offered --------------------------------------------------------------------------------------------------

LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "amount": lambda session: session.update(amount_total=100),
    "currency": lambda session: session.update(currency="jpy"),
    "price": lambda session: session["line_items"]["data"][0].update(price={"id": "price_other"}),
    "quantity": lambda session: session["line_items"]["data"][0].update(quantity=0),
    "another line": lambda session: session["line_items"]["data"].append(session["line_items"]["data"][0]),
    "user": lambda session: session.update(client_reference_id="usr_other"),
    "no user": lambda session: session.update(client_reference_id=None),
    "livemode": lambda session: session.update(livemode=True),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_payment_that_is_not_what_was_offered_is_not_credited_and_shown_to_people(studio, till, lie):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    LIES[lie](till.session(purchase))
    till.deliver()
    assert user.balance() == 50
    assert purchases.standing(stored(purchase)) == "review"
    told = [event for event in studio.news() if event["detail-type"] == "Purchase Needs Review"]
    assert len(told) == 1
    assert told[0]["source"] == "studio.purchases"
    assert told[0]["detail"]["purchaseId"] == purchase.id
    assert studio.outbox() == []


def test_taxes_come_on_top_of_the_price(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.session(purchase).update(amount_total=2_900 + 551, total_details={"amount_tax": 551})
    till.standin.pay(purchase.session_id)
    till.deliver()
    assert user.balance() == 150


def test_a_second_session_for_one_purchase_is_not_credited_and_leaves_the_first_alone(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    copy = dict(till.session(purchase), id="cs_test_second")
    till.standin.books["checkout/sessions"][copy["id"]] = copy
    till.standin.pay("cs_test_second")
    purchases.fulfil("cs_test_second")
    assert (user.balance(), purchases.standing(stored(purchase))) == (50, "review")
    till.standin.pay(purchase.session_id)
    for session_id in (purchase.session_id, "cs_test_second", purchase.session_id):
        purchases.fulfil(session_id)
    assert user.balance() == 150
    assert_books_balance(studio, user, purchase)


@pytest.mark.parametrize("metadata", [{}, {"stage": "prod"}, {"stage": "dev", "purchase": "pur_unknown"}])
def test_sessions_of_others_in_the_same_account_are_left_alone(studio, till, metadata):
    user = studio.user()
    purchase = till.begin(user.id)
    session = till.session(purchase)
    session["metadata"] = {"purchase": purchase.id} | metadata if metadata else {}
    till.standin.pay(purchase.session_id)
    till.deliver()
    assert (user.balance(), stored(purchase).status) == (50, "open")
    assert {row.outcome for row in PaymentEvent.scan() if row.type.startswith("checkout")} == {"ignored"}


def test_a_session_of_another_product_may_look_like_anything(studio, till):
    """Of mode setup, for one: it has no money."""
    session = till.standin._new(
        "checkout/sessions", "checkout.session", mode="setup", status="complete", amount_total=None, currency=None,
        metadata={}, payment_intent=None, invoice=None, line_items={"object": "list", "data": []},
    )  # fmt: skip
    till.standin._tell("checkout.session.completed", session)
    till.deliver()
    assert [record.outcome for record in PaymentEvent.scan()] == ["ignored"]
    done = purchases.reconcile()
    assert (done.sessions, done.failed, done.untold) == (0, 0, 0)


def test_an_event_that_says_it_is_ours_and_that_our_key_cannot_see_comes_again(studio, till):
    """The endpoint is of live mode and the key of test mode, say. Answered with 200, its payment would be lost."""
    purchase = till.begin(studio.user().id)
    till.standin.pay(purchase.session_id)
    (completed,) = (event for event in till.news() if event.type == "checkout.session.completed")
    session = till.standin.books["checkout/sessions"].pop(purchase.session_id)
    with pytest.raises(PaymentsUnavailable):
        purchases.hear(completed)
    assert list(PaymentEvent.scan()) == []
    till.standin.books["checkout/sessions"][purchase.session_id] = session
    assert purchases.hear(completed)


def test_every_problem_of_a_purchase_is_kept_once_and_ends_with_its_review(studio, till, bought):
    _, purchase = bought
    warning = Event("evt_1", "radar.early_fraud_warning.created", {"payment_intent": till.intent(purchase)})
    purchases._flag(purchase.id, "something small")
    for _ in range(2):
        purchases.hear(warning)
    small, fraud = stored(purchase).problems
    assert (small, "card's owner" in fraud) == ("something small", True)
    told = [event["detail"]["problem"] for event in studio.news() if event["detail-type"] == "Purchase Needs Review"]
    assert told == [small, fraud]
    purchases.resolve(purchase.id, operator="ada", reason="looked at both")
    purchases.hear(warning)
    now = stored(purchase)
    assert ([review["problem"] for review in now.reviews], purchases.standing(now)) == ([small, fraud], "paid")


def test_people_hear_of_a_purchase_to_review_at_once_and_every_night_until_they_end_it(
    studio, till, bought, monkeypatch, context
):
    from payments import reconcile

    told: list[tuple[str, float]] = []
    for module in (purchases, reconcile):
        monkeypatch.setattr(module, "measure", lambda name, value: told.append((name, value)))

    def reviews() -> list[float]:
        values = [value for name, value in told if name == telemetry.PURCHASES_TO_REVIEW]
        told.clear()
        return values

    purchases._flag(bought[1].id, "something")
    assert reviews() == [1]
    for problem in ("something", "another problem"):
        purchases._flag(bought[1].id, problem)
        reviews()
        reconcile.handler({}, context)
        assert reviews() == [1], "one purchase, however many problems"
    purchases.resolve(bought[1].id, operator="ada", reason="looked at")
    reconcile.handler({}, context)
    assert reviews() == [0]


def test_a_fraud_warning_makes_a_purchase_a_matter_for_people(studio, till, bought):
    user, purchase = bought
    purchases.hear(Event("evt_1", "radar.early_fraud_warning.created", {"payment_intent": till.intent(purchase)}))
    assert (purchases.standing(stored(purchase)), user.balance()) == ("review", 150)


# ---- Money that goes back --------------------------------------------------------------------------------------------


def test_a_refund_takes_the_share_of_its_money(studio, till, bought):
    user, purchase = bought
    till.standin.refund(till.intent(purchase), 1_000)
    till.deliver()
    assert user.balance() == 150 - 34  # 100 credits × 1000 / 2900, rounded down
    till.standin.refund(till.intent(purchase))
    till.deliver()
    assert (user.balance(), stored(purchase).status) == (50, "refunded")
    assert kinds(studio, user) == ["signup", "purchase", "revoke", "revoke"]
    assert [e.id for e in studio.ledger(user)][2:] == [f"revoke:{purchase.session_id}:{n}" for n in (1, 2)]
    assert_books_balance(studio, user, purchase)


def test_a_refund_that_fails_gives_the_credits_again(studio, till, bought):
    user, purchase = bought
    refund = till.standin.refund(till.intent(purchase))
    till.deliver()
    till.standin.fail_refund(refund["id"])
    till.deliver()
    assert user.balance() == 150
    assert kinds(studio, user) == ["signup", "purchase", "revoke", "restore"]
    assert_books_balance(studio, user, purchase)


@pytest.mark.parametrize(("decision", "balance"), [("won", 150), ("warning_closed", 150), ("lost", 50)])
def test_a_dispute_takes_all_credits_and_gives_them_again_only_if_it_is_won(studio, till, bought, decision, balance):
    user, purchase = bought
    dispute = till.standin.dispute(till.intent(purchase))
    till.deliver()
    assert (user.balance(), stored(purchase).status) == (50, "disputed")
    till.standin.decide(dispute["id"], decision)
    for event in till.news() * 3:
        purchases.hear(event)
    assert user.balance() == balance
    assert kinds(studio, user).count("restore") == (1 if balance == 150 else 0)
    assert_books_balance(studio, user, purchase)


def test_refunds_and_disputes_together_take_no_more_than_was_given(studio, till, bought):
    user, purchase = bought
    till.standin.refund(till.intent(purchase), 2_000)
    till.standin.dispute(till.intent(purchase))
    till.deliver()
    assert user.balance() == 50
    assert_books_balance(studio, user, purchase)


def test_a_refund_before_the_completed_event_ends_in_the_same_books(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    till.standin.refund(till.intent(purchase), 1_450)
    for event in reversed(till.news()):
        purchases.hear(event)
    assert user.balance() == 100
    assert kinds(studio, user) == ["signup", "purchase", "revoke"]
    assert_books_balance(studio, user, purchase)


def test_a_debt_refuses_paid_work_until_it_is_paid_off(studio, till, bought):
    user, purchase = bought
    for _ in range(10):
        job = user.submit(numImages=4)
        jobs.claim(job.id)
        studio.finish(job)
    till.standin.refund(till.intent(purchase))
    till.deliver()
    assert user.balance() == 150 - 80 - 100
    with pytest.raises(InsufficientCredits) as refused:
        user.submit()
    assert refused.value.extra == {"required": 2, "balance": -30}
    again = till.begin(user.id)
    till.standin.pay(again.session_id)
    till.deliver()
    user.submit()
    assert user.balance() == 68
    assert_books_balance(studio, user, purchase)


# ---- Any order -------------------------------------------------------------------------------------------------------

SEVEN = (
    "checkout.session.completed", "invoice.paid", "charge.refunded", "charge.dispute.created",
    "charge.dispute.funds_withdrawn", "charge.dispute.closed", "refund.failed",
)  # fmt: skip


class Story:
    """One purchase with a refund that fails and a dispute; it has got as far as it was asked to."""

    def __init__(self, till: Till, purchase: Purchase, decision: str) -> None:
        self._acts = self._told(till, purchase, decision)
        self._till = till
        self.events: list[Event] = []

    @staticmethod
    def _told(till: Till, purchase: Purchase, decision: str) -> Iterator[None]:
        yield till.standin.pay(purchase.session_id)
        refund = till.standin.refund(till.intent(purchase), 1_000)
        yield
        dispute = till.standin.dispute(till.intent(purchase))
        yield
        yield till.standin.decide(dispute["id"], decision)
        yield till.standin.fail_refund(refund["id"])

    def event(self, number: int) -> Event:
        """The n-th event, for which the world moves on if need be."""
        while len(self.events) <= number:
            next(self._acts)
            self.events += [event for event in self._till.news() if event.type in SEVEN]
        return self.events[number]


def play(studio: Studio, till: Till, order: tuple[int, ...], decision: str) -> None:
    user = studio.user()
    purchase = till.begin(user.id)
    story = Story(till, purchase, decision)
    for number in order:
        purchases.hear(story.event(number))
    assert tuple(event.type for event in story.events) == SEVEN
    assert user.balance() == (150 if decision == "won" else 50), order
    assert_books_balance(studio, user, purchase)


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_every_order_of_the_seven_events_ends_in_the_same_books(studio, till, decision):
    chance = random.Random(7)
    for _ in range(8):
        order = list(range(7)) + chance.choices(range(7), k=chance.randrange(8))
        chance.shuffle(order)
        play(studio, till, tuple(order), decision)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("decision", "every"), [("won", 1), ("lost", 10)])
@pytest.mark.parametrize("first", range(7))
def test_all_5040_orders_of_the_seven_events_with_repeats_end_in_the_same_books(monkeypatch, decision, every, first):
    chance = random.Random(first)
    begun = (order for order in itertools.permutations(range(7)) if order[0] == first)
    orders = itertools.islice(begun, 0, None, every)
    while batch := list(itertools.islice(orders, 60)):  # moto copies its tables for every transaction
        with mock_aws():
            for name, value in _make_resources().items():
                monkeypatch.setenv(name, value)
            settings.cache_clear()
            signing_keys.forget()
            studio, till = Studio(), connected(monkeypatch)
            for order in batch:
                repeated = list(order)
                for number in chance.choices(range(7), k=chance.randrange(4)):
                    repeated.insert(chance.randrange(len(repeated) + 1), number)
                play(studio, till, tuple(repeated), decision)


def test_who_asked_stripe_earlier_never_overwrites_who_asked_later(studio, till, bought, monkeypatch):
    user, purchase = bought
    refund = till.standin.refund(till.intent(purchase))
    till.news()
    ask, asked = stripe_api.payment, []

    def slow(session_id: str) -> stripe_api.Payment:
        answer = ask(session_id)
        asked.append(answer.refunded)
        if len(asked) == 2:  # the answer on which the first of the two will act: refunded
            till.standin.fail_refund(refund["id"])
            purchases.fulfil(session_id)
        return answer

    monkeypatch.setattr(stripe_api, "payment", slow)
    purchases.fulfil(purchase.session_id)
    assert user.balance() == 150
    assert asked[1] == 2_900
    assert_books_balance(studio, user, purchase)


def test_a_stale_answer_is_not_written(studio, till, bought, monkeypatch):
    user, purchase = bought
    refund = till.standin.refund(till.intent(purchase), 1_450)
    ask, asked = stripe_api.payment, []

    def slow(session_id: str) -> stripe_api.Payment:
        answer = ask(session_id)
        asked.append(answer.refunded)
        if len(asked) == 2:
            till.standin.refund(till.intent(purchase))
            purchases.fulfil(session_id)
        return answer

    monkeypatch.setattr(stripe_api, "payment", slow)
    purchases.fulfil(purchase.session_id)
    assert (user.balance(), refund["amount"]) == (50, 1_450)
    assert kinds(studio, user) == ["signup", "purchase", "revoke"]


# ---- Reconciliation --------------------------------------------------------------------------------------------------


def test_the_nightly_reconciliation_finds_what_no_webhook_told(studio, till):
    payer, nobody = studio.user(), studio.user()
    paid, left = till.begin(payer.id), till.begin(nobody.id)
    till.standin.pay(paid.session_id)
    done = purchases.reconcile()
    assert (done.sessions, done.failed) == (1, 0), "an open session has nothing to tell"
    assert (payer.balance(), nobody.balance()) == (150, 50)
    assert stored(left).status == "open"


def test_after_a_restore_purchases_that_began_before_it_come_back_and_later_ones_are_for_people(studio, till):
    user = studio.user()
    before, after = till.begin(user.id), till.begin(user.id, "pro")
    for purchase in (before, after):
        till.standin.pay(purchase.session_id)
    stored(after).delete()  # what a restore to the moment between the two leaves
    purchases.reconcile()
    assert user.balance() == 50 + 100
    # docs/DEPLOYMENT.md lists what is owed by what a session says of itself.
    owed = till.session(after)
    assert (owed["payment_status"], owed["metadata"]["stage"]) == ("paid", "dev")
    assert purchases.find(owed["metadata"]["purchase"]) is None


DAY = 24 * 3600
ACTS: dict[str, tuple[Callable[[Till, Purchase], Any], int]] = {
    "refund": (lambda till, purchase: till.standin.refund(till.intent(purchase)), 50),
    "dispute": (lambda till, purchase: till.standin.dispute(till.intent(purchase)), 50),
    "arrive": (lambda till, purchase: till.standin.arrive(purchase.session_id), 150),
    "bounce": (lambda till, purchase: till.standin.bounce(purchase.session_id), 50),
}
"""What happens long after a checkout, and the balance then."""


@pytest.mark.parametrize("act", ACTS)
def test_what_happens_weeks_after_the_checkout_is_followed_without_any_webhook(studio, till, monkeypatch, act):
    happens, balance = ACTS[act]
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id, later=act in ("arrive", "bounce"))
    taken(till)
    began = clock.epoch()
    monkeypatch.setattr(clock, "epoch", lambda: began + 20 * DAY)
    happens(till, purchase)
    for event in till.standin.events():
        event["pending_webhooks"] = 0  # the endpoint is gone: there is nobody to tell
    assert nights_after(monkeypatch, 2) == [len(till.news_of_ours()), 0], "and somebody hears of the silence"
    assert user.balance() == balance
    assert_books_balance(studio, user, purchase)


def test_a_night_that_fails_is_made_up_for_by_one_of_the_next(studio, till, bought, monkeypatch):
    user, purchase = bought
    taken(till)
    till.standin.refund(till.intent(purchase))
    began = clock.epoch()
    monkeypatch.setattr(clock, "epoch", lambda: began + purchases.EVENTS_SECONDS)
    assert purchases.reconcile().events == 2
    assert user.balance() == 50


def test_every_page_of_events_and_sessions_is_read(studio, till, monkeypatch):
    monkeypatch.setattr(stripe_api, "PAGE", 2)
    monkeypatch.setattr(stripe_api, "SESSIONS_PAGE", 2)
    monkeypatch.setattr(purchases, "EVENTS_AT_ONCE", 3)
    users = [studio.user() for _ in range(5)]
    for user in users:
        till.standin.pay(till.begin(user.id).session_id)
    done = purchases.reconcile()
    assert (done.events, done.sessions, done.failed) == (10, 5, 0)
    assert [user.balance() for user in users] == [150] * 5


def test_a_night_in_which_all_was_told_asks_for_the_lists_and_writes_nothing(studio, till, bought):
    _, paid = bought
    expired, left = (till.begin(studio.user().id) for _ in range(2))
    till.standin.expire(expired.session_id)
    taken(till)
    purchases.hear(Event("evt_of_somebody", "invoice.paid", {"id": "in_1", "metadata": {}}))
    versions = [stored(purchase).version for purchase in (paid, expired, left)]
    till.wire.asked.clear()
    done = purchases.reconcile()
    assert till.wire.asked == ["GET events", "GET checkout/sessions"]
    assert (done.events, [stored(purchase).version for purchase in (paid, expired, left)]) == (0, versions)


def test_events_of_others_are_looked_into_once_more_and_not_every_night(studio, till, bought):
    taken(till)
    till.standin._tell("refund.created", {"id": "re_1", "payment_intent": None})
    assert [purchases.reconcile().events for _ in range(2)] == [1, 0]
    assert [record.asked for record in PaymentEvent.scan() if record.type == "refund.created"] == [True]


def test_a_webhook_that_comes_after_all_ends_the_silence(studio, till, monkeypatch):
    purchase = till.begin(studio.user().id)
    till.standin.pay(purchase.session_id)
    assert purchases.reconcile().events == 2
    till.deliver()
    assert nights_after(monkeypatch, 1) == [0]


def test_events_that_are_followed_are_those_of_the_endpoint_in_the_guide():
    guide = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
    listed = guide[guide.index("2. Create a webhook endpoint") : guide.index("at the API version")]
    assert set(re.findall(r"`([a-z_]+\.[a-z_.]+)`", listed)) == set(stripe_api.EVENTS)
    assert len(stripe_api.EVENTS) <= MAX_TYPES, "Stripe lists no more at once"


def test_what_the_night_could_not_follow_is_measured(studio, till, monkeypatch, context):
    from payments import reconcile

    till.standin.pay(till.begin(studio.user().id).session_id)
    monkeypatch.setattr(purchases, "_step", lambda *_: 1 / 0)
    told: dict[str, float] = {}
    monkeypatch.setattr(reconcile, "measure", told.__setitem__)
    reconcile.handler({}, context)
    assert told[telemetry.STRIPE_FAILED] == 3, "two events and a session"


def test_an_undelivered_refund_of_an_old_purchase_is_found(studio, till, bought, monkeypatch):
    user, purchase = bought
    till.session(purchase)["created"] -= 30 * 24 * 3600
    for event in till.standin.events():
        event["pending_webhooks"] = 0
    till.standin.refund(till.intent(purchase))
    done = purchases.reconcile()
    assert (done.sessions, done.events, user.balance()) == (0, 2, 50)


def nights_after(monkeypatch, count: int) -> list[int]:
    """How much each of the next nights finds untold; the first is nine hours from now."""
    found, began = [], clock.epoch()
    for night in range(count):
        monkeypatch.setattr(clock, "epoch", lambda at=began + 9 * 3600 + night * 24 * 3600: at)
        found.append(purchases.reconcile().untold)
    return found


def taken(till) -> None:
    """Every webhook so far reaches us, and Stripe knows."""
    till.deliver()
    for event in till.standin.events():
        event["pending_webhooks"] = 0


def test_what_webhooks_have_told_is_no_silence(studio, till, monkeypatch):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    assert purchases.get(user.id, purchase.id).granted, "the page comes before the webhook"
    taken(till)
    till.standin.refund(till.intent(purchase), 999)
    taken(till)
    assert nights_after(monkeypatch, 2) == [0, 0]


@pytest.mark.parametrize("seen", ["by nobody", "by the page"])
def test_a_payment_that_no_webhook_told_of_counts_in_one_night(studio, till, monkeypatch, seen):
    """The endpoint is gone, so Stripe has nobody to tell and lists no event as undelivered."""
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    for event in till.standin.events():
        event["pending_webhooks"] = 0
    if seen == "by the page":
        assert purchases.get(user.id, purchase.id).granted
    assert purchases.reconcile().untold == 0, "webhooks may take a while"
    assert nights_after(monkeypatch, 3) == [2, 0, 0], "that it is paid, and its invoice"
    assert user.balance() == 150


def test_an_endpoint_that_refuses_everything_counts_in_one_night(studio, till, bought, monkeypatch):
    user, purchase = bought
    taken(till)
    till.standin.refund(till.intent(purchase))
    till.standin._tell("customer.created", {"id": "cus_1"})  # which is about no purchase
    assert nights_after(monkeypatch, 3) == [2, 0, 0], "the refund, and that the charge has one"
    assert user.balance() == 50


def test_one_session_that_cannot_be_reconciled_holds_up_no_other(studio, till, monkeypatch):
    users = [studio.user() for _ in range(3)]
    bought = [till.begin(user.id) for user in users]
    for purchase in bought:
        till.standin.pay(purchase.session_id)
    ask = stripe_api.payment

    def broken(session_id: str) -> stripe_api.Payment:
        if session_id == bought[1].session_id:
            raise RuntimeError("bad session")
        return ask(session_id)

    monkeypatch.setattr(stripe_api, "payment", broken)
    assert purchases.reconcile().failed >= 1
    assert [user.balance() for user in users] == [150, 50, 150]


def test_one_listed_session_that_cannot_be_read_holds_up_no_other(studio, till, bought):
    _, whole = bought
    broken = till.begin(studio.user().id)
    till.standin.pay(broken.session_id)
    taken(till)
    till.session(broken)["line_items"]["data"][0].pop("price")
    Purchase(whole.id).update(actions=[Purchase.status.set("open")])
    assert purchases.reconcile().failed == 1
    assert stored(whole).status == "paid"


def test_a_purchase_whose_session_was_never_noted_is_found_by_it(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    Purchase(purchase.id).update(actions=[Purchase.session_id.remove(), Purchase.checkout_url.remove()])
    till.standin.pay(purchase.session_id)
    purchases.reconcile()
    assert (user.balance(), stored(purchase).session_id) == (150, purchase.session_id)


def test_events_are_recorded_for_ninety_days(studio, till, bought):
    rows = {row.type: row for row in PaymentEvent.scan()}
    assert rows["checkout.session.completed"].outcome == "followed"
    assert (rows["checkout.session.completed"].expires_at - clock.now()).days in (89, 90)


# ---- The ledger ------------------------------------------------------------------------------------------------------


def test_a_balance_that_falls_below_the_threshold_is_told_once_per_crossing(studio, till):
    user = studio.user()

    def told() -> list[tuple[str, int, int]]:
        details = [event["detail"] for event in studio.news() if event["detail-type"] == "Credits Low"]
        return [(detail["userId"], detail["balance"], detail["threshold"]) for detail in details]

    for _ in range(5):
        last = user.submit(numImages=4)
    assert told() == []  # 10 left: not below 10
    user.cancel(user.submit(numImages=1))
    assert told() == [(user.id, 8, 10)]
    user.submit(numImages=1)
    assert told() == [(user.id, 8, 10)]
    user.submit(numImages=1)
    assert told() == []
    user.cancel(last)
    user.submit(numImages=3)
    assert told() == [(user.id, 8, 10)]


def test_a_kind_of_entries_in_pages(studio, till, bought):
    user, _ = bought
    for _ in range(3):
        user.submit()
    first = credits.entries(user.id, limit=2, kind=credits.Kind.HOLD)
    assert [(e.kind, e.balance_after) for e in first.entries] == [("hold", 144), ("hold", 146)]
    rest = credits.entries(user.id, limit=2, below=first.next_number, kind=credits.Kind.HOLD)
    assert ([e.balance_after for e in rest.entries], rest.next_number) == ([148], None)


def test_an_entry_that_exists_means_done(studio, till, bought, monkeypatch):
    user, purchase = bought
    monkeypatch.setattr("studio.tables.CONFLICT_RETRY_SECONDS", 0.1)
    Purchase(purchase.id).update(actions=[Purchase.granted.set(0)])  # a row that contradicts the ledger
    with pytest.raises(Busy):
        purchases.fulfil(purchase.session_id)
    assert user.balance() == 150


def test_a_key_of_a_job_is_none_for_a_checkout(studio, till):
    user = studio.user()
    user.submit(key="k")
    with pytest.raises(KeyReused):
        till.begin(user.id, key="k")
    assert requests.KEY_SECONDS == 24 * 3600


def test_what_is_paid_after_the_account_was_closed_is_for_people_to_refund(studio, till):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    accounts.close(user.id, PASSWORD)
    till.deliver()
    assert ["refund" in problem for problem in stored(purchase).problems] == [True]
    assert stored(purchase).granted == 0
    assert kinds(studio, user) == ["signup"]


def test_an_operator_ends_a_review_on_the_record_and_it_is_not_raised_again(studio, till, bought, context):
    from grants.handler import handler

    _, purchase = bought
    problem = "cs_1: amount is 1, not 2900"
    purchases._flag(purchase.id, problem)
    asked = {"resolve": purchase.id, "operator": "ada", "reason": "a coupon of ours"}
    answer = handler(asked, context)
    assert answer["status"] == "paid"
    (review,) = stored(purchase).reviews
    assert (review["operator"], review["reason"], review["problem"]) == (
        "ada",
        "a coupon of ours",
        problem,
    )
    purchases._flag(purchase.id, problem)
    assert stored(purchase).problems == []
    purchases._flag(purchase.id, "another problem")
    assert purchases.standing(stored(purchase)) == "review"
    handler(asked, context)
    with pytest.raises(NotFound):
        handler(asked, context)
    with pytest.raises(InvalidOrder):
        handler(asked | {"operator": ""}, context)


def test_an_inquiry_takes_no_credits(studio, till, bought):
    user, purchase = bought
    till.standin.dispute(till.intent(purchase))
    for dispute in till.standin.books["disputes"].values():
        dispute["status"] = "warning_needs_response"
    till.deliver()
    assert (user.balance(), stored(purchase).status) == (150, "paid")
