"""How many paid jobs one customer may have at the same time."""

from __future__ import annotations

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from studio import jobs
from studio.errors import TooManyActiveJobs
from studio.tables import Balance
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem

LIMIT = 10


@pytest.fixture
def user(studio):
    return studio.user()


def test_the_eleventh_job_is_refused_and_holds_nothing(studio, context, user):
    for _ in range(LIMIT):
        user.submit()
    before = (user.balance(), user.held(), len(studio.ledger(user)))
    http = Client(context, user.token)
    answer = http("POST", SUBMIT, ORDER)
    problem = assert_problem(answer, 429, "too_many_active_jobs")
    assert (problem["limit"], problem["active"], answer.headers["Retry-After"]) == (LIMIT, LIMIT, "10")
    assert "At most 10 paid jobs" in problem["detail"]
    assert (user.balance(), user.held(), len(studio.ledger(user))) == before
    assert len(studio.queued_jobs()) == LIMIT


@pytest.mark.parametrize("end", ["completed", "part", "failed", "cancelled", "overdue", "lost"])
def test_every_end_makes_room_for_one_more(studio, user, later, end):
    running = [user.submit() for _ in range(LIMIT)][-1]
    if end not in ("overdue", "cancelled", "lost"):
        jobs.claim(running.id)
    match end:
        case "completed":
            studio.finish(running)
        case "part" | "failed":
            studio.finish(running, code="x", message="y")
        case "cancelled":
            user.cancel(running)
            user.cancel(running)
        case "lost":
            jobs.give_up(running.id, **jobs.WORKER_LOST)
        case "overdue":
            later(3601)
            assert jobs.expire_overdue() == LIMIT
    room = LIMIT if end == "overdue" else 1
    for _ in range(room):
        user.submit()
    with pytest.raises(TooManyActiveJobs):
        user.submit()
    assert Balance.get(user.id).active == LIMIT


def test_drafts_and_other_customers_do_not_count(studio, user):
    for _ in range(LIMIT):
        user.submit()
    assert user.submit(quality="draft").status == "pending"
    assert studio.user().submit().status == "pending"
    assert Balance.get(user.id).active == LIMIT


def test_a_repeat_of_the_tenth_is_answered_not_refused(studio, user):
    submitted = [user.submit(key=f"k{n}") for n in range(LIMIT)]
    assert user.submit(key="k9").id == submitted[-1].id


def test_the_limit_is_the_operators(monkeypatch, studio):
    monkeypatch.setenv("MAX_ACTIVE_JOBS", "1")
    jobs.settings.cache_clear()
    user = studio.user()
    user.submit()
    with pytest.raises(TooManyActiveJobs, match="At most 1 "):
        user.submit()


def test_a_balance_from_before_jobs_were_counted_counts_from_none(studio, user):
    (table,) = [t for n, t in dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables.items() if n == "BalancesTable"]
    del table.items[next(iter(table.items))].attrs["active"]
    job = user.submit()
    assert Balance.get(user.id).active == 1
    user.cancel(job)
    assert Balance.get(user.id).active == 0
