"""How often one request asks AWS: every call is time for the customer and money for us, so a new one is a decision."""

from __future__ import annotations

import pytest

from benchmarks.api import aws_watched
from tests.integration.conftest import ORDER
from tests.integration.test_api import Client

SUBMIT = "/api/v1/jobs/image-generation"
WHO_IT_IS = {"GetItem": 2, "UpdateItem": 1}  # session and account; the quota
ONE_JOB = {"TransactWriteItems": 1, "SendMessage": 1, "PutEvents": 1, "DeleteItem": 2}  # and both rows of the outbox


@pytest.fixture
def http(studio, context) -> Client:
    client = Client(context, studio.user().token)
    client("POST", SUBMIT, ORDER)  # what a process reads once, it has read
    return client


def calls(http: Client, method: str, path: str, body: object = None, **query: str) -> dict[str, int]:
    with aws_watched() as aws:
        answer = http(method, path, body, query=query)
    assert answer.status < 300, answer.text
    return dict(aws.calls)


def test_a_submit_is_one_transaction_and_one_message(http):
    assert calls(http, "POST", SUBMIT, ORDER) == WHO_IT_IS | {"GetItem": 3} | ONE_JOB, "the third is the balance"


def test_a_dry_run_reads_one_row_more_than_who_it_is(http):
    assert calls(http, "POST", SUBMIT, ORDER, dryRun="true") == WHO_IT_IS | {"GetItem": 3}


def test_a_picture_costs_one_look_into_the_bucket(http, studio):
    from studio import uploads
    from tests.integration.samples import photo

    user = studio.user()
    http.token = user.token
    order = ORDER | {"reference": uploads.accept(user.id, photo()), "consent": True}
    assert calls(http, "POST", SUBMIT, order) == WHO_IT_IS | {"GetItem": 3, "HeadObject": 1} | ONE_JOB


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/api/v1/users/credits", {"GetItem": 3}),
        ("/api/v1/users/profile", {"GetItem": 4}),  # and whether they are an operator
        ("/api/v1/users/transactions", {"Query": 1}),
        ("/api/v1/jobs", {"Query": 1}),
        ("/api/v1/features", None),
    ],
)
def test_reads_take_one_call_beside_who_it_is(http, path, more):
    assert calls(http, "GET", path) == ({} if more is None else WHO_IT_IS | more)


def test_a_cancel_is_one_transaction(http):
    job = http("POST", SUBMIT, ORDER).headers["Location"]
    made = calls(http, "DELETE", job)
    assert {name: made[name] for name in ("TransactWriteItems", "PutEvents", "DeleteItem")} == {
        "TransactWriteItems": 1,
        "PutEvents": 1,
        "DeleteItem": 1,
    }
    assert "SendMessage" not in made
    assert made["GetItem"] <= 8
