"""What the machine's card is doing, by NVIDIA's own tool; nothing where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess

from studio.telemetry import logger
from studio.workers import Card

TIMEOUT_SECONDS = 10.0
_ASKED = ("utilization.gpu", "memory.used", "memory.total")


def look() -> Card | None:
    """The card this process works on; None where there is none or it cannot be looked at. Never raises."""
    program, card = shutil.which("nvidia-smi"), _own()
    if program is None or card is None:
        return None
    try:
        told = subprocess.run(
            [program, *card, f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        ).stdout
        return parsed(told)
    except (OSError, subprocess.SubprocessError, ValueError):
        logger.exception("the card could not be looked at")
        return None


def parsed(told: str) -> Card:
    """The first line of the tool's answer, such as ``87, 6120, 8192``: percent, MiB, MiB.

    Raises:
        ValueError: it is no such line; a card that cannot tell one of them says ``[N/A]``.
    """
    busy, used, total = (float(part) for part in told.partition("\n")[0].split(","))
    if total <= 0:
        raise ValueError("a card without memory")
    return Card(utilisation=busy / 100, vram_used=used / total)


def _own() -> list[str] | None:
    """How to ask for the first card that CUDA shows this process; None if it shows none.

    A number means the same card to both where CUDA counts by the bus (`CUDA_DEVICE_ORDER=PCI_BUS_ID`) or all are alike.
    """
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is None:
        return []
    first = shown.partition(",")[0].strip()
    return None if first in ("", "-1") else [f"--id={first}"]
