"""Payments through their Lambda handler: checkouts, the webhook byte by byte, and what a buyer sees."""

from __future__ import annotations

import json

import boto3
import pytest
from stripe import WebhookSignature

from infra.local.stripe import SECRET_KEY, WEBHOOK_SECRET, signature
from studio import clock, purchases, stripe_api
from studio.settings import settings
from studio.tables import PaymentEvent, Purchase
from tests.integration.payments import PAGE
from tests.integration.samples import photo
from tests.integration.test_api import ORDER, ROUTE_KEYS, SUBMIT, Client, assert_problem, route_key

CHECKOUT = "/api/v1/payments/create-checkout"
WEBHOOK = "/api/v1/payments/webhook"
STARTER = {"package": "starter", "successUrl": f"{PAGE}paid", "cancelUrl": PAGE}
NEEDS_TOKEN = [("POST", CHECKOUT), ("GET", "/api/v1/payments/pur_1")]


@pytest.fixture
def http(studio, till, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture
def purchase(till, user) -> Purchase:
    """A purchase that is paid for, of which no webhook has told."""
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    return purchase


def completed(till) -> dict:
    return next(event for event in till.standin.events() if event["type"] == "checkout.session.completed")


# ---- Routes ----------------------------------------------------------------------------------------------------------


def test_every_payment_route_is_open_on_purpose_or_closed(http):
    from payments.gate import OPEN_ROUTES

    ours = {key for key in ROUTE_KEYS if "/payments/" in key}
    assert ours - OPEN_ROUTES == {route_key(method, path) for method, path in NEEDS_TOKEN}
    assert ours >= OPEN_ROUTES


@pytest.mark.parametrize(("method", "path"), NEEDS_TOKEN)
def test_without_a_token_nothing_is_said(http, method, path):
    assert_problem(http(method, path, "{broken" if method == "POST" else None), 401, "unauthorized")


def test_packages_need_no_token(http):
    offers = http("GET", "/api/v1/payments/packages").json["data"]
    assert [(offer["name"], offer["credits"], offer["amount"]) for offer in offers] == [
        ("starter", 100, 2_900),
        ("pro", 500, 7_900),
        ("enterprise", 2_000, 19_900),
    ]
    assert all("price" not in name.lower() for offer in offers for name in offer)


def test_a_checkout_from_order_to_credits(http, user, till):
    answer = http("POST", CHECKOUT, STARTER)
    assert answer.status == 201
    begun = answer.json
    assert set(begun) == {"purchaseId", "checkoutUrl", "expiresAt"}
    assert answer.headers["Location"] == f"/api/v1/payments/{begun['purchaseId']}"
    before = http("GET", answer.headers["Location"]).json
    assert (before["status"], before["checkoutUrl"]) == ("open", begun["checkoutUrl"])
    till.standin.pay(begun["checkoutUrl"].rpartition("/")[2])
    body, signed = till.webhook(completed(till))
    heard = http("POST", WEBHOOK, body, stripe_signature=signed)
    assert (heard.status, heard.json) == (200, {"outcome": "followed"})
    after = http("GET", answer.headers["Location"]).json
    assert (after["status"], after["credits"], after["checkoutUrl"]) == ("paid", {"granted": 100, "revoked": 0}, None)
    (entry, _) = http("GET", "/api/v1/users/transactions").json["data"]
    assert (entry["kind"], entry["amount"], entry["balanceAfter"]) == ("purchase", 100, 150)
    assert (entry["purchaseId"], entry["invoiceUrl"]) == (begun["purchaseId"], after["invoiceUrl"])
    assert after["invoiceUrl"]


def test_the_same_key_answers_byte_for_byte_alike_even_when_it_is_paid(http, user, till):
    first = http("POST", CHECKOUT, STARTER, Idempotency_Key="k-1")
    till.standin.pay(first.json["checkoutUrl"].rpartition("/")[2])
    till.deliver()
    second = http("POST", CHECKOUT, STARTER, Idempotency_Key='"k-1"')
    assert first.text == second.text
    assert second.headers["Idempotency-Replayed"] == "true"
    assert_problem(
        http("POST", CHECKOUT, STARTER | {"package": "pro"}, Idempotency_Key="k-1"), 422, "idempotency_key_reuse"
    )


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"package": "free"}, "/package"),
        ({"package": None}, "/package"),
        ({"successUrl": "https://evil.example/"}, "/successUrl"),
        ({"cancelUrl": "https://evil.example/"}, "/cancelUrl"),
        ({"successUrl": PAGE + "x" * 1000}, "/successUrl"),
        ({"credits": 1_000_000}, "/credits"),
        ({"amount": 1}, "/amount"),
        ({"priceId": "price_other"}, "/priceId"),
        ({"userId": "usr_other"}, "/userId"),
    ],
)
def test_bad_checkouts_name_the_field_and_reach_no_stripe(http, user, till, change, pointer):
    problem = assert_problem(http("POST", CHECKOUT, STARTER | change), 422, "invalid_request")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert till.wire.asked == []


