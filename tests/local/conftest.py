"""The whole studio on MiniStack: the real template, IAM enforced, everything through HTTP."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.gpu_worker import GpuWorker
from infra.local.stack import ROOT
from infra.local.studio import LocalStudio

LEASE_SECONDS = 3
ORDER: dict[str, Any] = {"prompt": "A lighthouse on a cliff at sunset", "width": 512, "height": 512}
SUBMIT = "/api/v1/jobs/image-generation"
ENDED = ("completed", "failed", "cancelled")
SCRIPTED_WORKER = ROOT / "tests" / "local" / "scripted_worker.py"

pytestmark = pytest.mark.local


@pytest.fixture(scope="session")
def studio() -> Iterator[LocalStudio]:
    """One studio for all tests; they start the workers they need."""
    with LocalStudio(parameters={"LeaseSeconds": str(LEASE_SECONDS)}, worker=False) as studio:
        yield studio


@pytest.fixture
def worker(studio: LocalStudio) -> Iterator[GpuWorker]:
    """The worker that `make up` would start."""
    worker = studio.worker()
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def scripted(studio: LocalStudio, tmp_path: Path) -> Iterator[Callable[[str], GpuWorker]]:
    """Starts workers whose engine follows a script; see `scripted_worker.py`."""
    started: list[GpuWorker] = []

    def start(script: str) -> GpuWorker:
        worker = studio.worker(
            command=(str(SCRIPTED_WORKER),), restart=False, extra_env={"SCRIPT": script, "SCRIPT_FOLDER": str(tmp_path)}
        )
        worker.start()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def user(studio: LocalStudio) -> Iterator[User]:
    with registered(studio) as user:
        yield user


@contextmanager
def registered(studio: LocalStudio) -> Iterator[User]:
    """A new customer."""
    with httpx.Client(base_url=studio.url, timeout=60, trust_env=False) as http:
        account = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe()}
        signup = http.post("/api/v1/auth/register", json=account).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {signup['token']}"
        yield User(signup["user"]["id"], http, account)


@dataclass
class User:
    """A customer with an HTTP client."""

    id: str
    http: httpx.Client
    account: dict[str, str]
    """What they sign in with."""

    def submit(self, **options: Any) -> dict[str, Any]:
        answer = self.http.post(SUBMIT, json=ORDER | options)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def job(self, job: dict[str, Any]) -> dict[str, Any]:
        return self.http.get(job["urls"]["self"]).raise_for_status().json()

    def credits(self) -> tuple[int, int]:
        now = self.http.get("/api/v1/users/credits").raise_for_status().json()
        return now["balance"], now["held"]

    def ledger(self) -> list[dict[str, Any]]:
        """Oldest first."""
        page = self.http.get("/api/v1/users/transactions", params={"limit": 100}).raise_for_status().json()
        assert not page["hasMore"]
        return page["data"][::-1]

    def wait(self, job: dict[str, Any], *statuses: str) -> dict[str, Any]:
        return wait_for(lambda: self.job(job), lambda now: now["status"] in (statuses or ENDED))


def logs_of(studio: LocalStudio, pattern: str = "") -> str:
    """What the functions wrote since the studio was started; the emulator shows the first 10,000 lines of each."""
    logs = studio.session().client("logs", endpoint_url=studio.emulator.url)
    pages = logs.get_paginator("filter_log_events")
    return "\n".join(
        event["message"]
        for group in logs.describe_log_groups()["logGroups"]
        for page in pages.paginate(logGroupName=group["logGroupName"], filterPattern=pattern)
        for event in page["events"]
    )


def at_once(user: User, ask: Callable[[int], httpx.Response], count: int = 16) -> list[httpx.Response]:
    """The answers to `count` requests at the same moment, given by functions that are awake.

    A small machine takes longer to start so many of them than a gateway waits.
    """
    with ThreadPoolExecutor(count) as callers:

        def awake() -> bool:
            return all(
                answer.is_success for answer in callers.map(lambda _: user.http.get("/api/v1/jobs"), range(count))
            )

        wait_for(awake)
        return list(callers.map(ask, range(count)))


def wait_for(look: Callable[[], Any], enough: Callable[[Any], bool] = bool, *, seconds: float = 150) -> Any:
    """Look again and again until it is `enough`."""
    give_up_at = time.monotonic() + seconds
    while True:
        seen = look()
        if enough(seen):
            return seen
        assert time.monotonic() < give_up_at, f"still {json.dumps(seen, default=str)[:600]}"
        time.sleep(0.05)
