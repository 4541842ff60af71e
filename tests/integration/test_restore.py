"""A restore of tables that were not all there at the second: what did not exist then is empty again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra import restore
from infra.stages import Stage


class Listed(Stage):
    """A stage of tables alone, without the stack that would list them: moto's needs packages that nothing else does."""

    def resources(self, kind: str) -> list[str]:
        names = self.client("dynamodb").list_tables()["TableNames"] if kind == "AWS::DynamoDB::Table" else []
        return [name for name in names if not name.endswith(restore.COPY)]


class Tables:
    """Its tables and rows."""

    def __init__(self) -> None:
        self.stage = Listed(boto3.Session(region_name="us-east-1"), None, "studio-dev")
        self.dynamodb = self.stage.client("dynamodb")

    def release(self, *names: str, restorable: bool = True) -> None:
        """A version with more tables, each with one row."""
        for name in names:
            self.dynamodb.create_table(**properties(name))
            self.put(name, "first")
            if restorable:
                self.make_restorable(name)

    def make_restorable(self, name: str) -> None:
        recovery = {"PointInTimeRecoveryEnabled": True}
        self.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)

    def put(self, table: str, row: str) -> None:
        self.dynamodb.put_item(TableName=table, Item={"id": {"S": row}, "owner": {"S": "ada"}})

    def rows(self, table: str) -> list[str]:
        return sorted(row["id"]["S"] for row in self.dynamodb.scan(TableName=table)["Items"])

    def all(self) -> set[str]:
        return set(self.dynamodb.list_tables()["TableNames"])


def properties(name: str) -> dict[str, Any]:
    index = {"IndexName": "byOwner", "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}]}
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("id", "owner")],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [index | {"Projection": {"ProjectionType": "ALL"}}],
    }


@pytest.fixture
def tables() -> Iterator[Tables]:
    with mock_aws():
        yield Tables()


def now() -> datetime:
    """A moment after what was and before what comes."""
    time.sleep(0.01)
    at = datetime.now(UTC)
    time.sleep(0.01)
    return at


def test_a_table_that_a_later_release_added_is_empty_again(tables):
    tables.release("users", "ledger")
    at = now()
    tables.release("operators")
    copies, younger = restore.copy(tables.stage, at)
    assert (sorted(copies), younger) == (["ledger-restored", "operators-restored", "users-restored"], ["operators"])
    tables.put("ledger", "since")
    changed = {name: (written, deleted) for name, written, deleted in restore.put_back(tables.stage)}
    assert changed == {"users": (0, 0), "ledger": (0, 1), "operators": (0, 1)}
    assert [tables.rows(name) for name in ("users", "ledger", "operators")] == [["first"], ["first"], []]


def test_a_copy_that_broke_off_goes_on_and_drop_takes_the_empty_ones_too(tables):
    tables.release("users")
    at = now()
    tables.release("operators", "tallies")
    first = restore.copy(tables.stage, at)
    tables.dynamodb.delete_table(TableName="tallies-restored")
    assert restore.copy(tables.stage, at) == first
    assert len(restore.drop(tables.stage)) == 3
    assert tables.all() == {"users", "operators", "tallies"}


def test_a_younger_table_without_its_copy_is_not_emptied(tables):
    tables.release("users")
    at = now()
    tables.release("operators")
    restore.copy(tables.stage, at)
    tables.dynamodb.delete_table(TableName="operators-restored")
    with pytest.raises(restore.NotNow, match="operators-restored is missing"):
        list(restore.put_back(tables.stage))
    assert tables.rows("operators") == ["first"]


def test_a_table_that_was_there_and_cannot_be_restored_to_the_second_stops_the_copy(tables):
    """Older than its recovery: the second is more than 35 days ago, or in the first moments of the table."""
    tables.release("users")
    tables.release("ledger", restorable=False)
    at = now()
    tables.make_restorable("ledger")
    with pytest.raises(restore.NotNow, match=r"ledger was there, and can be restored to 20\d\d-.* at the earliest"):
        restore.copy(tables.stage, at)
    assert tables.all() == {"users", "ledger"}


def test_a_second_before_the_first_deployment_is_refused(tables):
    tables.release("users", "ledger")
    with pytest.raises(restore.NotNow, match="no table of the stage was there"):
        restore.copy(tables.stage, datetime(2026, 1, 1, tzinfo=UTC))
    assert tables.all() == {"users", "ledger"}
