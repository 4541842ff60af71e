"""A RunPod serverless worker: RunPod's package fetches the runs and reports their ends, the rest is `Worker.run_job`.

A run names a job and nothing else. The heartbeat keeps the lease as everywhere; there is no message to keep hidden.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from types import FrameType
from typing import Any

import runpod

from gpu_handlers.entry import pulse
from gpu_handlers.entry.queue_worker import assignment
from gpu_handlers.worker import Verdict, Worker
from studio import jobs
from studio.telemetry import logger

Run = dict[str, Any]
"""As RunPod hands it out: `id`, `input`, and more."""

HANDED_BACK = {"error": "handed back"}
NO_ENGINE = {"error": "no engine for paid work on this machine"}


class RunPodWorker:
    """One process, one run at a time. Drafts are sketched here too, since no other machine may be there to do it."""

    def __init__(self) -> None:
        queue, profile = assignment("jobs")
        self._drafts = Worker(keep_visible=self._tell, profile="sketch")
        self._paid = Worker(keep_visible=self._tell, profile=profile) if queue == "jobs" else None
        self._run: Run = {}
        self._leaving = False
        self._their_sigterm: Any = signal.SIG_DFL

    def start(self) -> None:
        """Load the engines, then work until told to stop. RunPod replaces a worker that is not ready in time."""
        pulse.keep()
        for worker in self._workers():
            worker.setup()
        runpod.serverless.start({"handler": self.handle})

    async def handle(self, run: Run) -> dict[str, str]:
        """Work on one run, in a thread: the loop must stay free for RunPod's word to stop it."""
        if not self._leaving:
            self._leave_on_sigterm()
        work = asyncio.ensure_future(asyncio.to_thread(self.work, run))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            logger.info("run stopped by runpod", extra={"run": run["id"]})
            self._stop()
            while not work.done():  # the next run must not start beside what is left of this one
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([work])
            self._go_on()
            raise

    def work(self, run: Run) -> dict[str, str]:
        """What RunPod is told of the run's end. It decides nothing: the studio has the job row and the event."""
        job = jobs.find(str(run["input"].get("jobId")))
        if job is None:
            return {"error": "no such job"}
        worker = self._drafts if jobs.queue_of(job) == "drafts" else self._paid
        if worker is None:
            return NO_ENGINE
        self._run = run
        verdict = worker.run_job(job.id, f"runpod:{run['id']}")
        return {"verdict": verdict.value} if verdict is Verdict.DONE else HANDED_BACK

    def _tell(self) -> None:
        """Show RunPod's console how far the job is, with every heartbeat."""
        job = jobs.find(self._run["input"]["jobId"])
        if job and job.progress:
            runpod.serverless.progress_update(self._run, {key: job.progress[key] for key in ("stage", "value")})

    def _workers(self) -> list[Worker]:
        return [self._drafts, self._paid] if self._paid else [self._drafts]

    def _stop(self) -> None:
        for worker in self._workers():
            worker.stopping.set()

    def _go_on(self) -> None:
        if not self._leaving:
            for worker in self._workers():
                worker.stopping.clear()

    def _leave_on_sigterm(self) -> None:
        """RunPod's package waits for the running job when it is told to stop; a job of an hour must be handed back.

        It sets its handler when its loop starts, so ours can only go around it from in there.
        """
        theirs = signal.getsignal(signal.SIGTERM)
        if theirs == self._leave:
            return
        self._their_sigterm = theirs
        signal.signal(signal.SIGTERM, self._leave)

    def _leave(self, signum: int, frame: FrameType | None) -> None:
        self._leaving = True
        self._stop()
        if callable(self._their_sigterm):
            self._their_sigterm(signum, frame)


if __name__ == "__main__":
    RunPodWorker().start()
