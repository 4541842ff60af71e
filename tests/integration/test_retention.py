"""What is kept of a job, for how long, and what deleting means."""

from __future__ import annotations

from typing import Any

import pytest

from studio import jobs, retention, storage
from studio.errors import Expired, NotFound
from studio.jobs import DAY_SECONDS, Progress
from studio.retention import JUST_ENDED_SECONDS
from studio.tables import JobRow, Settlement
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem

KEPT_DAYS = 30


@pytest.fixture
def user(studio):
    return studio.user()


@pytest.fixture
def http(context, user) -> Client:
    return Client(context, user.token)


def done(studio, user, **options: Any) -> JobRow:
    """A completed job with a file, a preview, and a file of an attempt that was overtaken."""
    job = user.submit(**options)
    jobs.claim(job.id)
    jobs.report(job.id, 1, Progress(0.5, "illustrate", 1, 2, (f"outputs/{user.id}/{job.id}/1/preview-1.jpg",)))
    for name in ("1/image-1.png", "1/preview-1.jpg", "0/image-1.png"):
        storage.put(storage.job_prefix(user.id, job.id) + name, b"png", "image/png")
    return studio.finish(job)


def files_of(job: JobRow) -> list[str]:
    listed = jobs.storage.aws.client("s3").list_objects_v2(Bucket="media", Prefix=f"outputs/{job.user_id}/{job.id}/")
    return [found["Key"] for found in listed.get("Contents", [])]


def address(job: JobRow) -> str:
    return f"/api/v1/jobs/{job.id}"


def test_an_ended_job_says_until_when_it_is_kept(studio, http, user):
    job = user.submit()
    assert http("GET", address(job)).json["expiresAt"] is None
    user.cancel(job)
    shown = http("GET", address(job)).json
    assert shown["expiresAt"] == jobs.clock.iso(
        jobs.clock.from_epoch(int(jobs._epoch(job.created_at)) + KEPT_DAYS * DAY_SECONDS)
    )


def test_no_file_is_promised_for_longer_than_the_bucket_keeps_it(studio, user, later):
    job = user.submit()
    later(3000)  # the file is stored now, long after the submit
    jobs.claim(job.id)
    ended = studio.finish(job)
    assert ended.expires_epoch <= jobs._epoch(ended.started_at) + KEPT_DAYS * DAY_SECONDS


@pytest.mark.parametrize("claimed", [False, True])
def test_deleting_an_open_job_cancels_it_and_says_what_came_back(studio, http, user, claimed):
    job = user.submit(numImages=3)
    if claimed:
        jobs.claim(job.id)
    answer = http("DELETE", address(job))
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert answer.json["credits"] == {"held": 0, "charged": 0, "refunded": 6}


def test_deleting_an_ended_job_takes_its_files_and_content_and_leaves_the_books(studio, http, user, later):
    job = done(studio, user)
    ledger = [(entry.id, entry.amount) for entry in studio.ledger(user)]
    assert len(files_of(job)) == 3
    later(JUST_ENDED_SECONDS)
    assert http("DELETE", address(job)).status == 204
    assert files_of(job) == []
    for method, path in (("GET", ""), ("GET", "/download"), ("POST", "/rerun"), ("DELETE", "")):
        assert_problem(http(method, address(job) + path), 404, "not_found")
    assert http("GET", "/api/v1/jobs").json["data"] == []
    row = studio.job(job)
    assert (row.order, row.result, row.progress, row.attempt_log) == (None, None, None, None)
    assert (row.status, row.credits, row.refunded, row.erased) == ("completed", 2, 0, "deleted")
    assert [(entry.id, entry.amount) for entry in studio.ledger(user)] == ledger
    assert Settlement.get(job.id).outcome == "delivered"


def test_a_cancel_that_comes_a_moment_too_late_deletes_nothing(studio, http, user, later):
    job = done(studio, user)
    later(JUST_ENDED_SECONDS - 1)
    refused = http("DELETE", address(job))
    assert "be deleted 30 seconds after its end" in assert_problem(refused, 409, "job_ended")["detail"]
    assert refused.headers["Retry-After"] == "30"
    assert len(files_of(job)) == 3
    assert http("GET", address(job)).json["status"] == "completed"


