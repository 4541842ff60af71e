"""`python -m infra.local up` keeps a studio running; `demo` runs the demo in a fresh one and leaves nothing behind."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from infra.local import demo, front_door
from infra.local.stack import DeployFailed
from infra.local.studio import AlreadyRunning, LocalStudio

STATE = Path(".studio")


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=["up", "demo"])
    parser.add_argument("--prompt", help="what the demo's pictures show")
    parser.add_argument("--feature", choices=demo.FEATURES, action="append", help="only this one, or these")
    arguments = parser.parse_args()
    command = arguments.command
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup make up` means it
            signal.signal(number, _interrupt)
    try:
        return _up() if command == "up" else _demo(arguments.prompt, arguments.feature or demo.FEATURES)
    except KeyboardInterrupt:
        return 0 if command == "up" else 130
    except (AlreadyRunning, DeployFailed, demo.DemoFailed, RuntimeError) as error:
        print(f"{command} failed: {error}", file=sys.stderr)
        return 1


def _up() -> int:
    started = time.perf_counter()
    with LocalStudio(STATE.absolute()) as studio:
        print(f"AI Creative Studio is up after {time.perf_counter() - started:.1f} s")
        print(f"  page   {studio.url}")
        print(f"  API    {studio.url}/api/v1  (reference: {studio.url}/api/v1/docs)")
        print(f"  live   {studio.url.replace('http', 'ws', 1)}{front_door.REALTIME_PATH}  (docs/API.md, Live updates)")
        print(f"  pay    {studio.payments.told}")
        print("  mail   shown here")
        print(f"  logs   {studio.folder / 'logs'}")
        print("Ctrl-C stops it; accounts, jobs and files are kept in .studio/ for the next time.", flush=True)
        studio.mailbox.show()
        try:
            while True:
                signal.pause()
        except KeyboardInterrupt:
            print("\nstopping, saving state…", flush=True)
            raise


def _demo(prompt: str | None, features: Sequence[str]) -> int:
    started = time.perf_counter()
    with LocalStudio() as studio:
        print(f"studio up at {studio.url} after {time.perf_counter() - started:.1f} s", flush=True)
        try:
            demo.run(studio.url, prompt, features)
        except demo.DemoFailed:
            print(studio.worker_log(), file=sys.stderr)
            raise
    return 0


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature of handlers
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
