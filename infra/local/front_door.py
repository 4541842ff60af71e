"""http://localhost:3000: serves `web/`, forwards `/api`, `/health` and `/realtime`, as CloudFront does in the cloud.

It also serves `samples/`, which the page offers to whoever has no photo at hand.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
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
SAMPLES = WEB.parent / "samples"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

# Belong to one connection, not to the message (RFC 9110 §7.6.1); lengths and codings are set anew.
_HOP_BY_HOP = {
    "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length",
    "content-encoding", "host", "date", "server",
}  # fmt: skip


API_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What answers of the API get that do not say it themselves, such as a gateway's own: they share the page's origin."""


class Page(StaticFiles):
    """Files of the page, with the headers that CloudFront's policy gives them.

    Args:
        files_url: origin of the links to customers' files, the only other one that the page may speak to.
    """

    def __init__(self, directory: Path, files_url: str) -> None:
        super().__init__(directory=directory, html=True)
        self._files_url = files_url

    async def get_response(self, path: str, scope: Any) -> Response:
        """The file; browsers ask whether it has changed before they show it again."""
        answer = await super().get_response(path, scope)
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        # Tickets lead to localhost, under whatever name of this machine the page was opened.
        here = dict.fromkeys((f"ws://{host}", f"ws://localhost:{host.rpartition(':')[2]}"))
        answer.headers.update(security_headers(" ".join(here), self._files_url))
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def security_headers(realtime_url: str, files_url: str) -> dict[str, str]:
    """What the page may do: run its own scripts and styles, and speak to the studio and its storage, nothing else."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": f"'self' blob: {files_url}",
        "media-src": f"'self' {files_url}",
        "connect-src": f"'self' {realtime_url} {files_url}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


class _Whatever(PathConvertor):
    """The rest of an address, also with line breaks in it, at which Starlette's own stops."""

    regex = r"[\s\S]*"


register_url_convertor("whatever", _Whatever())


def application(api_url: str, realtime_url: str, files_url: str) -> Starlette:
    """The ASGI application in front of the API at `api_url` and the WebSocket API at `realtime_url`.

    Args:
        api_url: where requests are forwarded to.
        realtime_url: where WebSockets are forwarded to.
        files_url: origin of the links to customers' files; the page may speak to it.
    """
    upstream = httpx.AsyncClient(timeout=35, trust_env=False, limits=httpx.Limits(max_connections=64))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001  # the signature of Starlette
        async with upstream:
            yield

    async def forward(request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii") + (f"?{request.url.query}" if request.url.query else "")
        headers = [(k, v) for k, v in request.headers.raw if k.decode("latin-1") not in _HOP_BY_HOP]
        try:
            answer = await upstream.request(
                request.method, api_url + path, headers=headers, content=await request.body()
            )  # fmt: skip
        except httpx.TransportError:
            return Response('{"title":"The API does not answer","status":502}', 502, None, "application/problem+json")
        passed = Response(answer.content, answer.status_code)
        # The emulator gives a type to what has no content, too.
        left_out = _HOP_BY_HOP | {"content-type"} if answer.status_code in (204, 304) else _HOP_BY_HOP
        for name, value in answer.headers.multi_items():
            if name.lower() not in left_out:
                passed.headers[name] = value
        for name, value in API_HEADERS.items():
            passed.headers.setdefault(name, value)
        return passed

    async def connect(socket: WebSocket) -> None:
        await web_sockets.forward(socket, f"{realtime_url}?{socket.url.query}")

    routes = [
        WebSocketRoute(REALTIME_PATH, connect),
        Route("/health", forward, methods=METHODS),
        Route("/.well-known/jwks.json", forward, methods=METHODS),
        Route("/api/{path:whatever}", forward, methods=METHODS),
        Mount("/samples", Page(SAMPLES, files_url)),
        Mount("/", Page(WEB, files_url)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
