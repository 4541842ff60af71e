"""One run of a scenario with something going wrong, up to the verdict of the audit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from audit.books import Books
from audit.invariants import Violation
from tests.invariants.calls import Crash, Fault, crash_after
from tests.invariants.scenarios import SCENARIOS, Scenario, Step
from tests.invariants.world import REFUSALS, State, World

TALLY: Counter[str] = Counter()
"""What was tried in this session, for the summary at its end."""


@dataclass
class Stage:
    """A world that knows what every scenario starts from."""

    world: World
    _starts: dict[str, tuple[State, Books]] = field(default_factory=dict)
    _empty: State | None = None
    recovery_calls: list[str] = field(default_factory=list)
    """What the last undisturbed recovery called."""

    def clear(self) -> None:
        """Back to a studio that nobody has used."""
        self._empty = self._empty or self.world.save()
        self.world.restore(self._empty)

    def set(self, name: str) -> tuple[Scenario, Books]:
        """Put the world at the start of the scenario; its first steps are played once and remembered."""
        scenario = SCENARIOS[name]
        if name not in self._starts:
            self.clear()
            for step in scenario.given:
                step(self.world)
            self._starts[name] = self.world.save(), self.world.books()
        state, books = self._starts[name]
        self.world.restore(state)
        return scenario, books

    def calls(self, name: str) -> list[str]:
        """The calls the scenario makes when nothing goes wrong, and a proof that nothing does."""
        scenario, books = self.set(name)
        self.world.calls.disarm()
        for step in scenario.when:
            step(self.world)
        made = list(self.world.calls.made)
        self.world.drain()
        assert self.world.violations_at_rest(books) == []
        return made

    def play(self, name: str) -> bool:
        """Play `when` with the fault that is armed; returns whether the process survived."""
        try:
            for step in SCENARIOS[name].when:
                self._attempt(step)
        except Crash:
            return False
        return True

    def recover(self, name: str, books: Books) -> list[Violation]:
        """Start anew, let clients and platform try again, and audit.

        An armed fault may strike again in here; after a crash everything is started anew once more, without faults.
        """
        try:
            self._try_again(SCENARIOS[name])
            self.recovery_calls = list(self.world.calls.made)
        except Crash:
            self.world.calls.disarm()
            self._try_again(SCENARIOS[name])
        self.world.calls.disarm()
        return self.world.violations_at_rest(books)

    def _try_again(self, scenario: Scenario) -> None:
        self.world.restart()
        for step in scenario.again:
            self._attempt(step)
        if not self.world.violations():  # what is wrong by now needs no draining to be seen
            self.world.drain()

    def _attempt(self, step: Step) -> None:
        """A request or an invocation: its failure is answered or comes again, and ends nothing else."""
        try:
            step(self.world)
        except REFUSALS as error:
            self.world.errors.append(error)

    def crash(self, name: str, fault: Fault, at: int) -> list[Violation]:
        """Crash at one call, recover, audit."""
        TALLY["single crashes"] += 1
        _, books = self.set(name)
        self.world.calls.arm(fault, at=at)
        self.world.faults += 1
        survived = self.play(name)
        assert not survived, f"call {at} of {name!r} was never made"
        self.world.calls.disarm()
        return self.recover(name, books)

    def crash_twice(self, name: str, first: int, second: int) -> list[Violation]:
        """Crash after one call of the scenario and after one of the recovery, recover again, audit."""
        TALLY["pairs of crashes"] += 1
        _, books = self.set(name)
        self.world.calls.arm(crash_after, at=first)
        self.world.faults += 2
        assert not self.play(name)
        self.world.calls.arm(crash_after, at=second)
        found = self.recover(name, books)
        assert self.world.calls.fired, f"call {second} of the recovery was never made"
        return found

    def strike(self, name: str, fault: Fault, at: int) -> list[Violation]:
        """Let one call fail in a way that the process survives, recover, audit."""
        TALLY["other faults"] += 1
        _, books = self.set(name)
        self.world.calls.arm(fault, at=at)
        self.world.faults += 1
        survived = self.play(name)
        assert survived
        assert self.world.calls.fired, f"call {at} of {name!r} was never made"
        self.world.calls.disarm()
        return self.recover(name, books)
