"""Hundreds of jobs while workers are killed, messages come twice and in any order, and receivers fail half the time.

Nothing may be lost: every job ends, the books balance, and every end is delivered or given up on in the open.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from audit import looks
from audit.books import row
from infra.audit import __main__ as command
from infra.local.gpu_worker import GpuWorker
from infra.local.stack import ROOT, STACK_NAME
from infra.local.studio import LocalStudio
from infra.stages import Stage
from studio.deliveries import GRACE_SECONDS
from tests.local.conftest import ENDED, ORDER, SUBMIT, User, registered, wait_for
from tests.local.receiver import Receiver, listening
from tests.local.soak_worker import rejected

SEED = 20_260_101
LEASE_SECONDS = 3
CUSTOMERS = 10
SIGNUP_CREDITS = 150  # of which fifty jobs take a hundred
KILL_EVERY_SECONDS = (2.0, 6.0)
DUPLICATED = 0.3
FAILING = 0.5
CANCELLED = 0.05
ONE_OFF = 0.2
"""Share of jobs with a callback URL of their own; one in five of these never answers anything but 500."""
SUBMIT_TRIES = 10  # on a busy machine a function that starts may take longer than it has
SHUFFLED = ("JobsQueue", "LowQueue", "CompletionQueue", "NewsQueue", "DeliveriesQueue")
SOAK_WORKER = ROOT / "tests" / "local" / "soak_worker.py"

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3_000)]


@dataclass
class Soak:
    """One run: the studio, its customers, and what was done to it."""

    studio: LocalStudio
    receiver: Receiver
    users: list[User]
    random: random.Random = field(default_factory=lambda: random.Random(SEED))  # repeatable, not secret
    workers: list[GpuWorker] = field(default_factory=list)
    jobs: dict[str, tuple[User, int]] = field(default_factory=dict)
    """Owner and seed of every job that was accepted."""
    cancels: set[str] = field(default_factory=set)
    did: Counter[str] = field(default_factory=Counter)

    def client(self, service: str) -> Any:
        make: Any = self.studio.session().client
        return make(service, endpoint_url=self.studio.emulator.url, config=Config(max_pool_connections=20))

    def rows(self, setting: str) -> list[dict[str, Any]]:
        """Every row of a table as it is stored."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(
            TableName=self.studio.deployment.settings[setting], ConsistentRead=True
        )  # fmt: skip
        return [dict(row(item)) for page in pages for item in page["Items"]]

    def queue(self, name: str) -> str:
        """Address of the queue that has this logical name."""
        (url,) = [url for url in self.client("sqs").list_queues()["QueueUrls"] if f"-{name}-" in url]
        return str(url)


@pytest.mark.parametrize(("jobs", "workers"), [(30, 2), (500, 4)])
def test_no_job_no_credit_and_no_news_is_lost_whatever_dies(jobs, workers, tmp_path, capsys):
    began = time.monotonic()
    with soaking(workers, tmp_path) as soak:
        with disturbed(soak, kills, shuffles, hurries):
            submit(soak, jobs)
            wait_for(lambda: unended(soak), lambda left: not left, seconds=2_000)
            wait_for(lambda: undelivered(soak), lambda left: not left, seconds=600)
        seconds = time.monotonic() - began
        stored = {job["id"]: job for job in soak.rows("JOBS_TABLE")}
        deliveries = soak.rows("DELIVERIES_TABLE")
        with capsys.disabled():
            print("\n" + report(soak, stored, deliveries, seconds))
        assert stored.keys() == soak.jobs.keys()
        assert len(stored) == jobs
        every_job_ended_as_its_work_went(soak, stored)
        no_credit_drifted(soak, stored)
        every_end_was_told_or_given_up(soak, stored, deliveries)
        assert soak.did["kills"] > 0
        assert soak.did["duplicates"] > 0


@contextmanager
def soaking(workers: int, folder: Path) -> Iterator[Soak]:
    """A studio of its own with workers that are restarted, customers, and a receiver that fails half the time."""
    parameters = {
        "LeaseSeconds": str(LEASE_SECONDS),
        "SignupCredits": str(SIGNUP_CREDITS),
        "MaxActiveJobs": "1000",
    }
    coin = random.Random(SEED)

    def answer(path: str) -> int:
        return 500 if path == "/never" or coin.random() < FAILING else 200

    with ExitStack() as cleanup:
        studio = cleanup.enter_context(LocalStudio(parameters=parameters, worker=False))
        receiver = cleanup.enter_context(listening(answer=answer))
        users = [cleanup.enter_context(registered(studio)) for _ in range(CUSTOMERS)]
        soak = Soak(studio, receiver, users)
        for user in users:
            user.http.post("/api/v1/webhooks/endpoints", json={"url": receiver.url}).raise_for_status()
        for _ in range(workers):
            worker = studio.worker(command=(str(SOAK_WORKER),), extra_env={"SCRIPT_FOLDER": str(folder)})
            cleanup.callback(worker.stop)
            worker.start()
            soak.workers.append(worker)
        yield soak


