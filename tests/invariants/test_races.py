"""Real processes race for one job's worth of credits on a database that is exact: one wins, every time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from audit.invariants import audit
from infra import stages
from infra.audit import __main__ as command
from infra.local.emulator import base_env
from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from studio import catalog
from tests.invariants.racers import CALLERS, ORDER
from tests.invariants.runs import TALLY

PRICE = catalog.parse("image-generation", ORDER).cost


@pytest.fixture(scope="module")
def studio() -> Iterator[LocalStudio]:
    """A studio whose customers start with the price of one picture."""
    with LocalStudio(parameters={"SignupCredits": str(PRICE)}, worker=False) as studio:
        yield studio


def race(studio: LocalStudio, rounds: int) -> list[list[str]]:
    """What each caller of each round was answered."""
    path = ":".join(str(ROOT / folder) for folder in ("", "functions", "layers/studio"))
    environment = base_env() | studio.deployment.settings | studio.emulator.admin_env | {"PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "tests.invariants.racers", str(rounds)],
        env=environment | {"POWERTOOLS_LOG_LEVEL": "CRITICAL"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def prove(studio: LocalStudio, rounds: int) -> None:
    TALLY["rounds of sixteen racers"] += rounds
    answers = race(studio, rounds)
    assert len(answers) == rounds
    for round_ in answers:
        outcomes = Counter("job" if answer.startswith("job_") else answer for answer in round_)
        assert outcomes == {"job": 1, "insufficient_credits": CALLERS - 1}
    books = command.books(stages.local(studio.folder))
    assert audit(books) == []
    assert {row["credits"] for row in books.balances} == {0}
    assert {row["held"] for row in books.balances} == {PRICE}


@pytest.mark.local
@pytest.mark.timeout(600)
def test_one_of_sixteen_callers_gets_the_last_credits(studio):
    prove(studio, 20)


@pytest.mark.local
@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_one_of_sixteen_callers_gets_the_last_credits_in_a_thousand_rounds(studio):
    prove(studio, 1000)
