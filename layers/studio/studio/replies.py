"""Answers of strangers, with nothing believed: every part has a limit, and what breaks a rule is no answer.

Not with http.client, which takes a negative size for a chunk's and reads whatever follows. Responses are HTTP/1.x of a
connection that is closed afterwards (RFC 9112), so what comes after the content, trailers too, is never read.
"""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

MAX_HEAD_BYTES = 32 * 1024  # of everything before the content, interim responses too
MAX_HEAD_LINES = 200
MAX_CHUNK_LINE_BYTES = 256  # a size and extensions that nobody sends
PIECE_BYTES = 64 * 1024  # taken from the line at once
SWITCHING_PROTOCOLS = 101
_WITHOUT_CONTENT = frozenset({SWITCHING_PROTOCOLS, 204, 304})

_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: .*)?")
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?")


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


def read(line: socket.socket, *, max_bytes: int) -> Reply:
    """The final response on the line, holding no more of it than head, `max_bytes` of content and one piece.

    Raises:
        Malformed: it breaks off, is larger than an answer may be before its content, or is not HTTP.
        OSError: the connection failed.
    """
    with line.makefile("rb") as incoming:
        status, headers = _head(incoming)
        return Reply(status, headers, b"" if status in _WITHOUT_CONTENT else _content(incoming, headers, max_bytes))


def _head(incoming: io.BufferedReader) -> tuple[int, dict[str, str]]:
    """Status and headers of the first response that is not interim; all of them share one limit."""
    bytes_left, lines_left = MAX_HEAD_BYTES, MAX_HEAD_LINES
    while True:
        lines = list[bytes]()
        while not lines or lines[-1]:
            line = _line(incoming, bytes_left)
            bytes_left, lines_left = bytes_left - len(line), lines_left - 1
            if lines_left < 0:
                raise Malformed("the answer has too many headers")
            lines.append(line.rstrip(b"\r\n"))
        found = _STATUS_LINE.fullmatch(lines[0])
        if not found:
            raise Malformed("the answer is not HTTP")
        status = int(found[1])
        if status >= 200 or status == SWITCHING_PROTOCOLS:
            return status, _headers(lines[1:-1])


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if line[:1] in (b" ", b"\t"):  # the rest of a folded value; none that we read is ever folded
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise Malformed("the answer has a header without a name")
        headers[name.strip().lower()] = value.strip()
    return headers


def _content(incoming: io.BufferedReader, headers: Mapping[str, str], max_bytes: int) -> bytes:
    content = io.BytesIO()
    encoding = headers.get("transfer-encoding", "identity").lower()
    length = headers.get("content-length")
    if encoding == "chunked":
        _take_chunks(incoming, content, max_bytes)
    elif encoding != "identity":
        raise Malformed("the answer has a transfer encoding other than chunked")
    elif length is None:
        _take(incoming, content, max_bytes)
    elif not _LENGTH.fullmatch(length):
        raise Malformed("the length of the answer is no number")
    else:
        _take_all(incoming, content, min(int(length), max_bytes))
    return content.getvalue()


def _take_chunks(incoming: io.BufferedReader, content: io.BytesIO, max_bytes: int) -> None:
    while content.tell() < max_bytes:
        found = _CHUNK_SIZE.fullmatch(_line(incoming, MAX_CHUNK_LINE_BYTES).rstrip(b"\r\n"))
        if not found:
            raise Malformed("the answer has a chunk without a size")
        size = int(found[1], 16)
        if size == 0:
            return
        room = max_bytes - content.tell()
        _take_all(incoming, content, min(size, room))
        if size < room and _line(incoming, 2).rstrip(b"\r\n"):
            raise Malformed("the answer has a chunk that does not end")


def _take_all(incoming: io.BufferedReader, content: io.BytesIO, count: int) -> None:
    if _take(incoming, content, count) < count:
        raise Malformed("the answer broke off")


def _take(incoming: io.BufferedReader, content: io.BytesIO, count: int) -> int:
    """Up to `count` bytes piece by piece, fewer only at the end of the line; how many there were."""
    taken = 0
    while taken < count and (piece := incoming.read1(min(count - taken, PIECE_BYTES))):
        taken += content.write(piece)
    return taken


def _line(incoming: io.BufferedReader, most: int) -> bytes:
    """The next line with its end, of at most so many bytes."""
    line = incoming.readline(most)
    if not line.endswith(b"\n"):
        raise Malformed("the answer broke off" if len(line) < most else "the answer has too long a line or head")
    return line
