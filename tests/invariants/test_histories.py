"""Whatever happens in whatever order, no promise is broken. `make soak` tries 10,000 histories, in parts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.invariants.histories import Histories

QUICK_HISTORIES, QUICK_STEPS = 40, 10
SOAK_PARTS, SOAK_HISTORIES, SOAK_STEPS = 20, 500, 20


def play(stage, histories: int, steps: int, seed_value: int) -> None:
    """Play random histories that a seed chooses; a failing one is printed as the steps that lead to it."""
    machine = type("Histories", (Histories,), {"stage": stage})
    bounds = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(seed_value)(machine), settings=bounds)


@pytest.mark.timeout(600)
def test_random_histories_break_no_promise(stage):
    play(stage, QUICK_HISTORIES, QUICK_STEPS, seed_value=1)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(SOAK_PARTS))
def test_thousands_of_random_histories_break_no_promise(stage, part):
    play(stage, SOAK_HISTORIES, SOAK_STEPS, seed_value=1000 + part)
