"""The real RunPod worker with the engine of `scripted_worker.py`."""

from __future__ import annotations

import os

from gpu_handlers.engines import catalogue
from gpu_handlers.entry.runpod_worker import RunPodWorker
from tests.local.scripted_worker import ScriptedEngine

if __name__ == "__main__":
    catalogue.PROFILES["scripted"] = ScriptedEngine
    os.environ["STUDIO_PROFILE"] = "scripted"
    RunPodWorker().start()
