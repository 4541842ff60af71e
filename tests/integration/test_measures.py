"""What alarms look at is measured where it happens, and a failing measurement disturbs nothing."""

from __future__ import annotations

import json

import pytest

from studio import jobs, telemetry, waiting, workers
from studio.events import Finished
from studio.measures import answered
from studio.workers import Card
from tests.integration.callbacks import opened
from tests.integration.conftest import result_of
from tests.integration.test_api import Client


@pytest.fixture
def measured(capsys, monkeypatch):
    """Metrics in the log since the last look, as CloudWatch takes them, by name and what they are told apart by."""

    monkeypatch.delenv("POWERTOOLS_SERVICE_NAME")  # functions have none: it would be one more dimension

    def look() -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for line in capsys.readouterr().out.splitlines():
            blob = json.loads(line) if line.startswith('{"_aws"') else None
            if blob:
                ((metrics,),) = [[each] for each in blob["_aws"]["CloudWatchMetrics"]]
                assert (metrics["Namespace"], blob["stage"]) == ("Studio", "dev")
                (told_apart,) = metrics["Dimensions"]
                assert told_apart[0] == "stage"
                for metric in metrics["Metrics"]:
                    name = " ".join([metric["Name"], *(blob[d] for d in told_apart if d != "stage")])
                    found.setdefault(name, []).extend(blob[metric["Name"]])
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
    found = measured()
    assert found["Refunded"] == [0.0, 1.0, 0.25]
    assert found["CreditsEarned"] == [2, 0, 6]
    assert found["CreditsReturned"] == [0, 2, 2]


def test_what_customers_cancel_and_free_drafts_say_nothing_about_refunds(studio, measured):
    user = studio.user()
    user.cancel(user.submit())
    draft = user.submit(quality="draft")
    jobs.claim(draft.id)
    studio.finish(draft)
    found = measured()
    assert found == {"CreditsEarned": [0], "CreditsReturned": [2], "JobWaited drafts": found["JobWaited drafts"]}


def test_a_queue_in_which_a_job_waits_and_for_which_nobody_is_ready_is_unattended(studio, swept, monkeypatch):
    monkeypatch.setenv("RUNPOD_ENDPOINT", "")
    assert swept() == stock(), "nobody is missed where nothing waits"
    user = studio.user()
    for options in ({}, {"priority": "low"}, {"quality": "draft"}):
        user.submit(**options)
    assert swept() == stock(unattended=3)
    workers.announce("wrk_1", queue="jobs", profile="gpu8", state="setup_failed", reason="no weights")
    assert swept() == stock(unattended=3)
    workers.announce("wrk_2", queue="drafts", profile="sketch")
    assert swept() == stock(drafts=1, unattended=2)
    workers.announce("wrk_1", queue="jobs", profile="gpu8")
    assert swept() == stock(jobs=1, drafts=1)


def stock(*, jobs: int = 0, drafts: int = 0, unattended: int = 0) -> dict[str, list[float]]:
    """What a round of the sweeper measures with so many workers and queues."""
    return {
        "WorkersHeard": [jobs + drafts],
        "WorkersReady jobs": [jobs],
        "WorkersReady drafts": [drafts],
        "QueuesUnattended": [unattended],
    }


def test_cards_are_measured_by_the_word_of_workers_that_are_still_there(studio, swept, later):
    workers.announce("wrk_1", queue="jobs", profile="gpu8", card=Card(utilisation=0.9, vram_used=0.75))
    workers.announce("wrk_2", queue="jobs", profile="gpu8", card=Card(utilisation=0.1, vram_used=0.25))
    workers.announce("wrk_3", queue="drafts", profile="sketch")
    found = swept()
    assert sorted(found["CardsBusy"]) == [0.1, 0.9]
    assert sorted(found["CardsMemory"]) == [0.25, 0.75]
    later(workers.GONE_AFTER_SECONDS + 1)
    assert "CardsBusy" not in swept()