def test_cancelling_twice_is_no_deleting(http, user):
    job = user.submit()
    first, second = http("DELETE", address(job)), http("DELETE", address(job))
    assert (first.status, second.status, second.json["credits"]["refunded"]) == (200, 200, 2)


def test_another_users_job_cannot_be_deleted(studio, http, later):
    theirs = done(studio, studio.user())
    later(JUST_ENDED_SECONDS)
    assert_problem(http("DELETE", address(theirs)), 404, "not_found")
    assert len(files_of(theirs)) == 3


def test_after_its_time_a_job_answers_that_it_has_expired_swept_or_not(studio, http, user):
    job = done(studio, user)
    JobRow(job.id).update([JobRow.expires_epoch.set(jobs.clock.epoch() - 1)])
    for _ in range(2):
        for path in ("", "/download"):
            problem = assert_problem(http("GET", address(job) + path), 410, "expired")
            assert problem["detail"] == "The job and its files are no longer kept."
        assert http("GET", "/api/v1/jobs").json["data"] == []
        retention.sweep()
    assert (studio.job(job).erased, files_of(job)) == ("expired", [])


def test_the_sweeper_erases_what_has_expired_and_nothing_else(studio, user, later, context):
    from sweeper.handler import handler

    old = done(studio, user)
    later((KEPT_DAYS - 1) * DAY_SECONDS)
    new = done(studio, studio.user())
    open_job = user.submit()
    later(DAY_SECONDS)
    assert handler({}, context)["erased"] == 1
    assert handler({}, context)["erased"] == 0
    assert (files_of(old), len(files_of(new))) == ([], 3)
    assert studio.job(old).order is None
    assert studio.job(new).order is not None
    assert studio.job(open_job).order is not None


def test_a_deletion_that_was_cut_off_is_finished_by_the_sweeper(studio, http, user, later, monkeypatch):
    job = done(studio, user)
    later(JUST_ENDED_SECONDS)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "delete_all", _crash)
        assert_problem(http("DELETE", address(job)), 500, "internal")
    assert_problem(http("GET", address(job)), 404, "not_found")
    assert retention.sweep() == 1
    assert (files_of(job), studio.job(job).erased, studio.job(job).order) == ([], "deleted", None)


def test_one_job_that_cannot_be_erased_holds_up_no_other(studio, user, later, monkeypatch):
    first, second = done(studio, user), done(studio, user)
    later(KEPT_DAYS * DAY_SECONDS + 60)
    delete_all = storage.delete_all

    def fails_for_one(prefix: str) -> None:
        if first.id in prefix:
            raise RuntimeError("S3 kept some")
        delete_all(prefix)

    with monkeypatch.context() as broken:
        broken.setattr(storage, "delete_all", fails_for_one)
        assert retention.sweep() == 1
    assert (len(files_of(first)), files_of(second)) == (3, [])
    assert retention.sweep() == 1
    assert files_of(first) == []


def test_a_replay_of_a_deleted_job_says_so(studio, http, user, later):
    first = http("POST", SUBMIT, ORDER, Idempotency_Key="k").json
    http("DELETE", first["urls"]["self"])
    later(JUST_ENDED_SECONDS + 1)
    assert http("DELETE", first["urls"]["self"]).status == 204
    assert_problem(http("POST", SUBMIT, ORDER, Idempotency_Key="k"), 410, "expired")
    assert user.balance() == 50


def test_news_that_come_late_find_an_erased_job_ended(studio, user, later):
    job = done(studio, user)
    later(JUST_ENDED_SECONDS)
    retention.withdraw(user.id, job.id)
    assert studio.finish(job) is None
    assert jobs.give_up(job.id, **jobs.WORKER_LOST) is None
    with pytest.raises(NotFound):
        jobs.cancel(user.id, job.id)
    with pytest.raises(jobs.JobEnded):
        jobs.claim(job.id)


def test_strangers_learn_nothing_of_expired_jobs(studio, user, later):
    job = done(studio, user)
    later(KEPT_DAYS * DAY_SECONDS + 60)
    with pytest.raises(Expired):
        jobs.get(user.id, job.id)
    with pytest.raises(NotFound):
        jobs.get("usr_other", job.id)


def _crash(*args: object) -> None:
    raise RuntimeError("crash")
