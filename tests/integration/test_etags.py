"""Asking again costs no body while nothing has changed, and never hides a change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from api.gate import REFERENCE_ROUTES, REVALIDATED_ROUTES
from edge import etags
from studio import jobs
from studio.jobs import Progress
from studio.tables import JobRow
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem

FEATURES = "/api/v1/features"


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture
def job(http, user) -> str:
    """The address of a job that waits."""
    return http("POST", SUBMIT, ORDER).headers["Location"]


def test_a_job_that_has_not_changed_is_not_sent_again(http, job):
    first = http("GET", job)
    again = http("GET", job, If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Content-Type" not in again.headers
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "private, no-cache"
    assert "RateLimit" in again.headers  # it counts all the same


def test_every_change_of_a_job_gives_another_tag(http, job, studio):
    id_ = job.rpartition("/")[2]
    tags = [http("GET", job).headers["ETag"]]

    def changed() -> None:
        answer = http("GET", job, If_None_Match=", ".join(tags))
        assert answer.status == 200, "a change was hidden"
        tags.append(answer.headers["ETag"])

    jobs.claim(id_)
    changed()
    jobs.report(id_, 1, Progress(value=0.25, stage="draw", step=1, steps=4))
    changed()
    studio.finish(jobs.find(id_))
    changed()
    assert len(set(tags)) == 4
    assert http("GET", job, If_None_Match=tags[-1]).status == 304


def test_a_wait_ends_with_304_when_nothing_has_happened(http, job, monkeypatch):
    monkeypatch.setattr(jobs, "ended_within", lambda job, seconds: job)
    first = http("GET", job, Prefer="wait=1")
    again = http("GET", job, Prefer="wait=1", If_None_Match=first.headers["ETag"])
    assert (again.status, again.headers["Preference-Applied"]) == (304, "wait=1")


def test_the_catalogue_may_be_kept_by_anybody_and_is_asked_for_once(http):
    first = http("GET", FEATURES)
    assert first.headers["Cache-Control"] == "no-cache"
    again = http("GET", FEATURES, If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")


def test_a_tag_opens_nothing(http, job, studio):
    tag = http("GET", job).headers["ETag"]
    http.token = studio.user().token
    for given in (tag, "*"):
        assert_problem(http("GET", job, If_None_Match=given), 404, "not_found")
    http.token = None
    assert_problem(http("GET", job, If_None_Match=tag), 401, "unauthorized")


def test_a_job_that_is_gone_is_not_unchanged(http, user, job, studio):
    tag = http("GET", job).headers["ETag"]
    JobRow(job.rpartition("/")[2]).delete()
    assert http("GET", job, If_None_Match=tag).status == 404


def test_every_form_of_naming_the_tag_is_understood(http):
    tag = http("GET", FEATURES).headers["ETag"].strip('"')
    for given in ('"{}"', 'W/"{}"', '"x", "{}"', 'W/"x",W/"{}"', '"a,b" , "{}"', "*", " * "):
        assert http("GET", FEATURES, If_None_Match=given.format(tag)).status == 304, given


def test_whatever_else_is_said_the_answer_comes_whole(http):
    tag = http("GET", FEATURES).headers["ETag"].strip('"')
    for given in ("", "{}", '"x{}"', '"{}x"', "'{}'", 'w/"x"', '"', '""', '"' * 4000, "é", "\x00", '"*"'):
        answer = http("GET", FEATURES, If_None_Match=given.format(tag))
        assert (answer.status, len(answer.json["data"]) > 1) == (200, True), given


def test_only_these_answers_have_tags_and_the_reference_says_so(http, user):
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
    described = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "304" in operation["responses"]
        and "ETag" in operation["responses"]["200"]["headers"]
        and "if-none-match" in [parameter["name"] for parameter in operation["parameters"]]
    }
    assert described == REVALIDATED_ROUTES - REFERENCE_ROUTES  # which describe everything but themselves
    assert "ETag" not in http("GET", "/api/v1/users/credits").headers


def test_a_tag_has_the_form_of_one():
    assert re.fullmatch(r'"[A-Za-z0-9_-]{22}"', etags.of('{"a":"\ud800"}'))
    assert etags.of("a") != etags.of("b")
