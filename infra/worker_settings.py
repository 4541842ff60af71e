"""`python -m infra.worker_settings --stage NAME`: what a worker on any machine is told, for `docker run --env-file`.

The same lines fill `infra/kubernetes/settings.env` and the environment of a RunPod template. None of them is a secret.
"""

from __future__ import annotations

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from infra.stages import LOCAL, Stage, Unreachable, stage
from studio.settings import WorkerSettings


def lines(stage: Stage) -> list[str]:
    """`NAME=value` of everything a worker reads, as the functions of the stage have it."""
    region, functions = stage.session.region_name, stage.environment()
    told = {"STUDIO_SETTINGS": "worker", "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    told |= {name.upper(): functions[name.upper()] for name in WorkerSettings.model_fields}
    return [f"{name}={value}" for name, value in told.items()]


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.worker_settings", description=__doc__)
    parser.add_argument("--stage", default=LOCAL, help="one of samconfig.toml, or local (the default)")
    try:
        print("\n".join(lines(stage(parser.parse_args().stage))))
    except (Unreachable, BotoCoreError, ClientError) as error:
        print(f"the settings cannot be read: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
