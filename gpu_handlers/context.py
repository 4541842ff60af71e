"""What a feature sees of its job: an engine, a way to report progress, a clock. Nothing of queues, storage or CUDA."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gpu_handlers.engines.illustrator import Illustrator, Rgb
from studio.jobs import Progress

Report = Callable[[Progress], None]
"""Records progress; raises to stop the work when the job was cancelled or taken over."""


def unseen(index: int, image: Rgb) -> None:
    """The preview of a job that nobody watches."""


@dataclass(slots=True)
class Stage:
    """A named part of a job that covers `start` … `end` of its progress, each 0 … 1."""

    name: str
    start: float
    end: float
    report: Report

    def step(self, step: int, steps: int) -> None:
        """Tell that `step` of `steps` is done; raises when the work must stop."""
        value = self.start + (self.end - self.start) * step / max(steps, 1)
        self.report(Progress(value, self.name, step, steps))


@dataclass(slots=True)
class JobContext:
    """Handed to `run(order, ctx)` of every feature."""

    illustrator: Illustrator
    report: Report
    picture: Callable[[str], Rgb]
    """The customer's picture of an order field, for example ``person``."""
    show: Callable[[int, Rgb], None] = unseen
    """Shows the unfinished picture `index` to the customer; engines that can, call it now and then."""
    timings: dict[str, float] = field(default_factory=dict)
    _done: float = 0.0

    @contextmanager
    def stage(self, name: str, *, until: float) -> Iterator[Stage]:
        """Open the next stage; it moves the job's progress to `until` and its seconds are recorded."""
        stage = Stage(name, self._done, until, self.report)
        stage.step(0, 1)
        started = time.perf_counter()
        try:
            yield stage
        finally:
            self.timings[name] = round(time.perf_counter() - started, 3)
        self._done = until
