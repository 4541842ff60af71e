"""Customers' URLs: what may be called, where it may lead, and how long it may take."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import h11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from studio import outbound, replies
from studio.outbound import Outbound, Refused, Unreachable

HOST = "hooks.example.com"
PUBLIC = ["93.184.215.14"]

HOSTILE_URLS = [
    "", "hooks.example.com", "//hooks.example.com/", "http://hooks.example.com/", "ftp://hooks.example.com/",
    "file:///etc/passwd", "gopher://hooks.example.com/", "javascript:alert(1)", "data:text/plain,x", "https://",
    "https:///path", "https://localhost/", "https://LOCALHOST/", "https://intranet/", "https://hooks.example.com:80/",
    "https://hooks.example.com:8443/", "https://hooks.example.com:99999/", "https://hooks.example.com:x/",
    "https://user@hooks.example.com/", "https://user:pass@hooks.example.com/", "https://@hooks.example.com/",
    "https://hooks.example.com@127.0.0.1/", "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/",
    "https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.0.0.1./", "https://0/",
    "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[fd00:ec2::254]/", "https://[fe80::1%25eth0]/", "https://example.0x10/", "https://1.2.3.0x4/",
    "https://①②⑦.0.0.1/", "https://ⓔⓧample.com/", "https://exa\u00admple.com/", "https://hooks.example.com\\@evil.example/",
    "https://hooks.example.com/\r\nHost: evil", "https://hooks.example.com/a b", "https://hooks.example.com/\x00",
    "https://hooks.example.com/#fragment", "https://hooks.example.com/#", "https://-bad.example.com/",
    "https://bad-.example.com/", "https://a..example.com/", "https://.example.com/", "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/", "https://hooks.example.com/" + "a" * 2_048, "https://hooks.example.com/<script>",
    'https://hooks.example.com/"', "https://hooks.example.com/{id}", "https://hooks.example.com/`id`",
    "https://hooks.example.com/a|b", "https://hooks.example.com/a^b", "https:/hooks.example.com/",
    "https:hooks.example.com", "HTTPS://hooks.example.com:444/", "https://ex*mple.com/", "https://ex,ample.com/",
    "https://[::1]:443@hooks.example.com/", "https://hooks.example.com%2f@evil.example/", "https://%31%32%37.0.0.1/",
    "jar:https://hooks.example.com!/", "https://hooks.example.com:443:443/", " https://hooks.example.com/",
    "https://hooks.example.com/\u2028", "https://hooks。example。com/",
]  # fmt: skip

HOSTILE_ADDRESSES = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.31.196.1",
    "192.52.193.1", "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::127.0.0.1",
    "::169.254.169.254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1",
    "2002:a9fe:a9fe::1", "3fff::1", "2620:4f:8000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "ff0e::1", "not an address", "",
]  # fmt: skip


def nobody(host: str, port: int) -> list[str]:
    raise AssertionError("must be refused before anything is resolved")


def leading_to(*addresses: str) -> outbound.Resolver:
    return lambda host, port: list(addresses)


@pytest.fixture
def no_connections(monkeypatch):
    def connect(*args: object, **options: object) -> None:
        raise AssertionError("must not connect")

    monkeypatch.setattr(socket, "create_connection", connect)


def test_the_corpus_is_large_enough():
    assert len(set(HOSTILE_URLS)) >= 60
    assert len(set(HOSTILE_ADDRESSES)) >= 50


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_hostile_urls_are_refused_by_their_text(url, no_connections):
    with pytest.raises(Refused, match=r"^(must|is not) "):
        Outbound(nobody).send("POST", url, body=b"{}", seconds=5, max_bytes=100)


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_names_that_lead_inside_are_refused_without_a_connection(address, no_connections):
    with pytest.raises(Refused, match="not public"):
        Outbound(leading_to(address)).send("POST", f"https://{HOST}/", seconds=5, max_bytes=100)


@pytest.mark.parametrize("addresses", [(*PUBLIC, "127.0.0.1"), ("2606:4700::1111", "::1")])
def test_one_bad_address_among_good_ones_is_enough(addresses, no_connections):
    with pytest.raises(Refused, match="not public"):
        Outbound(leading_to(*addresses)).send("POST", f"https://{HOST}/", seconds=5, max_bytes=100)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1", "192.0.1.1"])
def test_public_addresses_are_public(address):
    assert outbound.is_public(address)


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://hooks.example.com", "hooks.example.com", "/"),
        ("HTTPS://Hooks.Example.COM:443/a/b?x=1&y=%20", "hooks.example.com", "/a/b?x=1&y=%20"),
        ("https://xn--mnchen-3ya.de/ok", "xn--mnchen-3ya.de", "/ok"),
        ("https://hooks.example.com./", "hooks.example.com", "/"),
        ("https://a_b.example.com/?", "a_b.example.com", "/"),
    ],
)
def test_honest_urls_are_taken(url, host, path):
    target = Outbound(nobody).target(url)
    assert (target.host, target.port, target.path, target.authority) == (host, 443, path, host)


def test_the_name_is_resolved_once_and_the_judged_address_is_called(monkeypatch):
    """An answer that changes between looking and calling (rebinding) changes nothing."""
    asked, called = [], []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return PUBLIC if len(asked) == 1 else ["127.0.0.1"]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unreachable, match="the connection failed"):
        Outbound(rebinding).send("POST", f"https://{HOST}/", seconds=5, max_bytes=100)
    assert (asked, called) == ([HOST], [(PUBLIC[0], 443)])


# ---- A real receiver -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> tuple[str, str]:
    """Files of a certificate for `HOST` that vouches for itself, and of its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    (folder / "key.pem").write_bytes(private)
    return str(folder / "cert.pem"), str(folder / "key.pem")


