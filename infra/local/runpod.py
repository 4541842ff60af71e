"""A stand-in for RunPod's serverless control plane: one endpoint, its queue, its runs, in memory.

It answers clients and workers as RunPod does, for the official package as the worker, and can be told to misbehave in
the ways that RunPod does. Who carries requests in and callbacks out is not its matter.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

API_KEY = "rpa_local"
ENDPOINT = "studio"
RESULT_SECONDS = 30 * 60  # how long an ended run is remembered
MAX_BODY_BYTES = 10 * 1024 * 1024
OPEN = ("IN_QUEUE", "IN_PROGRESS")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A POST that the customer asked for."""

    url: str
    body: Json


@dataclass(slots=True)
class Faults:
    """What goes wrong next."""

    busy: int = 0
    """So many requests to `/run` are answered 429."""
    broken: int = 0
    """So many requests of any kind are answered 500."""
    answers_lost: int = 0
    """So many `/run`s are taken, and answered 500 all the same."""
    lose: int = 0
    """So many runs are forgotten as soon as they are taken in."""
    silent: int = 0
    """So many callbacks are never made."""
    twice: int = 0
    """So many runs are handed to two workers."""
    late: bool = False
    """Results are kept back until `release` is called."""


@dataclass(slots=True)
class Run:
    """A request to the endpoint."""

    id: str
    input: Json
    webhook: str | None
    policy: Json
    queued: float
    status: str = "IN_QUEUE"
    output: Any = None
    error: str | None = None
    worker: str | None = None
    started: float | None = None
    ended: float | None = None

    def told(self) -> Json:
        """As `/status` and callbacks say it."""
        told: Json = {"id": self.id, "status": self.status}
        if self.started is not None:
            told |= {"delayTime": round(1000 * (self.started - self.queued)), "workerId": self.worker}
        if self.started is not None and self.ended is not None:
            told["executionTime"] = round(1000 * (self.ended - self.started))
        if self.output is not None:
            told["output"] = self.output
        if self.error is not None:
            told["error"] = self.error
        return told


