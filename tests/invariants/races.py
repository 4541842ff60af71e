"""Two at once, one call at a time: one acts as a whole before a call of the other."""

from __future__ import annotations

from typing import Any

from audit.invariants import Violation
from tests.invariants import scenarios
from tests.invariants.calls import Call, Fault
from tests.invariants.runs import TALLY, Stage
from tests.invariants.scenarios import Step
from tests.invariants.world import REFUSALS, World

RACES: dict[str, tuple[str, Step]] = {
    "two submits with one key": ("a submit with a key, repeated", scenarios.send),
    "two submits for the last credits": ("a submit with the last credits", scenarios.submit()),
    "a cancel and a completion": ("a delivery beside another job", scenarios.cancel_first),
    "a cancel and a refund": ("a job that cannot be done", scenarios.cancel),
    "two cancels": ("a cancel", scenarios.cancel),
    "a cancel and a worker": ("a cancel", scenarios.work),
    "two workers": ("a message delivered twice", scenarios.work),
    "two completions": ("news delivered three times", scenarios.complete),
    "the clock and a completion": ("an overdue job that was just finished", scenarios.complete),
    "the dead letters and a worker": ("a job in the dead letters", scenarios.work),
    "two sweeps": ("an overdue job", scenarios.sweep),
    "two webhooks": ("a payment", scenarios.hear),
    "a webhook and a submit": ("a payment", scenarios.submit(parts=4)),
    "a refund and a submit": ("a refund in two parts", scenarios.submit(parts=4)),
    "a refund and its failure": ("a refund that one webhook tells of", scenarios.refund_fails),
    "a submit and the end of its account": ("closing an account with open jobs", scenarios.submit()),
    "a delivery and the end of its account": ("closing an account with open jobs", scenarios.work_and_complete),
    "two who close an account": ("closing an account with open jobs", scenarios.close),
    "two grants of one request": ("a grant", scenarios.grant),
    "a dispute and a cancel": ("a dispute over credits that were spent", scenarios.cancel),
}
"""The scenario that is interrupted, and who comes in between."""


def meet(stage: Stage, name: str, rival: Step, at: int) -> list[Violation]:
    """Let the rival act before one call of the scenario, then let everything end."""
    TALLY["interleavings"] += 1
    _, books = stage.set(name)
    stage.world.calls.arm(after(rival, stage.world), at=at)
    assert stage.play(name)
    stage.world.calls.disarm()
    return stage.recover(name, books)


def after(rival: Step, world: World) -> Fault:
    def let_go_first(call: Call, operation: str) -> Any:
        try:
            rival(world)
        except REFUSALS as error:
            world.errors.append(error)
        return call()

    return let_go_first
