"""The stand-in for RunPod on a port: clients and workers come in over HTTP, callbacks go out."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.runpod import API_KEY, ENDPOINT, Callback, RunPod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

PREFERRED_PORT = 8008
CALLBACK_TRIES = 3
CALLBACK_RETRY_SECONDS = 10.0
POLL_SECONDS = 2.0  # RunPod holds a worker's question for longer; here it keeps the server from stopping
LOOK_SECONDS = 0.02


class RunPodServer:
    """Serves one endpoint.

    Args:
        url: where it answers.
        retry_seconds: between tries of a callback.
    """

    def __init__(self, url: str, runpod: RunPod, *, retry_seconds: float = CALLBACK_RETRY_SECONDS) -> None:
        self._url = url
        self._runpod = runpod
        self._retry_seconds = retry_seconds
        self._http: httpx.AsyncClient
        self._deliveries: set[asyncio.Task[None]] = set()

    @property
    def api_base(self) -> str:
        """What clients put before the endpoint's id."""
        return f"{self._url}/v2"

    def worker_env(self, worker: str) -> dict[str, str]:
        """What RunPod sets in a worker's container."""
        below = f"{self.api_base}/{ENDPOINT}"
        return {
            "RUNPOD_POD_ID": worker,
            "RUNPOD_AI_API_KEY": API_KEY,
            "RUNPOD_ENDPOINT_ID": ENDPOINT,
            "RUNPOD_WEBHOOK_GET_JOB": f"{below}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{below}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_PING": f"{below}/ping/$RUNPOD_POD_ID?gpu=none",
            "RUNPOD_PING_INTERVAL": "1000",
            # Those ask 8.8.8.8, and want a disk and memory that a laptop may not have free.
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    def application(self) -> Starlette:
        """The ASGI application."""
        below = f"/v2/{ENDPOINT}"
        return Starlette(
            routes=[
                Route(f"{below}/job-take/{{worker}}", self._take),
                Route(f"{below}/job-stop/{{worker}}", self._stops),
                Route(f"{below}/job-done/{{worker}}/{{run}}", self._done, methods=["POST"]),
                Route(f"{below}/ping/{{worker}}", self._ping),
                Route("/v2/{path:path}", self._api, methods=["GET", "POST"]),
            ],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002  # the signature of Starlette
        async with httpx.AsyncClient(timeout=30, trust_env=False) as self._http:
            caller = asyncio.create_task(self._call_back())
            try:
                yield
            finally:
                for task in (caller, *self._deliveries):
                    task.cancel()

    async def _api(self, request: Request) -> Response:
        answer = self._runpod.answer(
            request.method,
            request.path_params["path"],
            await request.body(),
            request.headers.get("authorization", ""),
        )
        return Response(status_code=answer.status) if answer.body is None else JSONResponse(answer.body, answer.status)

    # ---- Workers -----------------------------------------------------------------------------------------------------

    async def _take(self, request: Request) -> Response:
        worker = request.path_params["worker"]
        run = await self._soon(request, lambda: self._runpod.take(worker))
        return Response(status_code=204) if run is None else JSONResponse(run)

    async def _stops(self, request: Request) -> Response:
        worker = request.path_params["worker"]
        runs = await self._soon(request, lambda: self._runpod.stops(worker) or None)
        return Response(status_code=204) if runs is None else JSONResponse({"jobsToStop": runs})

    async def _done(self, request: Request) -> Response:
        if request.headers.get("authorization") != API_KEY:
            return Response(status_code=401)
        self._runpod.done(request.path_params["run"], json.loads(await request.body()))
        return JSONResponse({})

    async def _ping(self, request: Request) -> Response:
        self._runpod.ping(request.path_params["worker"], request.query_params.get("job_id"))
        return JSONResponse({})

    async def _soon(self, request: Request, look: Callable[[], Any]) -> Any:
        """What `look` finds within the time that a question is held; None if nothing, or nobody waits any more."""
        give_up_at = time.monotonic() + POLL_SECONDS
        while time.monotonic() < give_up_at and not await request.is_disconnected():
            found = look()
            if found is not None:
                return found
            await asyncio.sleep(LOOK_SECONDS)
        return None

    # ---- Callbacks ---------------------------------------------------------------------------------------------------

    async def _call_back(self) -> None:
        while True:
            for callback in self._runpod.callbacks():
                task = asyncio.create_task(self._deliver(callback))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
            await asyncio.sleep(LOOK_SECONDS)

    async def _deliver(self, callback: Callback) -> None:
        for number in range(CALLBACK_TRIES):
            if number:
                await asyncio.sleep(self._retry_seconds)
            try:
                answer = await self._http.post(callback.url, json=callback.body)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                return