def submit(soak: Soak, jobs: int) -> None:
    """Order from all customers at once; some jobs may wait, some have a callback of their own, some are cancelled."""
    base = soak.receiver.url.removesuffix("/hook")
    orders = []
    for seed in range(jobs):
        extra: dict[str, Any] = {"seed": seed, "priority": "low" if seed % 5 == 4 else "normal"}
        if soak.random.random() < ONE_OFF:
            extra["callbackUrl"] = base + ("/never" if soak.random.random() < ONE_OFF else "/one-off")
        orders.append((soak.users[seed % CUSTOMERS], seed, extra, soak.random.random() < CANCELLED))

    def order(user: User, seed: int, extra: dict[str, Any], cancel: bool) -> None:
        job = accepted(soak, user, seed, ORDER | extra)
        soak.jobs[job["id"]] = (user, seed)
        if cancel:
            soak.cancels.add(job["id"])
            user.http.delete(job["urls"]["self"])  # it may have ended: then this is a conflict

    with ThreadPoolExecutor(4) as customers:
        for done in [customers.submit(order, *each) for each in orders]:
            done.result()


def accepted(soak: Soak, user: User, seed: int, order: dict[str, Any]) -> dict[str, Any]:
    """Submit as careful customers do: whoever learns nothing asks again with the same key."""
    for _ in range(SUBMIT_TRIES):
        answer = user.http.post(SUBMIT, json=order, headers={"Idempotency-Key": f"soak-{seed}"})
        if answer.status_code < 500:
            break
        soak.did["submits repeated"] += 1
    return dict(answer.raise_for_status().json())


# ---- What goes wrong -------------------------------------------------------------------------------------------------


@contextmanager
def disturbed(soak: Soak, *faults: Callable[[Soak, Event], None]) -> Iterator[None]:
    """Let the faults happen, each in a thread of its own, while the block runs; what breaks in them breaks the test."""
    over = Event()
    with ThreadPoolExecutor(len(faults)) as threads:
        running = [threads.submit(fault, soak, over) for fault in faults]
        try:
            yield
        finally:
            over.set()
        for fault in running:
            fault.result()


def kills(soak: Soak, over: Event) -> None:
    """kill -9 of one worker after the other."""
    choice = random.Random(SEED + 1)
    while not over.wait(choice.uniform(*KILL_EVERY_SECONDS)):
        victim = choice.choice(soak.workers)
        if victim.child.running:
            victim.child.kill()
            soak.did["kills"] += 1


def shuffles(soak: Soak, over: Event) -> None:
    """Take messages off the queues and send them again: in another order, some later, some twice.

    A body is doubled once: doubling doubles would only measure how long queues can get.
    """
    sqs, choice = soak.client("sqs"), random.Random(SEED + 2)
    queues, doubled = {name: soak.queue(name) for name in SHUFFLED}, set[str]()
    while not over.wait(0.5):
        for url in queues.values():
            taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30, WaitTimeSeconds=0)
            messages = taken.get("Messages", [])
            choice.shuffle(messages)
            for message in messages:
                body = str(message["Body"])
                twice = body not in doubled and choice.random() < DUPLICATED
                for _ in range(1 + twice):
                    sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=choice.choice((0, 0, 1, 3)))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                soak.did["reordered"] += 1
                if twice:
                    doubled.add(body)
                    soak.did["duplicates"] += 1


