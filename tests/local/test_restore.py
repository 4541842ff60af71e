"""A stage goes back to one second: everything written since is gone, and its books are right.

The emulator restores to the moment in which it is asked, so here the copy comes first and the disaster after it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from infra import restore
from infra.audit import __main__ as audit_command
from infra.local.stack import STACK_NAME
from infra.stages import Stage
from tests.local.conftest import registered, wait_for

pytestmark = pytest.mark.local

SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
"""After the tables were made, which is when these tests began."""


@pytest.fixture
def here(studio) -> Stage:
    return Stage(studio.session(), studio.emulator.url, STACK_NAME)


@pytest.fixture
def step(here, monkeypatch, capsys):
    """`python -m infra.restore`, for this studio: what it says, and how it ends."""
    monkeypatch.setattr(restore, "stage", lambda name: here)

    def run(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["infra.restore", *arguments])
        assert restore.main() == code
        said = capsys.readouterr()
        return said.err if code else said.out

    yield run
    restore.start(here)  # other tests go on with this studio
    restore.drop(here)


def test_after_a_restore_customers_have_what_they_had_at_that_second(studio, user, worker, here, step):
    before = user.wait(user.submit())
    had, entries = user.credits(), user.ledger()
    said = step("copy", "--at", SOON)
    assert said.startswith(f"{len(here.resources('AWS::DynamoDB::Table'))} tables"), "none is younger"

    since = user.wait(user.submit())
    with registered(studio) as stranger:
        assert "runs; `stop` comes before" in step("put-back", code=1)
        assert "out of service" in step("stop")
        assert studio_answers(user) in (429, 500, 503)
        tables = step("put-back")
        assert "-BalancesTable" in tables
        assert not audit_command.looks.look(lambda: audit_command.books(here))[1]

        step("start")
        wait_for(lambda: studio_answers(user), lambda status: status == 200)
        assert (user.credits(), user.ledger()) == (had, entries)
        assert user.job(before)["status"] == "completed"
        assert user.http.get(since["urls"]["self"]).status_code == 404
        assert studio_answers(stranger) == 401
    assert user.wait(user.submit())["status"] == "completed", "the studio works on"
    assert " 0 copies" not in step("drop")
    assert step("drop") == "0 copies deleted\n"


def test_nothing_is_put_back_from_copies_that_are_not_there(user, here, step):
    step("stop")
    assert "-restored is missing; `copy` comes before" in step("put-back", code=1)


def test_a_second_before_the_stage_is_refused(here, step):
    assert "no table of the stage was there at 2026-01-01" in step("copy", "--at", "2026-01-01T00:00:00Z", code=1)
    assert step("drop") == "0 copies deleted\n"


def studio_answers(user) -> int:
    return user.http.get("/api/v1/users/credits").status_code
