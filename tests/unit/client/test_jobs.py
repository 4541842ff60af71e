"""Jobs: what is sent, how one is followed to its end, and that nothing is lost on the way."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import anyio
import httpx
import pytest

from ai_creative_studio import JobCancelled, JobFailed, WaitTimeout
from ai_creative_studio.errors import Conflict, JobEnded
from tests.unit.client.conftest import JOB, job, problem


def paths(tape) -> list[str]:
    return [f"{request.method} {request.url.path}" for request in tape.requests]


def test_options_are_sent_as_the_api_spells_them(studio, tape):
    tape.answers = [job()]
    made = studio.jobs.submit("image-generation", prompt="a fox", num_images=2, seed=None, cancel_after=90)
    (request,) = tape.requests
    assert request.read() == b'{"prompt":"a fox","numImages":2}'
    assert (request.url.path, request.headers["cancel-after"]) == ("/api/v1/jobs/image-generation", "90s")
    assert request.headers["authorization"] == "Bearer acs_live_1"
    assert made.created_at == datetime(2026, 11, 20, 9, 30, 0, 250_000, tzinfo=UTC)
    assert (made.id, made.credits.held, made.input["numImages"]) == ("job_1", 2, 1)


def test_a_quote_is_asked_for_without_an_order(studio, tape):
    tape.answers = [httpx.Response(200, json={"feature": "3d-video", "cost": 8, "balance": 3, "sufficient": False})]
    quote = studio.jobs.quote("3d-video", prompt="x", camera_movement="pan")
    assert (quote.cost, quote.sufficient) == (8, False)
    assert tape.requests[0].url.query == b"dryRun=true"


def test_what_a_newer_studio_says_more_is_no_accident(studio, tape):
    tape.answers = [job("resting", surprise={"a": 1}, credits=JOB["credits"] | {"bonus": 1})]
    assert studio.jobs.get("job_1").status == "resting"


def test_waiting_lets_the_server_hold_the_request(studio, tape, clock):
    tape.answers = [job("processing", 1), job("completed", 9)]
    assert studio.jobs.wait("job_1").status == "completed"
    assert [request.headers["prefer"] for request in tape.requests] == ["wait=20"] * 2
    assert sum(clock.slept) <= 5  # this server answered at once instead


def test_progress_is_told_when_it_changes_and_never_backwards(studio, tape):
    states = [("pending", 0), ("processing", 5), ("processing", 5), ("processing", 3), ("completed", 9)]
    tape.answers = [job(status, sequence) for status, sequence in states]
    seen = []
    done = studio.jobs.wait("job_1", on_progress=lambda now: seen.append(now.sequence))
    assert (seen, done.sequence) == ([0, 5, 9], 9)


def test_a_stream_has_the_same_snapshots_and_a_new_place_in_the_queue(studio, tape):
    place = {"position": 2, "estimatedSeconds": None}
    tape.answers = [job(queue=place), job(queue=place | {"position": 1}), job("cancelled", 8)]
    assert [(each.status, each.queue and each.queue.position) for each in studio.jobs.stream("job_1")] == [
        ("pending", 2),
        ("pending", 1),
        ("cancelled", None),
    ]


def test_waiting_ends_in_time_and_says_how_to_go_on(studio, tape, clock):
    tape.answers = [job("processing", 1)] * 20
    with pytest.raises(WaitTimeout, match="job_1 is processing after 12 seconds") as late:
        studio.jobs.wait("job_1", timeout=12)
    assert (late.value.job_id, late.value.job.sequence, clock.seconds) == ("job_1", 1, 12)
    assert isinstance(late.value, TimeoutError)


def test_waiting_survives_a_quota_of_reads_that_is_used_up(studio, tape, clock):
    tape.answers = [problem(429, "too_many_requests", {"retry-after": "300"}), job("completed", 9)]
    assert studio.jobs.wait("job_1").status == "completed"
    assert clock.slept == [300]


@pytest.mark.parametrize(("status", "kind"), [("failed", JobFailed), ("cancelled", JobCancelled)])
def test_a_job_without_a_result_is_raised_with_its_reason_unless_it_should_not(studio, tape, status, kind):
    ended = job(status, 9, error={"code": "no_person", "message": "nobody is seen"})
    tape.answers = [ended, ended]
    with pytest.raises(kind, match="nobody is seen") as raised:
        studio.jobs.wait("job_1")
    assert (raised.value.code, raised.value.job.id) == ("no_person", "job_1")
    assert studio.jobs.wait("job_1", check=False).status == status


def test_cancelling_never_deletes_a_job_that_has_just_completed(studio, tape):
    tape.answers = [job("completed", 9)]
    with pytest.raises(JobEnded):
        studio.jobs.cancel("job_1")
    assert paths(tape) == ["GET /api/v1/jobs/job_1"]


def test_cancelling_gives_the_refund_and_cancelling_twice_is_fine(studio, tape):
    refunded = {"held": 0, "charged": 0, "refunded": 2}
    tape.answers = [job(), job("cancelled", 8, credits=refunded), job("cancelled", 8, credits=refunded)]
    assert studio.jobs.cancel("job_1").credits.refunded == 2
    assert studio.jobs.cancel("job_1").credits.refunded == 2
    assert paths(tape).count("DELETE /api/v1/jobs/job_1") == 1


def test_deleting_never_cancels_a_job_that_runs(studio, tape):
    tape.answers = [job("processing", 1)]
    with pytest.raises(Conflict, match="cancel it first"):
        studio.jobs.delete("job_1")
    assert paths(tape) == ["GET /api/v1/jobs/job_1"]


def test_a_deletion_whose_answer_was_lost_is_done(studio, tape):
    tape.answers = [job("completed", 9), httpx.ReadError("lost"), problem(404, "not_found")]
    studio.jobs.delete("job_1")
    assert paths(tape)[1:] == ["DELETE /api/v1/jobs/job_1"] * 2


def test_a_job_can_be_written_down_as_a_dictionary(studio, tape):
    tape.answers = [job()]
    assert dataclasses.asdict(studio.jobs.get("job_1"))["credits"] == {"held": 2, "charged": 0, "refunded": 0}


def test_ids_stay_one_part_of_the_address(studio, tape):
    tape.answers = [job()]
    studio.jobs.get("../users/me?x=1")
    assert tape.requests[0].url.raw_path == b"/api/v1/jobs/..%2Fusers%2Fme%3Fx%3D1"


def test_lists_are_read_page_after_page_and_only_as_far_as_wanted(studio, tape):
    def page(*ids: str, cursor: str | None = None) -> httpx.Response:
        return httpx.Response(
            200, json={"data": [JOB | {"id": i} for i in ids], "hasMore": bool(cursor), "nextCursor": cursor}
        )

    tape.answers = [page("a", "b", cursor="one"), page(cursor="two"), page("c")]
    found = studio.jobs.list(status="completed", page_size=2)
    assert next(found).id == "a"
    assert len(tape.requests) == 1
    assert [each.id for each in found] == ["b", "c"]
    assert [request.url.params.get("cursor") for request in tape.requests] == [None, "one", "two"]
    assert {request.url.params["status"] for request in tape.requests} == {"completed"}


def test_the_ledger_is_filtered_by_kind(studio, tape):
    entry = {"id": "1", "kind": "signup", "amount": 50, "balanceAfter": 50, "createdAt": "2026-11-20T09:30:00Z"}
    entry |= dict.fromkeys(("jobId", "purchaseId", "invoiceUrl", "reason"))
    tape.answers = [httpx.Response(200, json={"data": [entry], "hasMore": False, "nextCursor": None})]
    (found,) = studio.transactions(kind="signup")
    assert (found.amount, tape.requests[0].url.params["kind"]) == (50, "signup")


def test_the_async_client_follows_alike(async_studio, tape):
    tape.answers = [job(), job("processing", 1), job("completed", 9), job("completed", 9)]

    async def follow() -> list[int]:
        async with async_studio:
            seen = [each.sequence async for each in async_studio.jobs.stream("job_1")]
            await async_studio.jobs.wait("job_1")
            return seen

    assert anyio.run(follow) == [0, 1, 9]
