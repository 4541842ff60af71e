"""`python -m infra.audit` reads the books of a stage and reports every promise they break; it writes nothing."""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from audit import looks
from audit.books import Books, read
from audit.invariants import CHECKS, Violation
from infra.local.emulator import REGION, ROOT_CREDENTIALS
from infra.local.stack import ROOT, STACK_NAME

LOCAL = "local"
STUDIO_FOLDER = ROOT / ".studio"
SHOWN = 50


class Unreachable(RuntimeError):
    """The stage cannot be read; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A deployed studio as the audit sees it."""

    session: boto3.Session
    endpoint_url: str | None
    stack: str

    def client(self, service: str) -> Any:
        """A client that cannot wait for ever."""
        make: Any = self.session.client  # typed per service; here the name is only known at run time
        config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"})
        return make(service, endpoint_url=self.endpoint_url, config=config)

    def books(self) -> Books:
        """Everything that it has on record now."""
        function = self.client("lambda").get_function_configuration(FunctionName=self.output("ApiFunctionName"))
        environment = function["Environment"]["Variables"]
        return read(self.client("dynamodb"), self.client("s3"), environment, now=int(time.time()))

    def output(self, name: str) -> str:
        """An output of the stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return str(outputs[name])


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


def report(books: Books, violations: list[Violation]) -> str:
    """What was read and what is wrong, for people."""
    counts = ", ".join(f"{count} {name}" for name, count in books.counts().items())
    lines = [f"read {counts}", f"checked {', '.join(CHECKS)}"]
    lines += [f"  {violation}" for violation in violations[:SHOWN]]
    if len(violations) > SHOWN:
        lines.append(f"  and {len(violations) - SHOWN} more")
    return "\n".join([*lines, f"{len(violations)} violations"])


def main() -> int:
    """Command line; 0 when every promise holds, 1 when one is broken, 2 when the stage cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.audit", description=__doc__)
    parser.add_argument("--stage", default=LOCAL, help="a stage of samconfig.toml, or local (the default)")
    parser.add_argument("--stack", help="a stack in the region and account of the environment, instead of a stage")
    given = parser.parse_args()
    try:
        asked = Stage(boto3.Session(), None, given.stack) if given.stack else stage(given.stage)
        books, violations = looks.look(asked.books)
    except (Unreachable, BotoCoreError, ClientError) as error:
        print(f"the books cannot be read: {error}", file=sys.stderr)
        return 2
    print(report(books, violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
