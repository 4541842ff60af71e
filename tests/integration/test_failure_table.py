"""What can fail between a customer's request and their files, and the test that shows what happens then.

F1  the client times out on a submit and repeats it
    tests/integration/test_lost_answers.py::test_a_submit_makes_one_job_and_one_hold
    tests/local/test_jobs.py::test_sixteen_identical_requests_make_one_job
F2  a crash between debit, job row and queue
    tests/invariants/test_crash_points.py::test_a_crash_at_any_call_breaks_no_promise
    tests/integration/test_credits_and_jobs.py::test_a_crash_before_the_commit_leaves_nothing
F3  the sender of the outbox dies, or sends twice
    tests/integration/test_credits_and_jobs.py::test_a_message_that_could_not_be_sent_waits_for_the_sweeper
    tests/invariants/test_mutants.py::test_the_audit_sees_when
F4  a message is delivered twice, to two workers
    tests/local/test_jobs.py::test_a_message_delivered_twice_is_worked_once
    tests/integration/test_worker.py::test_a_duplicate_message_is_deleted_and_the_real_one_is_kept
F5  the visibility of a message would expire while its job runs
    tests/local/test_lifecycle.py::test_a_job_much_longer_than_its_lease_is_worked_on_once
    tests/integration/test_credits_and_jobs.py::test_only_the_current_attempt_may_settle
F6  a stale worker finishes late
    tests/local/test_jobs.py::test_a_frozen_worker_that_wakes_up_late_changes_nothing
    tests/integration/test_functions.py::test_files_of_another_attempt_or_job_are_not_delivered
F7  a poison message
    tests/integration/test_functions.py::test_one_bad_event_does_not_hold_up_the_others
    tests/integration/test_failure_table.py::test_a_message_that_names_no_job_is_left_to_the_dead_letters
    tests/local/test_jobs.py::test_a_job_in_the_dead_letters_is_refunded
F8  out of memory, disk full, no network, bad output, a forbidden picture
    tests/integration/test_retries.py::test_what_another_try_may_mend_is_tried_again_and_refunded_at_last
    tests/integration/test_retries.py::test_a_final_failure_is_tried_once
    tests/integration/test_failure_table.py::test_a_result_without_files_is_never_delivered
F9  a worker is killed in the middle of an upload
    tests/invariants/test_crash_points.py::test_a_crash_at_any_call_breaks_no_promise
    tests/local/test_jobs.py::test_a_job_survives_the_death_of_its_worker
F10 RunPod loses the job or its callback
    tests/integration/test_runpod.py::test_a_lost_run_is_repeated_but_not_before_it_could_be_known
    tests/integration/test_runpod.py::test_what_no_callback_told_is_found_before_runpod_forgets_it
    tests/integration/test_runpod.py::test_a_lying_callback_changes_nothing
F11 a crash after RunPod was asked, before its answer is noted
    tests/integration/test_runpod.py::test_a_crash_after_the_run_was_taken_makes_a_second_one_and_one_result
F12 events come before the state they tell of, or out of order
    tests/invariants/test_histories.py::test_random_histories_break_no_promise
    tests/integration/test_credits_and_jobs.py::test_a_late_finish_of_a_cancelled_job_changes_nothing
F13 the receiver of a callback is down
    tests/integration/test_callbacks.py::test_a_receiver_down_for_twenty_minutes_gets_its_event_once_it_is_back
    tests/integration/test_callbacks.py::test_the_schedule_is_that_of_standard_webhooks_and_ends
F14 a cancel races a completion
    tests/invariants/test_interleavings.py::test_whoever_comes_in_between_breaks_no_promise
    tests/local/test_jobs.py::test_cancel_and_completion_racing_have_one_winner
F15 the sweeper races a completion, with clocks that are wrong
    tests/invariants/test_interleavings.py::test_whoever_comes_in_between_breaks_no_promise
    tests/integration/test_failure_table.py::test_a_worker_with_a_wrong_clock_costs_nobody_anything
F16 throttling, conflicts, errors of the database
    tests/invariants/test_lost_answers.py::test_a_storm_of_conflicts_ends_as_if_there_had_been_none
    tests/integration/test_lost_answers.py::test_endless_contention_ends_as_busy_with_nothing_written
F17 Stripe tells twice, in any order, of refunds before payments
    tests/integration/test_purchases.py::test_every_order_of_the_seven_events_ends_in_the_same_books
F18 the price changes, or the account is closed, while a job runs
    tests/integration/test_failure_table.py::test_a_price_that_changes_meanwhile_changes_no_refund
    tests/integration/test_failure_table.py::test_an_account_closed_meanwhile_gets_its_credits_back_and_no_delivery
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gpu_handlers.entry import queue_worker
from gpu_handlers.entry.queue_worker import QueueWorker
from gpu_handlers.worker import Verdict, Worker
from infra.local.stack import ROOT
from studio import accounts, aws, catalog, clock, jobs
from studio.events import Finished
from studio.settings import settings
from tests.integration.conftest import PASSWORD
from tests.integration.test_worker import ScriptedEngine, settle_what_was_reported

ROWS = [f"F{number}" for number in range(1, 19)]


def named(row: str) -> list[str]:
    """The tests that the docstring names for a row."""
    _, _, rest = f"{__doc__}\n".partition(f"\n{row} ")
    lines = rest.splitlines()[1:]
    end = next((n for n, line in enumerate(lines) if not line.startswith("    ")), len(lines))
    return [line.strip() for line in lines[:end]]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_tests_that_exist_and_run(row):
    tests = named(row)
    assert tests
    for test in tests:
        path, _, name = test.partition("::")
        module = ast.parse((ROOT / path).read_text())
        (found,) = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
        marks = [ast.unparse(decorator) for decorator in found.decorator_list]
        left_out = [mark for mark in marks if re.match(r"pytest\.mark\.(skip|xfail|soak)", mark)]
        assert not left_out, f"{test} does not run with the others"


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def worker(engine) -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="scripted")
    worker._illustrator = engine
    return worker


@pytest.mark.parametrize("body", ["not json", "[]", '{"job": 1}', '"jobId"'])
def test_a_message_that_names_no_job_is_left_to_the_dead_letters(studio, monkeypatch, body):
    for name in ("LOOK_SECONDS", "BRIEF_LOOK_SECONDS"):
        monkeypatch.setattr(queue_worker, name, 0)
    monkeypatch.setattr(queue_worker, "assignment", lambda queue: (queue, "none"))
    sqs, url = aws.client("sqs"), settings().jobs_queue_url
    sqs.send_message(QueueUrl=url, MessageBody=body)
    QueueWorker("jobs")._turn()
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("files", [None, []])
def test_a_result_without_files_is_never_delivered(studio, files):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    with pytest.raises(ValueError, match="names no files"):
        jobs.settle(Finished(job.id, 1, "succeeded", {"files": files, "metadata": {}}))
    assert (studio.job(job).status, user.held()) == ("processing", 2)


@pytest.mark.parametrize("seconds_off", [-300, 300])
@pytest.mark.parametrize("overdue", [False, True])
def test_a_worker_with_a_wrong_clock_costs_nobody_anything(
    studio, worker, engine, later, monkeypatch, seconds_off, overdue
):
    user = studio.user()
    job = user.submit()

    @contextmanager
    def its_clock() -> Iterator[None]:
        right = clock.epoch
        with monkeypatch.context() as wrong:
            wrong.setattr(clock, "epoch", lambda: right() + seconds_off)
            yield

    def sweep_by_the_right_clock() -> None:
        with monkeypatch.context() as right:
            epoch = clock.epoch
            right.setattr(clock, "epoch", lambda: epoch() - seconds_off)
            assert jobs.expire_overdue() == int(overdue)

    if overdue:
        later(3601)
    engine.on_step[2] = sweep_by_the_right_clock
    with its_clock():
        verdict = worker.run_job(job.id)
    settle_what_was_reported(studio)
    jobs.expire_overdue()
    if overdue:
        assert verdict is Verdict.LEAVE
        assert (studio.job(job).status, user.balance(), user.held()) == ("failed", 50, 0)
    else:
        assert verdict is Verdict.DONE
        assert (studio.job(job).status, user.balance(), user.held()) == ("completed", 48, 0)


@pytest.mark.parametrize("seconds_off", [-300, 300])
def test_two_workers_whose_clocks_disagree_deliver_once(studio, monkeypatch, seconds_off):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    right = clock.epoch()
    with monkeypatch.context() as wrong:
        wrong.setattr(clock, "epoch", lambda: right + seconds_off)
        if seconds_off > 0:  # believes that the lease is over
            assert jobs.claim(job.id).attempt == 2
        else:
            with pytest.raises(jobs.LeaseHeld):
                jobs.claim(job.id)
    winner = 2 if seconds_off > 0 else 1
    settled = [studio.finish(job, attempt=attempt) for attempt in (1, 2, 1, 2)]
    assert [ended.attempt for ended in settled if ended] == [winner]
    assert (studio.job(job).status, user.balance(), user.held()) == ("completed", 48, 0)


def test_a_price_that_changes_meanwhile_changes_no_refund(studio, monkeypatch):
    user = studio.user()
    job = user.submit(numImages=2)
    monkeypatch.setattr(catalog.ImageGeneration, "credits_per_unit", 9)
    assert user.cancel(job).refunded == 4
    assert (user.balance(), user.held()) == (50, 0)


def test_an_account_closed_meanwhile_gets_its_credits_back_and_no_delivery(studio):
    user = studio.user()
    job = user.submit(numImages=2)
    jobs.claim(job.id)
    accounts.close(user.id, PASSWORD)
    assert studio.finish(job) is None
    assert (studio.job(job).status, user.balance(), user.held()) == ("cancelled", 50, 0)
