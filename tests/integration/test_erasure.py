"""Clearing a closed account: it gets on, it comes to an end, and what was still being stored goes too."""

from __future__ import annotations

import json

import pytest

from errands.handler import handler as run_errands
from studio import accounts, catalog, connections, erasure, jobs, outbox, retention, storage, tickets, tokens, uploads
from studio.errors import Busy
from studio.tables import JobRow, OutboxRow, Persona, Session, Ticket, Upload
from tests.integration import samples
from tests.integration.conftest import PASSWORD, TEMPLATE, client
from tests.invariants.calls import counted


@pytest.fixture
def user(studio):
    return studio.user()


def finished(studio, user) -> JobRow:
    job = user.submit(quality="draft")
    jobs.claim(job.id)
    storage.put(storage.output_prefix(user.id, job.id, 1) + "image-1.png", b"png", "image/png")
    studio.finish(job)
    return job


def invented_person(user) -> JobRow:
    order = catalog.parse("influencer-creation", catalog.ORDERS["influencer-creation"].example)
    return jobs.submit(user.id, order).job


def with_content(user) -> list[str]:
    """Jobs of which more than a bare row is left."""
    return [job.id for job in JobRow.by_user.query(user.id) if job.order or job.result or job.ended_shard]


def objects() -> set[str]:
    return {found["Key"] for found in client("s3").list_objects_v2(Bucket="media").get("Contents", [])}


def calls_of_a_run(user) -> list[str]:
    with counted() as aws:
        erasure.erase(user.id)
    return aws.made


def run(context, *errands: dict[str, str]) -> list[dict[str, str]]:
    """What the function gives back of these errands."""
    records = [
        {"messageId": str(number), "eventSource": "aws:sqs", "body": json.dumps(errand)}
        for number, errand in enumerate(errands)
    ]
    return run_errands({"Records": records}, context)["batchItemFailures"]


