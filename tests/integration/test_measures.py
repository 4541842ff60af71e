"""What alarms look at is measured where it happens, and a failing measurement disturbs nothing."""

from __future__ import annotations

import json

import pytest

from studio import jobs, telemetry, waiting, workers
from studio.events import Finished
from tests.integration.conftest import result_of


@pytest.fixture
def measured(capsys):
    """Metrics in the log since the last look, as CloudWatch takes them."""

    def look() -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for line in capsys.readouterr().out.splitlines():
            blob = json.loads(line) if line.startswith('{"_aws"') else None
            if blob:
                ((metrics,),) = [[each] for each in blob["_aws"]["CloudWatchMetrics"]]
                assert (metrics["Namespace"], blob["stage"]) == ("Studio", "dev")
                for metric in metrics["Metrics"]:
                    found.setdefault(metric["Name"], []).extend(blob[metric["Name"]])
        return found

    return look


@pytest.fixture
def swept(studio, context, measured):
    """Metrics of one round of the sweeper."""
    from sweeper.handler import handler

    def sweep() -> dict[str, list[float]]:
        workers._present.cache_clear()
        measured()
        handler({}, context)
        return measured()

    return sweep


def test_of_each_paid_job_the_share_that_went_back_is_measured(studio, measured):
    user = studio.user()
    done, failed, partial = user.submit(), user.submit(), user.submit(numImages=4)
    for job in (done, failed, partial):
        jobs.claim(job.id)
    studio.finish(done)
    studio.finish(failed, code="internal", message="It broke.")
    jobs.settle(Finished(partial.id, 1, "succeeded", result=result_of(partial) | {"undelivered": 1}))
    assert measured() == {"Refunded": [0.0, 1.0, 0.25]}


def test_what_customers_cancel_and_free_drafts_say_nothing_about_refunds(studio, measured):
    user = studio.user()
    user.cancel(user.submit())
    draft = user.submit(quality="draft")
    jobs.claim(draft.id)
    studio.finish(draft)
    assert measured() == {}


def test_a_queue_in_which_a_job_waits_and_for_which_nobody_is_ready_is_unattended(studio, swept, monkeypatch):
    monkeypatch.setenv("RUNPOD_ENDPOINT", "")
    assert swept() == {"WorkersHeard": [0.0], "QueuesUnattended": [0.0]}, "nobody is missed where nothing waits"
    user = studio.user()
    for options in ({}, {"priority": "low"}, {"quality": "draft"}):
        user.submit(**options)
    assert swept() == {"WorkersHeard": [0.0], "QueuesUnattended": [3.0]}
    workers.announce("wrk_1", queue="jobs", profile="gpu8", state="setup_failed", reason="no weights")
    assert swept() == {"WorkersHeard": [0.0], "QueuesUnattended": [3.0]}
    workers.announce("wrk_2", queue="drafts", profile="sketch")
    assert swept() == {"WorkersHeard": [1.0], "QueuesUnattended": [2.0]}
    workers.announce("wrk_1", queue="jobs", profile="gpu8")
    assert swept() == {"WorkersHeard": [2.0], "QueuesUnattended": [0.0]}


def test_workers_of_paid_jobs_attend_to_drafts(studio, swept, monkeypatch):
    monkeypatch.setenv("RUNPOD_ENDPOINT", "")
    studio.user().submit(quality="draft")
    workers.announce("wrk_1", queue="jobs", profile="gpu8")
    assert swept()["QueuesUnattended"] == [0.0]


def test_runpod_is_not_missed_though_it_never_announces_itself(studio):
    studio.user().submit()
    assert waiting.unattended() == []


def test_a_measurement_that_fails_ends_no_sweep_and_no_job(studio, swept, monkeypatch):
    def broken() -> list[str]:
        raise RuntimeError("the table of workers cannot be read")

    monkeypatch.setattr(waiting, "unattended", broken)
    assert swept() == {"WorkersHeard": [0.0]}
    telemetry.measure("Refunded", "not a number")  # type: ignore[arg-type]
