"""Keeps ECS from ending a task that is at work when fewer are wanted; anywhere else it does nothing.

Without it nothing is lost, since a worker that must go hands its job back, but the time of the card is.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from studio.telemetry import logger

EXPIRES_MINUTES = 120  # longer than any job may take; a worker that hangs is not kept for ever
TIMEOUT_SECONDS = 3.0


@contextmanager
def at_work() -> Iterator[None]:
    """Inside the block ECS leaves this task alone."""
    agent = os.environ.get("ECS_AGENT_URI")  # ECS tells its tasks; on Fargate and on instances alike
    if not agent:
        yield
        return
    _tell(agent, {"ProtectionEnabled": True, "ExpiresInMinutes": EXPIRES_MINUTES})
    try:
        yield
    finally:
        _tell(agent, {"ProtectionEnabled": False})


def _tell(agent: str, wish: dict[str, bool | int]) -> None:
    """Best effort: the work matters more than being left alone."""
    request = urllib.request.Request(  # noqa: S310  # the agent of this very machine
        f"{agent}/task-protection/v1/state",
        data=json.dumps(wish).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass
    except (OSError, http.client.HTTPException) as error:  # no answer, and one that is none
        logger.warning("scale-in protection could not be changed", extra={"reason": repr(error)})
