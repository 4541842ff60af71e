"""The command `studio`: how orders are read, where the login lies, and whom it is shown to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ai_creative_studio import models, webhooks
from ai_creative_studio._reading import read
from ai_creative_studio.cli import listen, logins, main, orders
from ai_creative_studio.errors import StudioError
from api.views import FeatureView
from studio.catalog import ORDERS
from tests.unit.client.test_webhooks import BODY, NOW, SECRET, signed


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path) -> Path:
    for name in ("STUDIO_URL", "STUDIO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def feature(name: str) -> models.Feature:
    return read(models.Feature, FeatureView.of(ORDERS[name]).model_dump(mode="json", by_alias=True))


def test_options_have_the_types_of_the_schema(home):
    (home / "story.txt").write_text("Once upon a time.")
    options = [
        "prompt=12",
        "num-images=2",
        "num_images=3",
        "seed=7",
        "strength=0.5",
        'loras=[{"id": "a"}]',
        "consent=true",
    ]
    assert orders.parse(feature("image-generation"), options) == {
        "prompt": "12", "numImages": 3, "seed": 7, "strength": 0.5, "loras": [{"id": "a"}], "consent": True,
    }  # fmt: skip
    assert orders.parse(feature("story-video"), ["script=@story.txt"]) == {"script": "Once upon a time."}
    assert orders.parse(feature("story-video"), ["script=a=b"]) == {"script": "a=b"}


def test_pictures_are_files_uploads_or_urls():
    order = orders.parse(feature("cloth-swap"), ["person=me.jpg", f"cloth=upl_{'0' * 26}"])
    assert order == {"person": Path("me.jpg"), "cloth": f"upl_{'0' * 26}"}
    url = "https://shop.example.com/coat.jpg"
    assert orders.parse(feature("cloth-swap"), [f"cloth={url}"]) == {"cloth": url}


@pytest.mark.parametrize("option", ["prompt", "colour=red", "width=wide"])
def test_options_that_cannot_be_are_refused(option):
    with pytest.raises(StudioError):
        orders.parse(feature("image-generation"), [option])


@pytest.mark.parametrize("name", ORDERS)
def test_every_option_of_every_feature_is_described(name):
    told = dict(orders.described(feature(name)))
    assert told.keys() == set(ORDERS[name].model_json_schema()["properties"])
    assert all(told.values())


def test_the_login_is_nobody_elses_and_replaces_the_one_before(home):
    for token in ("one", "two"):
        kept = logins.keep(logins.Login("https://studio.test", token))
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert logins.load().token == "two"
    assert [path.name for path in kept.parent.iterdir()] == ["login.json"]
    logins.forget()
    assert logins.load() is None


def test_a_broken_login_is_told_and_not_taken_for_none(home, capsys):
    logins.keep(logins.Login("u", "t")).write_text("{")
    assert main.main(["credits"]) == 1
    assert "log in again" in capsys.readouterr().err


def test_a_token_is_only_shown_to_the_studio_it_is_of(monkeypatch, capsys):
    logins.keep(logins.Login("https://studio.test", "secret"))
    assert main._studio().token == "secret"
    monkeypatch.setenv("STUDIO_URL", "https://other.test")
    assert main.main(["credits"]) == 1
    assert "studio login" in capsys.readouterr().err
    monkeypatch.setenv("STUDIO_API_KEY", "own")
    assert main._studio().token == "own"


@pytest.mark.parametrize("option", ["person=me.jpg", "category=@me.jpg"])
def test_a_file_that_is_not_there_is_named_without_a_number(studio, tape, monkeypatch, capsys, option):
    monkeypatch.setattr(main, "_studio", lambda: studio)
    offered = FeatureView.of(ORDERS["cloth-swap"]).model_dump(mode="json", by_alias=True)
    tape.answers = [httpx.Response(200, json={"data": [offered]})]
    assert main.main(["jobs", "run", "cloth-swap", option]) == 1
    assert capsys.readouterr().err == "me.jpg: No such file or directory\n"


@contextmanager
def listener(said: list[str]) -> Iterator[int]:
    """Its port."""
    with listen.server(0, [SECRET], said.append) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_the_listener_shows_what_is_signed_and_refuses_the_rest(monkeypatch):
    monkeypatch.setattr(webhooks.time, "time", lambda: NOW)
    said: list[str] = []
    sent = [(BODY, signed()), (BODY + b" ", signed()), (BODY, {})]
    with listener(said) as port, httpx.Client(trust_env=False) as http:
        answers = [http.post(f"http://{listen.HOST}:{port}/", content=body, headers=headers) for body, headers in sent]
    assert [answer.status_code for answer in answers] == [204, 400, 400]
    assert said[0].startswith("verified job.completed  dlv_1")
    assert json.loads(said[0].partition("\n")[2]) == {"id": "job_1"}
    assert [line.partition(" ")[0] for line in said[1:]] == ["refused", "refused"]


@pytest.mark.parametrize("length", ["1000000000", "-1", "x"])
def test_the_listener_reads_no_body_that_the_studio_would_not_send(length):
    with listener([]) as port, socket.create_connection((listen.HOST, port), timeout=10) as connection:
        connection.sendall(f"POST / HTTP/1.0\r\ncontent-length: {length}\r\n\r\n".encode())
        assert b" 413 " in connection.recv(100)


def test_a_studio_elsewhere_needs_a_public_address_and_is_told_how(capsys):
    logins.keep(logins.Login("https://studio.test", "t"))
    assert main.main(["listen"]) == 1
    assert "--public-url https://" in capsys.readouterr().err
    assert not listen.reachable("https://localhost.example.com")
    assert listen.reachable("http://localhost:3000")
