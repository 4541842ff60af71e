"""The studio on in-process moto: tables, queues and bucket are made from `template.yaml`. One thread only."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import jsonpath_ng.ext
import pytest
from argon2 import PasswordHasher
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.serialize import BaseJSONSerializer

from infra.local.runpod import API_KEY as RUNPOD_KEY
from infra.local.runpod import ENDPOINT
from infra.local.stack import template
from infra.local.stripe import SECRET_KEY, WEBHOOK_SECRET
from ingest import asked
from studio import accounts, catalog, clock, credits, jobs, passwords, settings, storage, uploads
from studio.events import Finished
from studio.tables import Entry, JobRow, OutboxRow
from studio.tokens import Caller
from tests.integration.payments import Till, connected

PASSWORD = "correct horse battery"
PROXY_SECRET = "p" * 64
ORDER: dict[str, Any] = {"prompt": "A lighthouse on a cliff at sunset", "width": 512, "height": 512}


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    with running(monkeypatch) as studio:
        yield studio


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A studio of its own, for as long as somebody wants it."""
    with mock_aws():
        for name, value in _make_resources().items():
            monkeypatch.setenv(name, value)
        settings.settings.cache_clear()  # a studio for a whole module comes before what each test clears
        for target, name, value in QUICKER:
            monkeypatch.setattr(target, name, value)
        # moto would need Docker to invoke a function.
        monkeypatch.setattr(uploads, "_invoked", lambda task: asked.handler(task, CONTEXT))
        yield Studio()


@pytest.fixture(scope="module")
def world() -> Iterator[Any]:
    """A studio for a whole module of questions about every route; see `contract.World`."""
    from tests.integration import contract  # which is made of what stands here

    with contract.opened(CONTEXT) as world:
        yield world


@pytest.fixture
def till(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Till:
    """Where credits are paid for."""
    return connected(monkeypatch)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Moves the clock on by so many seconds."""

    def move(seconds: int) -> None:
        epoch, now = clock.epoch(), clock.now()
        monkeypatch.setattr(clock, "epoch", lambda: epoch + seconds)
        monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(now.timestamp() + seconds))

    return move


@dataclass
class Customer:
    """A registered user and what they can do."""

    id: str
    token: str

    def submit(self, *, key: str | None = None, cancel_after: str | None = None, **options: Any) -> JobRow:
        order = catalog.parse("image-generation", ORDER | options)
        return jobs.submit(self.id, order, key=key, cancel_after=cancel_after).job

    def cancel(self, job: JobRow) -> JobRow:
        return jobs.cancel(self.id, job.id)

    def balance(self) -> int:
        return credits.of(self.id).balance

    def held(self) -> int:
        return credits.of(self.id).held


@dataclass
class Studio:
    """The operator's view."""

    _count: int = field(default=0)

    def user(self) -> Customer:
        self._count += 1
        signup = accounts.register(f"user{self._count}@example.com", PASSWORD)
        return Customer(signup.user.id, signup.token.value)

    def job(self, job: JobRow) -> JobRow:
        found = jobs.find(job.id)
        assert found is not None
        return found

    def ledger(self, user: Customer) -> list[Entry]:
        return list(reversed(credits.entries(user.id, limit=100).entries))

    def outbox(self) -> list[OutboxRow]:
        return list(OutboxRow.scan(consistent_read=True))

    def queued_jobs(self) -> list[str]:
        return [json.loads(message["Body"])["jobId"] for message in _drain("JOBS")]

    def queued_low(self) -> list[str]:
        return [json.loads(message["Body"])["jobId"] for message in _drain("LOW")]

    def queued_drafts(self) -> list[str]:
        return [json.loads(message["Body"])["jobId"] for message in _drain("DRAFTS")]

    def errands(self) -> list[dict[str, str]]:
        """What is left to do for accounts."""
        return [json.loads(message["Body"]) for message in _drain("ERRANDS")]

    def events(self) -> list[dict[str, Any]]:
        """Events that reached the bus, as an eavesdropping queue got them."""
        return [json.loads(message["Body"]) for message in _drain("NEWS")]

    def news(self) -> list[dict[str, Any]]:
        """Those of them that tell of an end or of credits, not of the way there."""
        on_the_way = ("Job Queued", "Job Started", "Job Progress")
        return [event for event in self.events() if event["detail-type"] not in on_the_way]

    def finish(self, job: JobRow, attempt: int = 1, **error: str) -> JobRow | None:
        """What the completion function does with the worker's event."""
        if error:
            return jobs.settle(Finished(job.id, attempt, "failed", error=error))
        return jobs.settle(Finished(job.id, attempt, "succeeded", result=result_of(job, attempt)))


def signed_in(user_id: str) -> Caller:
    """The user as a request of theirs comes in."""
    return Caller(user_id, session_id=None, ver=int(accounts.profile(user_id).ver))


def result_of(job: JobRow, attempt: int = 1) -> dict[str, Any]:
    """What a worker reports for one file."""
    key = storage.output_prefix(job.user_id, job.id, attempt) + "image-1.png"
    file = {"name": "image-1.png", "key": key, "contentType": "image/png", "sizeBytes": 3}
    return {"files": [file], "metadata": {"engine": "sketch"}}


CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=128,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 10_000,
)
TEMPLATE = template()
client = cache(boto3.client)  # clients outlive a mock; making one takes longer than most tests
_serialize_structure = BaseJSONSerializer._serialize_type_structure


