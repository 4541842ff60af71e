"""The functions behind queues and the clock: each record on its own, nothing lost to a bad neighbour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio import clock, jobs, outbox
from studio.errors import DeliveryFailed
from studio.events import Finished
from studio.tables import JobRow, OutboxRow
from tests.integration.conftest import result_of


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(n), "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:::q"}
            for n, body in enumerate(bodies)
        ]
    }


def finished(job: JobRow) -> str:
    return json.dumps({"detail": json.loads(Finished(job.id, 1, "succeeded", result_of(job)).detail())})


def test_one_bad_event_does_not_hold_up_the_others(studio, context):
    from completion.finished import handler

    user = studio.user()
    submitted = [user.submit() for _ in range(2)]
    for job in submitted:
        jobs.claim(job.id)
    event = sqs_event(finished(submitted[0]), "not json", '{"detail": {"jobId": 1}}', finished(submitted[1]))
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    assert [studio.job(job).status for job in submitted] == ["completed", "completed"]
    assert (user.balance(), user.held()) == (46, 0)


def test_a_batch_of_duplicates_settles_once(studio, context):
    from completion.finished import handler

    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    assert handler(sqs_event(*[finished(job)] * 3), context) == {"batchItemFailures": []}
    assert (user.balance(), [e["detail-type"] for e in studio.news()]) == (48, ["Job Completed"])


def test_a_job_no_worker_finished_is_refunded_when_its_last_lease_is_over(studio, context, monkeypatch):
    from completion.lost import handler

    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    event = sqs_event(json.dumps({"jobId": job.id}))
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    later = clock.epoch() + 61
    monkeypatch.setattr(clock, "epoch", lambda: later)
    assert handler(event, context) == {"batchItemFailures": []}
    assert (studio.job(job).error["code"], user.balance()) == ("worker_lost", 50)


def test_the_sweeper_sends_and_expires(studio, context, monkeypatch):
    from sweeper.handler import handler

    user = studio.user()
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_deliver", _refuse)
        job = user.submit()
    later = clock.epoch() + 3601
    monkeypatch.setattr(clock, "epoch", lambda: later)
    assert handler({}, context) == {"expired": 1, "sent": 2, "erased": 0}
    assert studio.job(job).status == "failed"
    assert handler({}, context) == {"expired": 0, "sent": 0, "erased": 0}


def test_a_job_that_cannot_be_ended_does_not_hold_up_the_sweep(studio, context, monkeypatch):
    from sweeper.handler import handler

    user = studio.user()
    stuck, *others = [user.submit() for _ in range(6)]
    later, find = clock.epoch() + 3601, jobs.find
    monkeypatch.setattr(clock, "epoch", lambda: later)

    def broken(job_id: str) -> JobRow | None:
        if job_id == stuck.id:
            raise RuntimeError("a row nobody can read")
        return find(job_id)

    with monkeypatch.context() as damage:
        damage.setattr(jobs, "find", broken)
        assert handler({}, context)["expired"] == 5
    assert {studio.job(job).status for job in others} == {"failed"}
    assert handler({}, context)["expired"] == 1


def test_a_dead_letter_that_names_no_job_is_dropped(studio, context):
    from completion.lost import handler

    assert handler(sqs_event("not json", "[]", "{}"), context) == {"batchItemFailures": []}


def test_files_of_another_attempt_or_job_are_not_delivered(studio, context):
    from completion.finished import handler

    user = studio.user()
    job, other = user.submit(), user.submit()
    jobs.claim(job.id)
    foreign = Finished(job.id, 1, "succeeded", result_of(other))
    none = Finished(job.id, 1, "succeeded", {"files": [], "metadata": {}})
    for event in (foreign, none):
        body = json.dumps({"detail": json.loads(event.detail())})
        assert handler(sqs_event(body), context)["batchItemFailures"]
    assert studio.job(job).status == "processing"


@pytest.mark.parametrize("outcome", ["exploded", None])
def test_events_that_are_not_ours_are_refused(outcome):
    with pytest.raises(ValueError, match="Job Finished"):
        Finished.parse({"job_id": "job_1", "attempt": 1, "outcome": outcome})


def _refuse(row: object) -> None:
    raise DeliveryFailed("the queue is away")


def test_the_sweeper_sends_before_anything_else_and_no_part_takes_the_time_of_another(studio, context, monkeypatch):
    from sweeper import handler as sweeper

    told = []
    for module, name in ((sweeper.jobs, "expire_overdue"), (sweeper.outbox, "sweep"), (sweeper.retention, "sweep")):
        monkeypatch.setattr(
            module, name, lambda *, seconds, part=f"{module.__name__}.{name}": told.append((part, seconds)) or 0
        )
    sweeper.handler({}, context)
    assert [part for part, _ in told] == ["studio.outbox.sweep", "studio.jobs.expire_overdue", "studio.retention.sweep"]
    assert sum(seconds for _, seconds in told) < 29


@pytest.mark.parametrize("part", ["outbox", "jobs", "retention"])
def test_a_part_of_the_sweep_that_fails_takes_no_turn_from_another_and_is_reported(studio, context, monkeypatch, part):
    from sweeper import handler as sweeper

    done = []
    for module, name in ((sweeper.outbox, "sweep"), (sweeper.jobs, "expire_overdue"), (sweeper.retention, "sweep")):

        def run(*, seconds: float, name: str = module.__name__.removeprefix("studio.")) -> int:
            done.append(name)
            if name == part:
                raise RuntimeError("not today")
            return 0

        monkeypatch.setattr(module, name, run)
    with pytest.raises(RuntimeError, match="not today"):
        sweeper.handler({}, context)
    assert done == ["outbox", "jobs", "retention"]


def test_a_message_that_can_never_be_sent_holds_up_no_other_and_is_reported(studio, context, monkeypatch):
    from sweeper.handler import handler

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_deliver", _refuse)
        job = studio.user().submit()
    for name in ("a", "z"):
        OutboxRow(name, target="bus", source="s", detail_type="d", body="no JSON", created_epoch=clock.epoch()).save()
    later = clock.epoch() + 3601
    monkeypatch.setattr(clock, "epoch", lambda: later)
    with pytest.raises(ValueError, match="Expecting value"):
        handler({}, context)
    assert studio.queued_jobs() == [job.id]
    assert studio.job(job).status == "failed"
    assert {row.id for row in studio.outbox()} == {"a", "z"}


def test_a_sweep_whose_time_is_up_begins_nothing(studio):
    from studio import jobs, outbox, retention

    assert (outbox.sweep(seconds=-1), jobs.expire_overdue(seconds=-1), retention.sweep(seconds=-1)) == (0, 0, 0)


def test_an_outbox_that_cannot_be_read_is_the_sweepers_business(studio, monkeypatch):
    from pynamodb.exceptions import GetError

    from studio import outbox

    def broken(*_, **__):
        raise GetError("no right to this")

    monkeypatch.setattr(outbox.OutboxRow, "get", broken)
    outbox.send_left("submit:job_1")
