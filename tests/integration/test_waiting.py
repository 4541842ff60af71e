"""What a customer is told while a job waits: its place and a guess at the time, or nothing."""

from __future__ import annotations

import pytest

from studio import catalog, jobs, paces, waiting, workers
from studio.events import Finished
from studio.waiting import Place
from tests.integration.conftest import result_of
from tests.integration.test_api import Client


@pytest.fixture
def user(studio):
    return studio.user()


def took(studio, seconds: float, **options) -> None:
    """A job of somebody else that has been worked on for so long."""
    job = studio.user().submit(**options)
    jobs.claim(job.id)
    result = result_of(job)
    result["metadata"]["timings"] = {"total": seconds}
    jobs.settle(Finished(job.id, 1, "succeeded", result))


def crew(count: int, queue: str = "jobs", state: str = "ready") -> None:
    for number in range(count):
        workers.announce(f"wrk_{queue}{number}", queue=queue, profile="gpu8", state=state)
    workers._present.cache_clear()


def test_places_are_counted_per_queue_from_the_front(studio, user):
    normal = [user.submit() for _ in range(3)]
    low = [user.submit(priority="low") for _ in range(2)]
    draft = user.submit(quality="draft")
    places = [waiting.place(job) for job in (*normal, *low, draft)]
    assert [place.position for place in places] == [1, 2, 3, 1, 2, 1]


def test_whoever_leaves_the_queue_is_counted_no_more(studio, user):
    first, second, third, mine = (user.submit() for _ in range(4))
    jobs.claim(first.id)
    user.cancel(second)
    assert waiting.place(mine) == Place(2, None)
    jobs.claim(third.id)
    jobs.release(third.id, 1)  # handed back: it is the next whatever the queue says, and it is no pending job
    assert waiting.place(mine).position == 1
    assert waiting.place(studio.job(third)) is None
    assert waiting.place(studio.job(second)) is None


def test_the_estimate_is_the_work_before_it_shared_by_those_who_are_there_and_its_own(studio, user):
    took(studio, 10)
    crew(2)
    for _ in range(4):
        user.submit()
    mine = user.submit()
    assert waiting.place(mine) == Place(5, 4 * 10 // 2 + 10)


def test_without_anybody_there_or_anything_known_there_is_no_estimate(studio, user):
    mine = user.submit()
    took(studio, 10)
    assert waiting.place(mine) == Place(1, None)
    crew(1, state="setup_failed")
    assert waiting.place(mine) == Place(1, None)
    crew(1)
    assert waiting.place(mine) == Place(1, 10)
    lesson = jobs.submit(user.id, catalog.parse("study-animation", {"topic": "Leaves"})).job
    assert waiting.place(lesson) == Place(2, None)


def test_drafts_and_paid_work_have_a_pace_and_workers_of_their_own(studio, user):
    took(studio, 60)
    took(studio, 1, quality="draft")
    crew(1)
    crew(1, queue="drafts")
    assert waiting.place(user.submit(quality="draft")) == Place(1, 1)
    assert waiting.place(user.submit(priority="low")) == Place(1, 60)


def test_the_pace_follows_the_last_jobs(studio):
    key = paces.key("image-generation", draft=False)
    for seconds in (10, 10, 20):
        took(studio, seconds)
    assert paces.known([key]) == {key: 12.0}
    for _ in range(20):
        took(studio, 20)
    assert paces.known([key])[key] == pytest.approx(20, abs=0.2)


def test_a_pace_that_cannot_be_noted_ends_the_job_all_the_same(studio, user, monkeypatch):
    def away(*args: object) -> None:
        raise paces.PynamoDBException("the table is away")

    monkeypatch.setattr(paces.Pace, "get", away)
    job = user.submit()
    jobs.claim(job.id)
    result = result_of(job)
    result["metadata"]["timings"] = {"total": 3.0}
    assert jobs.settle(Finished(job.id, 1, "succeeded", result)).status == "completed"


def test_nobody_counts_a_very_long_queue(studio, user, monkeypatch):
    monkeypatch.setattr(waiting, "MAX_COUNTED", 3)
    submitted = [user.submit() for _ in range(5)]
    assert waiting.place(submitted[3]).position == 4
    assert waiting.place(submitted[4]) is None


def test_the_job_that_is_asked_for_says_where_it_stands(studio, context, user):
    http = Client(context, user.token)
    user.submit()
    job = user.submit()
    assert http("GET", f"/api/v1/jobs/{job.id}").json["queue"] == {"position": 2, "estimatedSeconds": None}
    jobs.claim(job.id)
    assert http("GET", f"/api/v1/jobs/{job.id}").json["queue"] is None
