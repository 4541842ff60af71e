"""RunPod's stand-in without a network, and a worker there in slow motion; for tests in one process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from dispatcher import callback
from infra.local.runpod import Answer, RunPod
from studio import clock, events, jobs, runpod_api, runpod_callbacks
from studio.events import Finished
from studio.tables import Dispatch, JobRow
from tests.integration.conftest import Studio, result_of


class Wire:
    """Carries requests of `studio.runpod_api` into the stand-in; what is in `instead` answers first."""

    def __init__(self, standin: RunPod) -> None:
        self.standin = standin
        self.instead: list[Answer | bytes | Exception] = []

    def request(self, method: str, url: str, *, body: bytes | None, headers: dict[str, str], **_: Any) -> Any:
        assert url.startswith("https://api.runpod.ai/v2/"), url
        answer = self.instead.pop(0) if self.instead else None
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            path = url.removeprefix("https://api.runpod.ai/v2/")
            answer = self.standin.answer(method, path, body or b"", headers["Authorization"])
        if isinstance(answer, bytes):
            return _response(200, answer)
        return _response(answer.status, b"" if answer.body is None else json.dumps(answer.body).encode())


def _response(status: int, body: bytes) -> Any:
    return SimpleNamespace(
        status=status, read=lambda amount: body[:amount], release_conn=lambda: None, close=lambda: None
    )


@dataclass
class Rented:
    """The stand-in, its time, and what a worker there does."""

    studio: Studio
    standin: RunPod
    wire: Wire
    later: list[int]
    _context: SimpleNamespace = field(default_factory=SimpleNamespace)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.later[0] += seconds

    def take(self, worker: str = "pod-1") -> tuple[str, JobRow]:
        """A worker takes the next run and claims its job; the run's id, and the job."""
        run = self.standin.take(worker)
        assert run is not None
        return run["id"], jobs.claim(run["input"]["jobId"], f"runpod:{run['id']}")

    def finish(self, run_id: str, job: JobRow) -> None:
        """The worker delivers, and RunPod hears that the run is over; its event is not settled yet."""
        detail = Finished(job.id, int(job.attempt), "succeeded", result_of(job, int(job.attempt))).detail()
        events.put(events.WORKER_SOURCE, events.JOB_FINISHED, detail)
        self.standin.done(run_id, {"output": {"verdict": "done"}})

    def settle(self) -> None:
        """What the completion function does with the worker's events."""
        for news in self.studio.news():
            if news["detail-type"] == events.JOB_FINISHED:
                jobs.settle(Finished.parse(news["detail"]))

    def call_back(self) -> list[str]:
        """RunPod makes its callbacks; what the studio answered to each."""
        return [self.post(call.url, call.body)["outcome"] for call in self.standin.callbacks()]

    def post(self, url: str, body: Any) -> dict[str, Any]:
        """The JSON that answers a POST to the callback function."""
        path = url.removeprefix("https://studio.test")
        job_id, token = path.removeprefix(f"{runpod_callbacks.PATH}/").split("/")
        event = {
            "version": "2.0",
            "routeKey": callback.ROUTE,
            "rawPath": path,
            "headers": {"content-type": "application/json"},
            "pathParameters": {"job_id": job_id, "token": token},
            "requestContext": {"http": {"method": "POST", "path": path}, "requestId": "request", "stage": "$default"},
            "body": body if isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
        }
        answer = callback.handler(event, self._context)
        return {"status": answer["statusCode"]} | json.loads(answer["body"])

    def dispatch(self, job: JobRow) -> Dispatch | None:
        return next(iter(Dispatch.query(job.id, consistent_read=True)), None)

    def asked(self, what: str) -> int:
        """How often the studio asked for this so far."""
        return sum(request.split("/")[0] == what for request in self.standin.asked)


def rented(studio: Studio, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace) -> Rented:
    """A stand-in that the studio's RunPod module talks to instead of the network; time moves when told to."""
    later, began = [0], clock.epoch()
    monkeypatch.setattr(clock, "epoch", lambda: began + later[0])
    standin = RunPod(now=clock.epoch)
    wire = Wire(standin)
    monkeypatch.setattr(runpod_api, "_transport", lambda: wire)
    runpod_api._api_key_of.cache_clear()
    runpod_callbacks._key.cache_clear()
    return Rented(studio, standin, wire, later, context)


LOST_CONNECTION = urllib3.exceptions.ProtocolError("Connection aborted.")
