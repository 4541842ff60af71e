"""MiniStack: the AWS services of the template in one process on the loopback interface, with IAM enforced."""

from __future__ import annotations

import os
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
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator's administrator; only the local studio itself uses it, to deploy."""

# What a process needs of the host. AWS credentials, PYTHONPATH and the like must not leak into functions or workers.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "SSL_CERT_FILE")


class Emulator:
    """One MiniStack process; its state lives under `folder` and survives a restart when `persist`."""

    def __init__(self, folder: Path, *, persist: bool) -> None:
        last_url = folder / "last-url"
        before = last_url.read_text() if last_url.exists() else None
        self.port = free_port(int(before.rpartition(":")[2]) if before else DEFAULT_PORT)
        self.url = f"http://{HOST}:{self.port}"
        if before and before != self.url:
            _move_state(folder / "state", before, self.url)
        last_url.write_text(self.url)
        self._persist = persist
        temporary = folder / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)  # unpacked functions of the run before
        temporary.mkdir(parents=True)
        self._child = Child(
            "emulator",
            [sys.executable, "-m", "ministack"],
            env=base_env()
            | {
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": HOST,
                "MINISTACK_HOST": HOST,
                "MINISTACK_REGION": REGION,
                "AUTH": "true",
                "PERSIST_STATE": "1" if persist else "0",
                "STATE_DIR": str(folder / "state"),
                "S3_PERSIST": "1" if persist else "0",
                "S3_DATA_DIR": str(folder / "media"),
                "TMPDIR": str(temporary),
                "LOG_LEVEL": "INFO",
                "IOT_MTLS_ENABLED": "0",  # services with ports of their own that the studio does not use
                "SFTP_ENABLED": "0",
            },
            cwd=folder,
            log=folder / "logs" / "emulator.log",
        )

    def start(self) -> None:
        """Start and wait until it answers.

        Raises:
            RuntimeError: it ended or stayed silent; carries the end of its log.
        """
        self._child.start()
        give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < give_up_at:
            if not self._child.running:
                break
            try:
                if httpx.get(f"{self.url}/_ministack/health", timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the emulator did not start:\n{self._child.tail()}")

    def stop(self) -> None:
        """Stop it and the functions it runs."""
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
