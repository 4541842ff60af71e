"""Callbacks of RunPod. It does not sign them, so each job has an address of its own that nobody else can know.

A callback is no more than a hint that it is worth looking: what it says is not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import cache

from studio import aws
from studio.settings import settings

PATH = "/api/v1/internal/runpod"
SECRET_SECONDS = 300  # as for RunPod's key


def url(job_id: str) -> str:
    """Where RunPod is to call when a run of this job has ended. The same for every run of it."""
    return f"{settings().public_url}{PATH}/{job_id}/{_token(job_id)}"


def belongs(job_id: str, token: str) -> bool:
    """Whether the token is the job's; takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(_token(job_id).encode(), token.encode("utf-8", "surrogatepass"))


def _token(job_id: str) -> str:
    key = _key(int(time.monotonic() // SECRET_SECONDS))
    digest = hmac.new(key, f"runpod callback {job_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@cache
def _key(period: int) -> bytes:  # noqa: ARG001  # a new period reads anew
    secret = settings().runpod_callback_secret_arn
    return aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"].encode()
