"""MiniStack: the AWS services of the template in one process on the loopback interface, with IAM enforced."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING

import httpx

from infra.local.ports import HOST, free_port
from infra.local.process import Child

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_PORT = 4566
START_TIMEOUT_SECONDS = 60
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
_LISTENING = "Running on http://"
_TAKEN = re.compile("already in use", re.IGNORECASE)  # MiniStack's own words, or the operating system's
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator's administrator; only the local studio itself uses it, to deploy."""

# What a process needs of the host. AWS credentials, PYTHONPATH and the like must not leak into functions or workers.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "SSL_CERT_FILE")


class PortLost(RuntimeError):
    """Somebody else took the port between our looking and the emulator's listening."""


class Emulator:
    """One MiniStack process; its state lives under `folder` and survives a restart when `persist`."""

    def __init__(self, folder: Path, *, persist: bool) -> None:
        self._folder = folder
        self._persist = persist
        self.port: int
        self.url: str
        self._child: Child | None = None

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            RuntimeError: it ended or stayed silent; carries the end of its log.
        """
        last_url = self._folder / "last-url"
        before = last_url.read_text() if last_url.exists() else None
        preferred: int | None = int(before.rpartition(":")[2]) if before else DEFAULT_PORT
        while True:
            self.port = free_port(preferred)
            self.url = f"http://{HOST}:{self.port}"
            if before and before != self.url:
                _move_state(self._folder / "state", before, self.url)
            last_url.write_text(self.url)
            before, preferred = self.url, None
            self._child = self._process()
            with contextlib.suppress(PortLost):
                return self._wait(self._child)

    def _process(self) -> Child:
        temporary = self._folder / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)  # unpacked functions of the run before
        temporary.mkdir(parents=True)
        return Child(
            "emulator",
            [sys.executable, "-m", "ministack"],
            env=base_env()
            | {
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": HOST,
                "MINISTACK_HOST": HOST,
                "MINISTACK_REGION": REGION,
                "AUTH": "true",
                "PERSIST_STATE": "1" if self._persist else "0",
                "STATE_DIR": str(self._folder / "state"),
                "S3_PERSIST": "1" if self._persist else "0",
                "S3_DATA_DIR": str(self._folder / "media"),
                "TMPDIR": str(temporary),
                "LOG_LEVEL": "INFO",
                "IOT_MTLS_ENABLED": "0",  # services with ports of their own that the studio does not use
                "SFTP_ENABLED": "0",
            },
            cwd=self._folder,
            log=self._folder / "logs" / "emulator.log",
        )

    def _wait(self, child: Child) -> None:
        """Start the process and wait until it, and not another emulator on the same port, answers."""
        child.start()
        give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < give_up_at:
            if not child.running:
                if _TAKEN.search(child.said()):
                    raise PortLost
                break
            # Its own word first: two studios that start at once may find the same port free, and the one that loses it
            # would get a healthy answer from the other's emulator.
            if _LISTENING in child.said() and self._healthy():
                return
            time.sleep(0.05)
        raise RuntimeError(f"the emulator did not start:\n{child.tail()}")

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_ministack/health", timeout=2, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop it and the functions it runs."""
        if self._child is None:
            return
        if self._persist:
            self._child.stop(grace_seconds=30)  # it saves its state first
        else:
            self._child.kill()

    @property
    def admin_env(self) -> dict[str, str]:
        """Environment of a process that administers the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **ROOT_CREDENTIALS,
        }


def base_env() -> dict[str, str]:
    """The few variables of the host that child processes get, and those meant for us (`STUDIO_…`)."""
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("STUDIO_")}


def _move_state(state: Path, old_url: str, new_url: str) -> None:
    """Saved queue URLs name the port they were made on; take them along to another one."""
    for path in state.glob("*.json"):
        path.write_text(path.read_text().replace(f"{old_url}/", f"{new_url}/"))
