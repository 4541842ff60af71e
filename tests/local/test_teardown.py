"""Tearing a stage down takes only what earns no money, looks before it deletes, and ends what an earlier run began."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from infra import e2e, teardown
from infra.local.emulator import Emulator
from tests.local.conftest import wait_for

pytestmark = pytest.mark.local

KEYS: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("teardown"), persist=False)
    running.start()
    yield running
    running.stop()


class Account:
    """Stacks of one test; everything in them is named after it."""

    def __init__(self, session: boto3.Session, stack: str) -> None:
        self.session, self.stack = session, stack

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def table(self, name: str, **more: object) -> dict[str, Any]:
        return kept("AWS::DynamoDB::Table", TableName=f"{self.stack}-{name}", **KEYS, **more)

    def deploy(self, stage: str | None, **resources: Any) -> None:
        made = resources or {
            "Ledger": self.table("ledger"),
            "Media": kept("AWS::S3::Bucket", BucketName=f"{self.stack}-media"),
            "Key": kept("AWS::SecretsManager::Secret", Name=f"{self.stack}-key"),
        }
        document = {"Resources": made} | ({"Parameters": {"Stage": {"Type": "String"}}} if stage else {})
        parameters = [{"ParameterKey": "Stage", "ParameterValue": stage}] if stage else []
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(StackName=self.stack, TemplateBody=json.dumps(document), Parameters=parameters)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=self.stack, WaiterConfig={"Delay": 0.1})

    def nested(self, **resources: Any) -> dict[str, Any]:
        bucket = f"templates-{self.stack}"
        self.client("s3").create_bucket(Bucket=bucket)
        self.client("s3").put_object(Bucket=bucket, Key="inner", Body=json.dumps({"Resources": resources}))
        url = f"{self.client('s3').meta.endpoint_url}/{bucket}/inner"
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    def there(self) -> set[str]:
        """What is kept, without the name of the stack."""
        names = [
            *self.client("dynamodb").list_tables()["TableNames"],
            *(one["Name"] for one in self.client("s3").list_buckets()["Buckets"]),
            *(one["Name"] for one in self.client("secretsmanager").list_secrets()["SecretList"]),
        ]
        return {name.removeprefix(f"{self.stack}-") for name in names if name.startswith(self.stack)}

    def runs(self) -> bool:
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return self.stack in [one["StackName"] for one in stacks]

    def tear_down(self) -> tuple[list[str], list[str]]:
        return teardown.tear_down(self.session, self.stack)


def kept(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": kind, "DeletionPolicy": "Retain", "Properties": properties}


@pytest.fixture
def aws(emulator, monkeypatch) -> Account:
    for name, value in (emulator.admin_env | {"NO_PROXY": "*"}).items():
        monkeypatch.setenv(name, value)
    return Account(boto3.Session(), f"studio-{secrets.token_hex(4)}")


@pytest.mark.parametrize("stage", ["dev", "staging"])
def test_a_stage_goes_with_all_that_the_stack_kept(aws, stage):
    aws.deploy(stage)
    aws.client("s3").put_object(Bucket=f"{aws.stack}-media", Key="a")
    assert aws.there() == {"ledger", "media", "key"}
    gone, left = aws.tear_down()
    assert (len(gone), left, aws.there(), aws.runs()) == (3, [], set(), False)


@pytest.mark.parametrize("stage", ["prod", "production", "Dev", None])
def test_a_stack_that_does_not_say_it_may_go_stays(aws, stage):
    aws.deploy(stage)
    with pytest.raises(SystemExit, match="only dev and staging are torn down"):
        aws.tear_down()
    assert aws.there() == {"ledger", "media", "key"}
    assert aws.runs()


def test_a_protected_table_is_seen_before_anything_is_deleted(aws):
    aws.deploy("dev", Users=aws.table("users"), Ledger=aws.table("ledger", DeletionProtectionEnabled=True))
    with pytest.raises(SystemExit, match=r"deletion protection: \S+-ledger$"):
        aws.tear_down()
    assert aws.there() == {"users", "ledger"}
    assert aws.runs()


def test_gpu_instances_are_seen_before_anything_is_deleted(aws):
    group = {"Type": teardown.GROUP, "Properties": {"AutoScalingGroupName": aws.stack, "MinSize": "0", "MaxSize": "1"}}
    aws.deploy("dev", Ledger=aws.table("ledger"), Gpu=aws.nested(Machines=group))
    scaling = aws.client("autoscaling")
    scaling.set_desired_capacity(AutoScalingGroupName=aws.stack, DesiredCapacity=1)
    with pytest.raises(SystemExit, match=r"has GPU instances, .*: i-\w+\. They go by"):
        aws.tear_down()
    assert (aws.there(), aws.runs()) == ({"ledger"}, True)
    scaling.set_desired_capacity(AutoScalingGroupName=aws.stack, DesiredCapacity=0)
    assert aws.tear_down() == ([f"{aws.stack}-ledger"], [])


def test_a_run_that_broke_off_is_finished_by_the_next_one(aws, monkeypatch):
    aws.deploy("dev")
    delete = teardown._delete

    def broken(clients: Any, kind: str, name: str) -> None:
        if kind == "AWS::S3::Bucket":
            raise ConnectionError
        delete(clients, kind, name)

    monkeypatch.setattr(teardown, "_delete", broken)
    with pytest.raises(ConnectionError):
        aws.tear_down()
    monkeypatch.setattr(teardown, "_delete", delete)
    assert not aws.runs()
    assert "media" in aws.there()
    gone, _ = aws.tear_down()
    assert f"{aws.stack}-media" in gone
    assert aws.there() == set()


def test_data_of_prod_stay_when_somebody_deleted_its_stack(aws):
    aws.deploy("prod")
    aws.client("cloudformation").delete_stack(StackName=aws.stack)
    wait_for(lambda: not aws.runs())
    with pytest.raises(SystemExit, match="prod"):
        aws.tear_down()
    assert aws.there() == {"ledger", "media", "key"}


def test_what_a_nested_stack_kept_goes_too_and_its_vault_is_named(aws):
    vault = kept("AWS::Backup::BackupVault", BackupVaultName=f"{aws.stack}-vault")
    aws.deploy("dev", Backups=aws.nested(Inner=aws.table("inner"), Vault=vault))
    assert aws.there() == {"inner"}
    gone, left = aws.tear_down()
    assert (gone, left, aws.there()) == ([f"{aws.stack}-inner"], [f"{aws.stack}-vault"], set())


def test_a_stack_that_never_was_is_no_fault(aws):
    assert aws.tear_down() == ([], [])


@pytest.mark.parametrize("stage", ["prod", None])
def test_no_sketching_worker_takes_the_jobs_of_those_who_pay(monkeypatch, stage):
    monkeypatch.setattr(e2e.subprocess, "Popen", lambda *_, **__: pytest.fail("a worker was started"))
    asked: Any = SimpleNamespace(environment=lambda: {"STAGE": stage} if stage else {})
    with pytest.raises(SystemExit, match="for dev and staging"), e2e.working(asked):
        pytest.fail("the walk began")