def test_a_stripe_that_is_away_is_a_503_without_its_words(http, user, till, monkeypatch):
    monkeypatch.setattr(till.wire, "request", lambda *_, **__: ('{"error": {"message": "secret internals"}}', 400, {}))
    answer = http("POST", CHECKOUT, STARTER)
    assert_problem(answer, 503, "payments_unavailable")
    assert "secret" not in answer.text


def test_a_studio_whose_operator_has_put_no_keys_yet_says_that_it_takes_no_payments(http, user, monkeypatch):
    monkeypatch.setenv("STRIPE_SECRET_ARN", "no-such-secret")
    settings.cache_clear()
    assert_problem(http("POST", CHECKOUT, STARTER), 503, "payments_unavailable")


def test_another_users_purchase_answers_as_if_it_were_not_there(http, user, purchase, studio):
    http.token = studio.user().token
    theirs, nobodys = (http("GET", f"/api/v1/payments/{name}") for name in (purchase.id, "pur_nobody"))
    assert_problem(theirs, 404, "not_found")
    assert theirs.text == nobodys.text


def test_unknown_payment_addresses_and_methods(http, user):
    assert_problem(http("PUT", CHECKOUT, {}), 405, "method_not_allowed")
    assert_problem(http("GET", "/api/v1/payments/" + "x" * 2100), 404, "not_found")


# ---- The webhook -----------------------------------------------------------------------------------------------------


def test_what_we_sign_is_what_the_official_package_signs(till, purchase):
    body, signed = till.webhook(completed(till))
    assert WebhookSignature.verify_header(body, signed, WEBHOOK_SECRET, tolerance=300)
    theirs = WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    assert stripe_api.verified(body.encode(), theirs).type == "checkout.session.completed"


def test_a_body_in_base64_is_the_same_body(http, user, till, purchase):
    body, signed = till.webhook(completed(till))
    assert http("POST", WEBHOOK, body.encode(), Stripe_Signature=signed).status == 200
    assert user.balance() == 150


def test_a_replayed_webhook_credits_once(http, user, till, purchase):
    body, signed = till.webhook(completed(till))
    for _ in range(3):
        assert http("POST", WEBHOOK, body, stripe_signature=signed).status == 200
    assert user.balance() == 150


FORGERIES = {
    "no header": lambda body, now: "",
    "empty header": lambda body, now: ",",
    "another secret": lambda body, now: signature(body, "whsec_other", now),
    "blank secret": lambda body, now: signature(body, "", now),
    "of another body": lambda body, now: signature(body + b" ", WEBHOOK_SECRET, now),
    "too old": lambda body, now: signature(body, WEBHOOK_SECRET, now - 302),
    "from the future": lambda body, now: signature(body, WEBHOOK_SECRET, now + 302),
    "tomorrow": lambda body, now: signature(body, WEBHOOK_SECRET, now + 86_400),
    "another time put in": lambda body, now: signature(body, WEBHOOK_SECRET, now - 900).replace(
        f"t={now - 900}", f"t={now}"
    ),
    "two times": lambda body, now: f"t={now}," + signature(body, WEBHOOK_SECRET, now),
    "no time": lambda body, now: signature(body, WEBHOOK_SECRET, now).partition(",")[2],
    "a time that is none": lambda body, now: "t=²," + signature(body, WEBHOOK_SECRET, now).partition(",")[2],
    "a huge time": lambda body, now: "t=" + "9" * 5000 + ",v1=00",
    "only the old scheme": lambda body, now: signature(body, WEBHOOK_SECRET, now).replace("v1=", "v0="),
    "no signature": lambda body, now: f"t={now}",
    "not ASCII": lambda body, now: f"t={now},v1=\xff",
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_webhooks_are_refused_and_change_nothing(http, user, till, purchase, forgery):
    body = json.dumps(completed(till))
    signed = FORGERIES[forgery](body.encode(), clock.epoch())
    assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 400, "bad_signature")
    assert (user.balance(), PaymentEvent.count()) == (50, 0)


