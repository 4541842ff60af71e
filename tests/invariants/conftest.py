"""One studio for each module of tests here; every run starts from a saved state of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.invariants.runs import TALLY, Stage
from tests.invariants.world import world


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was tried: the figures of docs/RELIABILITY.md."""
    if TALLY:
        terminalreporter.write_line("tried: " + ", ".join(f"{count} {what}" for what, count in TALLY.items()))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with world() as it:
        yield Stage(it)
