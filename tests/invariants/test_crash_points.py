"""The process dies before or after any one call. Nothing is lost, nothing is charged twice, everything ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.invariants.calls import changes, crash_after, crash_before
from tests.invariants.runs import Stage
from tests.invariants.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(3600)  # many runs each; the machine may be busy


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_call_breaks_no_promise(stage, name):
    """Before everything and after every call that may change something: all other crashes leave the same behind."""
    found = {"before everything": stage.crash(name, crash_before, 1)} | {
        f"after call {number}, {operation}": stage.crash(name, crash_after, number)
        for number, operation in writes(stage.calls(name))
    }
    assert {point: violations for point, violations in found.items() if violations} == {}


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_before_and_after_every_single_call_breaks_no_promise(stage, name):
    """The same without the shortcut: reads too, and both sides of every call."""
    found = {
        f"{fault.__name__} {number}, {operation}": stage.crash(name, fault, number)
        for number, operation in enumerate(stage.calls(name), start=1)
        for fault in (crash_before, crash_after)
    }
    assert {point: violations for point, violations in found.items() if violations} == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_second_crash_during_the_recovery_breaks_no_promise(stage, name):
    """All pairs: one crash in the scenario, one at any call of what follows."""
    found = {}
    for first, operation in writes(stage.calls(name)):
        for second, again in recovery(stage, name, first):
            point = f"after call {first}, {operation}, then after call {second}, {again}"
            found[point] = stage.crash_twice(name, first, second)
    assert {point: violations for point, violations in found.items() if violations} == {}


def writes(calls: list[str]) -> Iterator[tuple[int, str]]:
    return ((number, call) for number, call in enumerate(calls, start=1) if changes(call))


def recovery(stage: Stage, name: str, first: int) -> list[tuple[int, str]]:
    """The calls of an undisturbed recovery from a crash after the call `first`."""
    assert stage.crash(name, crash_after, first) == []
    return list(writes(stage.recovery_calls))