@pytest.mark.parametrize("seconds", [-298, 298])
def test_clocks_may_differ_by_five_minutes(http, user, till, purchase, seconds):
    body, signed = till.webhook(completed(till), at=clock.epoch() + seconds)
    assert http("POST", WEBHOOK, body, stripe_signature=signed).status == 200


def test_both_secrets_count_while_one_is_rolled(http, user, till, purchase):
    put_secrets([WEBHOOK_SECRET, "whsec_next"])
    body, now = json.dumps(completed(till)), clock.epoch()
    for secret in (WEBHOOK_SECRET, "whsec_next"):
        signed = signature(body.encode(), secret, now)
        assert http("POST", WEBHOOK, body, stripe_signature=signed).status == 200
    both = f"{signature(body.encode(), 'whsec_old', now)},v1={signed.partition('v1=')[2]}"
    assert http("POST", WEBHOOK, body, stripe_signature=both).status == 200, "Stripe signs with each"
    put_secrets(["whsec_next"])
    signed = signature(body.encode(), WEBHOOK_SECRET, clock.epoch())
    assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 400, "bad_signature")


def test_without_secrets_no_signature_is_good(http, user, till, purchase):
    put_secrets(["", ""])
    body = json.dumps(completed(till))
    signed = signature(body.encode(), "", clock.epoch())
    assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 400, "bad_signature")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[]", b"null", b"3", b'{"id": "evt_1"}', b"[" * 100_000])
def test_well_signed_nonsense_is_refused(http, till, body):
    signed = signature(body, WEBHOOK_SECRET, clock.epoch())
    assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 400, "malformed_request")


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("customer.created", {"id": "cus_1", "object": "customer"}),
        ("some.future.event", {}),
        ("charge.refunded", {"id": "ch_1", "payment_intent": None}),
        ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_of_somebody"}),
        ("checkout.session.completed", {"id": "cs_of_somebody"}),
        ("invoice.paid", {"id": "in_1", "metadata": {}}),
        ("invoice.paid", {"id": "in_1", "metadata": {"purchase": "pur_of_somebody"}}),
    ],
)
def test_events_that_are_not_ours_are_heard_and_recorded(http, till, kind, about):
    body, signed = till.webhook({"id": "evt_1", "type": kind, "data": {"object": about}})
    assert http("POST", WEBHOOK, body, stripe_signature=signed).json == {"outcome": "ignored"}
    (row,) = PaymentEvent.scan()
    assert (row.id, row.type, row.outcome) == ("evt_1", kind, "ignored")


def test_what_fails_on_our_side_is_asked_for_again(http, user, till, purchase, monkeypatch):
    body, signed = till.webhook(completed(till))
    with monkeypatch.context() as broken:
        broken.setattr(purchases, "fulfil", lambda *_, **__: 1 / 0)
        assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 500, "internal")
    with monkeypatch.context() as broken:
        broken.setattr(till.wire, "request", lambda *_, **__: ("{}", 500, {"stripe-should-retry": "false"}))
        assert_problem(http("POST", WEBHOOK, body, stripe_signature=signed), 503, "payments_unavailable")
    assert (user.balance(), PaymentEvent.count()) == (50, 0)
    assert http("POST", WEBHOOK, body, stripe_signature=signed).status == 200
    assert user.balance() == 150


def test_a_webhook_needs_no_particular_content_type_and_may_be_large(http, till):
    event = {"id": "evt_1", "type": "x", "data": {"object": {"id": "y" * 300_000}}}
    body, signed = till.webhook(event)
    answer = http("POST", WEBHOOK, body, stripe_signature=signed, content_type="text/plain")
    assert answer.status == 200


