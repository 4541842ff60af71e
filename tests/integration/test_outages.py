"""AWS does not answer: callers hear that, and whether trying again is safe, instead of that something went wrong.

Every route of the OpenAPI document is asked with each of its calls to AWS failing in turn.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
)
from pynamodb.connection.base import VerboseClientError
from pynamodb.exceptions import DoesNotExist, GetError, UpdateError

from studio import limits, outbox, tables
from studio.outages import is_outage
from tests.integration import contract
from tests.integration.conftest import ORDER
from tests.integration.contract import OPERATIONS, Operation, World
from tests.integration.test_api import SUBMIT, Answer, Client, assert_problem
from tests.integration.test_threats import logged
from tests.invariants.calls import (
    Calls,
    Fault,
    answer_lost,
    conflicting,
    counted,
    in_progress,
    sent_twice,
    silent,
    throttled,
    unavailable,
)

WHO_IT_IS = ["GetItem", "GetItem", "UpdateItem"]  # session, account, quota
MAY_SAY = {503: {"busy", "unavailable", "payments_unavailable"}, 504: {"unanswered"}}


@pytest.fixture
def http(studio, context) -> Client:
    client = Client(context, studio.user().token)
    assert client("GET", "/api/v1/users/credits").status == 200  # what a process reads once, it has read
    return client


@pytest.fixture
def aws():
    with counted() as calls:
        yield calls


# ---- Every route -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_no_route_answers_500_because_aws_is_silent(world, operation):
    with counted() as aws:
        asked(world, operation, aws, silent, None)
        made = list(aws.made)
        assert asked(world, operation, aws, conflicting, "TransactWriteItems").status < 500, "a lost race is run again"
        known = len(WHO_IT_IS) if made[: len(WHO_IT_IS)] == WHO_IT_IS else 0  # alike on all routes, and tested below
        for number, name in enumerate(made[known:], start=known + 1):
            answer = asked(world, operation, aws, silent, number)
            where = f"{name}, call {number} of {made}: {answer.status} {answer.text}"
            assert str(answer.status) in operation.described["responses"], where
            assert answer.status < 500 or answer.json["code"] in MAY_SAY.get(answer.status, ()), where
            assert answer.status < 500 or answer.headers["Retry-After"] == "1", where
            assert answer.status != 504 or operation.method != "GET", f"nothing is in doubt after {where}"
            if operation.method == "GET":
                heard_too_late = asked(world, operation, aws, answer_lost, number).status
                assert heard_too_late in (200, 503), f"{heard_too_late} {where}"


def asked(world: World, operation: Operation, aws: Calls, fault: Fault, which: int | str | None) -> Answer:
    """The answer to one good request; the call of this number, or the first of this name, meets the fault."""
    aws.disarm()
    with aws.suspended():
        user = world.appointed(world.user()) if operation.role else world.someone()
        ids = world.things(user, operation.names)
        body = {} if operation.path.endswith("/rerun") else contract.sample(operation, lambda: world.picture(user))
    if operation.path.endswith("/register"):
        body = {**(body or {}), "email": f"{secrets.token_hex(8)}@example.com"}
    client = world.client(None if operation.open else user.token)
    aws.arm_where(fault, lambda at, name: at == which or (name == which and not aws.fired))
    return client(operation.method, operation.address(ids), body)


# ---- What callers are told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [silent, throttled, unavailable])
@pytest.mark.parametrize(("number", "code"), [(1, "unavailable"), (2, "unavailable"), (3, "busy")])
def test_a_change_that_never_began_may_be_tried_again(http, aws, fault, number, code):
    aws.arm(fault, at=number)
    assert_problem(http("POST", SUBMIT, ORDER), 503, code)
    aws.disarm()
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_a_read_is_told_to_come_back_and_the_log_knows_why(http, aws):
    job = http("POST", SUBMIT, ORDER).json["urls"]["self"]
    aws.arm(silent, at=len(WHO_IT_IS) + 1)
    with logged() as log:
        answer = http("GET", job)
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert "aws.test" not in answer.text
    assert "a service did not answer" in [json.loads(line)["message"] for line in log.lines]


@pytest.mark.parametrize(("fault", "held"), [(silent, 0), (answer_lost, 2)])
def test_a_submit_in_doubt_says_so_and_its_key_finds_out(http, aws, fault, held):
    """The transaction falls silent, and so does the look at whether it was done."""

    def nothing_answers(number: int, operation: str) -> bool:
        return operation == "TransactWriteItems" or "TransactWriteItems" in aws.made[: number - 1]

    aws.arm_where(fault, nothing_answers)
    assert_problem(http("POST", SUBMIT, ORDER, Idempotency_Key="k"), 504, "unanswered")
    aws.disarm()
    assert http("GET", "/api/v1/users/credits").json["held"] == held
    again = http("POST", SUBMIT, ORDER, Idempotency_Key="k")
    assert (again.status, "Idempotency-Replayed" in again.headers) == (202, bool(held))
    assert http("GET", "/api/v1/users/credits").json == {"balance": 48, "held": 2}


def test_a_submit_that_was_made_after_all_is_not_called_busy(http, aws, monkeypatch):
    """AWS is still at the first try when the second begins, which then meets one conflict after the other."""
    monkeypatch.setattr(tables, "CONFLICT_RETRY_SECONDS", 0.1)
    tries = iter([in_progress])

    def fault(call: Any, operation: str) -> Any:
        return next(tries, conflicting)(call, operation)

    aws.arm_where(fault, lambda number, operation: operation == "TransactWriteItems")
    answer = http("POST", SUBMIT, ORDER)
    aws.disarm()
    assert answer.status == 202, answer.text
    assert http("GET", "/api/v1/users/credits").json == {"balance": 48, "held": 2}


@pytest.mark.parametrize("fault", [in_progress, answer_lost, sent_twice])
def test_a_mail_is_asked_for_once_whatever_becomes_of_the_answer(http, aws, studio, fault):
    studio.errands()  # those of the world above, which shares the queue
    aws.arm_where(fault, lambda number, operation: operation == "TransactWriteItems" and not aws.fired)
    answer = http("POST", "/api/v1/auth/forgot", {"email": "user1@example.com"})
    assert answer.status == (504 if fault is answer_lost else 202), answer.text
    aws.disarm()
    outbox.sweep()
    assert len(studio.errands() + studio.outbox()) == 1


def test_a_job_is_shown_also_when_its_place_cannot_be_told(http, aws):
    job = http("POST", SUBMIT, ORDER).json["urls"]["self"]
    assert http("GET", job).json["queue"]["position"] == 1
    aws.arm_where(silent, lambda number, operation: operation in ("Query", "Scan", "BatchGetItem"))
    answer = http("GET", job)
    assert (answer.status, answer.json["status"], answer.json["queue"]) == (200, "pending", None)
    assert aws.fired


@pytest.mark.parametrize("operation", ["PutObject", "Query"])
def test_an_export_that_failed_is_none_of_the_few_there_are(http, aws, operation):
    for _ in range(limits.EXPORTS.quota + 1):
        aws.arm_where(silent, lambda number, name: name == operation)
        assert_problem(http("GET", "/api/v1/users/export"), 503, "unavailable")
    aws.disarm()
    statuses = [http("GET", "/api/v1/users/export").status for _ in range(limits.EXPORTS.quota + 1)]
    assert statuses == [200] * limits.EXPORTS.quota + [429]


def test_a_payment_whose_answer_is_lost_is_shown_and_not_called_unchanged(http, aws, studio, till):
    user = studio.user()
    http.token = user.token
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    aws.arm_where(answer_lost, lambda number, name: name == "TransactWriteItems" and not aws.fired)
    first = http("GET", f"/api/v1/payments/{purchase.id}")
    assert (first.status, user.balance()) == (200, 150)
    assert http("GET", f"/api/v1/payments/{purchase.id}").json["status"] == "paid"
    assert user.balance() == 150


def forbidden(call: Any, operation: str) -> Any:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "injected"}}, operation)


def test_a_fault_of_ours_is_no_outage(http, aws):
    aws.arm(forbidden, at=1)
    assert_problem(http("GET", "/api/v1/users/credits"), 500, "internal")


def test_a_missing_right_is_not_hidden_behind_an_estimate(http, aws):
    job = http("POST", SUBMIT, ORDER).json["urls"]["self"]
    aws.arm_where(forbidden, lambda number, operation: operation == "Query")
    assert_problem(http("GET", job), 500, "internal")


# ---- What counts as one ----------------------------------------------------------------------------------------------


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetItem")


def by_pynamodb(error: ClientError) -> GetError:
    """As pynamodb passes it on: what it raises has the code, and only the cause of that has the status."""
    passed = VerboseClientError({"Error": error.response["Error"]}, "GetItem", {"request_id": "", "table_name": ""})
    passed.__cause__ = error
    return GetError("failed", passed)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        GetError("failed", ReadTimeoutError(endpoint_url="x")),
        refusal("InternalError", 500),
        refusal("SlowDown", 503),
        refusal("ThrottlingException"),
        by_pynamodb(refusal("ProvisionedThroughputExceededException")),
        by_pynamodb(refusal("InternalServerError", 500)),
    ],
    ids=repr,
)
def test_silence_failure_and_overload_of_aws_are_outages(error):
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        DoesNotExist(),
        UpdateError("no cause"),
        ParamValidationError(report="x"),
        refusal("ValidationException"),
        by_pynamodb(refusal("AccessDeniedException")),
        by_pynamodb(refusal("ConditionalCheckFailedException")),
    ],
    ids=repr,
)
def test_refusals_and_faults_of_ours_are_not(error):
    assert not is_outage(error)


# ---- Items that are busy ---------------------------------------------------------------------------------------------


def busy(call: Any, operation: str) -> Any:
    """What DynamoDB answers to a single write of an item that a transaction is at; no emulator does."""
    raise ClientError({"Error": {"Code": "TransactionConflictException"}}, operation)


def test_a_write_waits_until_a_transaction_is_done_with_the_item(http, aws):
    times = iter(range(3))
    aws.arm_where(busy, lambda number, operation: operation == "UpdateItem" and next(times, None) is not None)
    answer = http("PATCH", "/api/v1/users/profile", {"name": "Ada"})
    assert (answer.status, answer.json["name"]) == (200, "Ada"), answer.text
    assert aws.made.count("UpdateItem") == 3 + 2, "the quota and the name"


def test_a_write_that_never_gets_through_is_an_outage(http, aws, monkeypatch):
    monkeypatch.setattr(tables, "BUSY_ITEM_SECONDS", 0.05)
    aws.arm_where(busy, lambda number, operation: operation == "UpdateItem" and number > len(WHO_IT_IS))
    assert_problem(http("PATCH", "/api/v1/users/profile", {"name": "Ada"}), 504, "unanswered")
