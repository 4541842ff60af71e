"""The time a customer gives a job: `Cancel-After`."""

from __future__ import annotations

import pytest

from gpu_handlers.worker import Verdict, Worker
from studio import clock, jobs
from studio.errors import InvalidOrder, KeyReused, LeaseLost
from studio.jobs import Progress
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.mark.parametrize(("written", "seconds"), [("5s", 5), ("90s", 90), ("5m", 300), ("1h", 3600)])
def test_the_job_shows_the_deadline_that_was_asked_for(http, user, monkeypatch, written, seconds):
    monkeypatch.setattr(clock, "epoch", lambda: 2_000_000_000)
    job = http("POST", SUBMIT, ORDER, Cancel_After=written)
    assert (job.status, job.json["deadline"]) == (202, clock.iso(clock.from_epoch(2_000_000_000 + seconds)))


@pytest.mark.parametrize("written", ["4s", "3601s", "61m", "2h", "0s", "90", "-5s", "1.5m", "soon", "", "٣٠s"])
@pytest.mark.parametrize("query", [{}, {"dryRun": "true"}])
def test_any_other_time_is_refused_with_the_range(http, user, written, query):
    problem = assert_problem(
        http("POST", SUBMIT, ORDER, query=query, Cancel_After=written), 422, "invalid_request"
    )  # fmt: skip
    assert problem["errors"] == [
        {"pointer": "header Cancel-After", "detail": "must be 5s to 3600s, written like 90s, 5m or 1h"}
    ]
    assert (user.balance(), user.held()) == (50, 0)


def test_a_job_whose_time_is_up_is_cancelled_with_everything_back(studio, later):
    user = studio.user()
    job = user.submit(numImages=4, cancel_after="90s")
    later(80)  # the clock runs on meanwhile
    assert jobs.expire_overdue() == 0
    later(11)
    assert jobs.expire_overdue() == 1
    ended = studio.job(job)
    assert (ended.status, ended.error["code"], ended.refunded) == ("cancelled", "cancel_after", 8)
    assert (user.balance(), user.held()) == (50, 0)
    assert [entry.kind for entry in studio.ledger(user)] == ["signup", "hold", "refund"]


def test_who_looks_need_not_wait_for_the_sweeper(http, user, later):
    job = http("POST", SUBMIT, ORDER, Cancel_After="5s").json
    later(6)
    ended = http("GET", job["urls"]["self"]).json
    assert (ended["status"], ended["error"]["code"]) == ("cancelled", "cancel_after")
    assert ended["credits"] == {"held": 0, "charged": 0, "refunded": 2}


def test_our_own_deadline_is_a_failure_as_ever(studio, later):
    user = studio.user()
    job = user.submit()
    later(3601)
    ended = jobs.get(user.id, job.id)
    assert (ended.status, ended.error["code"]) == ("failed", "deadline_exceeded")


def test_a_worker_stops_when_the_time_is_up_and_may_not_begin_after_it(studio, later):
    job = studio.user().submit(cancel_after="90s")
    jobs.claim(job.id)
    later(91)
    with pytest.raises(LeaseLost):
        jobs.report(job.id, 1, Progress(0.5, "illustrate", 1, 2))
    with pytest.raises(LeaseLost):
        jobs.renew(job.id, 1)
    with pytest.raises(LeaseLost):
        jobs.claim(job.id)
    assert Worker(keep_visible=lambda: None, profile="none").run_job(job.id) is Verdict.LEAVE
    assert studio.job(job).attempt == 1


def test_the_same_key_with_another_time_is_another_request(studio):
    user = studio.user()
    assert user.submit(key="k", cancel_after="90s").id == user.submit(key="k", cancel_after="90s").id
    with pytest.raises(KeyReused):
        user.submit(key="k", cancel_after="91s")


def test_a_bad_time_writes_nothing(studio):
    user = studio.user()
    with pytest.raises(InvalidOrder, match="5s to 3600s"):
        user.submit(cancel_after="1s")
    assert (user.balance(), studio.queued_jobs()) == (50, [])
