"""No role of any template may do more than its code does, and where a right is wide somebody says why."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.local.stack import ROOT, nested
from studio.tables import ALL_MODELS

PATHS = ("template.yaml", *sorted(f"infra/{path.name}" for path in (ROOT / "infra").glob("*.yaml")))
TEMPLATES = {path: nested(path) for path in PATHS}
MAIN = TEMPLATES["template.yaml"]
WIDE = {
    ("ErrandsFunction", "ses:SendEmail"): "identities of SES are the operator's, and not in the template",
    ("WorkerRole", "polly:SynthesizeSpeech"): "Polly has no narrower resource",
    ("RunPodWorkerPolicy", "polly:SynthesizeSpeech"): "Polly has no narrower resource",
    ("RealtimeConnectFunction", "execute-api:ManageConnections"): "connections are known when they are there",
    ("ErrandsFunction", "execute-api:ManageConnections"): "connections are known when they are there; it closes them",
    ("RealtimeMessageFunction", "execute-api:ManageConnections"): "connections are known when they are there",
    ("RealtimePushFunction", "execute-api:ManageConnections"): "connections are known when they are there",
    ("StayWhileAtWork", "ecs:GetTaskProtection"): "tasks of the one cluster, which are known when they run",
    ("StayWhileAtWork", "ecs:UpdateTaskProtection"): "tasks of the one cluster, which are known when they run",
    (
        "SayPrepared",
        "autoscaling:CompleteLifecycleAction",
    ): "the one group by its name; its id is known when it is there",
    ("InstanceRole", "s3:GetObject"): "every file of the weights, in the operator's own bucket and folder",
}
"""By resource and action: why its resource has an asterisk. Folders of the media bucket need no reason."""
OF_AWS = {
    "AmazonECSTaskExecutionRolePolicy": "fetches images and writes logs",
    "AmazonEC2ContainerServiceforEC2Role": "what ECS's agent needs; tasks cannot take it, and have roles of their own",
    "AmazonSSMManagedInstanceCore": "how ECS Anywhere reaches a box outside AWS",
    "AWSBackupServiceRolePolicyForBackup": "AWS Backup's own",
    "AWSBackupServiceRolePolicyForRestores": "AWS Backup's own",
}
"""Managed policies that roles have, which AWS keeps and which are wide; and why."""
Statement = dict[str, Any]


def granted() -> Iterator[tuple[str, Statement]]:
    """Every statement of every role, user and policy, with the name of the resource that has it."""
    for template in TEMPLATES.values():
        for name, resource in template["Resources"].items():
            properties = resource.get("Properties", {})
            match resource["Type"]:
                case "AWS::Serverless::Function":
                    documents = properties.get("Policies", [])
                case "AWS::IAM::Role" | "AWS::IAM::User":
                    documents = [policy["PolicyDocument"] for policy in _always(properties.get("Policies", []))]
                case "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy":
                    documents = [properties["PolicyDocument"]]
                case _:
                    continue
            yield from ((name, statement) for document in documents for statement in document["Statement"])


def wide() -> set[tuple[str, str]]:
    """Rights on more than one thing, other than a folder of the media bucket."""
    found = set()
    for name, statement in granted():
        told = re.sub(r"\$\{MediaBucket\.Arn\}/[a-z]+/\*", "", json.dumps(statement["Resource"]))
        if "*" in told:
            found |= {(name, action) for action in statement["Action"]}
    return found


def test_no_right_is_to_do_everything():
    statements = list(granted())
    assert len(statements) > 100
    for name, statement in statements:
        assert isinstance(statement["Action"], list), name
        assert not [action for action in statement["Action"] if "*" in action], name
        assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}, (
            f"{name}: no NotAction, no NotResource"
        )


def test_every_right_on_more_than_one_thing_has_a_reason_and_every_reason_a_right():
    assert wide() == WIDE.keys()


def test_roles_have_policies_of_aws_only_with_a_reason():
    told = json.dumps(TEMPLATES)
    assert set(re.findall(r"policy/(?:service-role/)?(\w+)", told)) == OF_AWS.keys()
    arns = {
        json.dumps(arn)
        for template in TEMPLATES.values()
        for resource in template["Resources"].values()
        for arn in resource.get("Properties", {}).get("ManagedPolicyArns", [])
    }
    own = {arn for arn in arns if "aws:policy/" not in arn}
    assert own == {json.dumps({"Ref": "RunPodWorkerPolicy"})}


def test_whoever_is_not_of_this_account_may_only_be_refused():
    """Policies of buckets and queues: services by name, under a condition; everybody only where it says Deny."""
    seen = 0
    for template in TEMPLATES.values():
        for name, resource in template["Resources"].items():
            if resource["Type"] in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"):
                for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                    seen += 1
                    assert "Condition" in statement, name
                    assert (statement["Effect"] == "Deny") == (statement["Principal"] == "*"), name
    assert seen > 6


FUNCTIONS = {name: r["Properties"] for name, r in MAIN["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
ENVIRONMENT = MAIN["Globals"]["Function"]["Environment"]["Variables"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_rights_on_tables_that_its_code_knows_only(name):
    """Followed through its imports: a table that none of these modules mentions is none of its business."""
    module = FUNCTIONS[name]["Handler"].rpartition(".")[0]
    known = {_tables()[told] for path in _reached(module) for told in _mentioned(path) if told in _tables()}
    told = json.dumps([statement["Resource"] for statement in FUNCTIONS[name]["Policies"][0]["Statement"]])
    assert set(re.findall(r"\b\w+Table\b", told)) <= known


@cache
def _tables() -> dict[str, str]:
    """By class of rows, and by name in the environment: the table in the template."""
    names = {model.__name__: model.Meta.__dict__["table_name"]._field.upper() for model in ALL_MODELS}
    return {told: _always(ENVIRONMENT[name])["Ref"] for model, name in names.items() for told in (model, name)}


@cache
def _reached(module: str) -> frozenset[Path]:
    """The files that importing a module runs, of ours."""
    found: set[Path] = set()
    ahead = [module]
    while ahead:
        path = _file(ahead.pop())
        if path and path not in found:
            found.add(path)
            ahead += _imports(path)
    return frozenset(found)


@cache
def _file(module: str) -> Path | None:
    for root in (ROOT / "functions", ROOT / "layers" / "studio"):
        path = root / module.replace(".", "/")
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


@cache
def _imports(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


@cache
def _mentioned(path: Path) -> frozenset[str]:
    """Names and texts in a file, among them classes of rows and tables; `tables` itself only defines them."""
    if path.name == "tables.py":
        return frozenset()
    nodes = list(ast.walk(ast.parse(path.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset({node.id for node in nodes if isinstance(node, ast.Name)} | texts)


def test_the_audit_reads_what_it_checks_and_can_change_nothing():
    from audit.books import TABLES

    (policy,) = FUNCTIONS["AuditFunction"]["Policies"]
    scan, listing = policy["Statement"]
    read = [{"Fn::GetAtt": [ENVIRONMENT[name]["Ref"], "Arn"]} for name in TABLES.values()]
    assert (scan["Action"], scan["Resource"]) == (["dynamodb:Scan"], read)
    assert (listing["Action"], listing["Condition"]) == (["s3:ListBucket"], {"StringLike": {"s3:prefix": "outputs/*"}})


def _always(value: Any) -> Any:
    """A value as it is where everything optional is there."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


def test_whoever_may_write_a_table_is_stopped_before_a_restore():
    """`infra.restore` stops every function of the stack, and takes the rights of the two others that write."""
    functions = {name for name, one in MAIN["Resources"].items() if one["Type"] == "AWS::Serverless::Function"}
    others = {name for name, statement in granted() if WRITES & set(statement["Action"])} - functions
    assert others == {"WorkerRole", "RunPodWorkerPolicy"}, "nested templates have no functions, which are not stopped"
    assert MAIN["Outputs"]["WorkerRoleArn"]["Value"] == {"Fn::GetAtt": ["WorkerRole", "Arn"]}
    users = [name for name, one in MAIN["Resources"].items() if one["Type"] == "AWS::IAM::User"]
    assert users == ["RunPodWorkerUser"]
    assert MAIN["Resources"]["RunPodWorkerUser"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "RunPodWorkerPolicy"}]
