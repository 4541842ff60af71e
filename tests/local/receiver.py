"""A customer's program that is called back, on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from infra.local.ports import HOST
from infra.local.receivers import PORTS


@dataclass
class Receiver:
    """What it was sent, and what it answers: what `answer` makes of the path, or the statuses in turn, then 200."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    answer: Callable[[str], int] | None = None
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook"

    def status(self, path: str) -> int:
        """What it answers now."""
        if self.answer:
            return self.answer(path)
        return self.statuses.pop(0) if self.statuses else 200


@contextmanager
def listening(*statuses: int, answer: Callable[[str], int] | None = None) -> Iterator[Receiver]:
    """A receiver on one of the ports that the local studio calls."""
    receiver = Receiver(statuses=list(statuses), answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.calls.append((dict(self.headers.items()), body))
            self.send_response(receiver.status(self.path))
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    server = bound(Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bound(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """A server on the first free one of those ports."""
    for port in PORTS:
        try:
            return ThreadingHTTPServer((HOST, port), handler)
        except OSError:  # taken
            continue
    raise OSError("every port for receivers is taken")
