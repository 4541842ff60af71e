"""Free drafts: no credits, their own queue and quota, drawn by sketch, marked."""

from __future__ import annotations

import numpy as np
import pytest
from pynamodb.exceptions import PynamoDBException

from gpu_handlers.entry import queue_worker
from gpu_handlers.stages import mark
from studio import catalog, clock, jobs, limits, workers
from studio.errors import TooManyRequests
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


def test_a_draft_is_free_and_has_its_own_queue(studio):
    user = studio.user()
    job = user.submit(quality="draft", numImages=4)
    assert (job.credits, user.balance(), user.held()) == (0, 50, 0)
    assert [entry.kind for entry in studio.ledger(user)] == ["signup"]
    assert (studio.queued_jobs(), studio.queued_drafts()) == ([], [job.id])


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_however_a_draft_ends_no_credit_moves(studio, end):
    user = studio.user()
    job = user.submit(quality="draft")
    jobs.claim(job.id)
    match end:
        case "finish":
            studio.finish(job)
        case "fail":
            studio.finish(job, code="x", message="y")
        case "cancel":
            user.cancel(job)
    assert (user.balance(), user.held()) == (50, 0)
    assert [entry.kind for entry in studio.ledger(user)] == ["signup"]


def test_drafts_need_no_credits_at_all(studio):
    user = studio.user()
    for _ in range(6):
        user.submit(numImages=4)
    user.submit(numImages=1)
    assert user.balance() == 0
    assert user.submit(quality="draft").status == "pending"


def test_the_quota_of_drafts_is_exact_and_tells_when_it_is_over(studio, http, monkeypatch):
    monkeypatch.setattr(limits, "DRAFTS", limits.Bucket("drafts", quota=3, window_seconds=900))
    user = studio.user()
    http.token = user.token
    for _ in range(3):
        assert http("POST", SUBMIT, ORDER | {"quality": "draft"}).status == 202
    answer = http("POST", SUBMIT, ORDER | {"quality": "draft"})
    problem = assert_problem(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) == problem["retryAfter"] <= 900
    assert http("POST", SUBMIT, ORDER).status == 202, "paid work has no such quota"
    assert len(studio.queued_drafts()) == 3
    later = clock.epoch() + problem["retryAfter"]
    monkeypatch.setattr(clock, "epoch", lambda: later)
    assert http("POST", SUBMIT, ORDER | {"quality": "draft"}).status == 202


def test_videos_have_a_smaller_quota_of_their_own(studio, monkeypatch):
    monkeypatch.setattr(limits, "VIDEO_DRAFTS", limits.Bucket("video drafts", quota=1, window_seconds=900))
    user = studio.user()
    video = catalog.parse("3d-video", catalog.ORDERS["3d-video"].example | {"quality": "draft"})
    jobs.submit(user.id, video)
    with pytest.raises(TooManyRequests, match="video drafts"):
        jobs.submit(user.id, video)
    assert user.submit(quality="draft").status == "pending"


def test_quotas_are_per_user(studio, monkeypatch):
    monkeypatch.setattr(limits, "DRAFTS", limits.Bucket("drafts", quota=1, window_seconds=900))
    for user in (studio.user(), studio.user()):
        user.submit(quality="draft")
        with pytest.raises(TooManyRequests):
            user.submit(quality="draft")


def test_a_repeated_draft_does_not_count_twice(studio, monkeypatch):
    monkeypatch.setattr(limits, "DRAFTS", limits.Bucket("drafts", quota=1, window_seconds=900))
    user = studio.user()
    assert user.submit(quality="draft", key="k").id == user.submit(quality="draft", key="k").id


@pytest.mark.parametrize("size", [(512, 512), (1536, 640)])
def test_the_mark_is_small_and_in_the_corner(size):
    width, height = size
    image = np.full((height, width, 3), 128, np.uint8)
    marked = mark.draft(image)
    changed = np.argwhere((marked != image).any(axis=2))
    assert len(changed) > 100
    assert changed[:, 0].min() > 0.85 * height
    assert changed[:, 1].min() > 0.75 * width
    assert len(changed) < 0.02 * width * height
    assert image.max() == 128, "the picture itself is not touched"


@pytest.mark.parametrize(
    ("queue", "profile", "sells", "expected"),
    [
        ("drafts", "tiny", None, ("drafts", "sketch")),
        ("jobs", "tiny", None, ("jobs", "tiny")),
        ("jobs", "sketch", None, ("drafts", "sketch")),
        ("jobs", "sketch", "true", ("jobs", "sketch")),
    ],
)
def test_a_machine_that_can_only_sketch_is_not_given_paid_work(monkeypatch, queue, profile, sells, expected):
    monkeypatch.setenv("STUDIO_PROFILE", profile)
    if sells:
        monkeypatch.setenv("STUDIO_SELL_SKETCHES", sells)
    else:
        monkeypatch.delenv("STUDIO_SELL_SKETCHES", raising=False)
    assert queue_worker.assignment(queue) == expected


def test_health_says_who_is_there_to_work(studio, http, monkeypatch):
    start = clock.epoch()

    def crews(after_seconds: int) -> list[dict]:
        monkeypatch.setattr(clock, "epoch", lambda: start + after_seconds)
        monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(start + after_seconds))
        health = http("GET", "/health").json
        assert (health["status"], health["stage"]) == ("ok", "dev")
        return health["workers"]

    assert crews(0) == []
    for worker in ("wrk_1", "wrk_2"):
        workers.announce(worker, queue="drafts", profile="sketch")
    assert crews(workers.CACHE_SECONDS) == [
        {"queue": "drafts", "profile": "sketch", "state": "ready", "reason": None, "count": 2}
    ]
    workers.leave("wrk_1")
    assert crews(2 * workers.CACHE_SECONDS)[0]["count"] == 1
    assert crews(2 * workers.CACHE_SECONDS + workers.GONE_AFTER_SECONDS) == []


def test_health_answers_without_its_database(studio, http, monkeypatch):
    def away() -> None:
        raise PynamoDBException("the table is away")

    monkeypatch.setattr(workers, "present", away)
    answer = http("GET", "/health")
    assert (answer.status, answer.json["status"], answer.json["workers"]) == (200, "degraded", [])
