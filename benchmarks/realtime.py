"""`make bench BENCH=realtime`: how soon news of a job reach an open connection, and two hundred of them at once.

It starts a studio of its own, with the real worker and the emulated AWS, and speaks to it like a browser.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import secrets
import statistics
import time
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from infra.local.studio import LocalStudio
from studio.connections import MAX_CONNECTIONS

REPORT = Path("docs/benchmarks/realtime.md")
ORDER = {"prompt": "A lighthouse on a cliff at sunset", "width": 512, "height": 512, "quality": "draft"}
SUBMITS = 30
CONNECTIONS = 200
AT_ONCE = 8  # of requests; the emulator starts a process for each, and there are few cores for them


def main() -> None:
    """Measure and write the report."""
    started = datetime.now(UTC)
    with LocalStudio() as studio:
        first, opened, pushed = asyncio.run(measured(studio.url))
    report = "\n".join(
        [
            "# Live updates",
            "",
            f"`make bench BENCH=realtime`, {started:%Y-%m-%d}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}. Studio, emulated AWS, its functions, two "
            "workers and all clients ran on this one machine, which others used at the same time. The emulator has a "
            f"process for each request that it works on, so requests come {AT_ONCE} at once.",
            "",
            "| What | Median | 95 % | Most |",
            "|---|---|---|---|",
            _row(f"Submit answered, of {SUBMITS} drafts one after the other", [answer for answer, _, _ in first]),
            _row("Submit sent → first event on the socket", [event for _, event, _ in first]),
            _row("Submit sent → job completed on the socket", [ended for _, _, ended in first]),
            _row(f"Ticket, connection and subscription, {CONNECTIONS} that stay open", opened),
            _row(f"Submit sent → first event, on each of {CONNECTIONS} connections", pushed),
            "",
        ]
    )
    REPORT.write_text(report)
    print(report)


async def measured(url: str) -> tuple[list[tuple[float, float, float]], list[float], list[float]]:
    """Seconds to answer, first event and end of every submit; to open each connection; to the first event on each."""
    first = await first_events(url)
    return first, *await many(url)


async def first_events(url: str) -> list[tuple[float, float, float]]:
    """Per submit, the milliseconds until it was answered, its first event came, and its end was told."""
    async with _client(url) as http:
        await _register(http)
        async with await _listen(http) as socket:
            told: set[str] = set()
            await _submit_and_follow(http, socket, told)  # the first one starts the functions
            return [await _submit_and_follow(http, socket, told) for _ in range(SUBMITS)]


async def many(url: str) -> tuple[list[float], list[float]]:
    """Milliseconds that connecting took, and that the first event took, on many connections of several users."""
    async with _client(url) as http:
        tokens = [await _register(http) for _ in range(CONNECTIONS // MAX_CONNECTIONS)]
        turn = asyncio.Semaphore(AT_ONCE)
        made = await asyncio.gather(*(_opened(http, token, turn) for token in tokens for _ in range(MAX_CONNECTIONS)))
        sockets = [socket for socket, _ in made]
        groups = [sockets[first : first + MAX_CONNECTIONS] for first in range(0, len(sockets), MAX_CONNECTIONS)]
        pushed = await asyncio.gather(
            *(_first_on_all(http, token, own, turn) for token, own in zip(tokens, groups, strict=True))
        )
        await asyncio.gather(*(socket.close() for socket in sockets))
    return [ms for _, ms in made], [ms for group in pushed for ms in group]


async def _opened(http: httpx.AsyncClient, token: str, turn: asyncio.Semaphore) -> tuple[ClientConnection, float]:
    async with turn:
        return await _timed(_listen(http, token), time.perf_counter())


async def _first_on_all(
    http: httpx.AsyncClient, token: str, sockets: list[ClientConnection], turn: asyncio.Semaphore
) -> list[float]:
    async with turn:
        began = time.perf_counter()
        waiting = [_timed(_heard(socket), began) for socket in sockets]
        _, *heard = await asyncio.gather(_submit(http, token), *waiting)
        return [ms for _, ms in heard]


async def _submit_and_follow(
    http: httpx.AsyncClient, socket: ClientConnection, told: set[str]
) -> tuple[float, float, float]:
    """Milliseconds until the answer, the first event and the end; `told` has jobs whose end may be told once more."""
    began = time.perf_counter()
    answering = asyncio.create_task(_timed(_submit(http), began))
    job, first = await _timed(_heard(socket, told), began)
    while job["status"] != "completed":
        job = await _heard(socket, told)
    ended = (time.perf_counter() - began) * 1000
    _, answered = await answering
    told.add(job["id"])
    return answered, first, ended


async def _listen(http: httpx.AsyncClient, token: str | None = None) -> ClientConnection:
    ticket = (await http.post("/api/v1/realtime/ticket", headers=_bearer(token))).raise_for_status().json()
    socket = await connect(ticket["url"], proxy=None, open_timeout=120, ping_interval=None)
    await socket.send(json.dumps({"action": "subscribe", "job": "*"}))
    answer = json.loads(await socket.recv())
    if answer["type"] != "subscribed":
        raise RuntimeError(f"the studio said {answer}")
    return socket


async def _submit(http: httpx.AsyncClient, token: str | None = None) -> None:
    (await http.post("/api/v1/jobs/image-generation", json=ORDER, headers=_bearer(token))).raise_for_status()


async def _heard(socket: ClientConnection, told: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = json.loads(await socket.recv())["job"]
        if job["id"] not in told:
            return job


async def _register(http: httpx.AsyncClient) -> str:
    account = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe()}
    token: str = (await http.post("/api/v1/auth/register", json=account)).raise_for_status().json()["token"]
    http.headers.setdefault("Authorization", f"Bearer {token}")
    return token


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=120, trust_env=False)


async def _timed(step: Any, began: float) -> tuple[Any, float]:
    result = await step
    return result, (time.perf_counter() - began) * 1000


def _row(what: str, times_ms: list[float]) -> str:
    times_ms = sorted(times_ms)
    high = times_ms[min(len(times_ms) - 1, round(0.95 * len(times_ms)))]
    return f"| {what} | {statistics.median(times_ms):.0f} ms | {high:.0f} ms | {times_ms[-1]:.0f} ms |"


if __name__ == "__main__":
    main()
