"""A small web server in a thread of this process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import uvicorn

from infra.local.ports import listener

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette


class WebServer:
    """Has its address from the beginning, so that others can be told; serves an application once it is started.

    Args:
        kept: the file in which it remembers its port, so that it has the same address the next time.
    """

    def __init__(self, name: str, preferred_port: int, kept: Path | None = None) -> None:
        self._name = name
        self._socket = listener(_port_in(kept) if kept else None, preferred_port)
        self.port = int(self._socket.getsockname()[1])
        if kept:
            kept.write_text(str(self.port))
        self.url = f"http://localhost:{self.port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, application: Starlette) -> None:
        """Serve the application and wait until it answers.

        Raises:
            RuntimeError: it could not start.
        """
        config = uvicorn.Config(
            application, log_level="warning", lifespan="on", timeout_keep_alive=75, ws="websockets-sansio"
        )
        server = self._server = uvicorn.Server(config)
        thread = self._thread = threading.Thread(
            target=server.run, kwargs={"sockets": [self._socket]}, name=self._name, daemon=True
        )
        thread.start()
        while not server.started:
            thread.join(0.02)
            if not thread.is_alive():
                raise RuntimeError(f"the {self._name} could not start on {self.url}")

    def stop(self) -> None:
        """Stop listening."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(10)
        self._socket.close()


def _port_in(file: Path) -> int | None:
    try:
        port = int(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return port if 0 < port < 1 << 16 else None
