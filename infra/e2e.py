"""`python -m infra.e2e --stack NAME`: a customer's way through a deployed stage, with a worker that sketches.

The worker has the rights of the stage's `WorkerRole` and no more, so its policies are tried, too. The customer uses
nothing but the public API. Not for `prod`, whose paid jobs the worker would take.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import boto3

from ai_creative_studio import Studio
from infra.local.stack import ROOT
from infra.stages import Stage
from infra.teardown import MAY_GO

JOB_SECONDS = 180
SIGNUP_CREDITS = 50
PICTURE_CREDITS = 2


def walk(url: str, folder: Path) -> None:
    """Sign up, make a draft and a picture, get both, pay for one; raises where anything is not as promised."""
    email, password = f"e2e-{secrets.token_hex(6)}@example.com", secrets.token_urlsafe()
    with Studio(url) as studio:
        studio.register(email, password)
        _expect(studio.credits().balance, SIGNUP_CREDITS, "credits after signing up")
        qualities: tuple[Literal["draft", "standard"], ...] = ("draft", "standard")
        for quality in qualities:
            job = studio.jobs.submit(
                "image-generation", prompt="A lighthouse at sunset", width=512, height=512, quality=quality
            )  # fmt: skip
            (picture,) = studio.jobs.wait(job.id, timeout=JOB_SECONDS).download(to=folder / quality)
            _expect(picture.read_bytes()[:4], b"\x89PNG", f"the {quality}")
        _expect(studio.credits().balance, SIGNUP_CREDITS - PICTURE_CREDITS, "credits after one picture")
        _expect([one.kind for one in studio.transactions()], ["hold", "signup"], "the ledger")


@contextmanager
def working(asked: Stage) -> Iterator[None]:
    """A worker of paid jobs and drafts, for as long as the block runs.

    Raises:
        SystemExit: it would take jobs of customers who pay for more than sketches.
    """
    told = asked.environment()
    if told.get("STAGE") not in MAY_GO:
        raise SystemExit(f"a worker that sketches is for {' and '.join(MAY_GO)}, and this is {told.get('STAGE')}")
    environment = {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'studio'}", "STUDIO_SELL_SKETCHES": "true",
        "STUDIO_PROFILE": "sketch",
        "STUDIO_VOICE": "offline",
        "STUDIO_SETTINGS": "worker",
    }  # fmt: skip
    command = [sys.executable, "-m", "gpu_handlers.entry.queue_worker"]
    worker = subprocess.Popen(command, env=os.environ | told | environment | worker_keys(asked), cwd=ROOT)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def worker_keys(asked: Stage) -> dict[str, str]:
    """Credentials of the stage's `WorkerRole` for an hour; in the environment they go before a profile."""
    role = asked.output("WorkerRoleArn")
    keys = asked.client("sts").assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.e2e", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--url", help="where the API answers, if not at the stack's own address")
    arguments = parser.parse_args()
    asked = Stage(boto3.Session(), None, arguments.stack)
    with tempfile.TemporaryDirectory() as folder, working(asked):
        walk(arguments.url or asked.output("ApiUrl"), Path(folder))
    print(f"{arguments.stack} keeps its promises")


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r} instead of {wanted!r}")


if __name__ == "__main__":
    main()
