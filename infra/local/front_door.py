"""http://localhost:3000: serves `web/` and forwards `/api` and `/health`, as CloudFront does in the cloud."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from infra.local.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

DEFAULT_PORT = 3000
WEB = Path(__file__).resolve().parents[2] / "web"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

# Belong to one connection, not to the message (RFC 9110 §7.6.1); lengths and codings are set anew.
_HOP_BY_HOP = {
    "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length",
    "content-encoding", "host", "date", "server",
}  # fmt: skip


class FrontDoor:
    """A small web server in a thread of this process."""

    def __init__(self, api_url: str) -> None:
        self.port = free_port(DEFAULT_PORT)
        self.url = f"http://localhost:{self.port}"
        config = uvicorn.Config(
            application(api_url), host=HOST, port=self.port, log_level="warning", lifespan="on", timeout_keep_alive=75
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="front-door", daemon=True)

    def start(self) -> None:
        """Start and wait until it listens.

        Raises:
            RuntimeError: it could not.
        """
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            if not self._thread.is_alive():
                raise RuntimeError(f"the front door could not listen on {self.url}")

    def stop(self) -> None:
        """Stop listening."""
        self._server.should_exit = True
        self._thread.join(10)


def application(api_url: str) -> Starlette:
    """The ASGI application in front of the API at `api_url`."""
    upstream = httpx.AsyncClient(timeout=35, trust_env=False, limits=httpx.Limits(max_connections=64))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001  # the signature of Starlette
        async with upstream:
            yield

    async def forward(request: Request) -> Response:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = [(k, v) for k, v in request.headers.items() if k not in _HOP_BY_HOP]
        try:
            answer = await upstream.request(
                request.method, api_url + path, headers=headers, content=await request.body()
            )  # fmt: skip
        except httpx.TransportError:
            return Response('{"title":"The API does not answer","status":502}', 502, None, "application/problem+json")
        passed = Response(answer.content, answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in _HOP_BY_HOP:
                passed.headers[name] = value
        return passed

    routes = [
        Route("/health", forward, methods=METHODS),
        Route("/api/{path:path}", forward, methods=METHODS),
        Mount("/", StaticFiles(directory=WEB, html=True)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
