"""A worker and the job it has: delivered, failed, retried, cancelled, overtaken."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import numpy as np
import pytest
from PIL import Image

from gpu_handlers.engines.illustrator import EngineFacts, Picture, Size, StepReport, unreported
from gpu_handlers.failures import JobFailed
from gpu_handlers.worker import Verdict, Worker
from studio import clock, events, jobs
from studio.errors import DeliveryFailed
from studio.events import Finished

STEPS = 5


class ScriptedEngine:
    """Grey pictures in five steps; a test may hang something on any step."""

    facts = EngineFacts(engine="scripted", model="none", revision="1", licence="Apache-2.0")

    def __init__(self) -> None:
        self.drawn: list[int] = []
        self.steps_done = 0
        self.on_step: dict[int, Any] = {}

    def illustrate(self, prompt: str, *, size: Size, seed: int, on_step: StepReport = unreported, **_: Any) -> Picture:
        for step in range(1, STEPS + 1):
            self.steps_done += 1
            if step in self.on_step:
                self.on_step[step]()
            on_step(step, STEPS)
        self.drawn.append(seed)
        return Picture(np.full((size.height, size.width, 3), seed % 256, np.uint8))


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def worker(engine) -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="scripted")
    worker._illustrator = engine
    return worker


def settle_what_was_reported(studio) -> None:
    for event in studio.news():
        if event["detail-type"] == events.JOB_FINISHED:
            jobs.settle(Finished.parse(event["detail"]))


def test_a_job_becomes_files_and_one_event(studio, worker, engine):
    user = studio.user()
    job = user.submit(numImages=2, seed=41)
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    done = studio.job(job)
    assert (done.status, engine.drawn) == ("completed", [41, 42])
    assert [file["key"] for file in done.result["files"]] == [
        f"outputs/{user.id}/{job.id}/1/image-{n}.png" for n in (1, 2)
    ]
    metadata = done.result["metadata"]
    assert (metadata["engine"], metadata["seeds"]) == ("scripted", [41, 42])
    assert set(metadata["timings"]) == {"illustrate", "encode", "upload", "total"}
    stored = boto3.client("s3").get_object(Bucket="media", Key=done.result["files"][0]["key"])
    picture = Image.open(io.BytesIO(stored["Body"].read()))
    assert (picture.size, picture.info["Seed"], stored["ContentType"]) == ((512, 512), "41", "image/png")
    assert user.balance() == 46


def test_a_job_that_cannot_be_done_is_refunded_in_words(studio, worker, engine):
    user = studio.user()
    job = user.submit()
    engine.on_step[1] = _raise(JobFailed("content_rejected", "This prompt is not allowed."))
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert studio.job(job).error == {"code": "content_rejected", "message": "This prompt is not allowed."}
    assert user.balance() == 50


def test_a_prompt_against_the_rules_is_refunded_before_anything_is_drawn(studio, worker, engine):
    user = studio.user()
    job = user.submit(prompt="portrait of a woman", negativePrompt="clothes, dress")
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert (studio.job(job).error["code"], user.balance(), engine.drawn) == ("content_rejected", 50, [])


def test_an_unexpected_error_is_tried_again_and_may_succeed(studio, worker, engine):
    job = studio.user().submit()
    engine.on_step[2] = _raise(RuntimeError("once"))
    assert worker.run_job(job.id) is Verdict.AGAIN
    engine.on_step.clear()
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert (studio.job(job).status, studio.job(job).attempt) == ("completed", 2)


def test_an_error_that_keeps_coming_ends_in_one_refund(studio, worker, engine):
    user = studio.user()
    job = user.submit()
    engine.on_step[2] = _raise(RuntimeError("every time: secret internals"))
    verdicts = [worker.run_job(job.id) for _ in range(jobs.MAX_FAILURES)]
    assert verdicts == [Verdict.AGAIN, Verdict.AGAIN, Verdict.DONE]
    settle_what_was_reported(studio)
    error = studio.job(job).error
    assert (error["code"], "secret" in json.dumps(error)) == ("internal", False)
    assert [entry.kind for entry in studio.ledger(user)] == ["signup", "hold", "refund"]


def test_a_cancel_stops_the_work_within_one_step(studio, worker, engine):
    user = studio.user()
    job = user.submit(numImages=4)
    engine.on_step[2] = lambda: user.cancel(job)
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert engine.steps_done == 2
    assert studio.job(job).status == "cancelled"
    assert user.balance() == 50


def test_a_worker_told_to_stop_hands_the_job_back(studio, worker, engine):
    job = studio.user().submit()
    engine.on_step[3] = worker.stopping.set
    assert worker.run_job(job.id) is Verdict.AGAIN
    assert engine.steps_done == 3
    worker.stopping.clear()
    engine.on_step.clear()
    assert worker.run_job(job.id) is Verdict.DONE


def test_going_away_is_not_a_failure_however_often(studio, worker, engine):
    job = studio.user().submit()
    engine.on_step[1] = worker.stopping.set
    for _ in range(jobs.MAX_FAILURES + 1):
        assert worker.run_job(job.id) is Verdict.AGAIN
        worker.stopping.clear()
    engine.on_step = {1: _raise(RuntimeError("one real failure"))}
    assert worker.run_job(job.id) is Verdict.AGAIN
    engine.on_step.clear()
    assert worker.run_job(job.id) is Verdict.DONE


def test_progress_that_cannot_be_written_does_not_stop_the_work(studio, worker, monkeypatch):
    job = studio.user().submit()
    monkeypatch.setattr(jobs, "report", _raise(ConnectionError("DynamoDB hiccup")))
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert studio.job(job).status == "completed"


def test_a_duplicate_message_is_deleted_and_the_real_one_is_kept(studio, worker, engine):
    job = studio.user().submit()
    jobs.claim(job.id, "message-1")
    assert worker.run_job(job.id, "message-2") is Verdict.DONE
    assert worker.run_job(job.id, "message-1") is Verdict.LEAVE
    assert engine.drawn == []


def test_an_overtaken_attempt_stops_and_its_result_is_not_used(studio, worker, engine, monkeypatch):
    job = studio.user().submit()

    def another_worker_takes_over() -> None:
        later = clock.epoch() + 61
        monkeypatch.setattr(clock, "epoch", lambda: later)
        jobs.claim(job.id)

    engine.on_step[4] = another_worker_takes_over
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert studio.news() == []
    assert (studio.job(job).status, studio.job(job).attempt) == ("processing", 2)


def test_a_message_for_a_finished_or_unknown_job_is_dropped(studio, worker, engine):
    user = studio.user()
    job = user.submit()
    worker.run_job(job.id)
    settle_what_was_reported(studio)
    assert worker.run_job(job.id) is Verdict.DONE
    assert worker.run_job("job_unknown") is Verdict.DONE
    assert len(engine.drawn) == 1


def test_a_message_for_a_job_in_other_hands_is_left_alone(studio, worker, engine):
    job = studio.user().submit()
    jobs.claim(job.id)
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert engine.drawn == []


def test_files_without_an_event_are_made_again_not_lost(studio, worker, engine, monkeypatch):
    job = studio.user().submit(seed=1)
    with monkeypatch.context() as broken:
        broken.setattr(events, "put", _raise(DeliveryFailed("the bus is away")))
        assert worker.run_job(job.id) is Verdict.AGAIN
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    (file,) = studio.job(job).result["files"]
    assert "/2/" in file["key"]


def test_progress_only_grows_and_names_its_stage(studio, worker, engine, monkeypatch):
    seen = []
    report = jobs.report

    def watch(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        report(job_id, attempt, progress)
        seen.append((progress.value, progress.stage))

    monkeypatch.setattr(jobs, "report", watch)
    worker.run_job(studio.user().submit(numImages=2).id)
    values = [value for value, _ in seen]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0, 1)
    assert [stage for index, (_, stage) in enumerate(seen) if stage not in [s for _, s in seen[:index]]] == [
        "illustrate",
        "encode",
        "upload",
    ]


def _raise(error: Exception) -> Any:
    def raiser(*args: Any) -> None:
        raise error

    return raiser
