"""A worker whose engines cannot be loaded stays, says why and tries again."""

from __future__ import annotations

import pytest

from gpu_handlers import worker as worker_module
from gpu_handlers.engines import catalogue
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.worker import Worker


@pytest.fixture
def worker(monkeypatch) -> Worker:
    monkeypatch.setattr(worker_module, "SETUP_RETRY_SECONDS", 0)
    return Worker(keep_visible=lambda: None, profile="sketch")


def test_setup_that_works_is_ready(worker):
    assert worker.health.state == "starting"
    worker.setup()
    assert (worker.health.state, worker.health.reason) == ("ready", None)


def test_setup_that_fails_says_why_and_succeeds_once_it_can(worker, monkeypatch):
    seen, logged = [], []
    monkeypatch.setattr(worker_module.logger, "exception", lambda message, extra: logged.append(extra["reason"]))

    def load(profile: str) -> SketchEngine:
        seen.append(worker.health)
        if len(seen) <= 3:
            raise RuntimeError("profile gpu8 lacks sdxl-base")
        return SketchEngine()

    monkeypatch.setattr(catalogue, "illustrator", load)
    worker.setup()
    assert [health.state for health in seen] == ["starting", *["setup_failed"] * 3]
    assert seen[1].reason == "RuntimeError: profile gpu8 lacks sdxl-base"
    assert logged == [seen[1].reason]  # not once a minute
    assert worker.health.state == "ready"


def test_a_worker_told_to_stop_gives_up_setting_up(worker, monkeypatch):
    def broken(profile: str) -> SketchEngine:
        worker.stopping.set()
        raise OSError("no such volume")

    monkeypatch.setattr(catalogue, "illustrator", broken)
    worker.setup()
    assert worker.health.state == "setup_failed"
