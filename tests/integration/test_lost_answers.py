"""Faults of the database: answers that get lost after the commit, conflicts, throttling. Nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.connection import Connection

from studio import accounts, api_keys, endpoints, grants, jobs, proofs, purchases, tables
from studio.api_keys import Scope
from studio.errors import Busy, EmailTaken, InsufficientCredits, InvalidOrder
from studio.tables import Proof, Purchase
from tests.integration.conftest import PASSWORD, signed_in

Send = Callable[..., Any]


@pytest.fixture
def wrap(monkeypatch) -> Callable[[Callable[[Send], Send]], None]:
    """Puts something between us and `TransactWriteItems`."""

    def wrapper(fault: Callable[[Send], Send]) -> None:
        monkeypatch.setattr(Connection, "_make_api_call", fault(Connection._make_api_call))

    return wrapper


def sent_twice(times: int) -> Callable[[Send], Send]:
    """The first `times` transactions are sent again although they were committed, as when an answer is lost."""
    left = [times]

    def fault(send: Send) -> Send:
        def call(self: Connection, operation: str, kwargs: dict[str, Any], *args: Any) -> Any:
            if operation == "TransactWriteItems" and left[0]:
                left[0] -= 1
                send(self, operation, kwargs, *args)
            return send(self, operation, kwargs, *args)

        return call

    return fault


def fails_with(code: str, times: int, *, committed: bool) -> Callable[[Send], Send]:
    """The first `times` transactions answer with an error, with or without having been committed."""
    left = [times]

    def fault(send: Send) -> Send:
        def call(self: Connection, operation: str, kwargs: dict[str, Any], *args: Any) -> Any:
            if operation == "TransactWriteItems" and left[0]:
                left[0] -= 1
                if committed:
                    send(self, operation, kwargs, *args)
                raise ClientError({"Error": {"Code": code, "Message": "injected"}}, operation)
            return send(self, operation, kwargs, *args)

        return call

    return fault


FAULTS: dict[str, Callable[[], Callable[[Send], Send]]] = {
    "sent twice": lambda: sent_twice(1),
    "in progress, committed": lambda: fails_with("TransactionInProgressException", 1, committed=True),
    "in progress, not committed": lambda: fails_with("TransactionInProgressException", 1, committed=False),
    "throttled": lambda: fails_with("ThrottlingException", 2, committed=False),
    "unknown, committed": lambda: fails_with("InternalServerError", 1, committed=True),
}


@pytest.fixture(params=FAULTS)
def fault(request) -> Callable[[Send], Send]:
    return FAULTS[request.param]()


# After an error without a verdict only a submit looks what became of it; the other callers see it and repeat.
ANSWERED = pytest.mark.parametrize("fault", [name for name in FAULTS if "unknown" not in name], indirect=True)


@pytest.mark.parametrize("key", [None, "key"])
def test_a_submit_makes_one_job_and_one_hold(studio, wrap, fault, key):
    user = studio.user()
    wrap(fault)
    job = user.submit(key=key)
    assert (user.balance(), user.held()) == (48, 2)
    assert [entry.id for entry in studio.ledger(user)] == [f"signup:{user.id}", f"hold:{job.id}"]
    assert studio.queued_jobs() == [job.id]
    assert studio.outbox() == []


def test_a_submit_with_the_last_credits_is_not_refused_after_it_was_charged(studio, wrap, fault):
    user = studio.user()
    for _ in range(6):
        user.submit(numImages=4)
    wrap(fault)
    job = user.submit(numImages=1)
    assert (user.balance(), studio.job(job).credits) == (0, 2)
    with pytest.raises(InsufficientCredits):
        user.submit()


@ANSWERED
def test_a_registration_makes_one_account(studio, wrap, fault):
    wrap(fault)
    signup = accounts.register("new@example.com", PASSWORD)
    assert accounts.profile(signup.user.id).email == "new@example.com"
    with pytest.raises(EmailTaken):
        accounts.register("new@example.com", PASSWORD)


@ANSWERED
def test_a_closing_is_done_and_cleared_after_whatever_became_of_the_answer(studio, wrap, fault):
    user = studio.user()
    wrap(fault)
    accounts.close(user.id, PASSWORD)
    assert not accounts.exists(user.id)
    assert studio.errands() == [{"errand": "erase", "subject": user.id}], "and the later one, which SQS keeps back"
    assert studio.outbox() == []


@ANSWERED
def test_a_reset_ends_everything_also_when_its_answer_is_lost(studio, wrap, fault):
    user = studio.user()
    accounts.forgot("user1@example.com")
    endpoints.create(signed_in(user.id), "https://example.com/hook", ["job.failed"], "")
    (proof,) = Proof.scan()
    value = proofs.arm(proof, user_id=user.id, user_ver=0)
    wrap(fault)
    accounts.reset_password(value, "another horse and battery")
    assert accounts.login("user1@example.com", "another horse and battery")
    assert endpoints.all_of(user.id) == []
    with pytest.raises(InvalidOrder):
        accounts.reset_password(value, "a third horse and battery")


@ANSWERED
def test_an_api_key_is_made_once_and_works(studio, wrap, fault):
    user = studio.user()
    wrap(fault)
    made = api_keys.create(signed_in(user.id), "CI", [Scope.JOBS_READ])
    assert api_keys.verify(made.secret).user_id == user.id
    assert [key.id for key in api_keys.all_of(user.id)] == [made.row.id]


@ANSWERED
def test_an_endpoint_takes_one_place(studio, wrap, fault):
    user = studio.user()
    wrap(fault)
    made = endpoints.create(signed_in(user.id), "https://example.com/hook", ["job.failed"], "")
    assert [endpoint.id for endpoint in endpoints.all_of(user.id)] == [made.id]


@ANSWERED
def test_a_cancel_refunds_once(studio, wrap, fault):
    user = studio.user()
    job = user.submit(numImages=4)
    wrap(fault)
    assert user.cancel(job).status == "cancelled"
    assert (user.balance(), user.held()) == (50, 0)
    assert [entry.kind for entry in studio.ledger(user)] == ["signup", "hold", "refund"]


@ANSWERED
def test_a_delivery_is_kept_once(studio, wrap, fault):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    wrap(fault)
    studio.finish(job)
    assert studio.job(job).status == "completed"
    assert (user.balance(), user.held()) == (48, 0)


@pytest.mark.parametrize("key", [None, "key"])
def test_a_checkout_is_begun_once(studio, till, wrap, fault, key):
    user = studio.user()
    wrap(fault)
    purchase = till.begin(user.id, key=key)
    assert purchase.checkout_url
    assert Purchase.count() == 1
    assert len(till.standin.books["checkout/sessions"]) == 1


@ANSWERED
def test_a_payment_is_credited_once_and_taken_back_once(studio, till, wrap, fault):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    till.standin.refund(till.intent(purchase), 1_450)
    wrap(fault)
    purchases.fulfil(purchase.session_id)
    assert user.balance() == 100
    assert [entry.kind for entry in studio.ledger(user)] == ["signup", "purchase", "revoke"]


@ANSWERED
def test_a_grant_is_given_once(studio, wrap, fault):
    user = studio.user()
    asked = {"requestId": "ticket-1", "userId": user.id, "credits": 5, "reason": "r", "operator": "o"}
    wrap(fault)
    assert grants.give(grants.parse(asked)).balance_after == 55
    assert user.balance() == 55


def test_endless_contention_ends_as_busy_with_nothing_written(studio, wrap, monkeypatch):
    user = studio.user()
    monkeypatch.setattr(tables, "CONFLICT_RETRY_SECONDS", 0.2)
    wrap(fails_with("ThrottlingException", 10_000, committed=False))
    with pytest.raises(Busy):
        user.submit()
    assert (user.balance(), user.held(), studio.queued_jobs()) == (50, 0, [])
