"""The real queue worker with an engine that follows `SCRIPT`: `wait` (for a file), `fail`, `break`.

It writes `started` into `SCRIPT_FOLDER` at its first step, and `wait` goes on when `go` appears there.
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

FOLDER = Path(os.environ["SCRIPT_FOLDER"])
STEPS = 10_000


class ScriptedEngine:
    facts = EngineFacts(engine="scripted", model="none", revision="1", licence="Apache-2.0")

    def illustrate(self, prompt: str, *, size: Size, seed: int, on_step: StepReport = unreported, **_: Any) -> Picture:
        on_step(1, STEPS)
        with (FOLDER / "started").open("a") as started:
            started.write(f"{os.getpid()}\n")
        match os.environ["SCRIPT"]:
            case "fail":
                raise JobFailed("content_rejected", "This prompt is not allowed.")
            case "break":
                raise RuntimeError("the engine broke")
        step = 1
        while not (FOLDER / "go").exists():
            step += 1
            on_step(min(step, STEPS), STEPS)
            (FOLDER / f"steps-{seed}").write_text(str(step))
            time.sleep(0.02)  # one step of work
        return Picture(np.zeros((size.height, size.width, 3), np.uint8))


if __name__ == "__main__":
    catalogue.PROFILES["scripted"] = ScriptedEngine
    os.environ["STUDIO_PROFILE"] = "scripted"
    QueueWorker("jobs").run()
