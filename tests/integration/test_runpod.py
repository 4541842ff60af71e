"""Jobs at RunPod: they end once, whatever RunPod does."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from dispatcher import ended, queued, reconcile
from infra.local.runpod import Answer
from studio import aws, clock, jobs, runpod_api, runpod_callbacks, runpod_dispatches
from studio.errors import Duplicate, LeaseHeld, RunPodUnavailable
from studio.jobs import Progress
from studio.runpod_dispatches import MAX_RUNS, Outcome
from studio.settings import settings
from tests.integration.conftest import Studio
from tests.integration.runpod import LOST_CONNECTION, Rented, rented


@pytest.fixture
def runpod(studio: Studio, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace) -> Rented:
    return rented(studio, monkeypatch, context)


def sent(studio: Studio) -> list[str]:
    """Send everything that waits in the queue, as the dispatcher does; the jobs that it was about."""
    queued_jobs = studio.queued_jobs() + studio.queued_drafts()
    for job_id in queued_jobs:
        runpod_dispatches.send(job_id)
    return queued_jobs


def ledger(studio: Studio, user: Any) -> list[str]:
    return [entry.kind for entry in studio.ledger(user)]


# ---- The way there ---------------------------------------------------------------------------------------------------


def test_a_job_is_sent_with_its_deadline_and_an_address_to_call_back(studio, runpod):
    job = studio.user().submit()
    assert sent(studio) == [job.id]
    (run,) = runpod.standin.runs.values()
    assert run.input == {"jobId": job.id}
    assert run.policy == {"executionTimeout": 3_600_000, "ttl": 3_600_000, "lowPriority": False}
    assert run.webhook == runpod_callbacks.url(job.id)
    assert run.webhook.startswith(f"https://studio.test/api/v1/internal/runpod/{job.id}/")
    assert runpod.dispatch(job).run_id == run.id


def test_what_is_left_of_the_deadline_is_all_that_a_later_run_gets(studio, runpod):
    studio.user().submit()
    runpod.wait(3000)
    sent(studio)
    (run,) = runpod.standin.runs.values()
    assert run.policy["executionTimeout"] == run.policy["ttl"] == 600_000


def test_a_job_about_to_expire_is_not_sent(studio, runpod):
    studio.user().submit()
    runpod.wait(3595)
    sent(studio)
    assert runpod.standin.runs == {}


def test_a_draft_starts_no_machine(studio, runpod):
    studio.user().submit(quality="draft")
    sent(studio)
    (run,) = runpod.standin.runs.values()
    assert run.policy["lowPriority"] is True


def test_a_message_delivered_twice_makes_one_run(studio, runpod):
    job = studio.user().submit()
    runpod_dispatches.send(job.id)
    runpod_dispatches.send(job.id)
    assert runpod.asked("POST run") == 1


def test_an_ended_job_is_not_sent(studio, runpod):
    user = studio.user()
    user.cancel(user.submit())
    sent(studio)
    runpod_dispatches.send("job_" + "0" * 26)
    assert runpod.standin.asked == []


def test_a_job_that_a_queue_worker_has_is_not_sent(studio, runpod):
    job = studio.user().submit()
    jobs.claim(job.id, "message-of-the-queue-worker")
    sent(studio)
    assert runpod.dispatch(job) is None
    assert runpod.standin.asked == []


def test_a_crash_after_the_run_was_taken_makes_a_second_one_and_one_result(studio, runpod):
    user = studio.user()
    job = user.submit(numImages=2)
    runpod.standin.faults.answers_lost = 1
    with pytest.raises(RunPodUnavailable):
        runpod_dispatches.send(job.id)
    runpod_dispatches.send(job.id)  # the message came back
    assert len(runpod.standin.runs) == 2
    first, claimed = runpod.take("pod-1")
    with pytest.raises(Duplicate):
        runpod.take("pod-2")
    runpod.finish(first, claimed)
    runpod.settle()
    assert studio.job(job).status == "completed"
    assert (studio.job(job).attempt, user.balance(), user.held()) == (1, 46, 0)


def test_of_two_dispatchers_at_once_the_first_one_s_run_is_looked_after(studio, runpod, monkeypatch):
    job = studio.user().submit()
    really = runpod_api.run

    def overtaken(job_id: str, **options: Any) -> str:
        monkeypatch.setattr(runpod_api, "run", really)
        runpod_dispatches.send(job_id)
        return really(job_id, **options)

    monkeypatch.setattr(runpod_api, "run", overtaken)
    runpod_dispatches.send(job.id)
    first, second = runpod.standin.runs
    assert runpod.dispatch(job).run_id == first != second
    assert runpod.dispatch(job).runs == 1


# ---- No room, no answer, nonsense ------------------------------------------------------------------------------------


def batch(*bodies: str, receives: int = 1, queue: str = "jobs") -> dict[str, Any]:
    """Messages as Lambda gets them; really in the queue, so that their visibility can be changed."""
    url = settings().drafts_queue_url if queue == "drafts" else settings().jobs_queue_url
    sqs, records = aws.client("sqs"), []
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
        (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=900)["Messages"]
        records.append(
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
            }
        )
    return {"Records": records}


USELESS: dict[str, Answer | bytes | Exception] = {
    "full": Answer(429),
    "broken": Answer(500),
    "wrong key": Answer(401),
    "no endpoint": Answer(404),
    "redirect": Answer(307),
    "cut off": LOST_CONNECTION,
    "html": b"<html>",
    "list": b"[1]",
    "empty": b"{}",
    "number": b'{"id": 7}',
    "path": b'{"id": "../../health"}',
    "huge": b'{"id": "' + b"x" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("instead", USELESS.values(), ids=USELESS)
def test_a_job_that_runpod_does_not_take_comes_back_without_its_batch_mates(studio, runpod, context, instead):
    user = studio.user()
    first, second = user.submit(), user.submit(numImages=2)
    studio.queued_jobs()
    event = batch(*(json.dumps({"jobId": job.id}) for job in (first, second)))
    runpod.wire.instead = [instead]
    answer = queued.handler(event, context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    assert runpod.dispatch(first).run_id is None
    assert runpod.dispatch(second).run_id in runpod.standin.runs
    assert (user.balance(), user.held()) == (44, 6)


def test_a_full_runpod_is_asked_less_and_less_often(studio, runpod, context, monkeypatch):
    pauses = []
    monkeypatch.setattr(
        aws.client("sqs"), "change_message_visibility", lambda **asked: pauses.append(asked["VisibilityTimeout"])
    )
    message = json.dumps({"jobId": studio.user().submit().id})
    studio.queued_jobs()
    for receives in range(1, 11):
        runpod.standin.faults.busy = 1
        queued.handler(batch(message, receives=receives), context)
    longest = [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=True)), pauses


@pytest.mark.parametrize(("quality", "queue"), [("draft", "drafts"), ("standard", "jobs")])
def test_a_job_that_is_not_taken_goes_back_to_its_own_queue(studio, runpod, context, monkeypatch, quality, queue):
    back = []
    monkeypatch.setattr(aws.client("sqs"), "change_message_visibility", lambda **asked: back.append(asked["QueueUrl"]))
    job = studio.user().submit(quality=quality)
    studio.queued_jobs(), studio.queued_drafts()
    runpod.standin.faults.busy = 1
    assert queued.handler(batch(json.dumps({"jobId": job.id}), queue=queue), context)["batchItemFailures"]
    assert back == [settings().drafts_queue_url if queue == "drafts" else settings().jobs_queue_url]


def test_a_message_that_names_no_job_stays_for_the_dead_letters(studio, runpod, context):
    event = batch("no job")
    assert len(queued.handler(event, context)["batchItemFailures"]) == 1
    assert runpod.standin.asked == []


# ---- The way back ----------------------------------------------------------------------------------------------------


def test_a_finished_run_leaves_nothing_behind(studio, runpod):
    user = studio.user()
    job = user.submit()
    sent(studio)
    runpod.finish(*runpod.take())
    runpod.settle()
    assert runpod.call_back() == ["closed"]
    assert runpod.dispatch(job) is None
    assert (studio.job(job).status, ledger(studio, user)) == ("completed", ["signup", "hold"])
    assert runpod.asked("POST cancel") == 0


def test_a_callback_before_the_event_was_settled_changes_nothing(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    runpod.finish(*runpod.take())
    assert runpod.call_back() == ["kept"]
    runpod.settle()
    assert studio.job(job).status == "completed"
    assert runpod_dispatches.look(job.id) is Outcome.CLOSED


def test_a_lying_callback_changes_nothing(studio, runpod):
    user = studio.user()
    job = user.submit()
    sent(studio)
    run_id, claimed = runpod.take()
    runpod.standin.lie(run_id)
    assert runpod.call_back() == ["kept"]
    runpod.wait(settings().lease_seconds + 1)  # even when its worker is silent
    runpod.standin.lie(run_id)
    assert runpod.call_back() == ["kept"]
    jobs.report(job.id, int(claimed.attempt), Progress(0.5, "draw", 1, 2))
    assert (studio.job(job).status, user.held(), studio.queued_jobs()) == ("processing", 2, [])


@pytest.mark.parametrize("body", ["", "{", "\x00", '{"status": "FAILED"}', "[" * 100_000, "x" * 300_000])
def test_a_callback_may_say_what_it_likes(studio, runpod, body):
    job = studio.user().submit()
    sent(studio)
    runpod.take()
    assert runpod.post(runpod_callbacks.url(job.id), body) == {"status": 200, "outcome": "kept"}


def test_nobody_else_can_call_back(studio, runpod):
    first, second = studio.user().submit(), studio.user().submit()
    sent(studio)
    token = runpod_callbacks.url(first.id).rpartition("/")[2]
    before = list(runpod.standin.asked)
    for job_id, wrong in (
        (second.id, token), (first.id, token[:-1]), (first.id, token + "="), (first.id, "é"), ("job_x", token),
    ):  # fmt: skip
        answer = runpod.post(f"https://studio.test{runpod_callbacks.PATH}/{job_id}/{wrong}", {})
        assert (answer["status"], answer["code"]) == (404, "not_found"), wrong
    assert runpod.standin.asked == before


def test_all_runs_of_a_job_have_one_address_and_no_two_jobs_share_it(studio, runpod):
    user = studio.user()
    first, second = user.submit(), user.submit()
    assert runpod_callbacks.url(first.id) == runpod_callbacks.url(first.id)
    assert runpod_callbacks.url(first.id).rpartition("/")[2] != runpod_callbacks.url(second.id).rpartition("/")[2]


def test_while_runpod_is_silent_a_callback_is_asked_for_again(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    runpod.wire.instead = [LOST_CONNECTION]
    assert runpod.post(runpod_callbacks.url(job.id), {})["status"] == 503


def test_a_state_that_nobody_knows_changes_nothing(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    runpod.wire.instead = [b'{"status": "PARTY"}']
    with pytest.raises(RunPodUnavailable):
        runpod_dispatches.look(job.id)
    assert runpod.dispatch(job).run_id


# ---- Runs that come to nothing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "CANCELLED"])
def test_a_run_that_failed_before_it_was_claimed_is_repeated(studio, runpod, status):
    user = studio.user()
    job = user.submit()
    sent(studio)
    (run_id,) = runpod.standin.runs
    runpod.standin.fail(run_id, status)
    assert runpod.call_back() == ["repeated"]
    assert sent(studio) == [job.id]
    run_id, claimed = runpod.take()
    runpod.finish(run_id, claimed)
    runpod.settle()
    assert studio.job(job).status == "completed"
    assert ledger(studio, user) == ["signup", "hold"]


def test_a_job_handed_back_by_its_worker_is_repeated_at_once(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    run_id, claimed = runpod.take()
    jobs.release(job.id, int(claimed.attempt))
    runpod.standin.done(run_id, {"error": "handed back"})
    assert runpod.call_back() == ["repeated"]
    sent(studio)
    _, claimed = runpod.take()
    assert claimed.attempt == 2


def test_a_run_that_failed_while_another_attempt_works_is_left_alone_until_that_falls_silent(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    run_id, _ = runpod.take()
    runpod.standin.fail(run_id)
    assert runpod.call_back() == ["kept"]
    runpod.wait(settings().lease_seconds + 1)
    assert runpod_dispatches.look(job.id) is Outcome.REPEATED


def test_a_lost_run_is_repeated_but_not_before_it_could_be_known(studio, runpod):
    runpod.standin.faults.lose = 1
    job = studio.user().submit()
    sent(studio)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT
    runpod.wait(runpod_dispatches.LOST_SECONDS + 1)
    assert runpod_dispatches.look(job.id) is Outcome.REPEATED
    assert sent(studio) == [job.id]
    assert runpod.take()[1].id == job.id


def test_a_result_that_runpod_forgot_is_still_a_result(studio, runpod):
    user = studio.user()
    job = user.submit()
    sent(studio)
    run_id, claimed = runpod.take()
    runpod.finish(run_id, claimed)
    runpod.standin.forget(run_id)
    runpod.settle()
    assert runpod_dispatches.look(job.id) is Outcome.CLOSED
    assert studio.job(job).status == "completed"


def test_a_worker_that_fell_silent_loses_the_job_though_runpod_believes_in_it(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    run_id, claimed = runpod.take()
    runpod.wait(settings().lease_seconds + 1)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT
    runpod.wait(runpod_dispatches.STALLED_SECONDS)
    assert runpod_dispatches.look(job.id) is Outcome.REPEATED
    assert runpod.standin.runs[run_id].status == "CANCELLED"
    sent(studio)
    new_run, again = runpod.take("pod-2")
    runpod.finish(run_id, claimed)  # the first one wakes up: too late
    runpod.settle()
    assert (studio.job(job).status, studio.job(job).attempt) == ("processing", 2)
    runpod.finish(new_run, again)
    runpod.settle()
    assert studio.job(job).status == "completed"


def test_a_machine_that_takes_long_to_start_is_waited_for(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    runpod.standin.take("pod-1")  # taken, not claimed: its engines are still loading
    runpod.wait(1200)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT


def test_a_completed_run_whose_event_never_came_is_repeated(studio, runpod):
    job = studio.user().submit()
    sent(studio)
    run_id, _ = runpod.take()
    runpod.standin.done(run_id, {"output": {"verdict": "done"}})
    runpod.wait(runpod_dispatches.SETTLE_SECONDS)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT
    runpod.wait(settings().lease_seconds + 1)
    assert runpod_dispatches.look(job.id) is Outcome.REPEATED


def test_the_same_run_handed_out_twice_is_worked_on_once(studio, runpod):
    runpod.standin.faults.twice = 1
    job = studio.user().submit()
    sent(studio)
    run_id, claimed = runpod.take("pod-1")
    with pytest.raises(LeaseHeld):
        runpod.take("pod-2")
    runpod.standin.done(run_id, {"error": "handed back"})  # what the second one says
    assert runpod.call_back() == ["kept"]
    runpod.finish(run_id, claimed)
    runpod.settle()
    assert (studio.job(job).status, studio.job(job).attempt) == ("completed", 1)


def test_a_result_that_is_late_at_runpod_is_in_time_here(studio, runpod):
    runpod.standin.faults.late = True
    job = studio.user().submit()
    sent(studio)
    run_id, claimed = runpod.take()
    runpod.finish(run_id, claimed)
    runpod.settle()
    assert (studio.job(job).status, runpod.call_back()) == ("completed", [])
    runpod.standin.release()
    assert runpod.call_back() == ["closed"]


def test_runs_that_keep_coming_to_nothing_end_in_one_refund(studio, runpod):
    user = studio.user()
    job = user.submit(numImages=2)
    for number in range(1, MAX_RUNS + 1):
        assert sent(studio) == [job.id]
        assert runpod.dispatch(job).runs == number
        runpod.standin.fail(runpod.dispatch(job).run_id)
        assert runpod.call_back() == ["repeated" if number < MAX_RUNS else "given up"]
    ended_job = studio.job(job)
    assert (ended_job.status, ended_job.error["code"]) == ("failed", "worker_lost")
    assert (user.balance(), user.held(), ledger(studio, user)) == (50, 0, ["signup", "hold", "refund"])
    assert (runpod.dispatch(job), sent(studio), len(runpod.standin.runs)) == (None, [], MAX_RUNS)


def test_two_callbacks_at_once_repeat_a_run_once(studio, runpod, monkeypatch):
    job = studio.user().submit()
    sent(studio)
    runpod.standin.fail(runpod.dispatch(job).run_id)
    really = runpod_api.state

    def overtaken(run_id: str) -> Any:
        monkeypatch.setattr(runpod_api, "state", really)
        assert runpod_dispatches.look(job.id) is Outcome.REPEATED
        return really(run_id)

    monkeypatch.setattr(runpod_api, "state", overtaken)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT
    assert studio.queued_jobs() == [job.id]


def test_a_crash_between_giving_a_run_up_and_queueing_the_job_loses_nothing(studio, runpod, monkeypatch):
    job = studio.user().submit()
    sent(studio)
    runpod.standin.fail(runpod.dispatch(job).run_id)
    with monkeypatch.context() as dying:
        dying.setattr("studio.outbox.send", lambda row: False)
        assert runpod_dispatches.look(job.id) is Outcome.REPEATED
    assert sent(studio) == []
    runpod.wait(60)
    assert runpod_dispatches.look(job.id) is Outcome.KEPT
    jobs.outbox.sweep()
    assert sent(studio) == [job.id]
    assert runpod.dispatch(job).runs == 2


# ---- Stopping --------------------------------------------------------------------------------------------------------


def news_of(studio: Studio, detail_type: str) -> dict[str, Any]:
    """Events of this type, as the rule puts them into the queue of the stop function."""
    told = [news for news in studio.news() if news["detail-type"] == detail_type]
    return {
        "Records": [
            {"messageId": str(number), "body": json.dumps(news), "eventSource": "aws:sqs"}
            for number, news in enumerate(told)
        ]
    }


@pytest.mark.parametrize("taken", [False, True], ids=["waiting", "running"])
def test_a_cancelled_job_is_stopped_at_runpod(studio, runpod, context, taken):
    user = studio.user()
    job = user.submit()
    sent(studio)
    (run_id,) = runpod.standin.runs
    if taken:
        runpod.take("pod-1")
    user.cancel(job)
    event = news_of(studio, "Job Cancelled")
    assert len(event["Records"]) == 1
    for _ in range(2):  # events may come twice
        assert ended.handler(event, context) == {"batchItemFailures": []}
    assert runpod.standin.runs[run_id].status == "CANCELLED"
    assert runpod.standin.stops("pod-1") == ([run_id] if taken else [])
    assert (runpod.dispatch(job), user.balance(), runpod.asked("POST cancel")) == (None, 50, 1)


def test_a_job_past_its_deadline_is_stopped_at_runpod(studio, runpod, context):
    user = studio.user()
    job = user.submit()
    sent(studio)
    run_id, _ = runpod.take()
    runpod.wait(3600 - 1)
    jobs.JobRow(job.id).update([jobs.JobRow.deadline.set(clock.epoch() - 1)])
    assert jobs.expire_overdue() == 1
    assert ended.handler(news_of(studio, "Job Failed"), context) == {"batchItemFailures": []}
    assert (runpod.standin.runs[run_id].status, user.balance()) == ("CANCELLED", 50)


def test_a_stop_that_runpod_does_not_hear_is_tried_again(studio, runpod, context):
    user = studio.user()
    job = user.submit()
    sent(studio)
    user.cancel(job)
    event = news_of(studio, "Job Cancelled")
    runpod.standin.faults.broken = 1
    assert len(ended.handler(event, context)["batchItemFailures"]) == 1
    assert runpod.dispatch(job) is not None
    assert reconcile.handler({}, context) == {}  # no time left: nothing is begun
    context.get_remaining_time_in_millis = lambda: 270_000
    assert reconcile.handler({}, context) == {"closed": 1}
    assert next(iter(runpod.standin.runs.values())).status == "CANCELLED"


def test_a_run_that_ended_by_itself_is_not_cancelled(studio, runpod, context):
    user = studio.user()
    job = user.submit()
    sent(studio)
    run_id, claimed = runpod.take()
    studio.finish(job, int(claimed.attempt), code="content_rejected", message="No.")
    runpod.standin.done(run_id, {"output": {"verdict": "done"}})
    assert ended.handler(news_of(studio, "Job Failed"), context) == {"batchItemFailures": []}
    assert (runpod.asked("POST cancel"), user.balance()) == (0, 50)


def test_a_job_cancelled_while_it_is_being_sent_leaves_no_run(studio, runpod, monkeypatch):
    user = studio.user()
    job = user.submit()
    really = runpod_api.run

    def cancelled_meanwhile(job_id: str, **options: Any) -> str:
        run_id = really(job_id, **options)
        user.cancel(job)
        assert runpod_dispatches.look(job_id) is Outcome.CLOSED
        return run_id

    monkeypatch.setattr(runpod_api, "run", cancelled_meanwhile)
    runpod_dispatches.send(job.id)
    assert [run.status for run in runpod.standin.runs.values()] == ["CANCELLED"]
    assert runpod.dispatch(job) is None


# ---- Reconciliation --------------------------------------------------------------------------------------------------


def test_what_no_callback_told_is_found_before_runpod_forgets_it(studio, runpod, context):
    context.get_remaining_time_in_millis = lambda: 270_000
    runpod.standin.faults.silent = 2
    user = studio.user()
    done, failed, running, waiting = (user.submit() for _ in range(4))
    sent(studio)
    run_id, claimed = runpod.take()
    runpod.finish(run_id, claimed)
    runpod.settle()
    runpod.standin.fail(runpod.dispatch(failed).run_id)
    runpod.take()
    assert runpod.call_back() == []
    assert reconcile.handler({}, context) == {"closed": 1, "repeated": 1, "kept": 2}
    assert runpod.dispatch(done) is None
    assert studio.queued_jobs() == [failed.id]
    assert studio.job(waiting).status == "pending"
    assert studio.job(running).status == "processing"


def test_one_job_that_cannot_be_looked_after_holds_up_no_other(studio, runpod, context):
    context.get_remaining_time_in_millis = lambda: 270_000
    user = studio.user()
    for _ in range(3):
        user.submit()
    sent(studio)
    runpod.standin.faults.broken = 1
    assert reconcile.handler({}, context) == {"failed": 1, "kept": 2}