Conversation = Callable[[socket.socket, threading.Event], None]


@contextmanager
def receiver(talk: Conversation, tls: tuple[str, str] | None = None) -> Iterator[int]:
    """The port of a server that has one conversation."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                if tls:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(*tls)
                    try:
                        with context.wrap_socket(line, server_side=True) as secured:
                            talk(secured, over)
                    except ssl.SSLError:
                        return  # the caller did not believe us
                else:
                    talk(line, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join(10)
        assert not thread.is_alive()


def complete(request: bytes) -> bool:
    """Whether head and body are there: closing with bytes unread would take the answer back."""
    head, end, body = request.partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end) and len(body) >= (int(announced[1]) if announced else 0)


def answering(answer: bytes, heard: list[bytes] | None = None) -> Conversation:
    def talk(line: socket.socket, over: threading.Event) -> None:
        request = b""
        while not complete(request):
            request += line.recv(65_536)
        if heard is not None:
            heard.append(request)
        line.sendall(answer)

    return talk


def way_to(port: int, monkeypatch, **options: object) -> Outbound:
    """Public as far as anybody can tell, but the connection ends at our receiver."""
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda address, timeout: real(("127.0.0.1", port), timeout))
    return Outbound(leading_to(*PUBLIC), **options)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Thing: a\r\n\r\nok"


def test_a_request_arrives_under_its_own_name(authority, monkeypatch):
    heard: list[bytes] = []
    with receiver(answering(OK, heard), authority) as port:
        reply = way_to(port, monkeypatch, trusted=authority[0]).send(
            "POST", f"https://{HOST}/in?x=1", body=b'{"a":1}', headers={"webhook-id": "msg_1"}, seconds=5, max_bytes=100
        )
    assert (reply.status, reply.headers["x-thing"], reply.body) == (200, "a", b"ok")
    head = heard[0].lower()
    assert head.startswith(b"post /in?x=1 http/1.1\r\n")
    assert b"host: hooks.example.com\r\n" in head
    assert b"webhook-id: msg_1\r\n" in head


@pytest.mark.parametrize("host", ["other.example.com", HOST])
def test_a_certificate_for_another_name_or_from_nobody_is_not_believed(authority, monkeypatch, host):
    trusted = authority[0] if host != HOST else None
    with receiver(answering(OK), authority) as port, pytest.raises(Unreachable, match="certificate must be valid"):
        way_to(port, monkeypatch, trusted=trusted).send("POST", f"https://{host}/", seconds=5, max_bytes=100)


def test_redirects_are_reported_and_not_followed(authority, monkeypatch):
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    with receiver(answering(answer), authority) as port:
        reply = way_to(port, monkeypatch, trusted=authority[0]).send(
            "POST", f"https://{HOST}/", seconds=5, max_bytes=100
        )  # fmt: skip
    assert reply.status == 302


def test_only_so_much_of_an_answer_is_read(authority, monkeypatch):
    answer = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 50_000
    with receiver(answering(answer), authority) as port:
        reply = way_to(port, monkeypatch, trusted=authority[0]).send(
            "POST", f"https://{HOST}/", seconds=5, max_bytes=1_000
        )  # fmt: skip
    assert reply.body == b"a" * 1_000


def dripping(line: socket.socket, over: threading.Event) -> None:
    """One byte at a time, never ending a header."""
    try:
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.02):
            line.sendall(b"a")
    except OSError:
        return  # cut, as it should be


@pytest.mark.parametrize("tls", [True, False], ids=["in a header", "in the handshake"])
def test_dripping_receivers_are_cut_off(authority, monkeypatch, tls):
    with receiver(dripping, authority if tls else None) as port:
        way = way_to(port, monkeypatch, trusted=authority[0])
        with pytest.raises(Unreachable, match=r"too long|TLS failed"):
            way.send("POST", f"https://{HOST}/", seconds=0.5, max_bytes=100)


def test_silent_receivers_are_cut_off(authority, monkeypatch):
    with receiver(lambda line, over: over.wait(10) and None, authority) as port:
        way = way_to(port, monkeypatch, trusted=authority[0])
        with pytest.raises(Unreachable, match="too long"):
            way.send("POST", f"https://{HOST}/", seconds=0.3, max_bytes=100)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n"])
def test_broken_answers_are_no_answers(authority, monkeypatch, answer):
    with receiver(answering(answer), authority) as port:
        way = way_to(port, monkeypatch, trusted=authority[0])
        with pytest.raises(Unreachable):
            way.send("POST", f"https://{HOST}/", seconds=5, max_bytes=100)


def test_header_values_cannot_smuggle_lines(authority, monkeypatch):
    with receiver(lambda line, over: None, authority) as port:
        way = way_to(port, monkeypatch, trusted=authority[0])
        with pytest.raises(h11.LocalProtocolError, match="Illegal header value"):
            way.send("POST", f"https://{HOST}/", headers={"x": "a\r\nHost: b"}, seconds=5, max_bytes=100)


def test_names_that_do_not_resolve_are_unreachable():
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for resolver in (unknown, leading_to()):
        with pytest.raises(Unreachable, match="does not resolve"):
            Outbound(resolver).send("POST", f"https://{HOST}/", seconds=5, max_bytes=100)


def test_the_operators_own_receivers_are_named_with_their_port():
    heard: list[bytes] = []
    with receiver(answering(OK, heard)) as port:
        way = Outbound(outbound.resolve, private=frozenset({f"localhost:{port}"}))
        assert way.send("POST", f"http://localhost:{port}/", body=b"{}", seconds=5, max_bytes=10).status == 200
        with pytest.raises(Refused):
            way.send("POST", f"http://localhost:{port + 1}/", seconds=5, max_bytes=10)
    assert f"host: localhost:{port}".encode() in heard[0].lower()


def test_a_name_server_that_never_answers_is_inside_the_clock():
    silent = threading.Event()

    def resolve(host, port):
        silent.wait(60)
        return ["93.184.216.34"]

    with pytest.raises(Unreachable, match="too long"):
        Outbound(resolve).send("GET", "https://hooks.example.com/", seconds=0.05, max_bytes=10)
    silent.set()


# ---- Answers that break rules ----------------------------------------------------------------------------------------

LIMIT_BYTES = 4_096
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def flooding(start: bytes, more: bytes, *, pieces: int, taken: list[int] | None = None) -> Conversation:
    """`start`, then `more` over and over, until the caller hangs up."""

    def talk(line: socket.socket, over: threading.Event) -> None:
        answering(start)(line, over)
        try:
            for _ in range(pieces):
                line.sendall(more)
                if taken is not None:
                    taken.append(len(more))
        except OSError:
            return  # cut, as it should be

    return talk


def asked(port: int, *, seconds: float = 5, max_bytes: int = LIMIT_BYTES) -> replies.Reply:
    """The answer of an operator's own receiver; which certificate it has changes nothing about what it answers."""
    way = Outbound(leading_to("127.0.0.1"), private=frozenset({f"{HOST}:{port}"}))
    return way.send("POST", f"http://{HOST}:{port}/", body=b"{}", seconds=seconds, max_bytes=max_bytes)


