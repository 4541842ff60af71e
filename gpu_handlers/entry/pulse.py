"""Whether a worker's process runs: it touches a file, and `python -m gpu_handlers.entry.pulse` looks how long ago.

That command is the health check of containers. It asks nobody over a network, so that an outage elsewhere ends no
worker, and it does not judge: a worker whose engines cannot be set up is alive, and says so where people look.

A thread of its own beats, since a job may keep the worker's loop for an hour. So the pulse proves that the process is
there and that Python runs in it, and no more: it goes on where the loop waits for something that never comes. Whoever
has a job is judged by its deadline, and whoever should have one by what `/health` and the alarms say of the queue.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
import time
from pathlib import Path

BEAT_SECONDS = 10
LOST_AFTER_SECONDS = 60  # a step in native code may keep everything else from running for a while
_FILE = Path(tempfile.gettempdir()) / "studio-worker-pulse"


def keep() -> None:
    """Beat from now on, for as long as the process lives."""
    threading.Thread(target=_beat, name="pulse", daemon=True).start()


def there() -> bool:
    """Whether a worker on this machine has beaten lately."""
    try:
        return time.time() - _FILE.stat().st_mtime < LOST_AFTER_SECONDS
    except FileNotFoundError:
        return False


def _beat() -> None:
    while True:
        with contextlib.suppress(OSError):  # a disk that is full now may have room for the next beat
            _FILE.touch()
        time.sleep(BEAT_SECONDS)


if __name__ == "__main__":
    sys.exit(0 if there() else 1)
