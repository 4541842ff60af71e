"""A studio whose jobs go to RunPod: its template with RunPod in it, RunPod's own worker loop, a stand-in in between."""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from infra.local.emulator import REGION, base_env
from infra.local.process import Child
from infra.local.runpod import API_KEY, ENDPOINT, RunPod
from infra.local.runpod_server import PREFERRED_PORT, RunPodServer
from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from infra.local.web_server import WebServer
from tests.local.conftest import LEASE_SECONDS, wait_for

# RunPod's package is in an environment of its own, see the Makefile.
PYTHON = ROOT / ".tools" / "runpod" / "bin" / "python"

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def runpod() -> Iterator[SimpleNamespace]:
    """The stand-in on a port."""
    web = WebServer("stand-in for RunPod", PREFERRED_PORT)
    standin = RunPod()
    server = RunPodServer(f"http://127.0.0.1:{web.port}", standin, retry_seconds=0.2)
    web.start(server.application())
    yield SimpleNamespace(standin=standin, server=server)
    web.stop()


@pytest.fixture(scope="module")
def studio(runpod: SimpleNamespace) -> Iterator[LocalStudio]:
    """A studio that has no workers of its own."""
    parameters = {
        "LeaseSeconds": str(LEASE_SECONDS),
        "GpuBackend": "runpod",
        "RunPodEndpoint": ENDPOINT,
        "RunPodApiBase": runpod.server.api_base,
    }
    with LocalStudio(parameters=parameters, worker=False) as studio:
        studio.session().client("secretsmanager", endpoint_url=studio.emulator.url).put_secret_value(
            SecretId=studio.deployment.outputs["RunPodSecretArn"], SecretString=json.dumps({"apiKey": API_KEY})
        )
        yield studio


@pytest.fixture(scope="module")
def access_key(studio: LocalStudio) -> dict[str, str]:
    """What an operator makes for the machines at RunPod: a key of the worker's user."""
    key = (
        studio.session()
        .client("iam", endpoint_url=studio.emulator.url)
        .create_access_key(UserName=studio.deployment.outputs["RunPodWorkerUserName"])["AccessKey"]
    )
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@pytest.fixture
def pod(
    studio: LocalStudio, runpod: SimpleNamespace, access_key: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Child]]:
    """Starts workers as RunPod would: its environment, the operator's access key, and the studio's settings."""
    started: list[Child] = []

    def start(*command: str, **env: str) -> Child:
        assert PYTHON.exists(), "run `make .tools/runpod`"
        name = f"pod-{secrets.token_hex(4)}"
        child = Child(
            name,
            [str(PYTHON), *(command or ("-m", "gpu_handlers.entry.runpod_worker"))],
            env=base_env()
            | studio.deployment.settings
            | runpod.server.worker_env(name)
            | access_key
            | {
                "HOME": str(tmp_path),
                "TMPDIR": str(tmp_path),
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'studio'}",
                "PYTHONUNBUFFERED": "1",
                "AWS_ENDPOINT_URL": studio.emulator.url,
                "AWS_DEFAULT_REGION": REGION,
                "STUDIO_MODELS_DIR": os.environ.get("STUDIO_MODELS_DIR", str(ROOT / "models")),
                "STUDIO_PROFILE": "sketch",
                "STUDIO_SELL_SKETCHES": "true",
            }
            | env,
            cwd=ROOT,
            log=studio.folder / "logs" / f"{name}.log",
        )
        child.start()
        started.append(child)
        return child

    yield start
    for child in started:
        child.stop()


@pytest.fixture
def scripted(pod: Callable[..., Child], tmp_path: Path) -> Callable[[], Child]:
    """Starts workers whose engine goes on when `go` appears in `tmp_path`."""
    script = str(ROOT / "tests" / "local" / "scripted_runpod_worker.py")
    return lambda: pod(script, SCRIPT="wait", SCRIPT_FOLDER=str(tmp_path))


def run_of(runpod: SimpleNamespace, job: dict[str, str]) -> list[str]:
    """States of the runs of a job, oldest first."""
    return [run.status for run in list(runpod.standin.runs.values()) if run.input == {"jobId": job["id"]}]


def test_a_job_becomes_pictures_at_runpod(studio, user, runpod, pod):
    job = user.submit(numImages=2, seed=7)
    worker = pod()
    done = user.wait(job)
    assert (done["status"], done["attempts"], done["result"]["engine"]) == ("completed", 1, "sketch"), worker.tail()
    assert user.credits() == (46, 0)
    files = user.http.get(done["urls"]["download"]).json()["files"]
    assert [file["name"] for file in files] == ["image-1.png", "image-2.png"]
    content = httpx.get(files[0]["url"], trust_env=False).raise_for_status().content
    assert Image.open(io.BytesIO(content)).size == (512, 512)
    wait_for(lambda: run_of(runpod, job), lambda states: states == ["COMPLETED"])
    reconcile(studio)  # unless the callback came after the end of the job
    assert job["id"] not in dispatches(studio)


def test_a_draft_is_sketched_at_runpod_too(user, runpod, pod):
    job = user.submit(quality="draft")
    pod(STUDIO_SELL_SKETCHES="false")
    done = user.wait(job)
    assert (done["status"], done["result"]["quality"], user.credits()) == ("completed", "draft", (50, 0))


