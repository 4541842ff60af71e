"""What operators see adds up: every job counted once, its cost, its refund, the margin of what was bought."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from studio import clock, jobs, margins, operators, overview, packages, retention, settings, tallies, waiting, workers
from studio.catalog import ORDERS
from studio.errors import NotFound
from studio.events import Finished
from studio.tables import JobRow, Tally
from tests.integration.conftest import result_of
from tests.integration.test_api import Client, assert_problem
from tests.integration.test_functions import sqs_event


@pytest.fixture
def tally(studio, context):
    """Hands every end on the bus to the function that counts."""
    from operators.tally import handler

    def count(*, times: int = 1) -> list[str]:
        ends = [e for e in studio.events() if e["detail-type"] in ("Job Completed", "Job Failed", "Job Cancelled")]
        for _ in range(times):
            assert handler(sqs_event(*map(json.dumps, ends)), context) == {"batchItemFailures": []}
        return [e["detail"]["jobId"] for e in ends]

    return count


@pytest.fixture
def http(studio, context) -> Client:
    user = studio.user()
    act = {"act": "appoint", "userId": user.id, "requestId": "ticket-1", "reason": "a test", "operator": "ada"}
    operators.perform(operators.parse(act))
    return Client(context, user.token)


def look(http: Client, days: int = 7) -> dict:
    answer = http("GET", "/api/v1/operator/overview", query={"days": str(days)})
    assert answer.status == 200, answer.text
    return answer.json


def one_of_each(studio, later) -> dict[str, JobRow]:
    """Work of 36 s on a paid job of two pictures, one of them not delivered; 10 s each on a failed one and a draft."""
    user = studio.user()
    made = {"partial": user.submit(numImages=2), "failed": user.submit(), "draft": user.submit(quality="draft")}
    made["cancelled"] = user.submit()
    jobs.claim(made["partial"].id)
    later(26)
    jobs.claim(made["failed"].id)
    jobs.claim(made["draft"].id)
    later(10)
    jobs.settle(Finished(made["partial"].id, 1, "succeeded", result_of(made["partial"]) | {"undelivered": 1}))
    studio.finish(made["failed"], code="unsafe_prompt", message="The words ask for what we do not draw.")
    studio.finish(made["draft"])
    user.cancel(made["cancelled"])
    return made


def test_what_ended_adds_up_and_counts_once_however_often_it_is_told(studio, later, tally, http):
    made = one_of_each(studio, later)
    assert set(tally(times=3)) == {job.id for job in made.values()}
    seen = look(http)
    total = seen["total"]
    assert (total["paid"], total["drafts"]) == (3, 1)
    assert (total["completed"], total["failed"], total["cancelled"]) == (2, 1, 1)
    # 4 and 2 credits were the price of what completed and failed; half of the one and all of the other went back.
    assert (total["charged"], total["refunded"], total["refundShare"]) == (2, 4, 0.6667)
    assert total["workerSeconds"] == pytest.approx(56, abs=1)
    assert total["costUsd"] == pytest.approx(56 / 3600 * 1.006, rel=0.02)
    paid = {feature["feature"]: feature["paid"] for feature in seen["features"]}
    assert paid == dict.fromkeys(ORDERS, 0) | {"image-generation": 3}
    assert sum(day["completed"] for day in seen["daily"]) == 2
    assert len(seen["daily"]) == seen["days"] == 7
    assert [key in seen["jobs"] for key in ("pending", "processing", "capped")] == [True] * 3


def test_a_failure_comes_with_the_words_of_its_newest_job_until_that_is_erased(studio, tally, http):
    user = studio.user()
    failed = [user.submit() for _ in range(3)]
    for job in failed:
        jobs.claim(job.id)
        studio.finish(job, code="out_of_memory", message=f"It was too large ({job.id[-3:]}).")
    tally()
    (failure,) = look(http)["failures"]
    newest = max(job.id for job in failed)
    assert (failure["code"], failure["count"], failure["jobId"]) == ("out_of_memory", 3, newest)
    assert failure["message"] == f"It was too large ({newest[-3:]})."
    retention.forget(studio.job(next(job for job in failed if job.id == newest)))
    early = user.submit()
    jobs.claim(early.id)
    studio.finish(early, code="internal", message="It broke.")
    retention.forget(studio.job(early))  # before it was counted
    tally()
    seen = look(http)
    told = [(failure["code"], failure["count"], failure["message"]) for failure in seen["failures"]]
    assert told == [("out_of_memory", 3, None), (tallies.ERASED, 1, None)]
    assert seen["total"]["failed"] == 4


def test_what_is_open_is_seen_where_it_waits_and_for_how_long(studio, later, http):
    user = studio.user()
    begun, *_ = [user.submit(), user.submit(), user.submit(priority="low"), user.submit(quality="draft")]
    jobs.claim(begun.id)
    later(90)
    seen = look(http)
    assert (seen["jobs"]["pending"], seen["jobs"]["processing"], seen["jobs"]["capped"]) == (3, 1, False)
    assert {q["name"]: q["waiting"] for q in seen["queues"]} == {"jobs": 1, "low": 1, "drafts": 1}
    assert all(90 <= queue["oldestSeconds"] <= 92 for queue in seen["queues"])


def test_more_than_is_counted_says_so(studio, http, monkeypatch):
    user = studio.user()
    for _ in range(3):
        user.submit()
    monkeypatch.setattr(waiting, "MAX_COUNTED", 2)
    seen = look(http)
    assert ({q["name"]: q["capped"] for q in seen["queues"]}["jobs"], seen["jobs"]["capped"]) == (True, True)


def test_of_more_than_is_counted_nobody_says_how_many_are_worked_on(studio, http, monkeypatch):
    user = studio.user()
    for _ in range(3):
        user.submit()
    assert look(http)["jobs"]["processing"] == 0
    monkeypatch.setattr(waiting, "MAX_COUNTED", 2)  # three open, two of them counted as waiting, and nobody at work
    assert look(http)["jobs"]["processing"] is None


def test_of_open_jobs_no_more_are_read_than_are_counted(studio, http, monkeypatch):
    user = studio.user()
    for _ in range(5):
        user.submit()
    monkeypatch.setattr(jobs, "_shard", lambda job_id: 0)
    for _ in range(5):
        user.submit()
    assert look(http)["jobs"]["capped"] is False
    monkeypatch.setattr(overview, "MAX_OPEN", 3)
    assert overview._open()[0] <= 3 * jobs.SHARDS
    seen = look(http)["jobs"]
    assert (seen["capped"], seen["processing"]) == (True, None)


def test_a_day_is_one_in_utc_and_the_days_before_are_left_out(studio, later, tally, http):
    user = studio.user()
    user.cancel(user.submit())
    tally()
    assert look(http, 1)["total"]["cancelled"] == 1
    later(86_400)
    assert look(http, 1)["total"]["cancelled"] == 0
    assert [day["cancelled"] for day in look(http, 2)["daily"]] == [1, 0]


def test_days_over_the_end_of_a_month_and_of_a_year_are_found(studio):
    for day in ("2026-11-30", "2026-12-01", "2026-12-31", "2027-01-01"):
        Tally(day[:7], f"{day}#jobs#image-generation#paid", completed=1, expires_at=clock.now()).save()

    def found(first: str, last: str) -> int:
        return len(tallies.of_days(date.fromisoformat(first), date.fromisoformat(last)))

    assert found("2026-11-30", "2027-01-01") == 4
    assert found("2026-12-01", "2026-12-31") == 2
    assert found("2026-12-02", "2026-12-30") == 0


def test_days_out_of_range_are_refused(http):
    for days in ("0", "91", "x"):
        assert_problem(http("GET", "/api/v1/operator/overview", query={"days": days}), 422, "invalid_request")


def test_a_job_that_has_not_ended_is_not_counted(studio):
    with pytest.raises(NotFound):
        tallies.count(studio.user().submit().id)
    assert Tally.count() == 0


def test_every_attempt_is_paid_for(studio, later):
    """A worker has it for 10 s and goes away, another for 20 s and is heard no more until the next one asks."""
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    later(10)
    jobs.release(job.id, 1)
    jobs.claim(job.id)
    later(70)
    jobs.claim(job.id)
    later(5)
    studio.finish(job, attempt=3)
    assert tallies.worker_seconds(studio.job(job).attempt_log) == pytest.approx(85, abs=1)


def test_the_margin_of_a_package_is_its_price_less_fee_and_work():
    """By hand: $29 − (2.9 % of it + 30 ¢) − 100 credits at 1 ¢, which is an hour at $1 for 100 credits charged."""
    cost = margins.credit_usd(3_600, 1.0, 100)
    margin = margins.of(packages.PACKAGES["starter"], cost)
    assert cost == pytest.approx(0.01)
    assert (round(margin.fee, 3), margin.work, round(margin.left, 3)) == (1.257, pytest.approx(1.0), 26.743)
    assert margins.of(packages.PACKAGES["pro"], None).left is None


def test_margins_follow_from_what_was_measured(studio, later, tally, http, monkeypatch):
    monkeypatch.setenv("GPU_HOUR_USD", "36")  # a cent per second
    settings.settings.cache_clear()
    assert look(http)["packages"][0]["marginUsd"] is None
    one_of_each(studio, later)
    tally()
    seen = look(http)
    assert seen["creditUsd"] == pytest.approx(0.28, rel=0.02)  # 56 s for the 2 credits that were kept
    starter = seen["packages"][0]
    assert starter["workUsd"] == pytest.approx(100 * seen["creditUsd"], rel=0.001)
    assert starter["marginUsd"] == pytest.approx(29 - 1.257 - starter["workUsd"], abs=0.01)


def test_no_look_reads_a_table_whole_but_that_of_workers(studio, http, monkeypatch):
    from pynamodb.models import Model

    scanned: list[str] = []
    scan = Model.scan.__func__

    def noted(cls, *args, **options):
        scanned.append(cls.__name__)
        return scan(cls, *args, **options)

    monkeypatch.setattr(Model, "scan", classmethod(noted))
    workers._present.cache_clear()
    overview.look(90)
    assert scanned == ["WorkerRow"]


def test_marks_outlive_events_and_sums_a_year():
    assert timedelta(seconds=tallies.MARK_SECONDS) > timedelta(days=4 + 14)
    assert timedelta(seconds=tallies.KEPT_SECONDS) > timedelta(days=366)