def waiting() -> tuple[int, int]:
    """Errands that can be taken now, and those that SQS keeps back."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
    queue = client("sqs").get_queue_url(QueueName="errands")["QueueUrl"]
    told = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))["Attributes"]
    now, later = (int(told[name]) for name in names)
    return now, later


# ---- Headway ---------------------------------------------------------------------------------------------------------


def test_what_is_done_costs_the_next_run_nothing(studio, user):
    """Otherwise an account with thousands of past jobs is never done, and is given up after five runs."""
    other = studio.user()
    for _ in range(5):
        retention.forget(finished(studio, user))
    finished(studio, user)
    for who in (user, other):
        accounts.close(who.id, PASSWORD)
    assert calls_of_a_run(user).count("UpdateItem") == 1, "the one job that has content"
    assert with_content(user) == []
    erasure.erase(other.id)
    assert calls_of_a_run(user) == calls_of_a_run(other), "as of an account without jobs"


def test_many_bare_jobs_cost_a_closing_and_a_run_no_page_each(studio, user):
    """What was deleted long ago stays as bare rows; only a few of thousands are still open."""
    other = studio.user()
    for _ in range(2):
        user.submit(quality="draft")
    with JobRow.batch_write() as batch:
        for number in range(450):
            batch.save(bare(user.id, f"job_{number:026d}"))
    calls = {}
    for who in (user, other):
        with counted() as aws:
            accounts.close(who.id, PASSWORD)
        calls[who.id] = aws.made.count("Query")
    assert calls[user.id] == calls[other.id]
    assert [job.status for job in JobRow.by_user.query(user.id, filter_condition=JobRow.open_shard.exists())] == []
    assert calls_of_a_run(user).count("Query") == calls_of_a_run(other).count("Query")


def bare(user_id: str, job_id: str) -> JobRow:
    """What is left of a deleted job."""
    return JobRow(
        job_id,
        user_id=user_id,
        feature="image-generation",
        order={},
        status="completed",
        credits=0,
        attempt=1,
        deadline=0,
        erased="deleted",
        created_at="2026-01-01T00:00:00.000Z",
    )


def test_a_job_that_was_only_marked_is_finished(studio, user):
    job = finished(studio, user)
    assert retention._mark(job)
    accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    assert (with_content(user), studio.job(job).erased) == ([], "deleted")


def test_whoever_is_out_of_time_leaves_the_rest_to_another_errand(studio, user, context, monkeypatch):
    monkeypatch.setattr("errands.handler.ERASE_SECONDS", 0)
    for _ in range(4):
        finished(studio, user)
    accounts.close(user.id, PASSWORD)
    runs = 0
    while errands := studio.errands():
        assert errands == [{"errand": "erase", "subject": user.id}]
        assert run(context, *errands) == []
        runs += 1
    assert runs == 1 + 1 + 4 + 1, "a session, the files, each job; and one that found nothing"
    assert whats_left(user) == set()


@pytest.mark.parametrize(
    ("module", "name", "left"),
    [
        (tickets, "delete_all", {"tickets"}),
        (accounts, "cancelled_jobs", set()),
        (connections, "end_all", set()),
        (storage, "deleted", {"files", "jobs"}),  # where a file is left, its job stays on the sweeper's list
        (retention, "forget", {"jobs"}),
    ],
)
def test_what_cannot_be_done_holds_up_nothing_else(studio, user, context, monkeypatch, module, name, left):
    finished(studio, user)
    invented_person(user)
    uploads.begin(user.id, "image/png")
    uploads.accept(user.id, samples.photo())
    tickets.issue(tokens.verify(user.token))
    accounts.close(user.id, PASSWORD)
    (errand,) = studio.errands()
    with monkeypatch.context() as failing:
        failing.setattr(module, name, fail)
        assert run(context, errand) == [{"itemIdentifier": "0"}]
    assert whats_left(user) == left
    assert run(context, errand) == []
    assert whats_left(user) == set()


def fail(*_: object) -> None:
    raise Busy


def whats_left(user) -> set[str]:
    found = {"tickets": Ticket.scan(), "files": objects(), "jobs": with_content(user)}
    found |= {model.__name__: model.scan() for model in (Session, Persona, Upload)}
    return {name for name, rows in found.items() if list(rows)}


def test_personas_go_though_their_jobs_are_gone(studio, user):
    other = studio.user()
    for who in (user, other):
        job = invented_person(who)
        who.cancel(job)
        retention.forget(job)
    accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    assert [persona.user_id for persona in Persona.scan()] == [other.id]


# ---- Once more -------------------------------------------------------------------------------------------------------


def test_what_was_being_stored_while_the_account_was_closed_goes_a_quarter_of_an_hour_later(studio, user, context):
    running = user.submit()
    jobs.claim(running.id)
    accounts.close(user.id, PASSWORD)
    assert waiting() == (1, 1)
    (errand,) = studio.errands()
    assert run(context, errand) == []
    storage.put(storage.output_prefix(user.id, running.id, 1) + "video.mp4", b"mp4", "video/mp4")  # a worker
    uploads.accept(user.id, samples.photo())  # a picture that was being fetched
    storage.put(storage.export_prefix(user.id) + "exp_1.json", b"{}", "application/json")
    assert len(objects()) == 3
    assert run(context, errand) == []  # what SQS keeps back is the same
    assert objects() == set()


def test_both_clearings_are_written_with_the_end_of_the_account_and_survive_a_crash(studio, user, later, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(outbox, "send", lambda row: False)
        accounts.close(user.id, PASSWORD)
    body = json.dumps({"errand": "erase", "subject": user.id})
    assert {(row.body, row.delay_seconds) for row in studio.outbox()} == {(body, None), (body, 900)}
    later(outbox.SWEEP_AFTER_SECONDS + 1)
    assert outbox.sweep() == 2
    assert (waiting(), list(OutboxRow.scan())) == ((1, 1), [])


def test_the_second_clearing_comes_after_whoever_could_still_be_storing():
    heartbeat = TEMPLATE["Parameters"]["LeaseSeconds"]["MaxValue"] / 3
    slowest = max(heartbeat, TEMPLATE["Globals"]["Function"]["Timeout"])
    assert 2 * slowest < accounts.CLEAR_AGAIN_SECONDS <= 900, "SQS keeps nothing back for longer"
