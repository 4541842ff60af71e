"""Events on the bus: each is told when it is true, with the facts its schema promises and no secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft4Validator, Draft202012Validator

from gpu_handlers.telling import Teller
from gpu_handlers.worker import Worker
from infra import event_schemas
from studio import aws, clock, events, jobs, news, outbox
from studio.errors import DeliveryFailed
from studio.jobs import Progress
from tests.integration.conftest import Customer

SCHEMAS = {kind.detail_type: event_schemas.schema(kind) for kind in news.ALL}
INTERNAL = {events.JOB_FINISHED, events.PURCHASE_NEEDS_REVIEW}


@pytest.fixture
def worker() -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="sketch")
    worker.setup()
    return worker


def assert_as_documented(event: dict[str, Any]) -> None:
    schema = SCHEMAS[event["detail-type"]]
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(event)
    detail = schema["properties"]["detail"]
    assert set(event["detail"]) == set(detail["properties"]), "no more than is documented either"
    Draft4Validator(json.loads(registered(event["detail-type"]))).validate(event)


def registered(detail_type: str) -> str:
    """What the registry is given for an event."""
    resources = event_schemas.template()["Resources"].values()
    (content,) = [
        r["Properties"]["Content"] for r in resources if r["Properties"].get("Description") == detail_type
    ]  # fmt: skip
    return content


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in told]


def test_every_event_of_a_jobs_life_is_as_its_schema_says(studio, worker):
    user = studio.user()
    delivered = user.submit(prompt="A secret garden", numImages=2)
    worker.run_job(delivered.id)
    studio.finish(delivered)
    failed = user.submit()
    jobs.claim(failed.id)
    studio.finish(failed, code="content_rejected", message="This prompt is not allowed.")
    user.cancel(user.submit(numImages=4))
    spendthrift(user)
    told = studio.events()
    for event in told:
        if event["detail-type"] not in INTERNAL:
            assert_as_documented(event)
            assert "secret garden" not in json.dumps(event)
            assert event["source"] == SCHEMAS[event["detail-type"]]["properties"]["source"]["const"]
    assert set(kinds(told)) - INTERNAL >= set(SCHEMAS) - {"Job Progress"}


def spendthrift(user: Customer) -> None:
    """Orders until the balance is low."""
    while user.balance() >= 8:
        user.submit(numImages=4)


def test_progress_is_told_as_its_schema_says(studio):
    job = studio.user().submit()
    claimed = jobs.claim(job.id)
    news.tell(news.progressed(claimed, Progress(0.5, "illustrate", 3, 6, previews=("outputs/a.jpg",)).stored()))
    queued, progress = studio.events()
    assert_as_documented(progress)
    assert progress["detail"]["progress"] == {"value": 0.5, "stage": "illustrate", "step": 3, "steps": 6}
    assert progress["detail"]["sequence"] > queued["detail"]["sequence"]


def test_later_states_have_larger_sequences():
    told = [
        ("pending", 0, 0.0),
        ("processing", 1, 0.0),
        ("processing", 1, 0.0002),
        ("processing", 1, 1.0),
        ("processing", 2, 0.0),
        ("processing", 12_000, 0.3),
        ("cancelled", 0, 0.0),
    ]
    numbers = [news.sequence(*state) for state in told]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < 2**53


def test_a_new_attempt_starts_without_the_progress_of_the_one_before(studio):
    job = studio.user().submit()
    first = jobs.claim(job.id)
    jobs.report(job.id, 1, Progress(0.8, "illustrate", 8, 10))
    half_way = news.sequence_of(studio.job(job))
    jobs.release(job.id, int(first.attempt))
    second = jobs.claim(job.id)
    assert second.progress is None
    assert news.sequence_of(second) > half_way


def test_a_queued_event_that_could_not_be_sent_is_sent_by_the_sweeper_with_the_same_id(studio, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(events, "put", _refuse)
        job = studio.user().submit()
    assert (studio.queued_jobs(), studio.events()) == ([job.id], [])
    later = clock.epoch() + outbox.SWEEP_AFTER_SECONDS + 1
    monkeypatch.setattr(clock, "epoch", lambda: later)
    assert outbox.sweep() == 1
    (event,) = studio.events()
    assert (event["detail-type"], event["detail"]["eventId"]) == ("Job Queued", f"queued:{job.id}")


def test_a_job_that_was_not_made_is_not_told(studio):
    user = studio.user()
    spendthrift(user)
    studio.events()
    with pytest.raises(Exception, match="credits"):
        user.submit(numImages=4)
    assert studio.events() == []


def test_a_bus_that_does_not_answer_costs_the_job_nothing(studio, worker, monkeypatch):
    job = studio.user().submit()
    studio.events()
    real = aws.client("events").put_events

    def put_events(**request: Any) -> Any:
        if request["Entries"][0]["DetailType"] in ("Job Started", "Job Progress"):
            raise ClientError({"Error": {"Code": "InternalFailure", "Message": "injected"}}, "PutEvents")
        return real(**request)

    monkeypatch.setattr(aws.client("events"), "put_events", put_events)
    worker.run_job(job.id)
    assert kinds(studio.events()) == ["Job Finished"]


def test_only_progress_that_is_new_is_told_and_only_the_latest(studio):
    teller = Teller(jobs.claim(studio.user().submit().id))
    studio.events()
    teller.tell_latest()
    for value in (0.1, 0.2):
        teller.note(Progress(value, "illustrate", 1, 2))
    for _ in range(3):
        teller.tell_latest()
    (event,) = studio.events()
    assert (event["detail-type"], event["detail"]["progress"]["value"]) == ("Job Progress", 0.2)


def _refuse(*_: object) -> None:
    raise DeliveryFailed("no bus")
