"""`python -m infra.restore STEP --stage NAME`: all tables of a stage as they were at one second.

The steps, in the order in which a disaster needs them; each may be repeated, also after it broke off:

- ``stop`` takes the stage out of service: its queues' readers, its functions, and the rights of its workers;
- ``copy --at 2026-11-20T10:00:00Z`` restores every table beside the live one, and names those that are younger;
- ``put-back`` makes every live table equal to its copy;
- ``start`` puts the stage back into service;
- ``drop`` deletes the copies.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.stages import LOCAL, Stage, Unreachable, stage

COPY = "-restored"
"""Ends the name of a copy."""
STOPPED = "stopped"
"""Name of the policy that takes a worker's rights."""
DENY_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
COPIED_WITHIN_SECONDS = 4 * 3600
LOOK_EVERY_SECONDS = 10
Row = dict[str, Any]


class NotNow(RuntimeError):
    """A step that needs another one first; the message says which. Nothing was changed."""


# ---- Out of service, and back ----------------------------------------------------------------------------------------


def stop(stage: Stage) -> int:
    """Nobody writes any more, once what runs has ended: for how many seconds a function may still run.

    Readers of queues go first: a function that cannot run would make dead letters of what they bring.
    """
    functions = stage.client("lambda")
    for source in stage.resources("AWS::Lambda::EventSourceMapping"):
        functions.update_event_source_mapping(UUID=source, Enabled=False)
    for name in _functions(stage):
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    iam = stage.client("iam")
    iam.put_role_policy(RoleName=_worker_role(stage), PolicyName=STOPPED, PolicyDocument=DENY_ALL)
    for user in _worker_users(stage):
        iam.put_user_policy(UserName=user, PolicyName=STOPPED, PolicyDocument=DENY_ALL)
    return max(int(functions.get_function_configuration(FunctionName=name)["Timeout"]) for name in _functions(stage))


def start(stage: Stage) -> None:
    """Everything that `stop` stopped runs again."""
    iam = stage.client("iam")
    _unless_gone(iam.delete_role_policy, RoleName=_worker_role(stage), PolicyName=STOPPED)
    for user in _worker_users(stage):
        _unless_gone(iam.delete_user_policy, UserName=user, PolicyName=STOPPED)
    functions = stage.client("lambda")
    for name in _functions(stage):
        functions.delete_function_concurrency(FunctionName=name)
    for source in stage.resources("AWS::Lambda::EventSourceMapping"):
        functions.update_event_source_mapping(UUID=source, Enabled=True)


# ---- Tables ----------------------------------------------------------------------------------------------------------


def copy(stage: Stage, at: datetime) -> tuple[list[str], list[str]]:
    """Restore every table to one second, beside the live one.

    A table that was made later, by a newer release or for RunPod, had no rows then, and neither has its copy: no row of
    the older tables can refer to one in it. A copy that is there already is kept; `drop` it first for another second.

    Returns:
        Names of the copies, when all are there, and of the tables whose copy is empty.

    Raises:
        NotNow: the stage is younger, or a table was there and cannot be restored to that second. Nothing was copied.
    """
    dynamodb = stage.client("dynamodb")
    tables = _tables(stage)
    younger = _younger(dynamodb, tables, at)
    for name in tables:
        try:
            if name in younger:
                _copy_nothing(dynamodb, name)
            else:
                dynamodb.restore_table_to_point_in_time(
                    SourceTableName=name, TargetTableName=name + COPY, RestoreDateTime=at
                )
        except (dynamodb.exceptions.TableAlreadyExistsException, dynamodb.exceptions.ResourceInUseException):
            continue
    often = {"Delay": LOOK_EVERY_SECONDS, "MaxAttempts": COPIED_WITHIN_SECONDS // LOOK_EVERY_SECONDS}
    for name in tables:
        dynamodb.get_waiter("table_exists").wait(TableName=name + COPY, WaiterConfig=often)
    return [name + COPY for name in tables], younger


def put_back(stage: Stage) -> Iterator[tuple[str, int, int]]:
    """Make every live table equal to its copy; its name, how many rows were written, and how many deleted.

    It holds the rows of one table in memory, and writes only those that differ.

    Raises:
        NotNow: the stage is in service, or a table has no copy that is ready.
    """
    _require_stopped(stage)
    database = stage.session.resource("dynamodb", endpoint_url=stage.endpoint_url)
    tables = _tables(stage)
    _require_copies(stage, tables)
    for name in tables:
        yield name, *_equal(database.Table(name), database.Table(name + COPY))


def drop(stage: Stage) -> list[str]:
    """Delete the copies; the names of those that were there."""
    dynamodb, gone = stage.client("dynamodb"), []
    for name in _tables(stage):
        try:
            dynamodb.delete_table(TableName=name + COPY)
        except dynamodb.exceptions.ResourceNotFoundException:
            continue
        gone.append(name + COPY)
    return gone


def _younger(dynamodb: Any, tables: list[str], at: datetime) -> list[str]:
    """Tables that were made after a second; what else cannot be restored to it is refused, here or by DynamoDB."""
    younger = []
    for name in tables:
        if dynamodb.describe_table(TableName=name)["Table"]["CreationDateTime"] > at:
            younger.append(name)
        elif (earliest := _earliest(dynamodb, name)) and earliest > at:
            raise NotNow(f"{name} was there, and can be restored to {earliest.isoformat()} at the earliest")
    if len(younger) == len(tables):
        raise NotNow(f"no table of the stage was there at {at.isoformat()}")
    return younger


def _earliest(dynamodb: Any, table: str) -> datetime | None:
    """The first second that a table can be restored to, if any: soon after it was made, or 35 days ago."""
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    earliest: datetime | None = backups["PointInTimeRecoveryDescription"].get("EarliestRestorableDateTime")
    return earliest


def _copy_nothing(dynamodb: Any, name: str) -> None:
    """An empty table beside the live one; `put_back` reads it by the same key, and no index."""
    live = dynamodb.describe_table(TableName=name)["Table"]
    keys = {key["AttributeName"] for key in live["KeySchema"]}
    dynamodb.create_table(
        TableName=name + COPY,
        KeySchema=live["KeySchema"],
        AttributeDefinitions=[one for one in live["AttributeDefinitions"] if one["AttributeName"] in keys],
        BillingMode="PAY_PER_REQUEST",
    )


def _equal(live: Any, copy: Any) -> tuple[int, int]:
    keys = [key["AttributeName"] for key in live.key_schema]
    wanted = {tuple(row[key] for key in keys): row for row in _rows(copy)}
    written = deleted = 0
    with live.batch_writer() as batch:
        for row in _rows(live):
            then = wanted.pop(tuple(row[key] for key in keys), None)
            if then is None:
                batch.delete_item(Key={key: row[key] for key in keys})
                deleted += 1
            elif then != row:
                batch.put_item(Item=then)
                written += 1
        for row in wanted.values():
            batch.put_item(Item=row)
    return written + len(wanted), deleted


def _rows(table: Any) -> Iterator[Row]:
    for page in table.meta.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True):
        yield from page["Items"]


