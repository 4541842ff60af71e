"""AWS does what it was asked and the answer is lost, or it refuses for a while. Nothing is done twice or forgotten."""

from __future__ import annotations

import pytest

from tests.invariants.calls import Fault, answer_lost, conflicting, in_progress, sent_twice, throttled, unavailable
from tests.invariants.runs import TALLY, Stage
from tests.invariants.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(3600)  # many runs each; the machine may be busy

WRITES = ("TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem", "SendMessage", "PutEvents", "PutObject")
"""An answer that is lost matters most where something was changed; `make soak` loses all of them."""
CONFLICTS = 4


def wrong(stage: Stage, name: str, fault: Fault, calls: list[str], *, only: tuple[str, ...] = ()) -> dict[str, object]:
    """What the audit finds after the fault struck each of the calls in turn."""
    found = {}
    for number, operation in enumerate(calls, start=1):
        if not only or operation in only:
            found[f"{fault.__name__} {number}, {operation}"] = stage.strike(name, fault, number)
    return {point: violations for point, violations in found.items() if violations}


@pytest.mark.parametrize("fault", [answer_lost, sent_twice])
@pytest.mark.parametrize("name", ["a registration", "a submit with a key, repeated", "a delivery in part", "a cancel"])
def test_a_lost_answer_breaks_no_promise(stage, name, fault):
    assert wrong(stage, name, fault, stage.calls(name), only=WRITES) == {}


@pytest.mark.soak
@pytest.mark.parametrize("fault", [answer_lost, sent_twice, in_progress, throttled, unavailable])
@pytest.mark.parametrize("name", SCENARIOS)
def test_any_fault_of_any_call_breaks_no_promise(stage, name, fault):
    assert wrong(stage, name, fault, stage.calls(name)) == {}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_storm_of_conflicts_ends_as_if_there_had_been_none(stage, name):
    """Every transaction meets another one several times before it gets through."""
    tries = 0

    def contended(number: int, operation: str) -> bool:
        nonlocal tries
        tries += operation == "TransactWriteItems"
        return operation == "TransactWriteItems" and tries % (CONFLICTS + 1) != 0

    TALLY["storms of conflicts"] += 1
    _, books = stage.set(name)
    stage.world.calls.arm_where(conflicting, contended)
    assert stage.play(name)
    assert stage.world.errors == []
    stage.world.calls.disarm()
    stage.world.drain()
    assert stage.world.violations_at_rest(books) == []
