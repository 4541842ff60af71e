"""The real queue worker with an engine that takes a moment, so that it can die in the middle.

The seed says how a job goes: one in ten is rejected, one in ten breaks once (a file in `SCRIPT_FOLDER` remembers that).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from gpu_handlers.engines import catalogue
from gpu_handlers.engines.illustrator import EngineFacts, Picture, Size, StepReport, unreported
from gpu_handlers.entry.queue_worker import QueueWorker
from gpu_handlers.failures import JobFailed

STEPS = 8
STEP_SECONDS = 0.05


def rejected(seed: int) -> bool:
    """Whether the job of this seed is one that cannot be done."""
    return seed % 10 == 0


def stumbles(seed: int) -> bool:
    """Whether the first attempt of this seed breaks."""
    return seed % 10 == 1


class SoakEngine:
    facts = EngineFacts(engine="soak", model="none", revision="1", licence="Apache-2.0")

    def illustrate(self, prompt: str, *, size: Size, seed: int, on_step: StepReport = unreported, **_: Any) -> Picture:
        for step in range(1, STEPS + 1):
            on_step(step, STEPS)
            time.sleep(STEP_SECONDS)
            if step == STEPS // 2 and rejected(seed):
                raise JobFailed("content_rejected", "This prompt is not allowed.")
            if step == STEPS // 2 and stumbles(seed):
                _stumble_once(seed)
        return Picture(np.zeros((size.height, size.width, 3), np.uint8))


def _stumble_once(seed: int) -> None:
    try:
        (Path(os.environ["SCRIPT_FOLDER"]) / f"stumbled-{seed}").touch(exist_ok=False)
    except FileExistsError:
        return
    raise RuntimeError("the engine broke once")


if __name__ == "__main__":
    catalogue.PROFILES["soak"] = SoakEngine
    os.environ["STUDIO_PROFILE"] = "soak"
    QueueWorker("jobs").run()