def hurries(soak: Soak, over: Event) -> None:
    """The 75 hours of the retry schedule in minutes: what waits for its time is due now, as is a blocked receiver."""
    functions, due = soak.client("lambda"), soak.studio.deployment.outputs["DueFunctionName"]
    while not over.wait(1):
        now = int(time.time())
        for delivery in soak.rows("DELIVERIES_TABLE"):
            if delivery["state"] == "pending" and delivery.get("leaseUntil", 0) < now:
                _move(soak, "DELIVERIES_TABLE", delivery, ("id",), "nextAttemptAt", now - GRACE_SECONDS - 1)
        for endpoint in soak.rows("ENDPOINTS_TABLE"):
            if endpoint.get("notBefore", 0) > now:
                _move(soak, "ENDPOINTS_TABLE", endpoint, ("userId", "place"), "notBefore", now - 1)
        answer = functions.invoke(FunctionName=due, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()


def _move(soak: Soak, setting: str, found: dict[str, Any], key: tuple[str, ...], name: str, value: int) -> None:
    """Set a time that is stored, unless it has changed since it was found."""
    table = soak.studio.session().resource("dynamodb", endpoint_url=soak.studio.emulator.url)
    try:
        table.Table(soak.studio.deployment.settings[setting]).update_item(
            Key={part: found[part] for part in key},
            UpdateExpression="SET #name = :value",
            ConditionExpression="#name = :seen",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": value, ":seen": found[name]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


# ---- What must be true -----------------------------------------------------------------------------------------------


def unended(soak: Soak) -> list[str]:
    """Jobs that have not ended."""
    time.sleep(1)  # a look reads the whole table
    return [job["id"] for job in soak.rows("JOBS_TABLE") if job["status"] not in ENDED]


def undelivered(soak: Soak) -> list[str]:
    """Ends that are neither delivered nor given up."""
    time.sleep(1)
    deliveries = soak.rows("DELIVERIES_TABLE")
    waiting = [delivery["id"] for delivery in deliveries if delivery["state"] == "pending"]
    own = sum("callbackUrl" in job for job in soak.rows("JOBS_TABLE"))
    missing = len(soak.jobs) + own - len(deliveries)
    return waiting + ["missing"] * missing


def every_job_ended_as_its_work_went(soak: Soak, stored: dict[str, dict[str, Any]]) -> None:
    """Deaths and duplicates change no end: rejected is failed, cancelled is cancelled unless it was too late."""
    for job_id, (_, seed) in soak.jobs.items():
        usual = "failed" if rejected(seed) else "completed"
        allowed = {usual, "cancelled"} if job_id in soak.cancels else {usual}
        assert stored[job_id]["status"] in allowed, stored[job_id]
        if stored[job_id]["status"] == "failed":
            assert stored[job_id]["error"]["code"] == "content_rejected", stored[job_id]


def no_credit_drifted(soak: Soak, stored: dict[str, dict[str, Any]]) -> None:
    """The audit finds nothing, and what customers are told adds up."""
    stage = Stage(soak.studio.session(), soak.studio.emulator.url, STACK_NAME)
    assert looks.confirmed(command.books(stage), lambda: command.books(stage)) == []
    for user in soak.users:
        own = [job for job in stored.values() if job["userId"] == user.id]
        charged = sum(job["credits"] - job["refunded"] for job in own)
        assert user.credits() == (SIGNUP_CREDITS - charged, 0)


def every_end_was_told_or_given_up(
    soak: Soak, stored: dict[str, dict[str, Any]], deliveries: list[dict[str, Any]]
) -> None:
    """One delivery for each job and receiver, of the job's one end, and what is delivered did arrive."""
    wanted = Counter(f"{job_id} endpoint" for job_id in stored)
    wanted.update(f"{job_id} {job['callbackUrl']}" for job_id, job in stored.items() if "callbackUrl" in job)
    assert Counter(f"{d['jobId']} {d.get('callbackUrl', 'endpoint')}" for d in deliveries) == wanted
    arrived = {headers["webhook-id"]: json.loads(body) for headers, body in soak.receiver.calls}
    for delivery in deliveries:
        assert delivery["state"] in ("delivered", "dead"), delivery
        assert delivery["type"] == f"job.{stored[delivery['jobId']]['status']}", delivery
        if delivery["state"] == "delivered":
            assert arrived[delivery["id"]]["data"]["id"] == delivery["jobId"]
        if urlsplit(delivery.get("callbackUrl", "")).path == "/never":
            assert delivery["state"] == "dead", delivery
    sqs = soak.client("sqs")
    for name in ("CompletionDeadLetters", "NewsDeadLetters", "DeliveriesDeadLetters"):
        left = sqs.get_queue_attributes(QueueUrl=soak.queue(name), AttributeNames=["ApproximateNumberOfMessages"])
        assert left["Attributes"]["ApproximateNumberOfMessages"] == "0", name


def report(
    soak: Soak, stored: dict[str, dict[str, Any]], deliveries: list[dict[str, Any]], seconds: float
) -> str:  # fmt: skip
    """The figures of docs/RELIABILITY.md."""
    ends = Counter(job["status"] for job in stored.values())
    attempts = sum(job["attempt"] for job in stored.values())
    states = Counter(delivery["state"] for delivery in deliveries)
    figures = {
        "jobs": len(stored),
        **ends,
        "kills": soak.did["kills"],
        "attempts": attempts,
        "retries": sum(max(job["attempt"] - 1, 0) for job in stored.values()),
        "submits repeated": soak.did["submits repeated"],
        "messages reordered": soak.did["reordered"],
        "messages sent twice": soak.did["duplicates"],
        "callbacks tried": sum(delivery["attempt"] for delivery in deliveries),
        **states,
        "seconds": round(seconds),
    }
    return "tried: " + ", ".join(f"{count} {what}" for what, count in figures.items())
