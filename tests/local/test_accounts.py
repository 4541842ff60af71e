"""Accounts on the whole stack: mails arrive, closed accounts are cleared, each function has the rights it needs."""

from __future__ import annotations

import re
import secrets

import httpx
import pytest

from tests.local.conftest import ORDER, SUBMIT, wait_for

pytestmark = pytest.mark.local


@pytest.fixture
def account(studio):
    with httpx.Client(base_url=studio.url, timeout=60, trust_env=False) as http:
        credentials = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe()}
        signup = http.post("/api/v1/auth/register", json=credentials).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {signup['token']}"
        yield http, credentials


def test_a_forgotten_password_is_reset_by_mail(studio, account):
    http, credentials = account
    assert http.post("/api/v1/auth/forgot", json={"email": credentials["email"]}).status_code == 202
    (letter,) = wait_for(lambda: [mail for mail in studio.mailbox.letters() if mail.to == credentials["email"]])
    token = re.search(r"#reset=(\S+)", letter.text)[1]
    changed = {"token": token, "password": secrets.token_urlsafe()}
    assert http.post("/api/v1/auth/reset", json=changed).status_code == 204
    assert http.get("/api/v1/users/profile").status_code == 401
    again = credentials | {"password": changed["password"]}
    assert http.post("/api/v1/auth/login", json=again).status_code == 200


def test_an_api_key_reads_and_pays_within_its_scopes(studio, account):
    http, _ = account
    order = {"name": "CI", "scopes": ["jobs:write", "billing:read"]}
    made = http.post("/api/v1/users/keys", json=order).raise_for_status().json()
    key = {"Authorization": f"Bearer {made['secret']}"}
    assert http.post(SUBMIT, json=ORDER, headers=key).status_code == 202
    balance = http.get("/api/v1/users/credits", headers=key)
    assert balance.json() == {"balance": 48, "held": 2}
    assert "RateLimit" in balance.headers
    assert http.get("/api/v1/jobs", headers=key).json()["code"] == "missing_scope"
    assert http.post("/api/v1/payments/create-checkout", json={}, headers=key).json()["code"] == "missing_scope"
    assert http.delete(f"/api/v1/users/keys/{made['id']}").status_code == 204
    assert http.get("/api/v1/users/credits", headers=key).status_code == 401


def test_a_closed_account_is_cleared(studio, account):
    http, credentials = account
    user_id = http.get("/api/v1/users/profile").json()["id"]
    http.post(SUBMIT, json=ORDER).raise_for_status()
    export = http.get("/api/v1/users/export").raise_for_status().json()
    document = httpx.get(export["url"], trust_env=False).raise_for_status().json()
    assert (document["user"]["email"], len(document["jobs"])) == (credentials["email"], 1)
    farewell = {"password": credentials["password"]}
    assert http.request("DELETE", "/api/v1/users/me", json=farewell).status_code == 204
    assert http.get("/api/v1/users/profile").status_code == 401
    s3 = studio.session().client("s3", endpoint_url=studio.emulator.url)
    bucket = studio.deployment.outputs["MediaBucketName"]
    wait_for(lambda: not s3.list_objects_v2(Bucket=bucket, Prefix=f"exports/{user_id}/").get("KeyCount"))
    sqs = studio.session().client("sqs", endpoint_url=studio.emulator.url)
    (errands,) = [url for url in sqs.list_queues()["QueueUrls"] if "ErrandsQueue" in url]
    told = sqs.get_queue_attributes(QueueUrl=errands, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert int(told["Attributes"]["ApproximateNumberOfMessagesDelayed"]) >= 1, "once more a quarter of an hour later"
    assert http.post("/api/v1/auth/register", json=credentials).status_code == 201


def test_published_keys_are_where_verifiers_look(studio, account):
    http, _ = account
    answer = http.get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.json()["keys"][0]["kty"] == "EC"
