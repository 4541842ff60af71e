"""Attempts: which errors are tried again, which end a job, and what its log says of them."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from gpu_handlers import worker as worker_module
from gpu_handlers.failures import JobFailed, judged
from gpu_handlers.worker import Verdict, Worker
from studio import jobs, storage, tries
from studio.errors import DeliveryFailed
from studio.jobs import MAX_FAILURES
from tests.integration.test_worker import ScriptedEngine, settle_what_was_reported


class OutOfMemoryError(RuntimeError):
    """Torch's own has this name."""


NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
KINDS: list[tuple[Exception, str, Verdict]] = [
    (NO_SPACE, "disk_full", Verdict.ELSEWHERE),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full", Verdict.ELSEWHERE),
    (MemoryError(), "out_of_memory", Verdict.ELSEWHERE),
    (OutOfMemoryError("CUDA out of memory"), "out_of_memory", Verdict.ELSEWHERE),
    (EndpointConnectionError(endpoint_url="https://s3"), "network", Verdict.AGAIN),
    (ConnectTimeoutError(endpoint_url="https://s3"), "network", Verdict.AGAIN),
    (ReadTimeoutError(endpoint_url="https://s3"), "network", Verdict.AGAIN),
    (HTTPClientError(error="reset"), "network", Verdict.AGAIN),
    (ConnectionResetError("reset"), "network", Verdict.AGAIN),
    (OSError(errno.ENOENT, "no such file"), "internal", Verdict.AGAIN),
    (ClientError({"Error": {"Code": "SlowDown"}}, "PutObject"), "internal", Verdict.AGAIN),
    (RuntimeError("a bug: secret"), "internal", Verdict.AGAIN),
]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def worker(engine) -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="scripted", id="wrk_1")
    worker._illustrator = engine
    return worker


def raising(error: Exception) -> Any:
    def raiser(*args: Any, **options: Any) -> None:
        raise error

    return raiser


@pytest.mark.parametrize(("error", "code", "verdict"), KINDS, ids=lambda value: repr(value)[:40])
def test_what_another_try_may_mend_is_tried_again_and_refunded_at_last(studio, worker, engine, error, code, verdict):
    user = studio.user()
    job = user.submit()
    engine.on_step[2] = raising(error)
    verdicts = [worker.run_job(job.id) for _ in range(MAX_FAILURES)]
    assert verdicts == [verdict, verdict, Verdict.DONE]
    settle_what_was_reported(studio)
    ended = studio.job(job)
    assert (ended.status, ended.error["code"]) == ("failed", code)
    assert ended.error["message"].endswith("We tried several times. Your credits have been returned.")
    assert "secret" not in ended.error["message"]
    assert (user.balance(), [entry.kind for entry in studio.ledger(user)]) == (50, ["signup", "hold", "refund"])


@pytest.mark.parametrize(("error", "code", "verdict"), KINDS[:7:2], ids=lambda value: repr(value)[:40])
def test_one_stroke_of_bad_luck_costs_the_customer_nothing(studio, worker, engine, error, code, verdict):
    job = studio.user().submit()
    engine.on_step[2] = raising(error)
    assert worker.run_job(job.id) is verdict
    engine.on_step.clear()
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    done = studio.job(job)
    assert (done.status, [known["outcome"] for known in done.attempt_log]) == ("completed", [code, "succeeded"])


def test_a_final_failure_is_tried_once(studio, worker, engine):
    job = studio.user().submit()
    engine.on_step[1] = raising(JobFailed("content_rejected", "This prompt is not allowed."))
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    (only,) = studio.job(job).attempt_log
    assert (only["number"], only["worker"], only["outcome"]) == (1, "wrk_1", "content_rejected")
    assert only["startedAt"] <= only["endedAt"]


def test_an_engine_may_say_itself_that_another_try_can_help(studio, worker, engine):
    job = studio.user().submit()
    engine.on_step[1] = raising(JobFailed("gpu_lost", "The GPU fell off.", retryable=True, elsewhere=True))
    assert worker.run_job(job.id) is Verdict.ELSEWHERE
    assert studio.job(job).failures == 1


def test_a_disk_that_fills_up_while_files_are_stored_is_no_loss(studio, worker, monkeypatch):
    user = studio.user()
    job = user.submit()
    with monkeypatch.context() as full:
        full.setattr(storage, "upload", raising(NO_SPACE))
        assert worker.run_job(job.id) is Verdict.ELSEWHERE
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert (studio.job(job).status, user.balance()) == ("completed", 48)


def test_a_network_that_is_gone_altogether_leaves_the_job_to_its_lease(studio, worker, engine, monkeypatch, later):
    user = studio.user()
    job = user.submit()
    gone = EndpointConnectionError(endpoint_url="https://dynamodb")

    def cut() -> None:
        monkeypatch.setattr(worker_module.jobs, "release", raising(gone))
        raise gone

    engine.on_step[2] = cut
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert studio.job(job).status == "processing"
    monkeypatch.undo()
    later(61)
    engine.on_step.clear()
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert [known["outcome"] for known in studio.job(job).attempt_log] == ["lost", "succeeded"]
    assert user.balance() == 48


def test_an_event_that_cannot_be_sent_is_an_attempt_that_failed(studio, worker, monkeypatch):
    job = studio.user().submit()
    with monkeypatch.context() as broken:
        broken.setattr(worker_module.events, "put", raising(DeliveryFailed("the bus is away")))
        assert worker.run_job(job.id) is Verdict.AGAIN
    assert studio.job(job).attempt_log[-1]["outcome"] == "internal"


def test_the_log_tells_of_going_away_cancels_and_dead_workers(studio, worker, engine, later):
    user = studio.user()
    job = user.submit()
    engine.on_step[1] = worker.stopping.set
    worker.run_job(job.id)
    jobs.claim(job.id, worker="wrk_dead")
    later(61)
    jobs.claim(job.id, worker="wrk_3")
    user.cancel(job)
    log = studio.job(job).attempt_log
    assert [(known["number"], known["worker"], known["outcome"]) for known in log] == [
        (1, "wrk_1", "handed_back"),
        (2, "wrk_dead", "lost"),
        (3, "wrk_3", "cancelled"),
    ]
    assert all(known["endedAt"] for known in log)


def test_the_log_stays_small_however_often_workers_go_away(studio):
    job = studio.user().submit()
    for number in range(1, 31):
        jobs.claim(job.id)
        jobs.release(job.id, number)
    log = studio.job(job).attempt_log
    assert [known["number"] for known in log] == list(range(31 - tries.MAX_KEPT, 31))


def test_what_is_judged_already_stays_as_it_is():
    failure = JobFailed("x", "y")
    assert judged(failure) is failure
