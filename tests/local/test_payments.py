"""Buying credits in the whole local stack: rights are enforced, webhooks come often, late and in any order."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.local.payments import Payments, prices_at_stripe
from infra.local.stripe import WEBHOOK_SECRET, signature
from infra.local.stripe_server import StripeServer
from infra.local.studio import LocalStudio
from infra.local.web_server import WebServer
from tests.local.conftest import User, wait_for

CHECKOUT = "/api/v1/payments/create-checkout"


def checkout(studio: LocalStudio, user: User, package: str = "starter") -> dict[str, Any]:
    body = {"package": package, "successUrl": f"{studio.url}/", "cancelUrl": f"{studio.url}/"}
    answer = user.http.post(CHECKOUT, json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    assert answer.status_code == 201, answer.text
    return answer.json() | {"self": answer.headers["location"]}


def pay(begun: dict[str, Any], **form: str) -> httpx.Response:
    """What a browser does on the pay page."""
    page = httpx.get(begun["checkoutUrl"], trust_env=False)
    assert page.status_code == 200
    assert "Pay $" in page.text
    return httpx.post(begun["checkoutUrl"], data=form or {"how": "now"}, trust_env=False)


def world(studio: LocalStudio, act: str, **told: Any) -> dict[str, Any]:
    """Something happens at Stripe or at a bank."""
    answer = httpx.post(f"{standin(studio)}/{act}", json=told, trust_env=False)
    return answer.raise_for_status().json()


def standin(studio: LocalStudio) -> str:
    return f"{studio.deployment.settings['STRIPE_API_BASE']}/world"


def post(studio: LocalStudio, **told: Any) -> None:
    httpx.post(f"{studio.deployment.settings['STRIPE_API_BASE']}/post", json=told, trust_env=False).raise_for_status()


def session_of(begun: dict[str, Any]) -> str:
    return str(begun["checkoutUrl"]).rpartition("/")[2]


def intent_of(studio: LocalStudio, begun: dict[str, Any]) -> str:
    base = studio.deployment.settings["STRIPE_API_BASE"]
    headers = {"authorization": "Bearer sk_test_local"}
    url = f"{base}/v1/checkout/sessions/{session_of(begun)}"
    return str(httpx.get(url, headers=headers, trust_env=False).json()["payment_intent"])


def test_a_person_buys_starter_on_the_pay_page_and_sees_credits_and_an_invoice(studio, user):
    offers = httpx.get(f"{studio.url}/api/v1/payments/packages", trust_env=False).raise_for_status().json()["data"]
    assert [(o["name"], o["credits"], o["amount"], o["currency"]) for o in offers] == [
        ("starter", 100, 2_900, "usd"),
        ("pro", 500, 7_900, "usd"),
        ("enterprise", 2_000, 19_900, "usd"),
    ]
    begun = checkout(studio, user)
    back = pay(begun)
    assert (back.status_code, back.headers["location"]) == (303, f"{studio.url}/?purchase={begun['purchaseId']}")
    wait_for(user.credits, lambda now: now == (150, 0))
    entry = wait_for(lambda: user.ledger()[-1], lambda entry: entry["invoiceUrl"])
    assert (entry["kind"], entry["amount"], entry["balanceAfter"]) == ("purchase", 100, 150)
    assert "$29.00" in httpx.get(entry["invoiceUrl"], trust_env=False).text
    bought = user.http.get(begun["self"]).json()
    assert (bought["status"], bought["invoiceUrl"]) == ("paid", entry["invoiceUrl"])
    assert httpx.post(begun["checkoutUrl"], trust_env=False).status_code == 400, "paid once"


def test_webhooks_that_come_often_late_and_shuffled_credit_once(studio, user):
    post(studio, copies=2, lateSeconds=0.5)
    try:
        begun = checkout(studio, user)
        pay(begun)
        intent = intent_of(studio, begun)
        refund = world(studio, "refund", intent_id=intent, cents=1_000)
        dispute = world(studio, "dispute", intent_id=intent)
        world(studio, "decide", dispute_id=dispute["id"], status="won")
        world(studio, "fail_refund", refund_id=refund["id"])
        heard = wait_for(lambda: user.http.get(begun["self"]).json(), lambda p: p["status"] == "paid")
        assert heard["credits"]["granted"] == 100
        wait_for(lambda: all_delivered(studio), bool)
        wait_for(user.credits, lambda now: now == (150, 0))
    finally:
        post(studio)
    assert sum(entry["amount"] for entry in user.ledger()) == 150
    assert [entry["kind"] for entry in user.ledger()].count("purchase") == 1


def all_delivered(studio: LocalStudio) -> bool:
    base = studio.deployment.settings["STRIPE_API_BASE"]
    headers = {"authorization": "Bearer sk_test_local"}
    url = f"{base}/v1/events?delivery_success=false"
    return httpx.get(url, headers=headers, trust_env=False).json()["data"] == []


def test_identical_webhooks_at_once_credit_once(studio, user):
    begun = checkout(studio, user)
    event = {
        "id": "evt_race",
        "type": "checkout.session.completed",
        "data": {"object": {"id": session_of(begun), "object": "checkout.session"}},
    }
    body = json.dumps(event).encode()
    base = studio.deployment.settings["STRIPE_API_BASE"]
    headers = {"stripe-signature": signature(body, WEBHOOK_SECRET, int(time.time()))}
    httpx.post(f"{base}/pay/{session_of(begun)}", trust_env=False)

    def send(_: int) -> int:
        url = f"{studio.url}/api/v1/payments/webhook"
        return httpx.post(url, content=body, headers=headers, timeout=60, trust_env=False).status_code

    with ThreadPoolExecutor(6) as pool:
        assert 200 in set(pool.map(send, range(6)))
    wait_for(user.credits, lambda now: now == (150, 0))
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "purchase"]


def test_a_forged_webhook_is_refused(studio):
    body = json.dumps({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}})
    forged = signature(body.encode(), "whsec_guessed", int(time.time()))
    answer = httpx.post(
        f"{studio.url}/api/v1/payments/webhook",
        content=body,
        headers={"stripe-signature": forged},
        trust_env=False,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")


def test_the_reconciliation_finds_a_payment_nobody_told_of(studio, user):
    post(studio, copies=0)
    try:
        begun = checkout(studio, user)
        pay(begun)
    finally:
        post(studio)
    assert user.credits() == (50, 0)
    told = invoked(studio, "ReconcileFunctionName")
    assert told["failed"] == 0
    assert user.credits() == (150, 0)


def test_the_audit_of_the_night_reads_everything_under_its_own_role_and_finds_nothing(studio, user):
    user.submit()  # and whatever other tests have left on this studio
    assert invoked(studio, "AuditFunctionName") == {"violations": 0}


def invoked(studio: LocalStudio, output: str) -> dict[str, Any]:
    """What a function of the night answers when its time comes."""
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    answer = functions.invoke(FunctionName=studio.deployment.outputs[output], Payload=b"{}")
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    assert answer.get("FunctionError") is None, told
    return told


def test_an_operator_grants_credits_once(studio, user):
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    asked = {
        "requestId": secrets.token_hex(8),
        "userId": user.id,
        "credits": 25,
        "reason": "A broken video on Friday",
        "operator": "ada",
    }
    for _ in range(2):
        answer = functions.invoke(
            FunctionName=studio.deployment.outputs["GrantsFunctionName"], Payload=json.dumps(asked).encode()
        )
        assert json.loads(answer["Payload"].read())["balanceAfter"] == 75
    entry = user.ledger()[-1]
    assert (entry["kind"], entry["amount"], entry["reason"]) == ("grant", 25, "A broken video on Friday")
    assert "ada" not in json.dumps(entry)


def test_a_dry_run_says_the_price_and_does_nothing(studio, user):
    answer = user.http.post("/api/v1/jobs/image-generation?dryRun=true", json={"prompt": "A fox", "numImages": 3})
    assert answer.json() == {"feature": "image-generation", "cost": 6, "balance": 50, "sufficient": True}
    assert user.credits() == (50, 0)


def test_the_deployed_code_does_not_carry_the_keys(studio):
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    for function in functions.list_functions()["Functions"]:
        assert "sk_test" not in json.dumps(function.get("Environment", {}))
        assert "whsec" not in json.dumps(function.get("Environment", {}))


def test_prices_are_made_once_in_an_account_that_has_none():
    server = WebServer("stand-in for Stripe", 0)
    server.start(StripeServer(server.url, "http://localhost:9/").application())
    try:
        made = prices_at_stripe("sk_test_local", server.url)
        assert set(made) == {"price_starter", "price_pro", "price_enterprise"}
        assert prices_at_stripe("sk_test_local", server.url) == made
    finally:
        server.stop()


def test_a_key_for_real_money_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_" + "live_x")
    with pytest.raises(RuntimeError, match="test key"):
        Payments(tmp_path, "http://localhost:3000")


def test_with_a_test_key_the_studio_names_stripe_and_no_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_real")
    payments = Payments(tmp_path, "http://localhost:3000")
    assert payments.standin is None
    assert "Stripe's test mode" in payments.told