def test_a_worker_reports_progress_and_stops_when_the_customer_cancels(user, runpod, scripted, tmp_path):
    worker = scripted()
    job = user.submit(seed=1)
    wait_for((tmp_path / "steps-1").exists)
    waiting, next_one = user.submit(seed=9), user.submit(seed=2)
    wait_for(lambda: run_of(runpod, waiting))
    (run,) = [run for run in runpod.standin.runs.values() if run.input == {"jobId": job["id"]}]
    wait_for(lambda: run.output, lambda output: output is not None and output["value"] > 0)
    wait_for(lambda: runpod.standin.pings, lambda pings: any(run.id in (ids or "") for _, ids in pings))
    user.http.delete(waiting["urls"]["self"]).raise_for_status()
    wait_for(lambda: run_of(runpod, waiting), lambda states: states == ["CANCELLED"])
    user.http.delete(job["urls"]["self"]).raise_for_status()
    wait_for(lambda: run.status, lambda status: status in ("CANCELLED", "FAILED"))  # stopped, or given up by itself
    wait_for((tmp_path / "steps-2").exists)  # the worker is free again
    (tmp_path / "go").touch()
    assert user.wait(next_one)["status"] == "completed", worker.tail()
    assert (user.job(job)["status"], user.credits()) == ("cancelled", (48, 0))
    assert [entry["kind"] for entry in user.ledger()].count("refund") == 2
    assert not (tmp_path / "steps-9").exists()


def test_a_run_that_runpod_stops_is_done_again(studio, user, runpod, scripted, tmp_path):
    worker = scripted()
    job = user.submit(seed=3)
    wait_for((tmp_path / "steps-3").exists)
    (run,) = [run for run in runpod.standin.runs.values() if run.input == {"jobId": job["id"]}]
    runpod.standin.fail(run.id, "TIMED_OUT")

    def starts() -> int:
        reconcile(studio)  # the callback may have come while the worker still held the job
        return len((tmp_path / "started").read_text().split())

    wait_for(starts, lambda count: count == 2)
    (tmp_path / "go").touch()
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 2), worker.tail()
    assert (run_of(runpod, job), user.credits()) == (["TIMED_OUT", "COMPLETED"], (48, 0))


def test_a_worker_told_to_leave_hands_its_job_back(user, runpod, scripted, tmp_path):
    leaving = scripted()
    job = user.submit(seed=4)
    wait_for((tmp_path / "steps-4").exists)
    os.kill(leaving.pid, 15)
    wait_for(lambda: leaving.running, lambda running: not running)
    (tmp_path / "go").touch()
    scripted()
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 2)
    assert run_of(runpod, job) == ["FAILED", "COMPLETED"]


def test_a_runpod_without_room_is_asked_again(user, runpod, pod):
    runpod.standin.faults.busy = 1
    job = user.submit()
    pod()
    done = user.wait(job)
    assert (done["status"], done["attempts"], runpod.standin.faults.busy) == ("completed", 1, 0)


def test_reconciliation_runs_under_its_own_role(studio, user, runpod, pod):
    runpod.standin.faults.silent = 1
    job = user.submit()
    pod()
    user.wait(job)
    wait_for(lambda: run_of(runpod, job), lambda states: states == ["COMPLETED"])
    assert job["id"] in dispatches(studio)
    reconcile(studio)
    assert job["id"] not in dispatches(studio)


@pytest.mark.parametrize(
    ("service", "action", "parameters"),
    [
        ("dynamodb", "get_item", {"TableName": "BALANCES_TABLE", "Key": {"userId": {"S": "usr_1"}}}),
        ("dynamodb", "scan", {"TableName": "JOBS_TABLE"}),
        ("dynamodb", "put_item", {"TableName": "SETTLEMENTS_TABLE", "Item": {"jobId": {"S": "job_1"}}}),
        ("sqs", "receive_message", {"QueueUrl": "JOBS_QUEUE_URL"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "SIGNING_SECRET_ARN"}),
        ("s3", "list_objects_v2", {"Bucket": "MEDIA_BUCKET"}),
        ("s3", "get_object", {"Bucket": "MEDIA_BUCKET", "Key": "outputs/usr_1/job_1/1/image-1.png"}),
        ("s3", "put_object", {"Bucket": "MEDIA_BUCKET", "Key": "inputs/usr_1/upl_1", "Body": b"x"}),
    ],
)
def test_the_key_of_a_worker_opens_nothing_but_jobs_and_their_files(studio, access_key, service, action, parameters):
    client = boto3.Session(access_key["AWS_ACCESS_KEY_ID"], access_key["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    named = {k: studio.deployment.settings.get(v, v) if isinstance(v, str) else v for k, v in parameters.items()}
    with pytest.raises(ClientError) as refused:
        getattr(client.client(service, endpoint_url=studio.emulator.url), action)(**named)
    assert "AccessDenied" in refused.value.response["Error"]["Code"]


def reconcile(studio: LocalStudio) -> None:
    """What the schedule does every five minutes."""
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    answer = functions.invoke(FunctionName=studio.deployment.outputs["RunPodReconcileFunctionName"], Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def dispatches(studio: LocalStudio) -> list[str]:
    """Jobs that the studio believes to be at RunPod."""
    table = (
        studio.session()
        .resource("dynamodb", endpoint_url=studio.emulator.url)
        .Table(studio.deployment.settings["DISPATCHES_TABLE"])
    )
    return [str(row["jobId"]) for row in table.scan(ConsistentRead=True)["Items"]]