class RunPod:
    """One endpoint.

    Args:
        now: the time in seconds.
    """

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._queue: deque[str] = deque()
        self._callbacks: deque[Callback] = deque()
        self._stops: dict[str, list[str]] = {}
        self._kept_back: list[tuple[str, Json]] = []
        self.runs: dict[str, Run] = {}
        self.asked: list[str] = []
        """Method and path of every request of a client, below the endpoint."""
        self.pings: list[tuple[str, str | None]] = []
        """Worker, and the runs it says it is working on."""
        self.faults = Faults()

    # ---- The API for clients -----------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> Answer:
        """Answer a request to `path` below `/v2/`."""
        with self._lock:
            endpoint, _, operation = path.partition("/")
            self.asked.append(f"{method} {operation}")
            if authorization.removeprefix("Bearer ") != API_KEY:
                return Answer(401)
            if endpoint != ENDPOINT:
                return Answer(404, {"error": "endpoint not found"})
            if self.faults.broken:
                self.faults.broken -= 1
                return Answer(500)
            self._age()
            match method, operation.split("/"):
                case "POST", ["run"]:
                    return self._run(body)
                case "GET", ["status", run_id]:
                    run = self.runs.get(run_id)
                    return Answer(200, run.told()) if run else Answer(404, {"error": "request does not exist"})
                case "POST", ["cancel", run_id]:
                    return self._cancel(run_id)
                case "GET", ["health"]:
                    return Answer(200, self._health())
            return Answer(404)

    def _run(self, body: bytes) -> Answer:
        if self.faults.busy:
            self.faults.busy -= 1
            return Answer(429)
        if len(body) > MAX_BODY_BYTES:
            return Answer(413)
        asked = json.loads(body)
        policy = asked.get("policy", {})
        too_short = policy.get("executionTimeout", 600_000) <= 5_000 or policy.get("ttl", 10_000) < 10_000
        if "input" not in asked or too_short:
            return Answer(400, {"error": "invalid request"})
        run = Run(f"{uuid.uuid4()}-u1", asked["input"], asked.get("webhook"), policy, self._now())
        if self.faults.lose:
            self.faults.lose -= 1
        else:
            self.runs[run.id] = run
            self._queue.append(run.id)
        if self.faults.answers_lost:
            self.faults.answers_lost -= 1
            return Answer(500)
        return Answer(200, run.told())

    def _cancel(self, run_id: str) -> Answer:
        run = self.runs.get(run_id)
        if run is None:
            return Answer(404, {"error": "request does not exist"})
        if run.status in OPEN:
            self._stop(run, "CANCELLED")
        return Answer(200, run.told())

    def _health(self) -> Json:
        states = [run.status for run in self.runs.values()]
        counted = {"completed": "COMPLETED", "failed": "FAILED", "inProgress": "IN_PROGRESS", "inQueue": "IN_QUEUE"}
        return {"jobs": {name: states.count(state) for name, state in counted.items()}}

    # ---- The API for workers -----------------------------------------------------------------------------------------

    def take(self, worker: str) -> Json | None:
        """The next run for a worker, if there is one."""
        with self._lock:
            self._age()
            while self._queue:
                run = self.runs.get(self._queue.popleft())
                if run is None or run.status not in OPEN:
                    continue
                if self.faults.twice:
                    self.faults.twice -= 1
                    self._queue.appendleft(run.id)
                run.status, run.worker, run.started = "IN_PROGRESS", worker, self._now()
                return {"id": run.id, "input": run.input, "webhook": run.webhook}
            return None

    def done(self, run_id: str, told: Json) -> None:
        """A worker's word on a run: its end, or how far it is (`status: IN_PROGRESS`)."""
        with self._lock:
            run = self.runs.get(run_id)
            if run is None or run.status not in OPEN:
                return
            if told.get("status") == "IN_PROGRESS":
                run.output = told.get("output")
            elif self.faults.late:
                self._kept_back.append((run_id, told))
            else:
                run.output, run.error = told.get("output"), told.get("error")
                self._end(run, "FAILED" if run.error else "COMPLETED")

    def stops(self, worker: str) -> list[str]:
        """Runs that this worker is to stop; each is told once."""
        with self._lock:
            self._age()
            return self._stops.pop(worker, [])

    def ping(self, worker: str, run_ids: str | None) -> None:
        """A worker is alive."""
        self.pings.append((worker, run_ids))

    # ---- What goes out, and what goes wrong --------------------------------------------------------------------------

    def callbacks(self) -> list[Callback]:
        """Callbacks that are due; each is given once."""
        with self._lock:
            due = list(self._callbacks)
            self._callbacks.clear()
            return due

    def lie(self, run_id: str) -> None:
        """Call back as if the run had completed."""
        run = self.runs[run_id]
        lie = run.told() | {"status": "COMPLETED", "output": {"verdict": "done"}}
        self._callbacks.append(Callback(run.webhook or "", lie))

    def forget(self, run_id: str) -> None:
        """Lose a run."""
        with self._lock:
            del self.runs[run_id]

    def release(self) -> None:
        """Let results through that were kept back."""
        with self._lock:
            self.faults.late = False
            kept, self._kept_back = self._kept_back, []
            for run_id, told in kept:
                self.done(run_id, told)

    def fail(self, run_id: str, status: str = "FAILED") -> None:
        """End a run whatever its worker does, as when the worker is gone."""
        with self._lock:
            self._stop(self.runs[run_id], status)

    def _stop(self, run: Run, status: str) -> None:
        if run.status == "IN_PROGRESS" and run.worker:
            self._stops.setdefault(run.worker, []).append(run.id)
        self._end(run, status)

    def _end(self, run: Run, status: str) -> None:
        run.status, run.ended = status, self._now()
        if self.faults.silent:
            self.faults.silent -= 1
        elif run.webhook:
            self._callbacks.append(Callback(run.webhook, run.told()))

    def _age(self) -> None:
        """What time does to runs."""
        now = self._now()
        for run in list(self.runs.values()):
            if run.status in OPEN and now > _latest_end(run):
                self._stop(run, "TIMED_OUT")
            elif run.ended is not None and now > run.ended + RESULT_SECONDS:
                del self.runs[run.id]


def _latest_end(run: Run) -> float:
    """When the run is over, whether it has begun or not."""
    by_ttl: float = run.queued + run.policy.get("ttl", 86_400_000) / 1000
    if run.started is None:
        return by_ttl
    by_execution: float = run.started + run.policy.get("executionTimeout", 600_000) / 1000
    return min(by_ttl, by_execution)
