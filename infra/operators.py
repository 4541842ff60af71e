"""`python -m infra.operators appoint|dismiss EMAIL` says who may see how a studio runs.

Without `--stage` it speaks to the studio that `make up` keeps running. With one it takes the right to invoke the
function that writes it down.
"""

from __future__ import annotations

import argparse
import getpass
import json
import secrets
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.stages import LOCAL, Unreachable, stage


class Refused(RuntimeError):
    """The function did not do it; the message is its own."""


def ask(functions: Any, name: str, act: dict[str, str]) -> dict[str, Any]:
    """Invoke the function that appoints and dismisses; what is on the record then.

    Args:
        functions: a client of Lambda.
        name: of the function.
        act: as `studio.operators.Act`; it gets a `requestId`, so asking again is a new act.

    Raises:
        Refused: no such account, or the act is not clear.
    """
    payload = json.dumps({"requestId": secrets.token_hex(8)} | act).encode()
    answer = functions.invoke(FunctionName=name, Payload=payload)
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Refused(str(told.get("errorMessage", told)))
    return told


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.operators", description=__doc__)
    parser.add_argument("act", choices=["appoint", "dismiss"])
    parser.add_argument("email")
    parser.add_argument("--stage", default=LOCAL, help="one of samconfig.toml")
    parser.add_argument("--reason", default="asked for on the command line")
    given = parser.parse_args()
    try:
        at = stage(given.stage)
        act = {"act": given.act, "email": given.email, "reason": given.reason, "operator": getpass.getuser()}
        told = ask(at.client("lambda"), at.output("AppointFunctionName"), act)
    except (Unreachable, Refused, BotoCoreError, ClientError) as error:
        print(f"{given.act} failed: {error}", file=sys.stderr)
        return 1
    print(f"{given.email} ({told['userId']}) is {'an' if told['appointed'] else 'no'} operator")
    return 0


if __name__ == "__main__":
    sys.exit(main())
