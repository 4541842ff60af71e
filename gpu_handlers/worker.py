"""One job from claim to event: claim → run → upload → "Job Finished". Entries differ only in where jobs come from."""

from __future__ import annotations

import importlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, Literal

import numpy as np
from PIL import Image

from gpu_handlers.context import JobContext
from gpu_handlers.engines import catalogue
from gpu_handlers.engines.illustrator import Illustrator, Rgb
from gpu_handlers.failures import JobFailed, WorkerStopping, judged
from gpu_handlers.outputs import Outputs
from gpu_handlers.previews import Previews
from gpu_handlers.stages import manifest, provenance
from gpu_handlers.telling import telling
from studio import catalog, events, ids, jobs, storage, uploads
from studio.catalog import Order
from studio.errors import Duplicate, JobEnded, LeaseHeld, LeaseLost, NotFound
from studio.events import Finished
from studio.jobs import Progress
from studio.settings import settings
from studio.tables import JobRow
from studio.telemetry import logger

SETUP_RETRY_SECONDS = 60  # weights may appear later: a volume that mounts slowly, an operator who fetches them


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a worker can work, and if not, why."""

    state: Literal["starting", "ready", "setup_failed"]
    reason: str | None = None


class Verdict(Enum):
    """What is to become of the message that brought the job."""

    DONE = "done"
    """Delete it."""
    AGAIN = "again"
    """Make it visible soon: another try may succeed."""
    ELSEWHERE = "elsewhere"
    """Make it visible at once and hold back a little: another machine may have what this one lacks."""
    LEAVE = "leave"
    """Touch nothing: somebody else has the job, and the message comes back by itself if they fail."""


@dataclass(slots=True)
class Worker:
    """The state of one worker process: its engines, and whether it was told to stop."""

    keep_visible: Callable[[], None]
    """Called with every heartbeat to keep the message hidden from other workers."""
    profile: str
    """Names the engines, see `gpu_handlers.engines.catalogue`."""
    stopping: threading.Event = field(default_factory=threading.Event)
    health: Health = Health("starting")
    id: str = field(default_factory=lambda: ids.new("wrk"))
    _illustrator: Illustrator | None = None

    def setup(self) -> None:
        """Load the engines; once per process, before the first job.

        While that fails the worker takes no jobs, says why in its `health`, and tries again every minute until it is
        told to stop. Ending the process instead would only start it again, endlessly and silently.
        """
        while not self.load() and not self.stopping.wait(SETUP_RETRY_SECONDS):
            pass

    def load(self) -> bool:
        """Load the engines once more or for the first time; where that fails, `health` says why."""
        if self.health.state == "ready":
            return True
        try:
            self._illustrator = catalogue.illustrator(self.profile)
            if manifest.available():
                provenance.check_signing()  # a configuration that cannot sign shows here, not in every job
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if reason != self.health.reason:  # once is enough
                logger.exception("worker cannot work", extra={"profile": self.profile, "reason": reason})
            self.health = Health("setup_failed", reason)
            return False
        self.health = Health("ready")
        logger.info("worker ready", extra={"profile": self.profile, **asdict(self._illustrator.facts)})
        return True

    def run_job(self, job_id: str, message_id: str | None = None) -> Verdict:
        """Work on one job and report how it ended. Never raises for what happens inside a job."""
        try:
            job = jobs.claim(job_id, message_id, worker=self.id)
        except (JobEnded, NotFound, Duplicate):
            return Verdict.DONE
        except (LeaseHeld, LeaseLost):
            return Verdict.LEAVE  # the message outlasts the lease, so it comes back if the other worker dies
        logger.append_keys(job=job_id, attempt=int(job.attempt), request=job.request_id)
        try:
            return self._attempt(job)
        finally:
            logger.remove_keys(["job", "attempt", "request"])

    def _attempt(self, job: JobRow) -> Verdict:
        attempt = int(job.attempt)
        try:
            result = self._work(job, attempt)
            event = Finished(job.id, attempt, "succeeded", result)
            events.put(events.WORKER_SOURCE, events.JOB_FINISHED, event.detail())
        except LeaseLost:
            logger.info("work stopped: the job was cancelled, ended or taken over")
            return Verdict.LEAVE
        except WorkerStopping:
            return self._hand_back(job.id, attempt)
        except Exception as error:
            failure = judged(error)
            if failure is error and not failure.retryable:
                logger.warning("job failed", extra={"code": failure.code})
            else:
                logger.exception("attempt failed", extra={"code": failure.code})
            if failure.retryable and job.failures + 1 < jobs.MAX_FAILURES:
                return self._hand_back(job.id, attempt, failure)
            return self._report_failure(job.id, attempt, failure)
        logger.info("job finished", extra={"timings": result["metadata"]["timings"]})
        return Verdict.DONE

    def _work(self, job: JobRow, attempt: int) -> dict[str, Any]:
        if self._illustrator is None:
            raise RuntimeError("setup() was not called")
        order = catalog.parse(job.feature, job.order)
        started = time.perf_counter()
        with self._heartbeat(job.id, attempt) as record, telling(job) as tell:

            def report(progress: Progress) -> None:
                record(progress)
                tell(progress)

            prefix = storage.output_prefix(job.user_id, job.id, attempt)
            previews = Previews(lambda name, content, kind: storage.upload(prefix, name, content, kind).key)
            context = JobContext(
                self._illustrator,
                lambda progress: report(replace(progress, previews=previews.keys)),
                _pictures_of(job.user_id, order),
                previews.show,
            )
            outputs: Outputs = _feature(job.feature)(order, context)
            with context.stage("upload", until=1.0) as stage:
                stored = []
                for number, file in enumerate(outputs.files, start=1):
                    stored.append(storage.upload(prefix, file.name, file.content, file.content_type).stored())
                    stage.step(number, len(outputs.files))
        seconds = round(time.perf_counter() - started, 3)
        facts = asdict(self._illustrator.facts)
        timings = context.timings | {"total": seconds}
        metadata = facts | outputs.metadata | {"timings": timings}
        return {"files": stored, "metadata": metadata, "undelivered": outputs.undelivered, "parts": outputs.parts}

    @contextmanager
    def _heartbeat(self, job_id: str, attempt: int) -> Iterator[Callable[[Progress], None]]:
        """Keep lease and message while the block runs; yields the progress report, which raises to stop the work."""
        finished, lost = threading.Event(), threading.Event()

        def beat() -> None:
            while not finished.wait(settings().lease_seconds / 3):
                try:
                    jobs.renew(job_id, attempt)
                    self.keep_visible()
                except LeaseLost:
                    lost.set()
                    return
                except Exception:  # a missed beat is survivable, the next one may get through
                    logger.exception("heartbeat failed")

        def report(progress: Progress) -> None:
            if lost.is_set():
                raise LeaseLost
            if self.stopping.is_set():
                raise WorkerStopping
            try:
                jobs.report(job_id, attempt, progress)
            except LeaseLost:
                raise
            except Exception:  # the work is worth more than one number of its progress
                logger.exception("progress was not recorded")

        thread = threading.Thread(target=beat, name=f"heartbeat-{job_id}", daemon=True)
        thread.start()
        try:
            yield report
        finally:
            finished.set()
            thread.join()

    def _hand_back(self, job_id: str, attempt: int, failure: JobFailed | None = None) -> Verdict:
        try:
            jobs.release(job_id, attempt, failure=failure.code if failure else None)
        except LeaseLost:
            return Verdict.LEAVE
        except Exception:  # the lease runs out by itself, and the message comes back then
            logger.exception("the job could not be handed back")
            return Verdict.LEAVE
        return Verdict.ELSEWHERE if failure and failure.elsewhere else Verdict.AGAIN

    def _report_failure(self, job_id: str, attempt: int, failure: JobFailed) -> Verdict:
        error = {"code": failure.code, "message": failure.message}
        event = Finished(job_id, attempt, "failed", error=error)
        try:
            events.put(events.WORKER_SOURCE, events.JOB_FINISHED, event.detail())
        except Exception:
            logger.exception("failure could not be reported")
            return self._hand_back(job_id, attempt, failure)
        return Verdict.DONE


def _pictures_of(user_id: str, order: Order) -> Callable[[str], Rgb]:
    """Loads the picture that a field of the order refers to, H×W×3."""

    def load(field_name: str) -> Rgb:
        key = storage.input_key(user_id, getattr(order, field_name))
        with Image.open(io.BytesIO(storage.read(key, max_bytes=uploads.MAX_UPLOAD_BYTES))) as picture:
            opaque = Image.new("RGBA", picture.size, "white")
            opaque.alpha_composite(picture.convert("RGBA"))
            return np.asarray(opaque.convert("RGB"))

    return load


def _feature(name: str) -> Callable[[Any, JobContext], Outputs]:
    """`run` of the file in `features/` that has the feature's name."""
    module = importlib.import_module(f"gpu_handlers.features.{name.replace('-', '_')}")
    run: Callable[[Any, JobContext], Outputs] = module.run
    return run
