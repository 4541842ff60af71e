"""Callbacks are believed exactly when the studio sent them now; the packages of the specification agree."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from ai_creative_studio import BadSignature, webhooks
from studio import clock, signatures
from studio.tables import CallbackSecret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()
NOW = 1_795_776_000
BODY = json.dumps({"type": "job.completed", "timestamp": "2026-11-27T10:40:00Z", "data": {"id": "job_1"}}).encode()


def signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW, name: str = "dlv_1") -> dict[str, str]:
    moment = datetime.fromtimestamp(at, UTC)
    signature = standardwebhooks.Webhook(secret).sign(name, moment, body.decode())
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_what_another_implementation_signed_is_believed():
    event = webhooks.verify(BODY, signed(), SECRET, now=NOW)
    assert (event.id, event.type, event.job_id) == ("dlv_1", "job.completed", "job_1")
    assert event.timestamp == datetime(2026, 11, 27, 10, 40, tzinfo=UTC)


def test_the_vector_of_the_specification_has_its_signature():
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(BadSignature, match="none of this studio"):  # the signature is right, the message is no event
        webhooks.verify(b'{"test": 2432232314}', headers, SECRET, now=1614265330)


def test_what_the_studio_signs_is_believed_with_either_secret_of_a_rotation(monkeypatch):
    monkeypatch.setattr(clock, "epoch", lambda: NOW)
    row = CallbackSecret("usr_1", secret=SECRET, old_secret=OTHER, old_secret_until=NOW + 10)
    headers = signatures.headers("dlv_1", BODY, row)
    for known in (SECRET, OTHER, [OTHER, SECRET], iter([OTHER])):
        assert webhooks.verify(BODY, headers, known, now=NOW).id == "dlv_1"
    third = "whsec_" + base64.b64encode(b"y" * 32).decode()
    with pytest.raises(BadSignature):
        webhooks.verify(BODY, headers, third, now=NOW)


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_five_minutes_either_way_are_taken(off):
    assert webhooks.verify(BODY, signed(), SECRET, now=NOW + off)


@pytest.mark.parametrize("off", [-301, 301, 1_000 * NOW])
def test_more_than_five_minutes_either_way_are_refused(off):
    with pytest.raises(BadSignature, match="300 seconds"):
        webhooks.verify(BODY, signed(), SECRET, now=NOW + off)


@pytest.mark.parametrize("moment", ["", "now", "-1", "1e9", " ", "١٧", "9" * 400, f"{NOW}000"])
def test_a_time_that_is_none_is_refused(moment):
    with pytest.raises(BadSignature):
        webhooks.verify(BODY, signed() | {"webhook-timestamp": moment}, SECRET, now=NOW)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v1,é",
        "v1,\ud800",
        "v2,{good}",
        "v1a,{good}",
        "{good}",
        "v1,{short}",
        "v1 {good}",
        "v1,{good}=",
    ],
)
def test_signatures_that_only_look_like_one_are_refused_without_an_accident(signature):
    good = signed()["webhook-signature"].removeprefix("v1,")
    given = signature.format(good=good, short=good[:-4])
    with pytest.raises(BadSignature):
        webhooks.verify(BODY, signed() | {"webhook-signature": given}, SECRET, now=NOW)


def test_one_good_signature_among_others_is_enough():
    headers = signed()
    headers["webhook-signature"] = f"v1a,xyz v1,AAAA {headers['webhook-signature']}"
    assert webhooks.verify(BODY, headers, SECRET, now=NOW)


@pytest.mark.parametrize("body", [bytes, bytearray, memoryview, bytes.decode])
def test_the_body_may_come_as_any_bytes_or_text(body):
    assert webhooks.verify(body(BODY), signed(), SECRET, now=NOW)


def test_headers_may_come_in_any_case_as_text_bytes_mappings_or_pairs():
    headers = signed()
    shouted = {name.upper(): f" {value} " for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    for form in (headers, shouted, raw, dict(raw), list(headers.items())):
        assert webhooks.verify(BODY, form, SECRET, now=NOW)


@given(body=st.binary(max_size=60), cut=st.integers(0, 200))
def test_no_changed_body_is_believed(body, cut):
    forged = BODY[:cut] + body + BODY[cut:]
    if forged == BODY:
        return
    with pytest.raises(BadSignature):
        webhooks.verify(forged, signed(), SECRET, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed_and_signed(name):
    headers = signed()
    with pytest.raises(BadSignature):
        webhooks.verify(BODY, {key: value for key, value in headers.items() if key != name}, SECRET, now=NOW)
    with pytest.raises(BadSignature):
        webhooks.verify(BODY, headers | {name: signed(name="dlv_2", at=NOW + 1)[name]}, SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "v1,whsec_AAAA", "not base64!", "whsec_é", []])
def test_a_secret_that_is_none_is_a_mistake_of_configuration(secret):
    with pytest.raises(ValueError, match="secret"):
        webhooks.verify(BODY, signed(), secret, now=NOW)
