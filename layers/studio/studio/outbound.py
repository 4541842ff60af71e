"""HTTPS to addresses that customers name: callbacks, pictures. Every such URL is hostile until shown otherwise.

What counts is where a name leads, not how it is written. So the name is resolved once, every address it has is judged,
and the connection goes to a judged address: nobody can change the answer in between (DNS rebinding). Redirects are not
followed, environment proxies are not asked, and a receiver gets so many seconds and may answer so many bytes in all.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from studio import replies
from studio.replies import Malformed, Reply

MAX_URL_CHARACTERS = 2_048
MAX_HOST_CHARACTERS = 253  # RFC 1035
CONNECT_SECONDS = 3.0
_TOO_LONG = "the answer took too long"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]
"""Name and port to addresses in text."""

# Reachable in principle, but never a customer's receiver. `is_global` and its relatives cover the rest of IANA's
# registries of special addresses, except where Python before 3.13 lags behind them.
_RESERVED_V4 = [
    ipaddress.IPv4Network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.175.48.0/24",  # AS112
        "168.63.129.16/32",  # Azure's platform
    )
]
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")  # all that IANA gives out for unicast
_RESERVED_V6 = [
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries an IPv4 address inside
        "3fff::/20",  # documentation
        "2620:4f:8000::/48",  # AS112
    )
]
_MAPPED_V4 = ipaddress.IPv6Network("::ffff:0:0/96")

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a host that ends in one is an IPv4 address to every browser


class Refused(ValueError):
    """The URL may not be called; the message says why, in words for whoever gave it."""


class Unreachable(Exception):
    """No answer: the name, the connection, TLS, the clock or what came back stood in the way."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called, as far as its text goes.

    Attributes:
        path: with its query.
    """

    host: str
    port: int
    path: str
    secure: bool = True

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        return self.host if self.port == (443 if self.secure else 80) else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outbound:
    """A way out. The defaults are those of production; what differs elsewhere is said by whoever makes it.

    Attributes:
        private: ``host:port`` pairs that are called although they are not public, over plain HTTP too: the operator's
            own, and the local studio's.
        trusted: PEM file of the certificate authorities that are believed; the system's when None.
    """

    resolve: Resolver
    private: frozenset[str] = frozenset()
    trusted: str | None = None

    def target(self, url: str) -> Target:
        """The parts of `url`, judged by its text alone.

        Raises:
            Refused: not HTTPS on its usual port, with a user, by number, or not a URL at all.
        """
        return _target(url, self.private)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float,
        max_bytes: int,
    ) -> Reply:
        """One request, without redirects and retries.

        Args:
            seconds: for everything from the name to the last byte of the answer.
            max_bytes: most of the answer that is read; the rest is left.
        Raises:
            Refused: by its text, or because any address of its host is not public.
            Unreachable: nothing came back in time, or nothing that is an answer.
        """
        target = self.target(url)
        ends = time.monotonic() + seconds
        address = self._address(target, seconds)
        left = ends - time.monotonic()
        if left <= 0:
            raise Unreachable(_TOO_LONG)
        try:
            with _line(address, target.port, left) as plain:
                line = self._secured(plain, target) if target.secure else plain
                with closing(line):
                    named = {"Host": target.authority, **(headers or {})}
                    reply = replies.ask(line, method, target.path, named, body, max_bytes=max_bytes)
        except (OSError, Malformed) as error:
            raise Unreachable(_TOO_LONG if time.monotonic() >= ends else _reason(error)) from error
        if time.monotonic() >= ends:
            raise Unreachable(_TOO_LONG)
        return reply

    def _address(self, target: Target, seconds: float) -> str:
        """The address to connect to; every address of the name has to be public, or none is used."""
        found = self._resolved(target, seconds)
        if not found:
            raise Unreachable("the host name does not resolve")
        if f"{target.host}:{target.port}" not in self.private:
            for address in found:
                if not is_public(address):
                    raise Refused("the host leads to an address that is not public")
        return found[0]

    def _resolved(self, target: Target, seconds: float) -> list[str]:
        """The addresses of the name. The system's resolver has no clock, so it is waited for and not trusted to end."""
        answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.resolve(target.host, target.port))
            except Exception as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            raise Unreachable(_TOO_LONG) from None
        if isinstance(answer, (OSError, UnicodeError)):  # the latter of labels that no name can have
            raise Unreachable("the host name does not resolve") from answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _secured(self, plain: socket.socket, target: Target) -> socket.socket:
        """TLS over a connection to a judged address; greeting and certificate are those of the name."""
        context = ssl.create_default_context(cafile=self.trusted)
        return context.wrap_socket(plain, server_hostname=target.host)


@contextmanager
def _line(address: str, port: int, seconds: float) -> Iterator[socket.socket]:
    """A connection that is cut after so many seconds, whatever is going on in it.

    Timeouts hold for one read each, so without the cut a receiver could drip single bytes for ever, in the TLS
    handshake too.
    """
    line = socket.create_connection((address, port), min(CONNECT_SECONDS, seconds))
    spare = line.dup()  # TLS takes the first handle away

    def cut() -> None:
        with suppress(OSError):  # already gone
            spare.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        line.settimeout(seconds)
        yield line
    finally:
        watch.cancel()
        spare.close()
        line.close()


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet could call."""
    try:
        parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed in _MAPPED_V4:
        parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed in _GLOBAL_V6 and not any(parsed in block for block in _RESERVED_V6)
    special = not parsed.is_global or parsed.is_multicast or parsed.is_reserved
    return not special and not any(parsed in block for block in _RESERVED_V4)


def _target(url: str, private: frozenset[str]) -> Target:
    if len(url) > MAX_URL_CHARACTERS:
        raise Refused(f"must have at most {MAX_URL_CHARACTERS} characters")
    # Control characters split headers; a backslash is a slash to some parsers and part of the host to others.
    if not url.isprintable() or not url.isascii() or any(sign in url for sign in ' \\"<>^`{|}'):
        raise Refused("must be a plain URL of ASCII letters; names in other letters go in their xn-- form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("is not a URL") from error
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Refused("must not contain a user or a password")
    if parts.fragment or url.endswith("#"):
        raise Refused("must not contain a fragment")
    host = (parts.hostname or "").removesuffix(".")
    secure = parts.scheme == "https"
    port = port if port is not None else 443 if secure else 80
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if f"{host}:{port}" in private and parts.scheme in ("http", "https"):
        return Target(host, port, path, secure)
    if not secure or port != 443:
        raise Refused("must be https:// on port 443")
    labels = host.split(".")
    if len(host) > MAX_HOST_CHARACTERS or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise Refused("must name a host with a domain, such as hooks.example.com")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise Refused("must name a host, not an IP address")
    return Target(host, port, path)


def _reason(error: Exception) -> str:
    """A few words that tell whoever reads the log what to mend, and nothing of our network."""
    if isinstance(error, Malformed):
        return str(error)
    if isinstance(error, ssl.SSLError):
        return "TLS failed; the certificate must be valid for the host"
    if isinstance(error, TimeoutError):
        return "no connection or answer in time"
    return "the connection failed or broke off"
