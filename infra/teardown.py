"""`python -m infra.teardown --stack NAME --with-its-data`: a stage, and what CloudFormation would keep of it, is gone.

Deleting a stack keeps its tables, bucket and secrets on purpose. This deletes them too, so it takes only stacks that
say their stage is `dev` or `staging`, and looks for protected tables and running GPU instances before it touches
anything. Who runs it again after it broke off finishes what was left, also where the stack itself is gone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError

SERVICES = ("autoscaling", "cloudformation", "dynamodb", "s3", "secretsmanager")
KEPT = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret")
LEFT = ("AWS::Backup::BackupVault",)
"""Kept too, and not deleted here: a backup is there for the day on which somebody ran this by mistake."""
GROUP = "AWS::AutoScaling::AutoScalingGroup"
MAY_GO = ("dev", "staging")
"""Stages that earn no money."""


def tear_down(session: boto3.Session, stack: str, endpoint_url: str | None = None) -> tuple[list[str], list[str]]:
    """Delete the stack and then what it and its nested stacks kept; returns names of the latter, and of what is left.

    Raises:
        SystemExit: the stack does not say that its stage is one of `MAY_GO`, is part of another, has a table that is
            protected, or a GPU instance. Nothing was deleted.
    """
    make: Any = session.client  # typed per service; here the name is only known at run time
    clients = {name: make(name, endpoint_url=endpoint_url) for name in SERVICES}
    found = _found(clients["cloudformation"], stack)
    if found is None:
        return [], []  # whoever cleans up does not know how far it came
    _require_throwaway(found)
    resources = _resources(clients["cloudformation"], found["StackId"])
    kept = [one for one in resources if one[0] in KEPT]
    if protected := [name for kind, name in kept if kind == KEPT[0] and _protected(clients["dynamodb"], name)]:
        raise SystemExit(f"{stack} has tables with deletion protection: {', '.join(protected)}")
    _require_no_instances(clients["autoscaling"], stack, [name for kind, name in resources if kind == GROUP])
    if found["StackStatus"] != "DELETE_COMPLETE":
        clients["cloudformation"].delete_stack(StackName=stack)
        clients["cloudformation"].get_waiter("stack_delete_complete").wait(StackName=found["StackId"])
    for kind, name in kept:
        _delete(clients, kind, name)
    return [name for _, name in kept], [name for kind, name in resources if kind in LEFT]


def _found(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """The stack of this name, or the last one that was deleted, which CloudFormation knows for 90 days; or None."""
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
    pages = cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    gone = [one for page in pages for one in page["StackSummaries"] if one["StackName"] == stack]
    if not gone:
        return None
    last = max(gone, key=lambda one: one["CreationTime"])
    return dict(cloudformation.describe_stacks(StackName=last["StackId"])["Stacks"][0])


def _require_throwaway(found: dict[str, Any]) -> None:
    name = found["StackName"]
    stages = [one["ParameterValue"] for one in found.get("Parameters", []) if one["ParameterKey"] == "Stage"]
    if len(stages) != 1 or stages[0] not in MAY_GO:
        raise SystemExit(
            f"{name} has the stage {stages[0] if stages else 'of nobody'}, and only {' and '.join(MAY_GO)} are torn"
            " down; data of others are deleted by hand or not at all"
        )
    if found.get("ParentId"):
        raise SystemExit(f"{name} is part of another stack")


def _resources(cloudformation: Any, stack: str) -> list[tuple[str, str]]:
    """Type and name of everything in a stack and in those nested into it, and of what their deletion kept."""
    told = [(one["ResourceType"], one.get("PhysicalResourceId")) for one in _told(cloudformation, stack)]
    found = []
    for kind, name in dict.fromkeys(told):
        if kind == "AWS::CloudFormation::Stack":
            found += _resources(cloudformation, name) if name and name != stack else []
        elif name:
            found.append((kind, name))
    return list(dict.fromkeys(found))


def _told(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """What is in the stack, from its list, and what was kept of it and which were nested, from its events."""
    try:
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
            yield from (one for one in page["StackResourceSummaries"] if one["ResourceStatus"] != "DELETE_COMPLETE")
        for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
            for one in page["StackEvents"]:
                if one["ResourceStatus"] == "DELETE_SKIPPED" or one["ResourceType"] == "AWS::CloudFormation::Stack":
                    yield one
    except ClientError as error:
        if "does not exist" not in str(error):  # a nested one that went away more than 90 days ago
            raise


def _protected(dynamodb: Any, table: str) -> bool:
    try:
        return bool(dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"))
    except dynamodb.exceptions.ResourceNotFoundException:
        return False  # an earlier run came this far


def _require_no_instances(autoscaling: Any, stack: str, groups: list[str]) -> None:
    """None that runs; stopped ones of a warm pool are not listed here, and go with their group."""
    running = []
    for name in groups:
        for group in autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
            running += [one["InstanceId"] for one in group["Instances"]]
    if running:
        raise SystemExit(
            f"{stack} has GPU instances, and ECS protects them from being deleted: {', '.join(running)}. They go by"
            " themselves when no job is left, if GpuMinWorkers is 0"
        )


def _delete(clients: dict[str, Any], kind: str, name: str) -> None:
    """Delete one thing; that it is gone already is fine."""
    try:
        match kind:
            case "AWS::DynamoDB::Table":
                clients["dynamodb"].delete_table(TableName=name)
            case "AWS::SecretsManager::Secret":
                clients["secretsmanager"].delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            case _:
                _delete_bucket(clients["s3"], name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "NoSuchBucket"):
            raise


def _delete_bucket(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        objects = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in objects]
        if keys:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.teardown", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--with-its-data", action="store_true", required=True, help="say that you mean it")
    stack = parser.parse_args().stack
    gone, left = tear_down(boto3.Session(), stack)
    if not gone:
        print(f"nothing is left of {stack}, if it was there in the last 90 days")
    for name in gone:
        print(f"deleted {name}")
    for name in left:
        print(f"left the backups in {name}: delete its recovery points, then the vault")


if __name__ == "__main__":
    main()
