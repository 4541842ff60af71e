"""The functions behind queues and the clock: each record on its own, nothing lost to a bad neighbour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio import clock, jobs, outbox
from studio.errors import DeliveryFailed
from studio.events import Finished
from tests.integration.conftest import RESULT


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(n), "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:::q"}
            for n, body in enumerate(bodies)
        ]
    }


def finished(job_id: str, attempt: int = 1) -> str:
    return json.dumps({"detail": json.loads(Finished(job_id, attempt, "succeeded", RESULT).detail())})


def test_one_bad_event_does_not_hold_up_the_others(studio, context):
    from completion.finished import handler

    user = studio.user()
    submitted = [user.submit() for _ in range(2)]
    for job in submitted:
        jobs.claim(job.id)
    event = sqs_event(finished(submitted[0].id), "not json", '{"detail": {"jobId": 1}}', finished(submitted[1].id))
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "2"}]}
    assert [studio.job(job).status for job in submitted] == ["completed", "completed"]
    assert (user.balance(), user.held()) == (46, 0)


def test_a_batch_of_duplicates_settles_once(studio, context):
    from completion.finished import handler

    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    assert handler(sqs_event(*[finished(job.id)] * 3), context) == {"batchItemFailures": []}
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
    assert handler({}, context) == {"sent": 1, "expired": 1}
    assert studio.job(job).status == "failed"
    assert handler({}, context) == {"sent": 0, "expired": 0}


@pytest.mark.parametrize("outcome", ["exploded", None])
def test_events_that_are_not_ours_are_refused(outcome):
    with pytest.raises(ValueError, match="Job Finished"):
        Finished.parse({"job_id": "job_1", "attempt": 1, "outcome": outcome})


def _refuse(row: object) -> None:
    raise DeliveryFailed("the queue is away")
