"""Operators on the whole studio: appointed from a shell, and what they see is counted from the events of the bus."""

from __future__ import annotations

import sys

import pytest

from infra import operators
from infra.local.stack import STACK_NAME
from infra.stages import Stage
from tests.local.conftest import wait_for

pytestmark = pytest.mark.local

OVERVIEW = "/api/v1/operator/overview"


@pytest.fixture
def command(studio, monkeypatch):
    """`python -m infra.operators`, for this studio."""
    here = Stage(studio.session(), studio.emulator.url, STACK_NAME)
    monkeypatch.setattr(operators, "stage", lambda name: here)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["infra.operators", *arguments])
        return operators.main()

    return run


def test_whoever_is_appointed_sees_what_ended_until_they_are_dismissed(studio, user, command, capsys):
    address = user.http.get("/api/v1/users/profile").json()["email"]
    assert user.http.get(OVERVIEW).status_code == 404
    assert command("appoint", address) == 0
    assert capsys.readouterr().out == f"{address} ({user.id}) is an operator\n"

    before = user.http.get(OVERVIEW, params={"days": 1}).raise_for_status().json()["total"]
    job = user.submit()
    assert user.http.get(OVERVIEW).json()["jobs"]["pending"] >= 1
    user.http.delete(job["urls"]["self"]).raise_for_status()
    wait_for(
        lambda: user.http.get(OVERVIEW, params={"days": 1}).json()["total"],
        lambda total: total["cancelled"] > before["cancelled"],
    )

    assert command("dismiss", address, "--reason", "the test is over") == 0
    assert user.http.get(OVERVIEW).status_code == 404


def test_nobody_is_appointed_who_is_not_there(command, capsys):
    assert command("appoint", "nobody@example.com") == 1
    assert "There is no account with this address." in capsys.readouterr().err
