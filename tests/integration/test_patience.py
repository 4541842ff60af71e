"""`Prefer: wait`: how long a request is held, for how many at once, and that a job once made is never an error."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

import edge.caller
from studio import jobs, places
from studio.errors import Busy
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


@pytest.fixture
def waits(monkeypatch) -> list[int]:
    """For how many seconds requests were held; none of them takes any."""
    held: list[int] = []

    def at_once(job: jobs.JobRow, seconds: int) -> jobs.JobRow:
        held.append(seconds)
        return job

    monkeypatch.setattr(jobs, "ended_within", at_once)
    return held


@pytest.fixture
def came(http, monkeypatch):
    """Makes requests be as many seconds old when their route is reached."""

    def ago(seconds: float) -> None:
        http.arrived = 1_800_000_000.25
        monkeypatch.setattr(edge.caller, "time", SimpleNamespace(time=lambda: 1_800_000_000.25 + seconds))

    return ago


@pytest.mark.parametrize("prefer", ["wait=20", "respond-async, wait=20", "wait=20;x", "wait=99"])
@pytest.mark.parametrize("seconds", [0.4, 7.9])
def test_what_a_request_has_taken_so_far_is_not_waited_again(http, user, waits, came, prefer, seconds):
    first = http("POST", SUBMIT, ORDER)
    came(seconds)
    left = 20 - int(seconds)
    for method, path, body in (
        ("POST", SUBMIT, ORDER),
        ("POST", f"{first.json['urls']['self']}/rerun", {}),
        ("GET", first.json["urls"]["self"], None),
    ):
        answer = http(method, path, body, Prefer=prefer)
        assert (answer.status < 300, answer.headers["Preference-Applied"]) == (True, f"wait={left}")
    assert waits == [left] * 3


@pytest.mark.parametrize("prefer", ["wait=0", "wait=3", "wait=x", "wait=-1", "respond-async", ""])
def test_nothing_is_waited_for_where_nobody_asks_or_the_time_is_over(http, user, waits, came, prefer):
    came(3.5)
    answer = http("POST", SUBMIT, ORDER, Prefer=prefer)
    assert (answer.status, "Preference-Applied" in answer.headers) == (202, False)
    assert waits == []


def test_a_user_waits_in_as_many_requests_as_they_have_places(http, user, studio, waits):
    job = http("POST", SUBMIT, ORDER).json["urls"]["self"]
    taken = [places.one(places.WAITS, user.id) for _ in range(places.WAITS.per_user)]
    assert all(place.__enter__() for place in taken)
    for answer in (http("GET", job, Prefer="wait=9"), http("POST", SUBMIT, ORDER, Prefer="wait=9")):
        assert (answer.status < 300, "Preference-Applied" in answer.headers) == (True, False)
    assert waits == []
    taken[0].__exit__(None, None, None)
    assert http("GET", job, Prefer="wait=9").headers["Preference-Applied"] == "wait=9"
    other = studio.user()
    http.token = other.token
    assert http("POST", SUBMIT, ORDER, Prefer="wait=9").headers["Preference-Applied"] == "wait=9"


def test_nobody_needs_a_place_to_see_what_has_ended(http, user, waits, monkeypatch):
    monkeypatch.setattr(places, "WAITS", replace(places.WAITS, per_user=0))
    job = user.submit()
    user.cancel(job)
    answer = http("GET", f"/api/v1/jobs/{job.id}", Prefer="wait=9")
    assert (answer.json["status"], answer.headers["Preference-Applied"]) == ("cancelled", "wait=9")
    assert waits == []


@pytest.mark.parametrize("trouble", [Busy(), RuntimeError("x")])
def test_a_job_that_was_made_is_no_error_because_waiting_for_it_is(http, user, monkeypatch, trouble):
    def broken(job: jobs.JobRow, seconds: int) -> jobs.JobRow:
        raise trouble

    monkeypatch.setattr(jobs, "ended_within", broken)
    answer = http("POST", SUBMIT, ORDER, Prefer="wait=9", Idempotency_Key="k")
    assert (answer.status, answer.json["status"]) == (202, "pending")
    assert "Preference-Applied" not in answer.headers
    if isinstance(trouble, Busy):
        assert_problem(http("GET", answer.json["urls"]["self"], Prefer="wait=9"), 503, "busy")
    assert user.balance() == 48