def test_the_nightly_function_reconciles(studio, till, user, purchase, context):
    from payments.reconcile import handler

    assert handler({}, context) == {"sessions": 1, "events": 2, "failed": 0, "untold": 0, "reviews": 0}
    assert user.balance() == 150


# ---- The ledger, and what an order would cost ------------------------------------------------------------------------


def test_transactions_of_one_kind(http, user, till, purchase):
    till.deliver()
    http("POST", SUBMIT, ORDER)
    found = http("GET", "/api/v1/users/transactions", query={"kind": "purchase"}).json
    assert [(e["kind"], e["balanceAfter"]) for e in found["data"]] == [("purchase", 150)]
    assert http("GET", "/api/v1/users/transactions", query={"kind": "hold"}).json["data"][0]["amount"] == -2
    problem = assert_problem(http("GET", "/api/v1/users/transactions", query={"kind": "theft"}), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == "?kind"


@pytest.mark.parametrize("misspelt", ["dryrun", "dry_run", "DryRun"])
def test_a_misspelt_dry_run_spends_nothing(http, user, studio, misspelt):
    answer = http("POST", "/api/v1/jobs/image-generation", ORDER, query={misspelt: "true"})
    assert_problem(answer, 422, "invalid_request")
    assert answer.json["errors"] == [
        {"pointer": f"?{misspelt}", "detail": "is not a parameter of this address; there is dryRun"}
    ]
    assert user.balance() == 50


def test_a_dry_run_prices_an_order_and_writes_nothing(http, user, studio):
    dry = {"dryRun": "true"}
    quote = {"feature": "image-generation", "cost": 8, "balance": 50, "sufficient": True}
    answer = http("POST", SUBMIT, ORDER | {"numImages": 4}, query=dry, Idempotency_Key="k")
    assert (answer.status, answer.json) == (200, quote)
    assert_problem(http("POST", SUBMIT, ORDER | {"numImages": 5}, query=dry), 422, "invalid_request")
    assert_problem(http("POST", SUBMIT, ORDER, query={"dryRun": "maybe"}), 422, "invalid_request")
    for _ in range(6):
        http("POST", SUBMIT, ORDER | {"numImages": 4})
    assert http("POST", SUBMIT, ORDER, query=dry).json == quote | {"cost": 2, "balance": 2}
    short = http("POST", SUBMIT, ORDER | {"numImages": 2}, query=dry).json
    assert short == quote | {"cost": 4, "balance": 2, "sufficient": False}
    assert http("POST", SUBMIT, ORDER | {"quality": "draft"}, query=dry).json["sufficient"]
    assert http("POST", SUBMIT, ORDER, Idempotency_Key="k").status == 202, "the dry run did not use the key up"
    assert len(studio.queued_jobs()) == 7


def test_a_dry_run_looks_at_pictures_and_keeps_none(http, user):
    swap, objects = "/api/v1/jobs/cloth-swap", boto3.client("s3")
    form = multipart({"category": "casual", "consent": "true"}, {"person": photo(), "cloth": photo(300, 300)})
    answer = http("POST", swap, form[0], query={"dryRun": "true"}, content_type=form[1])
    assert (answer.status, answer.json["cost"]) == (200, 3)
    assert objects.list_objects_v2(Bucket="media")["KeyCount"] == 0
    broken = multipart({"category": "casual", "consent": "true"}, {"person": b"no picture", "cloth": photo()})
    assert_problem(
        http("POST", swap, broken[0], query={"dryRun": "true"}, content_type=broken[1]), 422, "invalid_request"
    )
    missing = {"person": "upl_" + "1" * 26, "cloth": "upl_" + "2" * 26, "consent": True}
    problem = assert_problem(http("POST", swap, missing, query={"dryRun": "true"}), 422, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == ["/cloth", "/person"]


def multipart(fields: dict[str, str], files: dict[str, bytes]) -> tuple[bytes, str]:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    for name, content in files.items():
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + b"--b--\r\n", "multipart/form-data; boundary=b"


def put_secrets(webhook_secrets: list[str]) -> None:
    value = json.dumps({"secretKey": SECRET_KEY, "webhookSecrets": webhook_secrets})
    boto3.client("secretsmanager").put_secret_value(SecretId=settings().stripe_secret_arn, SecretString=value)
    stripe_api._secrets_of.cache_clear()
