"""Deploys `template.yaml` as it is: packages the folders it names, uploads them, and runs CloudFormation."""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError
from samtranslator.yaml_helper import yaml_parse

from infra.local import gaps

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
STACK_NAME = "studio"
ARTIFACTS_BUCKET = "studio-artifacts"

_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)  # fixed dates, so that unchanged code gives the same archive


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed stack: its outputs, and the environment its functions run with."""

    outputs: dict[str, str]
    settings: dict[str, str]


class DeployFailed(RuntimeError):
    """CloudFormation refused or rolled back; the message lists the resources that failed."""


def template() -> dict[str, Any]:
    """The parsed template with long-form intrinsics."""
    return nested(TEMPLATE.name)


def nested(location: str) -> dict[str, Any]:
    """A template by its path in the repository, parsed in the same way."""
    parsed: dict[str, Any] = yaml_parse((ROOT / location).read_text())
    return parsed


def deploy(session: boto3.Session, endpoint_url: str, parameters: dict[str, str]) -> Deployment:
    """Create or update the stack and wait for it.

    Raises:
        DeployFailed: with the reasons CloudFormation gave.
    """
    s3 = session.client("s3", endpoint_url=endpoint_url)
    # By its address, as SAM does: in the request itself CloudFormation takes no more than 51,200 bytes.
    address = _packaged(s3, endpoint_url, template())
    cloudformation = session.client("cloudformation", endpoint_url=endpoint_url)
    try:
        change = cloudformation.create_change_set(
            StackName=STACK_NAME,
            ChangeSetName=f"deploy-{secrets.token_hex(4)}",
            ChangeSetType="UPDATE" if _exists(cloudformation) else "CREATE",
            TemplateURL=address,
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        raise DeployFailed(str(error)) from error
    _wait_and_execute(cloudformation, change["Id"])
    outputs = _outputs(cloudformation)
    function = session.client("lambda", endpoint_url=endpoint_url).get_function_configuration(
        FunctionName=outputs["ApiFunctionName"]
    )
    return Deployment(outputs, function["Environment"]["Variables"])


def _exists(cloudformation: Any) -> bool:
    try:
        stacks = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError:
        return False
    return bool(stacks) and stacks[0]["StackStatus"] != "REVIEW_IN_PROGRESS"


def _wait_and_execute(cloudformation: Any, change_set: str) -> None:
    described = cloudformation.describe_change_set(ChangeSetName=change_set)
    while described["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        described = cloudformation.describe_change_set(ChangeSetName=change_set)
    if described["Status"] == "FAILED":
        if "didn't contain changes" in described.get("StatusReason", ""):
            return
        raise DeployFailed(described.get("StatusReason", "the change set failed"))
    cloudformation.execute_change_set(ChangeSetName=change_set)
    creating = described.get("ChangeSetType", "CREATE") == "CREATE"
    waiter = cloudformation.get_waiter("stack_create_complete" if creating else "stack_update_complete")
    try:
        waiter.wait(StackName=STACK_NAME, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})
    except WaiterError as error:
        raise DeployFailed(_reasons(cloudformation)) from error


def _outputs(cloudformation: Any) -> dict[str, str]:
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _reasons(cloudformation: Any) -> str:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK_NAME)
    failed = [e for page in pages for e in page["StackEvents"] if e["ResourceStatus"].endswith("FAILED")]
    return "\n".join(f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in failed)


def _packaged(s3: Any, endpoint_url: str, parsed: dict[str, Any]) -> str:
    """The address of the template, all that it names uploaded: folders and nested templates, as by `sam package`."""
    s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    defaults = parsed.get("Globals", {}).get("Function", {})
    for resource in parsed["Resources"].values():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function":
                folder = properties.get("CodeUri", defaults.get("CodeUri"))
                properties["CodeUri"] = _upload(s3, _archive(ROOT / folder))
            case "AWS::Serverless::LayerVersion":
                properties["ContentUri"] = _upload(s3, _archive(ROOT / properties["ContentUri"], inside="python/"))
            case "AWS::Serverless::Application":
                properties["Location"] = _packaged(s3, endpoint_url, nested(properties["Location"]))
    uploaded = _upload(s3, json.dumps(gaps.closed(parsed)).encode(), "template")
    return f"{endpoint_url}/{uploaded['Bucket']}/{uploaded['Key']}"


def _archive(folder: Path, *, inside: str = "") -> bytes:
    """The folder as a zip. Layers go under `python/`, where Lambda puts them on the path.

    Packages listed in a layer's requirements are not added: here, functions run on the interpreter that runs this.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = zipfile.ZipInfo(inside + path.relative_to(folder).as_posix(), _EPOCH_OF_ZIP)
                name.external_attr = 0o644 << 16
                archive.writestr(name, path.read_bytes())
    return buffer.getvalue()


def _upload(s3: Any, content: bytes, kind: str = "zip") -> dict[str, str]:
    key = f"{hashlib.sha256(content).hexdigest()}.{kind}"
    s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=key, Body=content)
    return {"Bucket": ARTIFACTS_BUCKET, "Key": key}