@pytest.mark.parametrize(
    "size", [b"-1", b"-ff", b"+5", b"0x5", b"5_0", b" 5", b"", b"\xd9\xa5", b"five", b"1" * 40, b"5" + b" " * 300]
)
def test_a_chunk_has_a_size_or_the_answer_is_none(size):
    answer = CHUNKED + size + b"\r\n" + b"x" * 1_000 + b"\r\n0\r\n\r\n"
    with receiver(answering(answer)) as port, pytest.raises(Unreachable, match="is not HTTP"):
        asked(port)


@pytest.mark.parametrize(
    "start",
    [
        CHUNKED + b"-1\r\n",
        CHUNKED + b"30000000\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        CHUNKED + b"1;",
    ],
    ids=["negative chunk", "huge chunk", "no length", "huge length", "a header", "an extension"],
)
def test_a_flood_costs_no_more_memory_than_what_may_be_read_and_one_piece(start):
    more, taken = b"x" * 2**20, list[int]()
    with receiver(flooding(start, more, pieces=200, taken=taken)) as port:
        tracemalloc.start()
        with suppress(Unreachable):
            asked(port)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < LIMIT_BYTES + replies.PIECE_BYTES + 200_000  # the last for everything else that runs meanwhile
    assert sum(taken) < 20 * 2**20, "was read to its end"  # what the kernel buffers on both sides


