"""`python -m infra.audit` reads the books of a stage and reports every promise they break; it writes nothing."""

from __future__ import annotations

import argparse
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from audit import looks
from audit.books import Books, read
from audit.invariants import CHECKS, Violation
from infra.stages import LOCAL, Stage, Unreachable, stage

SHOWN = 50


def books(asked: Stage) -> Books:
    """Everything that a stage has on record now."""
    return read(asked.client("dynamodb"), asked.client("s3"), asked.environment(), now=int(time.time()))


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
        found, violations = looks.look(lambda: books(asked))
    except (Unreachable, BotoCoreError, ClientError) as error:
        print(f"the books cannot be read: {error}", file=sys.stderr)
        return 2
    print(report(found, violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
