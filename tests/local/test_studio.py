"""The local studio itself: rights are enforced, nothing is left behind, state survives a restart."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from infra import e2e
from infra.local import demo, emulator, front_door, stack, stripe_server
from infra.local.emulator import Emulator
from infra.local.ports import free_port
from infra.local.stack import ROOT, template
from infra.local.studio import AlreadyRunning, LocalStudio
from infra.local.web_server import WebServer
from infra.stages import Stage
from tests.local.conftest import ORDER, SUBMIT, logs_of, wait_for

# Programs started in the background inherit that SIGINT and SIGHUP are ignored, and these tests may be one of them.
AS_IN_A_TERMINAL = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def crippled(function: str, action: str, resource: str) -> dict:
    """The template with one action on one resource taken from one function."""
    parsed = template()
    (policy,) = parsed["Resources"][function]["Properties"]["Policies"]
    (statement,) = [s for s in policy["Statement"] if action in s["Action"] and resource in json.dumps(s["Resource"])]
    statement["Action"].remove(action)
    if not statement["Action"]:
        policy["Statement"].remove(statement)
    return parsed


@pytest.mark.parametrize(
    ("function", "action", "resource"),
    [
        ("ApiFunction", "dynamodb:UpdateItem", "BalancesTable"),
        pytest.param("ApiFunction", "dynamodb:PutItem", "JobsTable", marks=pytest.mark.soak),
        pytest.param("ApiFunction", "dynamodb:PutItem", "OutboxTable", marks=pytest.mark.soak),
    ],
)
def test_a_function_without_one_of_its_rights_is_denied(monkeypatch, function, action, resource):
    monkeypatch.setattr(stack, "template", lambda: crippled(function, action, resource))
    with LocalStudio(worker=False) as studio, _http(studio) as http:
        account = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe()}
        token = http.post("/api/v1/auth/register", json=account).raise_for_status().json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        assert http.post(SUBMIT, json=ORDER).status_code == 500
        assert http.get("/api/v1/users/credits").json() == {"balance": 50, "held": 0}
        denied = [line for line in logs_of(studio).splitlines() if "AccessDenied" in line]
        assert denied
        assert f"not authorized to perform: {action}" in denied[-1]


def test_a_worker_has_only_the_rights_of_its_role(studio):
    sts = studio.session().client("sts", endpoint_url=studio.emulator.url)
    role = studio.deployment.outputs["WorkerRoleArn"]
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
    names = studio.deployment.settings
    dynamodb = session.client("dynamodb", endpoint_url=studio.emulator.url)
    s3 = session.client("s3", endpoint_url=studio.emulator.url)
    forbidden = [
        lambda: dynamodb.scan(TableName=names["BALANCES_TABLE"]),
        lambda: dynamodb.put_item(TableName=names["LEDGER_TABLE"], Item={"userId": {"S": "u"}, "id": {"S": "x"}}),
        lambda: dynamodb.put_item(TableName=names["SETTLEMENTS_TABLE"], Item={"jobId": {"S": "j"}}),
        lambda: s3.put_object(Bucket=names["MEDIA_BUCKET"], Key="elsewhere/x", Body=b""),
        lambda: s3.list_objects_v2(Bucket=names["MEDIA_BUCKET"]),
    ]
    for attempt in forbidden:
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            attempt()
    s3.put_object(Bucket=names["MEDIA_BUCKET"], Key="outputs/test", Body=b"")


def test_the_worker_of_the_walk_through_a_stage_has_that_role(studio):
    asked = Stage(studio.session(), studio.emulator.url, stack.STACK_NAME)
    keys = {name.lower(): value for name, value in e2e.worker_keys(asked).items()}
    sts = boto3.Session(**keys, region_name="us-east-1").client("sts", endpoint_url=studio.emulator.url)
    role = studio.deployment.outputs["WorkerRoleArn"].rpartition("/")[2]
    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/{role}/e2e")


SMALL = (".json", ".srt", ".vtt")
CREDITS = {
    "image-generation": 4,
    "cloth-swap": 3,
    "influencer-creation": 5,
    "3d-video": 8,
    "study-animation": 5,
    "story-video": 10,
}


@pytest.mark.parametrize(
    "features",
    [
        ("image-generation", "cloth-swap", "influencer-creation"),
        pytest.param(tuple(CREDITS), marks=[pytest.mark.soak, pytest.mark.timeout(600)], id="all six"),
    ],
)
def test_the_demo_leaves_a_report_and_nothing_else(tmp_path, features):
    demo_run = _demo(tmp_path, *features)
    assert demo_run.wait(540) == 0, (tmp_path / "output").read_text()
    rows = json.loads((tmp_path / "demo-output" / "report.json").read_text())
    assert [(row["feature"], row["status"], row["credits"]) for row in rows] == [
        (feature, "completed", CREDITS[feature]) for feature in features
    ]
    for row in rows:
        assert set(row) == {"feature", "jobId", "status", "seconds", "credits", "engine", "files"}
        assert row["files"]
        assert all((tmp_path / file).stat().st_size > 10_000 for file in row["files"] if not file.endswith(SMALL))
    assert _left_behind(tmp_path) == []


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing(tmp_path, signal_number):
    demo_run = _demo(tmp_path)
    wait_for(lambda: "studio up" in (tmp_path / "output").read_text())
    demo_run.send_signal(signal_number)
    assert demo_run.wait(60) != 0
    assert _left_behind(tmp_path) == []


def test_accounts_jobs_and_files_survive_a_restart(tmp_path):
    account = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe()}
    with LocalStudio(tmp_path) as studio, _http(studio) as http:
        token = http.post("/api/v1/auth/register", json=account).raise_for_status().json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        address = http.post(SUBMIT, json=ORDER).raise_for_status().json()["urls"]["self"]
        wait_for(lambda: http.get(address).json()["status"], lambda status: status == "completed")
        port = studio.emulator.port
    with _squatter(port), LocalStudio(tmp_path) as studio, _http(studio) as http:
        assert studio.emulator.port != port, "it moved, and everything moved along"
        http.headers["Authorization"] = f"Bearer {token}"
        assert http.get("/api/v1/users/credits").raise_for_status().json() == {"balance": 48, "held": 0}
        (file,) = http.get(f"{address}/download").raise_for_status().json()["files"]
        assert len(httpx.get(file["url"], trust_env=False).raise_for_status().content) == file["sizeBytes"]
        another = http.post(SUBMIT, json=ORDER).raise_for_status().json()["urls"]["self"]
        wait_for(lambda: http.get(another).json()["status"], lambda status: status == "completed")


def test_the_page_and_payments_have_the_same_address_after_a_restart(tmp_path):
    with ExitStack() as others:
        _take(others, front_door.PREFERRED_PORT, stripe_server.PREFERRED_PORT)
        with LocalStudio(tmp_path, worker=False) as studio:
            before = (studio.url, studio.payments.told)
    with LocalStudio(tmp_path, worker=False) as studio:
        assert (studio.url, studio.payments.told) == before
        assert httpx.get(f"{studio.url}/health", trust_env=False).is_success


def test_a_remembered_port_comes_first_the_preferred_one_next_and_then_any(tmp_path):
    kept = tmp_path / "port"
    with _squatter(0) as preferred:
        remembered = _port_of(preferred, kept)
        assert remembered != preferred
    assert _port_of(preferred, kept) == remembered
    with _squatter(remembered):
        assert _port_of(preferred, kept) == preferred
    with _squatter(preferred):
        assert _port_of(preferred, kept) not in (preferred, 0)


@pytest.mark.parametrize("kept", ["", "x", "-1", "0", "99999"])
def test_a_port_that_cannot_be_is_not_remembered(tmp_path, kept):
    (tmp_path / "port").write_text(kept)
    port = free_port()
    assert _port_of(port, tmp_path / "port") == port


def test_a_studio_that_keeps_nothing_remembers_no_port(studio):
    assert list(studio.folder.glob("*-port")) == []


def test_two_studios_do_not_share_a_folder(tmp_path):
    with LocalStudio(tmp_path, worker=False) as first:
        with pytest.raises(AlreadyRunning, match=first.url), LocalStudio(tmp_path, worker=False):
            pass
        assert httpx.get(f"{first.url}/health", trust_env=False).is_success


def test_taken_ports_are_no_obstacle():
    with _squatter(0) as taken:
        assert free_port(taken) != taken


def test_two_emulators_that_find_the_same_port_free_do_not_become_one(tmp_path, monkeypatch):
    with _squatter(0) as port:
        pass
    monkeypatch.setattr(emulator, "free_port", lambda preferred: port if preferred else free_port())
    both = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        both.append(Emulator(tmp_path / name, persist=False))
    try:
        with ThreadPoolExecutor() as together:
            list(together.map(Emulator.start, both))
        assert port in {it.port for it in both}
        assert both[0].port != both[1].port
    finally:
        for it in both:
            it.stop()


def test_the_front_door_serves_the_page_and_the_api(studio):
    page = httpx.get(studio.url, trust_env=False)
    assert page.headers["content-type"].startswith("text/html")
    assert httpx.get(f"{studio.url}/health", trust_env=False).json()["status"] == "ok"
    assert httpx.get(f"{studio.url}/nothing", trust_env=False).status_code == 404
    assert httpx.get(f"{studio.url}/api/v1/nothing", trust_env=False).json()["code"] == "not_found"


def test_a_deployment_that_cannot_work_says_why_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MARK", str(tmp_path))
    with pytest.raises(stack.DeployFailed, match="Stage"), LocalStudio(parameters={"Stage": "moon"}):
        pass
    assert _left_behind(tmp_path) == []


def test_the_demo_fails_loudly_when_a_job_does(studio, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "JOB_TIMEOUT_SECONDS", 0)
    with pytest.raises(demo.DemoFailed, match="still"):
        demo.run(studio.url)


def test_a_demo_removes_the_files_of_the_one_before_and_no_others(studio, worker, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    demo.OUTPUT.mkdir()
    for path in ("demo-output/3d-video-video.mp4", "demo-output/mine.txt", "elsewhere.txt"):
        Path(path).write_text("before")
    files = ["demo-output/3d-video-video.mp4", "demo-output/gone.png", "demo-output/..", "demo-output/../elsewhere.txt"]
    rows = [{"files": files}, {"files": [str(tmp_path / "elsewhere.txt")]}]
    (demo.OUTPUT / "report.json").write_text(json.dumps(rows))
    demo.run(studio.url, features=["image-generation"])
    new = {f"image-generation-image-{number}.png" for number in (1, 2)}
    assert {path.name for path in demo.OUTPUT.iterdir()} == {"mine.txt", "report.json"} | new
    assert Path("elsewhere.txt").read_text() == "before"


@pytest.mark.parametrize("report", ["", "{", "[]", "7", '[{"files": [7]}]', '{"rows": 1}'])
def test_a_report_that_no_demo_wrote_stops_no_demo(monkeypatch, tmp_path, report):
    monkeypatch.chdir(tmp_path)
    demo.OUTPUT.mkdir()
    (demo.OUTPUT / "report.json").write_text(report)
    demo._remove_previous()


def _http(studio: LocalStudio) -> httpx.Client:
    return httpx.Client(base_url=studio.url, timeout=60, trust_env=False)


def _take(others: ExitStack, *ports: int) -> None:
    """Have somebody listen on each, unless somebody does already."""
    for port in ports:
        with suppress(OSError):
            others.enter_context(_squatter(port))


def _port_of(preferred: int, kept: Path) -> int:
    """That of a server which is stopped at once."""
    server = WebServer("test", preferred, kept)
    server.stop()
    return server.port


@contextmanager
def _squatter(port: int) -> Iterator[int]:
    """Somebody else listening on `port`, or on any port if it is 0."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield listener.getsockname()[1]


def _demo(folder: Path, *features: str) -> subprocess.Popen[bytes]:
    """`make demo` in `folder`; everything it starts inherits the mark in its environment."""
    temporary = folder / "tmp"
    temporary.mkdir()
    chosen = [argument for feature in features for argument in ("--feature", feature)]
    marked = {**os.environ, "PYTHONPATH": str(ROOT), "STUDIO_MARK": str(folder), "TMPDIR": str(temporary)}
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", AS_IN_A_TERMINAL, sys.executable, "-m", "infra.local", "demo", *chosen],
            cwd=folder,
            env=marked,
            stdout=output,
            stderr=output,
        )


def _left_behind(folder: Path) -> list[str]:
    """Processes that carry the mark of `folder`, and what lies in its temporary folder."""
    found = [str(path) for path in (folder / "tmp").glob("*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:  # it ended while we looked
            continue
        if process.name != str(os.getpid()) and f"STUDIO_MARK={folder}".encode() in environment and command:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found
