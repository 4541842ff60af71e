"""One request to a stranger, and the answer, of which nothing is believed: what breaks a rule or a limit is no answer.

The rules of HTTP/1.1 are h11's. http.client takes a negative size for a chunk's and then reads whatever follows.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import h11

MAX_HEAD_BYTES = 32 * 1024  # of everything before the content, interim responses too; and of trailers
PIECE_BYTES = 64 * 1024  # taken from the line at once
STATUSES = range(200, 600)
_TOO_LONG = "the answer has too long a head"
_NOT_HTTP = "the answer is not HTTP, or broke off"


class Malformed(Exception):
    """What came is no answer; the message says why, in words for whoever runs the receiver."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        headers: names in lower case.
        body: cut at the caller's limit.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    line: socket.socket, method: str, target: str, headers: Mapping[str, str], body: bytes | None, *, max_bytes: int
) -> Reply:
    """Send one request and read its final response; no more of it is held than head, `max_bytes` and one piece.

    Raises:
        Malformed: the answer breaks off, is larger than one may be before its content, or is not HTTP.
        OSError: the connection failed.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    sent = {"Accept-Encoding": "identity", "Connection": "close", **headers}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    request = h11.Request(method=method, target=target, headers=list(sent.items()))
    pieces = [connection.send(event) for event in (request, h11.Data(data=body or b""), h11.EndOfMessage())]
    line.sendall(b"".join(piece for piece in pieces if piece))
    try:
        response = _response(connection, line)
        content = _content(connection, line, max_bytes)
    except h11.RemoteProtocolError as error:
        raise Malformed(_TOO_LONG if error.error_status_hint == 431 else _NOT_HTTP) from error
    received = {name.decode("ascii"): value.decode("latin-1") for name, value in response.headers}
    return Reply(response.status_code, received, content)


def _response(connection: h11.Connection, line: socket.socket) -> h11.Response:
    """The first response that is not interim; each interim one has its limit from h11, all of them from here."""
    taken = 0
    while not isinstance(event := connection.next_event(), h11.Response):
        if event is h11.NEED_DATA:
            taken += _take(connection, line)
        if taken > MAX_HEAD_BYTES + PIECE_BYTES:
            raise Malformed(_TOO_LONG)
    if event.status_code not in STATUSES:
        raise Malformed(_NOT_HTTP)
    return event


def _content(connection: h11.Connection, line: socket.socket, max_bytes: int) -> bytes:
    content = io.BytesIO()
    while content.tell() < max_bytes and not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            _take(connection, line)
        elif isinstance(event, h11.Data):
            content.write(event.data[: max_bytes - content.tell()])
    return content.getvalue()


def _take(connection: h11.Connection, line: socket.socket) -> int:
    piece = line.recv(PIECE_BYTES)
    connection.receive_data(piece)
    return len(piece)