def _plain_values_as_they_are(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """For each attribute of a row moto tries ten types under twenty names; that is a third of its time."""
    if key and shape.name == "AttributeValue" and value.keys() <= {"S", "N", "BOOL", "NULL"}:
        self._default_serialize(serialized, value, shape, key)
    else:
        _serialize_structure(self, serialized, value, shape, key)


QUICKER: tuple[tuple[Any, str, Any], ...] = (
    (BaseJSONSerializer, "_serialize_type_structure", _plain_values_as_they_are),
    (passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    (jsonpath_ng.ext, "parse", cache(jsonpath_ng.ext.parse)),  # moto builds a grammar anew for every event
)
"""What takes most of the time of tests that are not about it."""
_queues: dict[str, str] = {}
KEPT = {"dynamodb": "us-east-1", "events": "us-east-1", "secretsmanager": "us-east-1", "s3": "aws"}
"""Services whose new resources are copied from test to test, and where moto has them: making them takes 0.1 s."""
_made: list[tuple[dict[str, str], dict[str, Any]]] = []
"""The environment and those resources, once they were made."""


def _drain(queue: str) -> list[Any]:
    sqs = client("sqs")
    drained: list[Any] = []
    while messages := sqs.receive_message(QueueUrl=_queues[queue], MaxNumberOfMessages=10).get("Messages"):
        drained += messages
        for message in messages:
            sqs.delete_message(QueueUrl=_queues[queue], ReceiptHandle=message["ReceiptHandle"])
    return drained


def _make_resources() -> dict[str, str]:
    """What CloudFormation would make of the template, as the environment of a function."""
    queues = _make_queues()
    if not _made:
        made = _make_the_rest(queues)
        _made.append((made, {service: copy.deepcopy(vars(_backend(service))) for service in KEPT}))
    ((made, kept),) = _made
    for service, state in kept.items():
        vars(_backend(service)).update(copy.deepcopy(state))
    return dict(made)


def _make_queues() -> dict[str, str]:
    sqs = client("sqs")
    for name in ("JOBS", "LOW", "DRAFTS", "DELIVERIES", "ERRANDS", "NEWS"):
        _queues[name] = sqs.create_queue(QueueName=name.lower())["QueueUrl"]
    return {f"{name.title()}Queue": url for name, url in _queues.items()}


def _make_the_rest(made: dict[str, str]) -> dict[str, str]:
    environment = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    dynamodb = client("dynamodb")
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            kept = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
            properties = {k: v for k, v in resource["Properties"].items() if k in kept}
            dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **properties)
            made[name] = name
    client("s3").create_bucket(Bucket="media")
    events, sqs = client("events"), client("sqs")
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern=json.dumps({"source": [{"prefix": "studio"}]}))
    news_arn = sqs.get_queue_attributes(QueueUrl=_queues["NEWS"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "news", "Arn": news_arn}])
    secret = client("secretsmanager").create_secret(Name="signing", SecretString="s" * 64)
    keys = json.dumps({"secretKey": SECRET_KEY, "webhookSecrets": [WEBHOOK_SECRET]})
    stripe = client("secretsmanager").create_secret(Name="stripe", SecretString=keys)
    made |= {"EventBus": "bus", "MediaBucket": "media"}
    runpod = client("secretsmanager").create_secret(Name="runpod", SecretString=json.dumps({"apiKey": RUNPOD_KEY}))
    callbacks = client("secretsmanager").create_secret(Name="runpod-callbacks", SecretString="c" * 64)
    made |= {"RunPodSecret": runpod["ARN"], "RunPodCallbackSecret": callbacks["ARN"]}
    made |= {"RunPodEndpoint": ENDPOINT, "PublicUrl": "https://studio.test"}
    made |= {"RealtimeUrl": "wss://studio.test/realtime"}
    proxies = client("secretsmanager").create_secret(Name="proxies", SecretString=PROXY_SECRET)
    made |= {"SigningSecret": secret["ARN"], "StripeSecret": stripe["ARN"], "ProxySecret": proxies["ARN"]}
    defaults = {k: str(v["Default"]) for k, v in TEMPLATE["Parameters"].items()}
    return {name: _resolved(value, defaults | made) for name, value in environment.items()}


def _backend(service: str) -> Any:
    """What moto has of a service."""
    return get_backend(service)[DEFAULT_ACCOUNT_ID][KEPT[service]]


def _resolved(value: Any, made: dict[str, str]) -> str:
    match value:
        case {"Fn::If": [_, then, _]}:  # everything that is optional is there
            return _resolved(then, made)
        case {"Ref": name}:
            return made[name]
        case {"Fn::GetAtt": [name, *_]}:
            return made[name]
        case {"Fn::GetAtt": str(path)}:
            return made[path.split(".")[0]]
    return str(value)


@pytest.fixture
def context() -> SimpleNamespace:
    """A Lambda context."""
    return CONTEXT
