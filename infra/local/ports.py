"""Free TCP ports on the loopback interface."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def free_port(preferred: int | None = None) -> int:
    """`preferred` if nobody listens there, else any free port."""
    with listener(preferred) as probe:
        return int(probe.getsockname()[1])


def listener(*preferred: int | None) -> socket.socket:
    """A socket that listens on the first of `preferred` that is free, else on any free port; the caller closes it."""
    for port in (*filter(None, preferred), 0):
        # Of a socket that does not say it is TCP, asyncio leaves Nagle's algorithm on: 40 ms for every answer.
        listening = socket.socket(proto=socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen(128)
        except OSError:
            listening.close()
            continue
        return listening
    raise OSError("no free port on the loopback interface")
