"""The list of jobs: filters, pages, and a bound on what one request reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from edge.job_views import JobView
from studio import catalog, credits, exports, histories, jobs, storage
from studio.events import Finished
from studio.histories import Filter
from studio.tables import JobRow
from tests.integration.test_api import Client, assert_problem

JOBS = "/api/v1/jobs"


@pytest.fixture
def user(studio):
    return studio.user()


@pytest.fixture
def http(context, user) -> Client:
    return Client(context, user.token)


def pages(http: Client, **query: str) -> list[list[str]]:
    """Ids on every page, following the cursors."""
    found, cursor = [], {}
    while True:
        page = http("GET", JOBS, query=query | cursor).json
        found.append([job["id"] for job in page["data"]])
        assert page["hasMore"] is (page["nextCursor"] is not None)
        if not page["hasMore"]:
            return found
        cursor = {"cursor": page["nextCursor"]}


def test_filters_narrow_the_list_and_can_be_combined(studio, http, user):
    pictures = [user.submit() for _ in range(3)]
    lesson = jobs.submit(user.id, catalog.parse("study-animation", {"topic": "Leaves"})).job
    user.cancel(pictures[0])
    user.cancel(lesson)
    assert pages(http, status="cancelled") == [[lesson.id, pictures[0].id]]
    assert pages(http, feature="study-animation") == [[lesson.id]]
    assert pages(http, feature="image-generation", status="pending") == [[pictures[2].id, pictures[1].id]]
    assert pages(http, feature="no-such-feature") == [[]]


def test_dates_bound_the_list_from_the_first_moment_to_before_the_last(http, user):
    first, second, third = (user.submit() for _ in range(3))
    assert first.created_at < second.created_at < third.created_at
    assert pages(http, createdAfter=second.created_at) == [[third.id, second.id]]
    assert pages(http, createdBefore=second.created_at) == [[first.id]]
    assert pages(http, createdAfter=second.created_at, createdBefore=third.created_at) == [[second.id]]
    assert pages(http, createdAfter="2000-01-01T00:00:00+02:00", createdBefore="2999-12-31") == [
        [third.id, second.id, first.id]
    ]
    assert pages(http, createdAfter="2999-12-31") == pages(http, createdBefore="1970-01-01") == [[]]


@pytest.mark.parametrize("name", ["createdAfter", "createdBefore"])
@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01", "0001-01-01T00:00:00+14:00", "1e99"])
def test_dates_that_are_none_are_named(http, name, value):
    problem = assert_problem(http("GET", JOBS, query={name: value}), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == f"?{name}"


def test_pages_of_a_filter_leave_nothing_out_and_repeat_nothing(http, user):
    submitted = [user.submit(quality="draft").id for _ in range(9)]
    cancelled = [job_id for number, job_id in enumerate(submitted) if number % 2]
    for job_id in cancelled:
        jobs.cancel(user.id, job_id)
    found = pages(http, status="cancelled", limit="2")
    assert [job_id for page in found for job_id in page] == cancelled[::-1]
    assert all(len(page) <= 2 for page in found)
    assert pages(http, limit="4") == [submitted[:4:-1], submitted[4:0:-1], submitted[:1]]


def test_one_request_reads_a_bounded_part_of_the_history(http, user, monkeypatch):
    monkeypatch.setattr(histories, "MAX_EXAMINED", 3)
    oldest = user.submit()
    for _ in range(7):
        user.submit(quality="draft")
    user.cancel(oldest)
    read = []
    wanted = histories.Filter.passes
    monkeypatch.setattr(histories.Filter, "passes", lambda self, job: read.append(job.id) or wanted(self, job))
    first = http("GET", JOBS, query={"status": "cancelled"}).json
    assert (first["data"], first["hasMore"], len(read)) == ([], True, 3)
    assert pages(http, status="cancelled") == [[], [], [oldest.id]]


def test_a_cursor_outside_of_the_dates_ends_the_list(http, user):
    old, new = user.submit(), user.submit()
    first = http("GET", JOBS, query={"limit": "1"}).json
    assert [job["id"] for job in first["data"]] == [new.id]
    later: dict[str, Any] = {"cursor": first["nextCursor"], "createdAfter": "2999-01-01"}
    assert http("GET", JOBS, query=later).json == {"data": [], "hasMore": False, "nextCursor": None}
    assert JobRow.count() == 2
    assert old.id < new.id


def test_other_customers_are_never_in_the_list(studio, http, user):
    studio.user().submit()
    mine = user.submit()
    assert pages(http) == [[mine.id]]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_time_are_moments_too(studio, moment):
    user = studio.user()
    job = user.submit()
    at = datetime.fromisoformat(moment)
    after = histories.page(user.id, limit=5, wanted=Filter(created_after=at)).jobs
    before = histories.page(user.id, limit=5, wanted=Filter(created_before=at)).jobs
    assert [found.id for found in after + before] == [job.id], "it is on one side"


def test_an_error_with_more_than_we_know_is_shown_without_it(studio):
    job = studio.user().submit()
    jobs.claim(job.id)
    told = {"code": "broken", "message": "It broke.", "host": "gpu-7"}
    event = Finished.parse({"job_id": job.id, "attempt": 1, "outcome": "failed", "error": told})
    assert event.error == {"code": "broken", "message": "It broke."}
    jobs.settle(event)
    JobRow(job.id).update(actions=[JobRow.error.set(told)])  # as an older completion has stored it
    assert JobView.of(studio.job(job)).error.code == "broken"
    with pytest.raises(ValueError, match="code"):
        Finished.parse({"job_id": job.id, "attempt": 1, "outcome": "failed", "error": {"code": 7, "message": "x"}})


def test_no_link_leads_to_a_file_that_is_not_the_jobs_own(studio):
    thief, victim = studio.user(), studio.user()
    job = thief.submit()
    jobs.claim(job.id)
    stolen = f"outputs/{victim.id}/job_1/1/image-1.png"
    JobRow(job.id).update(
        actions=[JobRow.progress.set({"value": 0.5, "stage": "x", "step": 1, "steps": 2, "previews": [stolen]})]
    )
    assert JobView.of(studio.job(job)).progress.previews == []
    studio.finish(job)
    result = studio.job(job).result
    result["files"].append(result["files"][0] | {"name": "theirs.png", "key": stolen})
    JobRow(job.id).update(actions=[JobRow.result.set(result)])
    found = studio.job(job)
    assert [file.name for file in storage.files_of(found.user_id, found.id, found.result)] == ["image-1.png"]
    exported = next(exports.collected(thief.id)["jobs"])["files"]
    assert [file["name"] for file in exported] == ["image-1.png"]


def test_a_kind_that_few_entries_have_reads_only_so_much_of_the_ledger(studio, monkeypatch):
    monkeypatch.setattr(credits, "MAX_EXAMINED", 2)
    user = studio.user()
    for _ in range(3):
        user.submit()
    first = credits.entries(user.id, limit=5, kind=credits.Kind.SIGNUP)
    assert (first.entries, first.next_number) == ((), 3)
    second = credits.entries(user.id, limit=5, kind=credits.Kind.SIGNUP, below=first.next_number)
    assert [entry.kind for entry in second.entries] == ["signup"]