@pytest.mark.parametrize(
    ("start", "more", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Thing: a\r\n" * 100, "too long a head"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Thing: " + b"a" * 8_000 + b"\r\n", "too long a head"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "too long a head"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 8_000 + b"\r\n\r\n", "too long a head"),
    ],
    ids=["many headers", "long headers", "continues", "hints"],
)
def test_an_endless_head_is_no_answer(start, more, words):
    with receiver(flooding(start, more, pieces=20_000)) as port, pytest.raises(Unreachable, match=words):
        asked(port)


def test_trailers_are_left_out_and_endless_ones_are_no_answer():
    with receiver(answering(CHUNKED + b"2\r\nok\r\n0\r\nX-Trailer: a\r\n\r\n")) as port:
        assert asked(port).body == b"ok"
    endless = flooding(CHUNKED + b"2\r\nok\r\n0\r\n", b"X-Trailer: a\r\n" * 100, pieces=20_000)
    with receiver(endless) as port, pytest.raises(Unreachable, match="too long a head"):
        asked(port)


@pytest.mark.parametrize(
    ("start", "drop"),
    [(CHUNKED, b"1\r\nx\r\n"), (CHUNKED + b"ff\r\n", b"x"), (b"HTTP/1.1 200 OK\r\n\r\n", b"x"), (b"", b"H")],
    ids=["chunks", "in a chunk", "content", "status"],
)
def test_content_that_drips_is_cut_off(start, drop):
    def talk(line: socket.socket, over: threading.Event) -> None:
        answering(start)(line, over)
        try:
            while not over.wait(0.02):
                line.sendall(drop)
        except OSError:
            return

    with receiver(talk) as port, pytest.raises(Unreachable, match="too long"):
        asked(port, seconds=0.4)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Thing: a\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 \xd9\xa1\xd9\xa2\xd9\xa3\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        CHUNKED + b"5\r\nok",
        CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
        CHUNKED + b"2\r\nok\r\n",
        b"\x00" * 100,
    ],
)
def test_whatever_cannot_be_read_is_no_answer(answer):
    with receiver(answering(answer)) as port, pytest.raises(Unreachable, match="answer"):
        asked(port)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (CHUNKED + b"2\r\nok\r\nA;x=1\r\n, go ahead\r\n00\r\n\r\n", 200, b"ok, go ahea"),
        (b"HTTP/1.0 200\nA: b\n c: folded\n\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Taken\r\nContent-Length: 0\r\n\r\n", 202, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n", 204, b""),
        (b"HTTP/1.1 500 \xff\r\ncontent-length:2\r\n\r\nno", 500, b"no"),
    ],
)
def test_answers_within_the_rules_are_read(answer, status, body):
    with receiver(answering(answer)) as port:
        reply = asked(port, max_bytes=11)
    assert (reply.status, reply.body) == (status, body)
