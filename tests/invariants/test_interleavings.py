"""Two at once: one acts as a whole between any two calls of the other. There is one winner, and the books balance."""

from __future__ import annotations

import pytest

from tests.invariants.races import RACES, meet

pytestmark = pytest.mark.timeout(3600)  # many runs each; the machine may be busy

QUICK = ("two submits with one key", "a cancel and a completion", "two cancels")


@pytest.mark.parametrize(
    "race", [race if race in QUICK else pytest.param(race, marks=pytest.mark.soak) for race in RACES]
)
def test_whoever_comes_in_between_breaks_no_promise(stage, race):
    name, rival = RACES[race]
    calls = stage.calls(name)
    found = {number: meet(stage, name, rival, number) for number in range(1, len(calls) + 1)}
    assert {number: violations for number, violations in found.items() if violations} == {}
