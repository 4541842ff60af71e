"""Paid work that may wait: its own queue, looked into less often, and never starved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gpu_handlers.engines import catalogue
from gpu_handlers.entry import queue_worker
from gpu_handlers.entry.queue_worker import LOW_EVERY, QueueWorker
from gpu_handlers.worker import Health, Verdict
from studio import aws, catalog
from studio.errors import InvalidOrder, KeyReused
from studio.settings import settings
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client

if TYPE_CHECKING:
    pass

Run = "Callable[[str, str], Verdict]"


@pytest.fixture
def worker(studio, monkeypatch) -> QueueWorker:
    """A worker of paid jobs that only notes which jobs it got, in `worked`."""
    for name in ("POLL_SECONDS", "LOOK_SECONDS", "BRIEF_LOOK_SECONDS", "ELSEWHERE_SECONDS"):
        monkeypatch.setattr(queue_worker, name, 0)
    monkeypatch.setattr(queue_worker, "assignment", lambda queue: (queue, "none"))
    return QueueWorker("jobs")


@pytest.fixture
def worked(worker, monkeypatch) -> list[str]:
    seen: list[str] = []

    def run_job(job_id: str, message_id: str) -> Verdict:
        seen.append(job_id)
        return Verdict.DONE

    monkeypatch.setattr(type(worker._worker), "run_job", lambda self, *args: run_job(*args))
    return seen


def waiting_in(url: str) -> int:
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def test_a_job_of_low_priority_has_its_own_queue_and_the_same_price(studio, context):
    user = studio.user()
    answer = Client(context, user.token)("POST", SUBMIT, ORDER | {"priority": "low"})
    assert (answer.status, answer.json["priority"], answer.json["credits"]["held"]) == (202, "low", 2)
    assert (studio.queued_low(), studio.queued_jobs()) == ([answer.json["id"]], [])


def test_priority_is_no_part_of_what_workers_get(studio):
    job = studio.user().submit(priority="low")
    assert "priority" not in studio.job(job).order


def test_a_draft_goes_to_the_drafts_whatever_its_priority(studio):
    job = studio.user().submit(priority="low", quality="draft")
    assert (studio.queued_drafts(), studio.queued_low()) == ([job.id], [])


def test_other_priorities_are_refused():
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse("image-generation", ORDER | {"priority": "high"})
    assert refused.value.faults[0].pointer == "/priority"


def test_the_same_key_with_another_priority_is_another_request(studio):
    user = studio.user()
    user.submit(key="k")
    with pytest.raises(KeyReused):
        user.submit(key="k", priority="low")


def test_of_four_jobs_taken_while_both_queues_are_full_one_is_of_low_priority(studio, worker, worked):
    users = [studio.user(), studio.user()]
    normal = {user.submit().id for user in users for _ in range(8)}
    low = {studio.user().submit(priority="low").id for _ in range(4)}
    for _ in range(4 * LOW_EVERY):
        worker._turn()
    kinds = ["low" if job in low else "normal" for job in worked]
    assert kinds == ["normal", "normal", "normal", "low"] * 4
    assert len(normal & set(worked)) == 12


def test_without_normal_work_low_work_is_all_that_is_done(studio, worker, worked):
    submitted = [studio.user().submit(priority="low").id for _ in range(6)]
    for _ in range(6):
        worker._turn()
    assert sorted(worked) == sorted(submitted)


def test_a_message_is_deleted_from_the_queue_it_came_from(studio, worker, worked):
    studio.user().submit(priority="low")
    worker._turn()
    assert waiting_in(settings().low_queue_url) == 0
    messages = aws.client("sqs").receive_message(QueueUrl=settings().low_queue_url, VisibilityTimeout=0)
    assert "Messages" not in messages


def test_an_idle_worker_looks_long_where_work_is_urgent_and_briefly_while_other_work_waits(worker, monkeypatch):
    monkeypatch.setattr(queue_worker, "LOOK_SECONDS", 5)
    monkeypatch.setattr(queue_worker, "BRIEF_LOOK_SECONDS", 1)
    jobs_url, low_url = settings().jobs_queue_url, settings().low_queue_url

    def polls() -> list[tuple[str, int]]:
        return [(poll.url, poll.seconds) for poll in worker._polls()]

    assert polls() == [(jobs_url, 5), (low_url, 0)]
    worker._waits.add(low_url)
    assert polls() == [(jobs_url, 1), (low_url, 0)]
    worker._taken = LOW_EVERY - 1
    assert polls() == [(low_url, 0), (jobs_url, 1)]


def test_a_worker_of_drafts_looks_nowhere_else(studio, monkeypatch):
    monkeypatch.setattr(queue_worker, "assignment", lambda queue: (queue, "none"))
    (poll,) = QueueWorker("drafts")._polls()
    assert poll.url == settings().drafts_queue_url


def test_an_idle_worker_of_paid_jobs_takes_one_draft_and_looks_for_paid_work_again(studio, worker, worked):
    worker._drafts.health = Health("ready")
    drafts = [studio.user().submit(quality="draft").id for _ in range(2)]
    worker._turn()
    paid = studio.user().submit()
    low = studio.user().submit(priority="low")
    for _ in range(3):
        worker._turn()
    assert worked[1:3] == [paid.id, low.id]
    assert {worked[0], worked[3]} == set(drafts)
    assert waiting_in(settings().drafts_queue_url) == 0


def test_while_drafts_wait_a_worker_of_paid_jobs_looks_for_paid_work_only_briefly(worker, monkeypatch):
    monkeypatch.setattr(queue_worker, "LOOK_SECONDS", 5)
    monkeypatch.setattr(queue_worker, "BRIEF_LOOK_SECONDS", 1)
    worker._drafts.health = Health("ready")
    jobs_url, low_url, drafts_url = settings().jobs_queue_url, settings().low_queue_url, settings().drafts_queue_url

    def polls() -> list[tuple[str, int]]:
        return [(poll.url, poll.seconds) for poll in worker._polls()]

    assert polls() == [(jobs_url, 5), (low_url, 0), (drafts_url, 0)]
    worker._waits.add(drafts_url)
    assert polls() == [(jobs_url, 1), (low_url, 0), (drafts_url, 0)]
    worker._taken = LOW_EVERY - 1
    assert polls() == [(low_url, 0), (jobs_url, 1), (drafts_url, 0)]


def test_a_machine_with_an_engine_sketches_drafts_and_one_that_cannot_sketch_leaves_them(studio, worker, monkeypatch):
    assert (worker._drafts.profile, worker._worker.profile) == ("sketch", "none")
    assert (worker._drafts.id, worker._drafts.stopping) == (worker._worker.id, worker._worker.stopping)

    def broken() -> Any:
        raise ImportError("no module named skia")

    monkeypatch.setitem(catalogue.PROFILES, "sketch", broken)
    assert worker._drafts.load() is False
    draft = studio.user().submit(quality="draft")
    worker._turn()
    assert studio.queued_drafts() == [draft.id]


def test_a_draft_on_an_idle_machine_is_a_sketch_and_costs_nothing(studio, worker):
    worker._drafts.load()
    user = studio.user()
    draft = user.submit(quality="draft")
    worker._turn()
    (finished,) = [event["detail"] for event in studio.events() if event["detail-type"] == "Job Finished"]
    assert (finished["job_id"], finished["result"]["metadata"]["engine"]) == (draft.id, "sketch")
    assert (studio.queued_drafts(), user.balance()) == ([], 50)


def test_a_job_that_another_machine_should_try_is_shown_to_it_at_once(studio, worker, monkeypatch):
    pauses: list[Any] = []
    monkeypatch.setattr(type(worker._worker), "run_job", lambda self, *args: Verdict.ELSEWHERE)
    monkeypatch.setattr(worker._worker.stopping, "wait", pauses.append)
    monkeypatch.setattr(queue_worker, "ELSEWHERE_SECONDS", 5)
    studio.user().submit()
    worker._turn()
    assert waiting_in(settings().jobs_queue_url) == 1
    assert pauses == [5]
