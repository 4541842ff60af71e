"""Documents, typed: the commands of README, quick start, API reference and client guide against one whole studio.

`tests/unit/test_documents.py` says which command is run where.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest

from infra import e2e, teardown
from infra.local import stack
from infra.local.emulator import REGION, ROOT_CREDENTIALS
from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from tests.documents import Block, blocks
from tests.local.conftest import wait_for

pytestmark = [pytest.mark.local, pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")]

LOCALHOST = "http://localhost:3000"
OLD, NEW = "correct horse battery", "a longer horse and battery"


@pytest.fixture(scope="module")
def workers(studio) -> Iterator[None]:
    """One of paid jobs, which takes drafts when it is idle."""
    worker = studio.worker()
    worker.start()
    yield
    worker.stop()


def typed(script: str, folder: Path, **environment: str) -> str:
    """What a shell answers that stops at the first command that fails; curl fails with the answer's status."""
    (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\nnoproxy = *\n")
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=folder, env=os.environ | {"HOME": str(folder), "CURL_HOME": str(folder)} | environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def of(file: str) -> list[Block]:
    return [block for block in blocks(ROOT / file) if block.kind == "bash"]


def here(text: str, studio: LocalStudio, email: str) -> str:
    """The command, for this studio and a customer of its own."""
    return (
        text.replace(LOCALHOST, studio.url)
        .replace("you@example.com", email)
        .replace("me@example.com", email)
        .replace("ada@example.com", email)
    )


def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def test_the_commands_of_the_readme_work(studio, workers, tmp_path):
    (block,) = of("README.md")
    out = typed(here(block.text, studio, address()), tmp_path)
    assert (tmp_path / "dragon.png").read_bytes()[:4] == b"\x89PNG"
    assert [entry["kind"] for entry in json.loads(out)["data"]] == ["hold", "signup"]


def test_the_quick_start_works(studio, workers, tmp_path):
    block = of("docs/QUICKSTART.md")[0]
    out = typed(here(block.text, studio, address()), tmp_path)
    assert (tmp_path / "draft.png").read_bytes()[:4] == b"\x89PNG"
    assert '"cost":2' in out
    assert '"balance":50' in out


@pytest.mark.soak
def test_the_client_of_the_quick_start_works(studio, workers, tmp_path):
    email = address()
    account = {"email": email, "password": "a long password"}
    httpx.post(f"{studio.url}/api/v1/auth/register", json=account, trust_env=False).raise_for_status()
    shutil.copytree(ROOT / "clients" / "python", tmp_path / "clients" / "python")
    script = here(of("docs/QUICKSTART.md")[1].text, studio, email)
    script = re.sub(r"^(.*studio login.*)$", r"echo 'a long password' | \1", script, flags=re.MULTILINE)
    typed(script, tmp_path, NO_PROXY="*")
    (picture,) = (tmp_path / "pictures").rglob("*.png")
    assert picture.read_bytes()[:4] == b"\x89PNG"


class Reader:
    """Types the examples of the reference: whoever reads one has the account, the token and the ids that it needs."""

    def __init__(self, studio: LocalStudio, folder: Path, http: httpx.Client) -> None:
        self.studio, self.folder, self.http = studio, folder, http
        self.told: list[str] = []
        for name, sample in (("person.jpg", "person.jpg"), ("cloth.jpg", "garment.jpg")):
            shutil.copy(ROOT / "samples" / sample, folder / name)

    def read(self, block: Block) -> None:
        """One block, by an account of its own."""
        email = address()
        if "auth/register" not in block.text:
            self.http.post("/auth/register", json={"email": email, "password": OLD}).raise_for_status()
        for command in block.commands:
            script = here(command, self.studio, email)
            if "prf_…" in script:
                script = script.replace("prf_…", self._mailed(email))
            for sign, found in self._known(email).items():
                if sign in script:
                    script = script.replace(sign, found)
            token = "" if "auth/register" in script else self._token(email)
            self.told.append(
                typed(script, self.folder, API=f"{self.studio.url}/api/v1", PAGE=self.studio.url, TOKEN=token)
            )

    def _known(self, email: str) -> dict[str, str]:
        """What stands for something that only the reader has, and what it is here."""
        signs = {"https://shop.example.com/coat.jpg": "upl_01m7vz…"}  # no shop answers here; an upload stands for it
        last = "\n".join(self.told[-2:])
        for sign, pattern in (("acs_live_…", r"acs_live_\w+"), ("key_01m7vz…", r"key_\w+")):
            if found := re.search(pattern, last):
                signs[sign] = found[0]
        if "upl_" in last:
            signs["upl_01m7vz…"] = self._sent(email)
        signs['"5tq0…"'] = self.http.get("/features").headers["etag"]
        return signs

    def _token(self, email: str) -> str:
        for password in (OLD, NEW):
            answer = self.http.post("/auth/login", json={"email": email, "password": password})
            if answer.status_code == 200:
                return str(answer.json()["token"])
        raise AssertionError(answer.text)

    def _mailed(self, email: str) -> str:
        letters = wait_for(lambda: [one for one in self.studio.mailbox.letters() if one.to == email])
        return re.search(r"#reset=(\S+)", letters[-1].text)[1]

    def _sent(self, email: str) -> str:
        """An upload of the reader with a picture in it."""
        headers = {"authorization": f"Bearer {self._token(email)}"}
        place = (
            self.http.post("/uploads", json={"contentType": "image/jpeg"}, headers=headers).raise_for_status().json()
        )
        files = {"file": (self.folder / "person.jpg").read_bytes()}
        httpx.post(place["url"], data=place["fields"], files=files, trust_env=False, timeout=60).raise_for_status()
        look = f"/uploads/{place['id']}"
        wait_for(lambda: self.http.get(look, headers=headers).json(), lambda now: now.get("state") == "ready")
        return str(place["id"])


@pytest.mark.soak
def test_every_example_of_the_reference_answers(studio, tmp_path):
    examples = of("docs/API.md")
    assert len(examples) > 8
    with httpx.Client(base_url=f"{studio.url}/api/v1", timeout=60, trust_env=False) as http:
        reader = Reader(studio, tmp_path, http)
        for block in examples:
            reader.read(block)
    assert len(reader.told) == sum(len(block.commands) for block in examples)
    assert "HTTP/1.1 304" in reader.told[-1], "the last one shows that nothing has changed"


@pytest.mark.soak
def test_the_other_commands_of_the_client_work(studio, workers, tmp_path):
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "clients/python/src"), "XDG_CONFIG_HOME": str(tmp_path), "NO_PROXY": "*"
    }  # fmt: skip

    def command(*words: str, typed: str = "", code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ai_creative_studio.cli.main", *words],
            cwd=tmp_path, env=environment, input=typed, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout

    (tmp_path / "samples").symlink_to(ROOT / "samples")
    command("login", "--register", "--url", studio.url, "--email", address(), typed="a long password\n")
    swap = ("cloth-swap", "person=samples/person.jpg", "cloth=samples/garment.jpg", "consent=true")
    assert "3" in command("jobs", "run", *swap, "--price")
    told = command("jobs", "run", "image-generation", "prompt=A fox", "width=512", "height=512", "quality=draft")
    job = re.search(r"job_\w+", told)[0]
    command("jobs", "download", job, "--to", "pictures")
    assert list((tmp_path / "pictures").rglob("*.png"))
    command("jobs", "cancel", job, code=1)  # it has ended


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_stage_is_walked_through_and_torn_down(monkeypatch, capsys):
    with LocalStudio(worker=False) as studio:
        endpoint = studio.emulator.url
        for name, value in (ROOT_CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": REGION}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setattr(sys, "argv", ["e2e", "--stack", stack.STACK_NAME, "--url", studio.url])
        e2e.main()
        session = boto3.Session()
        monkeypatch.setattr(sys, "argv", ["teardown", "--stack", stack.STACK_NAME, "--with-its-data"])
        teardown.main()
        said = capsys.readouterr().out
        assert f"{stack.STACK_NAME} keeps its promises" in said
        gone = re.findall(r"^deleted (\S+)$", said, re.MULTILINE)
        assert len(gone) > 10
        left = session.client("dynamodb").list_tables()["TableNames"]
        assert not set(left) & set(gone)
        assert not set(gone) & {bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_fresh_clone_makes_a_picture(tmp_path):
    """The quick start from nothing: it installs everything, so it needs the package registries."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (demo,) = [c for block in blocks(ROOT / "docs/QUICKSTART.md") for c in block.commands if c.startswith("make demo")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(demo.split(), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "demo-output" / "image-generation-image-1.png").read_bytes()[:4] == b"\x89PNG"
