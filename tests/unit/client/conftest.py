"""A studio made of a list of answers, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ai_creative_studio import AsyncStudio, Retries, Studio

JOB: dict[str, Any] = {
    "id": "job_1",
    "feature": "image-generation",
    "status": "pending",
    "progress": {"value": 0, "stage": "queued", "step": 0, "steps": 1, "previews": []},
    "credits": {"held": 2, "charged": 0, "refunded": 0},
    "input": {"prompt": "a fox", "numImages": 1},
    "result": None,
    "error": None,
    "attempts": 0,
    "sequence": 0,
    "attemptLog": [],
    "priority": "normal",
    "queue": None,
    "createdAt": "2026-11-20T09:30:00.250Z",
    "startedAt": None,
    "endedAt": None,
    "deadline": "2026-11-20T10:30:00.250Z",
    "expiresAt": None,
    "urls": {"self": "/api/v1/jobs/job_1", "download": "/api/v1/jobs/job_1/download"},
}

Answer = httpx.Response | Exception


def job(status: str = "pending", sequence: int = 0, **more: Any) -> httpx.Response:
    return httpx.Response(200, json=JOB | {"status": status, "sequence": sequence} | more)


def problem(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    told = {"type": "about:blank", "title": code, "status": status, "detail": "no", "code": code, "requestId": "req_1"}
    content = json.dumps(told | more)
    return httpx.Response(
        status, content=content, headers={"content-type": "application/problem+json"} | (headers or {})
    )


class Tape:
    """Answers in their order; every request is kept."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[httpx.Request], httpx.Response]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


class Clock:
    """Seconds pass by sleeping only."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class AsyncClock(Clock):
    async def sleep(self, seconds: float) -> None:
        super().sleep(seconds)


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def studio(tape: Tape, clock: Clock) -> Iterator[Studio]:
    """Waits are as long as they may be."""
    with httpx.Client(transport=httpx.MockTransport(tape)) as http:
        yield Studio("https://studio.test", "acs_live_1", http=http, clock=clock, retries=Retries(rand=lambda: 1.0))


@pytest.fixture
def async_studio(tape: Tape) -> AsyncStudio:
    http = httpx.AsyncClient(transport=httpx.MockTransport(tape))
    return AsyncStudio("https://studio.test", "acs_live_1", http=http, clock=AsyncClock())
