"""Stages: deployed studios as the tools of operators see them, and the one that `make up` keeps running."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.local.emulator import REGION, ROOT_CREDENTIALS
from infra.local.stack import ROOT, STACK_NAME

LOCAL = "local"
STUDIO_FOLDER = ROOT / ".studio"


class Unreachable(RuntimeError):
    """There is no such stage; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stack, and how it is reached."""

    session: boto3.Session
    endpoint_url: str | None
    stack: str

    def client(self, service: str) -> Any:
        """A client that cannot wait for ever."""
        make: Any = self.session.client  # typed per service; here the name is only known at run time
        config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"})
        return make(service, endpoint_url=self.endpoint_url, config=config)

    def environment(self) -> dict[str, str]:
        """What its functions, and so its workers, are told."""
        function = self.client("lambda").get_function_configuration(FunctionName=self.output("ApiFunctionName"))
        return dict(function["Environment"]["Variables"])

    def output(self, name: str) -> str:
        """An output of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return str(outputs[name])

    def resources(self, kind: str) -> list[str]:
        """Names of everything of one type in the stack, for example of its ``AWS::DynamoDB::Table``."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        found = (one for page in pages for one in page["StackResourceSummaries"])
        return [one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind]


def stage(name: str) -> Stage:
    """The stage of a name: one of `samconfig.toml`, or ``local`` for the studio that `make up` keeps running.

    Raises:
        Unreachable: there is no such stage.
    """
    if name == LOCAL:
        return local(STUDIO_FOLDER)
    configured = tomllib.loads((ROOT / "samconfig.toml").read_text())
    try:
        parameters = configured[name]["deploy"]["parameters"]
    except KeyError as error:
        raise Unreachable(f"samconfig.toml has no stage {name!r}") from error
    return Stage(boto3.Session(region_name=parameters["region"]), None, parameters["stack_name"])


def local(folder: Path) -> Stage:
    """The studio that runs on a folder.

    Raises:
        Unreachable: none has ever run there.
    """
    url = folder / "last-url"
    if not url.exists():
        raise Unreachable("no local studio; `make up` starts one")
    session = boto3.Session(
        aws_access_key_id=ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return Stage(session, url.read_text(), STACK_NAME)
