"""Tells customers which shot is being filmed, and the camera when to stop."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gpu_handlers.context import Stage
from gpu_handlers.stages.i420 import Frame
from studio.jobs import Progress

REPORT_SECONDS = 0.4  # a cancelled job stops at the next report, and each report is a write to the database


@dataclass(slots=True)
class Slate:
    """The progress of one clip: "shot 2 of 5", and how far the whole is.

    Attributes:
        starts: first frame of every shot.
        frames: of the whole clip.
    """

    stage: Stage
    starts: list[int]
    frames: int
    _done: int = 0
    _said_at: float = field(default=-REPORT_SECONDS)

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames; raises between two of them when the work must stop."""
        for frame in frames:
            yield frame
            self._done += 1
            if time.monotonic() - self._said_at >= REPORT_SECONDS:
                self.say()

    def say(self, step: int = 0, steps: int = 1) -> None:  # noqa: ARG002 - the engines' step report; frames count here
        """Report now; raises when the work must stop."""
        self._said_at = time.monotonic()
        share = self._done / max(1, self.frames)
        value = self.stage.start + (self.stage.end - self.stage.start) * share
        number = sum(start <= self._done for start in self.starts)
        self.stage.report(Progress(value, self.stage.name, max(1, number), len(self.starts)))
