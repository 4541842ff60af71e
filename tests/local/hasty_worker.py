"""The real queue worker for every feature, with work that takes no time: one black picture, or one failure in ten."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from gpu_handlers import worker
from gpu_handlers.engines import catalogue
from gpu_handlers.engines.illustrator import EngineFacts, Picture, Size
from gpu_handlers.entry.queue_worker import QueueWorker
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import OutputFile, Outputs


class HastyEngine:
    facts = EngineFacts(engine="hasty", model="none", revision="1", licence="Apache-2.0")

    def illustrate(self, prompt: str, *, size: Size, **_: Any) -> Picture:
        return Picture(np.zeros((size.height, size.width, 3), np.uint8))


def made(order: Any, context: Any) -> Outputs:
    seed = order.seed or 1
    if seed % 10 == 0:
        raise JobFailed("content_rejected", "This prompt is not allowed.")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    return Outputs((OutputFile("image-1.png", picture.getvalue(), "image/png"),), {"seeds": [seed]})


if __name__ == "__main__":
    import os

    catalogue.PROFILES["hasty"] = HastyEngine
    os.environ["STUDIO_PROFILE"] = "hasty"
    worker._feature = lambda name: made
    QueueWorker("jobs").run()
