"""`studio listen`: a receiver of callbacks on this machine that verifies and shows what arrives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ai_creative_studio import webhooks
from ai_creative_studio._problems import on_this_machine
from ai_creative_studio._sync.studio import Studio
from ai_creative_studio.errors import ApiError, BadSignature

HOST = "127.0.0.1"
DEFAULT_PORT = 8900
"""The first of those that the local studio calls."""
MAX_BODY_BYTES = 1_000_000
"""The studio sends 20 kB at most; anything longer is somebody else's."""

Say = Callable[[str], None]


def server(port: int, secrets: Sequence[str], say: Say) -> ThreadingHTTPServer:
    """A server that answers 204 to what the studio signed and 400 to everything else.

    Args:
        secrets: read with every message, so that the port can be taken before the studio is told of it.
    """

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name that http.server calls
            length = self.headers.get("content-length") or ""
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                return self._answer(413)
            body = self.rfile.read(int(length))
            try:
                event = webhooks.verify(body, self.headers.items(), secrets)
            except BadSignature as error:
                say(f"refused  {error}")
                return self._answer(400)
            say(shown(event))
            return self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that http.server uses
            pass

    return ThreadingHTTPServer((HOST, port), Receiver)


def shown(event: webhooks.Event) -> str:
    """An event for people. Control characters of the message stay escaped."""
    data = json.dumps(event.data, indent=2, ensure_ascii=True)
    return f"verified {event.type}  {event.id}  {event.timestamp:%H:%M:%S}\n{data}"


@contextmanager
def endpoint(studio: Studio, url: str, say: Say) -> Iterator[list[str]]:
    """Have the studio call `url` meanwhile; gives the secrets that its messages may be signed with."""
    made = studio.callbacks.create(url, description="studio listen")
    say(f"{studio.url} calls {url} for everything that happens, until you stop this.")
    say(f'One-off callbacks are verified too: studio jobs run image-generation prompt="…" callbackUrl={url}')
    try:
        yield [made.secret, studio.callbacks.secret().secret]
    finally:
        try:
            studio.callbacks.delete(made.id)
        except ApiError as error:
            say(f"the endpoint {made.id} could not be deleted: {error.detail}")


def reachable(studio_url: str) -> bool:
    """Whether a studio at this address runs on this machine, and so can call it."""
    return on_this_machine(studio_url)


def what_to_do(studio_url: str, port: int) -> str:
    """How to have a studio elsewhere call this machine."""
    return f"""{studio_url} cannot call {HOST}. Give it a public https address that leads here, for example by one of

  cloudflared tunnel --url http://{HOST}:{port}
  ngrok http {port}

and start again with that address:

  studio listen --port {port} --public-url https://…

Whoever runs the tunnel sees the messages: they name jobs and their results, and carry no files."""
