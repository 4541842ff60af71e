"""Signatures of callbacks: those of the specification, and believed by its own package."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from studio import clock, ids, signatures
from studio.tables import CallbackSecret

KNOWN_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def at(monkeypatch):
    def moved(seconds: int) -> None:
        monkeypatch.setattr(clock, "epoch", lambda: seconds)

    return moved


def signing(secret: str, **old: object) -> CallbackSecret:
    return CallbackSecret("usr_1", secret=secret, **old)


def test_a_known_message_has_its_known_signature(at):
    at(1614265330)
    headers = signatures.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', signing(KNOWN_SECRET))
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_signature_is_that_of_the_specification_written_out(at):
    at(1_700_000_000)
    secret = signatures.new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, b"dlv_1.1700000000.{}", hashlib.sha256).digest()).decode()
    assert signatures.headers("dlv_1", b"{}", signing(secret))["webhook-signature"] == f"v1,{wanted}"


def test_secrets_have_32_random_bytes():
    secrets = {signatures.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert {len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) for secret in secrets} == {32}


@given(body=st.text(max_size=200).map(str.encode))
def test_any_body_is_believed_and_any_other_is_not(body):
    secret = signatures.new_secret()
    headers = signatures.headers("dlv_1", body, signing(secret))
    receiver = standardwebhooks.Webhook(secret)
    receiver.verify(body, headers, json_parse=False)
    for forged in (body + b" ", b"x" + body):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            receiver.verify(forged, headers, json_parse=False)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        receiver.verify(body, headers | {"webhook-id": "dlv_2"}, json_parse=False)


def test_an_old_secret_signs_until_it_ends(at):
    old, new = signatures.new_secret(), signatures.new_secret()
    rolled = signing(new, old_secret=old, old_secret_until=1_000)
    at(999)
    assert len(signatures.headers("dlv_1", b"{}", rolled)["webhook-signature"].split(" ")) == 2
    at(1_000)
    assert signatures.headers("dlv_1", b"{}", rolled) == signatures.headers("dlv_1", b"{}", signing(new))


def test_derived_ids_are_the_same_for_the_same_and_sort_by_time():
    one = ids.derived("dlv", 1_700_000_000, "out_1", "whe_1")
    assert one == ids.derived("dlv", 1_700_000_000, "out_1", "whe_1")
    assert len({one, ids.derived("dlv", 1_700_000_000, "out_1w", "he_1"), ids.derived("dlv", 1_700_000_000, "x")}) == 3
    assert one < ids.derived("dlv", 1_700_000_001, "out_0", "whe_0")
    assert len(one) == len(ids.new("dlv"))
