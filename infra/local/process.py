"""A child process with its log file, stopped by its id, its own children included."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAIL_LINES = 25
GROUP_END_SECONDS = 5


class Child:
    """One started program. It leads its own process group, so stopping it leaves nobody behind."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> None:
        self.name = name
        self._command = list(command)
        self._env = dict(env)
        self._cwd = cwd
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The process id of the running child."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is alive now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; output goes to the log file."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, *, grace_seconds: float = 10) -> None:
        """Ask it to end, wait, and end what is left of its group."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace_seconds)
        _end_group(process.pid)
        process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL the whole group at once, as a crash would."""
        if self._process:
            _end_group(self._process.pid)
            self._process.wait()

    def said(self) -> str:
        """What it wrote since it was started."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        """The last lines of its log, for error messages."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-TAIL_LINES:])


def _end_group(group: int) -> None:
    """SIGKILL a process group and wait until its last member is gone."""
    give_up_at = time.monotonic() + GROUP_END_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
        while time.monotonic() < give_up_at:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-group, os.WNOHANG)  # our own child stays a zombie, and in the group, until waited for
            os.killpg(group, 0)
            time.sleep(0.01)
