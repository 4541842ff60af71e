"""What a worker does besides its work: it tells of its card, is left alone while it has a job, and knows little."""

from __future__ import annotations

from contextlib import contextmanager

import boto3
import pytest

from gpu_handlers.entry import card, queue_worker, scale_in
from gpu_handlers.entry.queue_worker import QueueWorker
from gpu_handlers.worker import Health, Verdict, Worker
from studio import settings as environment
from studio import telemetry, workers
from studio.settings import Settings, WorkerSettings
from studio.workers import Card
from tests.integration.test_worker import ScriptedEngine

BUSY = Card(utilisation=0.5, vram_used=0.75)


@pytest.fixture
def machine(studio, monkeypatch):
    """A machine with a card, asked for a queue; not started."""
    monkeypatch.setattr(card, "look", lambda: BUSY)
    monkeypatch.setattr(queue_worker, "assignment", lambda queue: (queue, "none"))
    return QueueWorker


def announced(worker: QueueWorker) -> list[Card]:
    worker._gone = True  # once
    worker._news.set()
    worker._announce()
    return workers.cards()


def test_a_worker_of_paid_jobs_says_how_busy_its_card_is(machine):
    assert announced(machine("jobs")) == [BUSY]


def test_a_worker_of_drafts_has_no_card_to_speak_of(machine):
    assert announced(machine("drafts")) == []


@pytest.mark.parametrize(("options", "alone"), [({}, True), ({"priority": "low"}, True), ({"quality": "draft"}, False)])
def test_ecs_is_told_of_paid_jobs_and_not_bothered_with_drafts(studio, machine, monkeypatch, options, alone):
    inside, seen = [], []

    @contextmanager
    def at_work():
        inside.append(True)
        yield
        inside.clear()

    monkeypatch.setattr(scale_in, "at_work", at_work)
    monkeypatch.setattr(Worker, "run_job", lambda *_: seen.append(bool(inside)) or Verdict.DONE)
    for name in ("LOOK_SECONDS", "BRIEF_LOOK_SECONDS"):
        monkeypatch.setattr(queue_worker, name, 0)
    worker = machine("jobs")
    worker._drafts.health = Health("ready")
    studio.user().submit(**options)
    worker._turn()
    assert seen == [alone]


def test_a_worker_that_is_told_only_what_it_needs_does_a_whole_job(studio, monkeypatch):
    job = studio.user().submit()
    environment.settings.cache_clear()
    for name in Settings.model_fields.keys() - WorkerSettings.model_fields.keys():
        monkeypatch.delenv(name.upper())
    monkeypatch.setenv("STUDIO_SETTINGS", "worker")
    worker = Worker(keep_visible=lambda: None, profile="scripted")
    worker._illustrator = ScriptedEngine()
    assert worker.run_job(job.id) is Verdict.DONE
    assert type(environment.settings()) is WorkerSettings
    files = boto3.client("s3").list_objects_v2(Bucket="media", Prefix="outputs/")["Contents"]
    assert len(files) >= 1


def test_the_sweeper_looks_at_every_queue_of_jobs(studio, context, monkeypatch):
    """Or CloudWatch stops measuring them, and nothing would wake the first worker."""
    from sweeper import handler

    looked_at = []
    sqs = boto3.client("sqs")
    look = sqs.get_queue_attributes
    monkeypatch.setattr(
        sqs, "get_queue_attributes", lambda **asked: looked_at.append(asked["QueueUrl"]) or look(**asked)
    )
    monkeypatch.setattr(handler.aws, "client", lambda service: {"sqs": sqs}[service])
    monkeypatch.setattr(handler.outbox, "sweep", _broken)
    monkeypatch.setattr(handler.workers, "present", _broken)
    with pytest.raises(RuntimeError, match="broken"):
        handler.handler({}, context)  # whatever else fails, and that is told
    told = environment.settings()
    assert looked_at == [told.jobs_queue_url, told.low_queue_url, told.drafts_queue_url]


def test_queues_that_cannot_be_looked_at_hide_no_worker(studio, context, monkeypatch):
    from sweeper import handler

    measured = []
    monkeypatch.setattr(handler, "measure", lambda name, *_, **__: measured.append(name))
    monkeypatch.setattr(handler.aws, "client", _broken)
    handler.handler({}, context)
    assert {telemetry.WORKERS_READY, telemetry.QUEUES_UNATTENDED} <= set(measured)


def _broken(*_: object, **__: object) -> None:
    raise RuntimeError("broken")
