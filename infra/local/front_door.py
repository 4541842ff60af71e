"""http://localhost:3000: serves `web/`, forwards `/api`, `/health` and `/realtime`, as CloudFront does in the cloud."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from infra.local import web_sockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.websockets import WebSocket

PREFERRED_PORT = 3000
REALTIME_PATH = "/realtime"
WEB = Path(__file__).resolve().parents[2] / "web"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

# Belong to one connection, not to the message (RFC 9110 §7.6.1); lengths and codings are set anew.
_HOP_BY_HOP = {
    "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length",
    "content-encoding", "host", "date", "server",
}  # fmt: skip


def application(api_url: str, realtime_url: str) -> Starlette:
    """The ASGI application in front of the API at `api_url` and the WebSocket API at `realtime_url`."""
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

    async def connect(socket: WebSocket) -> None:
        await web_sockets.forward(socket, f"{realtime_url}?{socket.url.query}")

    routes = [
        WebSocketRoute(REALTIME_PATH, connect),
        Route("/health", forward, methods=METHODS),
        Route("/.well-known/jwks.json", forward, methods=METHODS),
        Route("/api/{path:path}", forward, methods=METHODS),
        Mount("/", StaticFiles(directory=WEB, html=True)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