def test_how_long_a_paid_job_waited_and_ran_is_measured_and_each_of_its_stages(studio, measured, later):
    job = studio.user().submit()
    later(42)
    jobs.claim(job.id)
    result = result_of(job) | {"metadata": {"engine": "x", "timings": {"scenes": 3.5, "upload": 0.5, "total": 4.25}}}
    jobs.settle(Finished(job.id, 1, "succeeded", result=result))
    found = measured()
    assert found["JobWaited jobs"][0] == pytest.approx(42, abs=2)
    assert found["JobRan image-generation"] == [4.25]
    assert found["StageRan image-generation scenes"] == [3.5]
    assert found["StageRan image-generation upload"] == [0.5]


def test_times_that_cannot_be_read_end_no_settlement(studio, measured):
    job = studio.user().submit()
    jobs.claim(job.id)
    jobs.settle(
        Finished(
            job.id, 1, "succeeded", result=result_of(job) | {"metadata": {"timings": {"scenes": "soon", "total": 1}}}
        )
    )
    assert studio.job(job).status == "completed"
    assert "StageRan image-generation scenes" not in measured()


def test_requests_are_measured_by_what_they_are_like(studio, measured):
    answered("GET /health", 200, 12.5, waited=False)
    answered("POST /api/v1/jobs/{feature}", 500, 99, waited=False)
    answered("POST /api/v1/jobs/{feature}", 202, 20_000, waited=True)
    answered("POST /api/v1/payments/webhook", 200, 7, waited=False)
    answered("PATCH /api/v1/users/profile", 422, 8, waited=False)
    assert measured() == {
        "ApiErrors reads": [0],
        "ApiLatency reads": [12.5],
        "ApiErrors submits": [1, 0],
        "ApiLatency submits": [99],
        "ApiErrors hooks": [0],
        "ApiLatency hooks": [7],
        "ApiErrors changes": [0],
        "ApiLatency changes": [8],
    }


def test_every_request_is_measured(studio, context, measured):
    assert Client(context)("GET", "/health").status == 200
    found = measured()
    assert found["ApiErrors reads"] == [0]
    assert 0 < found["ApiLatency reads"][0] < 60_000


def test_every_attempt_of_a_callback_is_measured(studio, context, measured, monkeypatch):
    with opened(monkeypatch, context) as post:
        user = studio.user()
        job = user.submit()
        jobs.claim(job.id)
        post.endpoint(user.id)
        post.after(job, user, studio)
        assert measured()["CallbacksDelivered"] == [1]


def test_credits_are_sold_when_they_are_paid_and_taken_back_when_their_money_is(studio, till, measured):
    purchase = till.begin(studio.user().id)
    till.standin.pay(purchase.session_id)
    till.deliver()
    assert measured()["CreditsSold"] == [100]
    till.standin.refund(till.intent(purchase), 1450)
    till.deliver()
    assert measured()["CreditsSold"] == [-50]


def test_workers_of_paid_jobs_attend_to_drafts(studio, swept, monkeypatch):
    monkeypatch.setenv("RUNPOD_ENDPOINT", "")
    studio.user().submit(quality="draft")
    workers.announce("wrk_1", queue="jobs", profile="gpu8")
    assert swept()["QueuesUnattended"] == [0.0]


def test_runpod_is_not_missed_though_it_never_announces_itself(studio):
    studio.user().submit()
    assert waiting.unattended() == []


def test_a_measurement_that_fails_ends_no_sweep_and_no_job(studio, swept, measured, monkeypatch):
    def broken() -> list[str]:
        raise RuntimeError("the table of workers cannot be read")

    monkeypatch.setattr(waiting, "unattended", broken)
    assert swept()["WorkersHeard"] == [0.0]
    telemetry.measure("Refunded", "not a number")  # type: ignore[arg-type]
    telemetry.measure("Refunded", 0.5, feature="image-generation")
    assert "Refunded" not in measured()
