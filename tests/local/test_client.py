"""The Python client and the command `studio` against the whole local studio."""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from PIL import Image

from ai_creative_studio import AsyncStudio, InsufficientCredits, InvalidOrder, Studio, errors, webhooks
from infra.local.ports import HOST
from infra.local.receivers import PORTS
from infra.local.stack import ROOT
from tests.local.conftest import wait_for
from tests.local.receiver import listening

DRAFT = {"prompt": "A fox under a red tree", "quality": "draft", "width": 512, "height": 512, "seed": 3}


@pytest.fixture
def account() -> tuple[str, str]:
    return f"{secrets.token_hex(6)}@example.com", secrets.token_urlsafe()


@pytest.fixture
def client(studio, account) -> Iterator[Studio]:
    with httpx.Client(timeout=60, trust_env=False) as http, Studio(studio.url, http=http) as client:
        assert client.register(*account).user.email == account[0]
        yield client


@pytest.fixture
def drafts(studio) -> Iterator[None]:
    worker = studio.worker(queue="drafts")
    worker.start()
    yield
    worker.stop()


def photo(size: int = 256) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((size, size)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def free_receiver_port() -> int:
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port
    raise OSError("every port for receivers is taken")


def test_a_draft_goes_from_order_to_files_and_its_callback_is_believed(client, drafts, tmp_path):
    seen = []
    with listening() as receiver:
        endpoint = client.callbacks.create(receiver.url, events=["job.completed"])
        job = client.jobs.submit("image-generation", **DRAFT)
        done = job.wait(timeout=60, on_progress=lambda now: seen.append((now.status, now.sequence)))
        ((headers, body),) = wait_for(lambda: receiver.calls)
    assert (done.status, done.result["engine"]) == ("completed", "sketch")
    assert seen == sorted(seen, key=lambda each: each[1])
    assert seen[-1][0] == "completed"
    paths = done.download(tmp_path / "files")
    assert [path.stat().st_size for path in paths] == [file.size_bytes for file in client.jobs.files(job.id)]
    with Image.open(paths[0]) as picture:
        assert picture.size == (512, 512)
    event = webhooks.verify(body, headers, endpoint.secret)
    assert (event.type, event.job_id, event.data["result"]) == ("job.completed", job.id, done.result)
    with pytest.raises(errors.BadSignature):
        webhooks.verify(body, headers, client.callbacks.secret().secret)
    (delivery,) = wait_for(lambda: list(client.callbacks.deliveries(job_id=job.id, state="delivered")))
    assert delivery.id == event.id


def test_a_download_that_was_broken_off_goes_on_where_it_stopped(client, drafts, tmp_path):
    job = client.jobs.submit("image-generation", **DRAFT).wait(timeout=60)
    file = client.jobs.files(job.id)[0]
    whole = httpx.get(file.url, trust_env=False).content
    (tmp_path / f".{file.name}.{job.id}.part").write_bytes(whole[:1000])
    path = job.download(tmp_path, names=[file.name])[0]
    assert path.read_bytes() == whole
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_an_uploaded_picture_is_taken_by_an_order(client, tmp_path):
    (tmp_path / "me.jpg").write_bytes(photo())
    upload = client.upload(tmp_path / "me.jpg")
    quote = client.jobs.quote("cloth-swap", person=upload, cloth=photo(300), consent=True)
    assert (quote.cost, quote.sufficient) == (3, True)
    job = client.jobs.submit("cloth-swap", person=upload, cloth=photo(300), consent=True, cancel_after=600)
    assert job.input["person"] == upload
    assert job.cancel().credits.refunded == 3
    assert client.jobs.cancel(job.id).status == "cancelled"
    assert [entry.kind for entry in client.transactions(page_size=1)] == ["refund", "hold", "signup"]


def test_the_same_key_is_one_order_and_refusals_say_what_is_wrong(client):
    first = client.jobs.submit("image-generation", **DRAFT, idempotency_key="one")
    assert client.jobs.submit("image-generation", **DRAFT, idempotency_key="one").id == first.id
    with pytest.raises(errors.KeyReused):
        client.jobs.submit("image-generation", **DRAFT | {"seed": 4}, idempotency_key="one")
    with pytest.raises(InvalidOrder) as refusal:
        client.jobs.submit("image-generation", prompt="x", width=513)
    assert [fault.pointer for fault in refusal.value.faults] == ["/width"]
    assert refusal.value.request_id
    balance = client.credits().balance
    for _ in range(balance // 8):
        client.jobs.submit("image-generation", prompt="x", num_images=4)
    with pytest.raises(InsufficientCredits) as short:
        client.jobs.submit("image-generation", prompt="x", num_images=4)
    assert short.value.required == 8
    assert [job.id for job in client.jobs.list(page_size=2)][-1] == first.id
    for job in client.jobs.list(status="pending"):
        job.cancel()
    assert client.credits().balance == balance


def test_an_api_key_does_what_its_scopes_say(studio, client):
    key = client.keys.create("reader", ["jobs:read"])
    with httpx.Client(trust_env=False) as http, Studio(studio.url, key.secret, http=http) as reader:
        assert list(reader.jobs.list()) == []
        with pytest.raises(errors.MissingScope):
            reader.jobs.submit("image-generation", **DRAFT)
    assert [each.name for each in client.keys.all()] == ["reader"]
    client.keys.delete(key.id)
    client.logout()
    with pytest.raises(errors.NotAuthenticated):
        client.credits()


def test_the_async_client_does_the_same(studio, account, drafts, tmp_path):
    async def whole() -> list[Path]:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http, AsyncStudio(studio.url, http=http) as client:
            await client.register(*account)
            await client.login(*account)
            await client.upload(photo())
            job = await client.jobs.submit("image-generation", **DRAFT)
            statuses = [now.status async for now in client.jobs.stream(job.id, timeout=60)]
            assert statuses[-1] == "completed"
            return await client.jobs.download(job.id, tmp_path)

    assert all(path.stat().st_size for path in anyio.run(whole))


def test_the_command_logs_in_runs_and_shows_a_signed_callback(studio, account, drafts, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "NO_PROXY": "*",
    }

    def command(*arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ai_creative_studio.cli.main", *arguments],
            cwd=tmp_path, env=environment, input=typed, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    email, password = account
    command("login", "--register", "--url", studio.url, "--email", email, typed=password + "\n")
    kept = tmp_path / "config" / "ai-creative-studio" / "login.json"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(command("credits", "--json"))["held"] == 0
    assert "prompt" in command("features", "image-generation")
    with subprocess.Popen(
        [sys.executable, "-m", "ai_creative_studio.cli.main", "listen", "--port", str(free_receiver_port())],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True,
    ) as listener:  # fmt: skip
        try:
            assert "calls" in listener.stdout.readline()
            files = command(
                "jobs", "run", "image-generation", "prompt=A fox", "quality=draft", "width=512", "height=512"
            )
            line = next(line for line in listener.stdout if line.startswith("verified"))
            listener.terminate()
            assert listener.wait(timeout=20) == 130
        finally:
            listener.kill()
    assert line.startswith("verified job.completed")
    job = re.search(r"job_\w+", files)[0]
    assert all((tmp_path / path).stat().st_size for path in files.split())
    assert f"{job}  completed" in command("jobs", "watch", job)
    assert job in command("jobs", "list")
    command("logout")
    assert not kept.exists()