# ---- What a step needs -----------------------------------------------------------------------------------------------


def _require_stopped(stage: Stage) -> None:
    functions = stage.client("lambda")
    for name in _functions(stage):
        if functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") != 0:
            raise NotNow(f"{name} runs; `stop` comes before `put-back`")


def _require_copies(stage: Stage, tables: list[str]) -> None:
    dynamodb = stage.client("dynamodb")
    for name in tables:
        try:
            status = dynamodb.describe_table(TableName=name + COPY)["Table"]["TableStatus"]
        except dynamodb.exceptions.ResourceNotFoundException:
            status = "missing"
        if status != "ACTIVE":
            raise NotNow(f"{name + COPY} is {status}; `copy` comes before `put-back`")


def _functions(stage: Stage) -> list[str]:
    return stage.resources("AWS::Lambda::Function")


def _tables(stage: Stage) -> list[str]:
    return stage.resources("AWS::DynamoDB::Table")


def _worker_role(stage: Stage) -> str:
    return stage.output("WorkerRoleArn").rpartition("/")[2]


def _worker_users(stage: Stage) -> list[str]:
    """RunPod's, where it is used."""
    return stage.resources("AWS::IAM::User")


def _unless_gone(delete: Any, **names: str) -> None:
    try:
        delete(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise


# ---- Command line ----------------------------------------------------------------------------------------------------


def main() -> int:
    """Command line; 0 when the step is done, 1 when it is not."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.restore", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["stop", "copy", "put-back", "start", "drop"])
    parser.add_argument("--stage", default=LOCAL, help="one of samconfig.toml, or local (the default)")
    parser.add_argument(
        "--at", type=datetime.fromisoformat, help="for `copy`, with its time zone: 2026-11-20T10:00:00Z"
    )
    given = parser.parse_args()
    if (given.step == "copy") != (given.at is not None):
        parser.error("`copy` takes --at, the other steps do not")
    if given.at and given.at.tzinfo is None:
        parser.error("--at needs its time zone, for example a Z at its end")
    try:
        _step(given.step, stage(given.stage), given.at)
    except (NotNow, Unreachable, BotoCoreError, ClientError) as error:
        print(f"{given.step} is not done: {error}", file=sys.stderr)
        return 1
    return 0


def _step(step: str, stage: Stage, at: datetime) -> None:
    match step:
        case "stop":
            seconds = stop(stage)
            print(f"out of service; what runs now may write for {seconds} s more, so wait that long before `put-back`")
        case "copy":
            copies, younger = copy(stage, at)
            for name in younger:
                print(f"{name} was made after that: its copy is empty, and `put-back` will delete all its rows")
            print(f"{len(copies)} tables as they were at {at.isoformat()}, each beside the live one")
        case "put-back":
            for name, written, deleted in put_back(stage):
                print(f"{name}: {written} rows written, {deleted} deleted")
        case "start":
            start(stage)
            print("in service")
        case "drop":
            print(f"{len(drop(stage))} copies deleted")


if __name__ == "__main__":
    sys.exit(main())
