"""RunPod's serverless API: the only module that speaks to it. Plain HTTPS; its package is for workers.

`settings().runpod_api_base` says where it answers; empty means RunPod itself. The key comes from Secrets Manager.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from studio import aws
from studio.errors import RunPodUnavailable
from studio.settings import settings
from studio.telemetry import logger

if TYPE_CHECKING:
    from urllib3 import PoolManager

BASE = "https://api.runpod.ai/v2"
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 8  # ends well inside the 10 s that RunPod waits before it repeats a callback
MAX_ANSWER_BYTES = 1024 * 1024  # our workers return a few words
SECRET_SECONDS = 300  # how long the key is kept before it is read again, so that a rolled one comes in by itself

# A run that nobody has taken yet may wait as long as its `ttl`; these are RunPod's own lower limits.
MIN_TTL_SECONDS = 10
MIN_EXECUTION_SECONDS = 6

RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_STATES: dict[str, RunState] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "running",
    "RUNNING": "running",  # in RunPod's documents, not in its answers
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "failed",
    "TIMED_OUT": "failed",
}

RunState = Literal["queued", "running", "completed", "failed"]
"""`completed`: its handler returned; `failed`: anything else that ends a run."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a run may take, from when it is sent, and whether machines are started for it."""

    seconds: int
    low_priority: bool = False


def run(job_id: str, *, callback: str, policy: Policy) -> str:
    """Have a job worked on; returns the id of the run. Asking twice makes two runs: RunPod has no idempotency key.

    Args:
        callback: URL that RunPod posts to when the run has ended.
    Raises:
        RunPodUnavailable: it was not taken, or the answer was lost.
    """
    milliseconds = 1000 * max(policy.seconds, MIN_EXECUTION_SECONDS)
    answer = _ask(
        "POST",
        "run",
        {
            "input": {"jobId": job_id},
            "webhook": callback,
            "policy": {
                "executionTimeout": milliseconds,
                "ttl": max(milliseconds, 1000 * MIN_TTL_SECONDS),
                "lowPriority": policy.low_priority,
            },
        },
    )
    run_id = (answer or {}).get("id")
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise _nonsense("run", answer)
    return run_id


def state(run_id: str) -> RunState | None:
    """How far a run is; None when RunPod does not know it, or no longer: it forgets ended ones after 30 minutes.

    Raises:
        RunPodUnavailable: no answer, or not one that says.
    """
    answer = _ask("GET", f"status/{run_id}")
    if answer is None:
        return None
    known = _STATES.get(str(answer.get("status")))
    if known is None:
        raise _nonsense("status", answer)
    return known


def cancel(run_id: str) -> None:
    """Stop a run if it has not ended.

    Raises:
        RunPodUnavailable: perhaps it was stopped, perhaps not.
    """
    _ask("POST", f"cancel/{run_id}")


def _ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """The JSON object that answers a request; None for 404 to a run."""
    import urllib3

    url = f"{settings().runpod_api_base or BASE}/{settings().runpod_endpoint}/{path}"
    try:
        answer = _transport().request(
            method,
            url,
            body=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {_api_key()}", "Content-Type": "application/json"},
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=READ_TIMEOUT_SECONDS),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        content = answer.read(MAX_ANSWER_BYTES + 1)
        if len(content) > MAX_ANSWER_BYTES:
            answer.close()
            raise _nonsense(path, "too long")
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        logger.warning("runpod did not answer", extra={"path": path, "why": str(error)})
        raise RunPodUnavailable from error
    if answer.status == 404 and method == "GET":
        return None
    if answer.status == 404 and path.startswith("cancel/"):
        return {}
    if answer.status != 200:
        logger.warning(
            "runpod refused",
            extra={"path": path, "status": answer.status, "said": content[:300].decode(errors="replace")},
        )
        raise RunPodUnavailable
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _nonsense(path, content[:300]) from error
    if not isinstance(told, dict):
        raise _nonsense(path, told)
    return told


def _nonsense(path: str, answer: object) -> RunPodUnavailable:
    logger.error("runpod's answer cannot be used", extra={"path": path, "said": str(answer)[:300]})
    return RunPodUnavailable()


@cache
def _transport() -> PoolManager:
    """What carries the requests; tests put a stand-in here without a network."""
    import urllib3

    return urllib3.PoolManager(maxsize=4)


def _api_key() -> str:
    return _api_key_of(int(time.monotonic() // SECRET_SECONDS))


@cache
def _api_key_of(period: int) -> str:  # noqa: ARG001  # a new period reads anew
    answer = aws.client("secretsmanager").get_secret_value(SecretId=settings().runpod_secret_arn)
    return str(json.loads(answer["SecretString"])["apiKey"])
