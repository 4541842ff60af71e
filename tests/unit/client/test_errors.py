"""Problem documents become exceptions that say what happened and to whom to turn with what."""

from __future__ import annotations

import httpx
import pytest

from ai_creative_studio import ApiError, InsufficientCredits, InvalidOrder, RateLimited, StudioError, errors, models
from ai_creative_studio.errors import Fault
from tests.unit.client.conftest import problem


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "malformed_request", errors.BadRequest),
        (401, "unauthorized", errors.NotAuthenticated),
        (401, "wrong_credentials", errors.WrongCredentials),
        (402, "insufficient_credits", errors.InsufficientCredits),
        (403, "missing_scope", errors.MissingScope),
        (403, "wrong_password", errors.WrongPassword),
        (404, "not_found", errors.NotFound),
        (409, "email_taken", errors.EmailTaken),
        (409, "job_ended", errors.JobEnded),
        (409, "job_not_ready", errors.JobNotReady),
        (409, "something_new", errors.Conflict),
        (410, "expired", errors.Expired),
        (413, "body_too_large", errors.BadRequest),
        (422, "idempotency_key_reuse", errors.KeyReused),
        (422, "invalid_request", errors.InvalidOrder),
        (429, "too_many_active_jobs", errors.TooManyActiveJobs),
        (429, "something_new", errors.RateLimited),
        (418, "teapot", ApiError),
    ],
)
def test_each_problem_has_its_class_and_request_id(studio, tape, status, code, kind):
    tape.answers = [problem(status, code, {"retry-after": "999"})]
    with pytest.raises(StudioError) as raised:
        studio.credits()
    error = raised.value
    assert (type(error), error.code, error.status, error.request_id) == (kind, code, status, "req_1")
    assert "req_1" in str(error)


def test_an_invalid_order_names_each_field(studio, tape):
    faults = [
        {"pointer": "/width", "detail": "must be a multiple of 8"},
        {"pointer": "/prompt", "detail": "is missing"},
    ]
    tape.answers = [problem(422, "invalid_request", errors=faults)]
    with pytest.raises(InvalidOrder) as raised:
        studio.jobs.submit("image-generation", prompt="x", width=513)
    assert raised.value.faults == (Fault("/width", "must be a multiple of 8"), Fault("/prompt", "is missing"))


def test_a_balance_that_is_short_says_by_how_much(studio, tape):
    tape.answers = [problem(402, "insufficient_credits", required=8, balance=3)]
    with pytest.raises(InsufficientCredits) as raised:
        studio.jobs.submit("3d-video", prompt="x")
    assert (raised.value.required, raised.value.balance) == (8, 3)


def test_a_gateways_own_answer_is_an_error_too(studio, tape):
    gateway = httpx.Response(429, json={"message": "Too Many Requests"}, headers={"apigw-requestid": "gw_1"})
    tape.answers = [gateway] * 5
    with pytest.raises(RateLimited) as raised:
        studio.credits()
    error = raised.value
    assert (error.code, error.detail, error.request_id) == ("http_429", "Too Many Requests", "gw_1")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"balance": 1}'])
def test_something_that_is_not_this_api_is_told_apart(studio, tape, body):
    tape.answers = [httpx.Response(200, content=body), httpx.Response(200, content=body)]
    with pytest.raises(errors.UnreadableAnswer):
        studio.credits()
    with pytest.raises(errors.UnreadableAnswer):
        list(studio.transactions())


def test_secrets_are_not_shown_by_accident():
    assert "hidden" not in repr(models.Token(token="hidden", expires_in=1))
