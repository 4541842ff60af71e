"""Who calls while schemathesis tries the API. Runs in its environment, so it knows nothing of ours."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path

import requests
import schemathesis

PICTURES = {"person", "cloth", "reference"}
# What ends tokens is asked for by somebody who is not needed afterwards.
ENDS_TOKENS = ("/auth/logout", "/auth/logout-all", "/auth/password", "/users/me")


@schemathesis.auth(refresh_interval=None)
class Customer:
    """Signs requests in."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return registered() if case.operation.path.endswith(ENDS_TOKENS) else regular()

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, object]) -> None:
    """Orders that are right in every other way come with pictures that are there, which no schema can promise."""
    right = case.meta is not None and case.meta.generation.mode.value == "positive"
    if not right or not case.path.startswith("/api/v1/jobs/") or not isinstance(case.body, dict):
        return
    for name in PICTURES & case.body.keys():
        if case.body[name] is not None:
            case.body[name] = picture()
            case.body["consent"] = True if case.media_type == "application/json" else "true"


@cache
def regular() -> str:
    """The token of somebody with things of their own, who may see how the studio runs."""
    return os.environ["STUDIO_TOKEN"]


@cache
def picture() -> str:
    """The id of a picture of theirs."""
    api, signed = f"{os.environ['STUDIO_URL']}/api/v1", {"Authorization": f"Bearer {regular()}"}
    target = requests.post(f"{api}/uploads", json={"contentType": "image/jpeg"}, headers=signed, timeout=60).json()
    with Path(os.environ["STUDIO_PICTURE"]).open("rb") as file:
        sent = requests.post(target["url"], data=target["fields"], files={"file": file}, timeout=60)
    sent.raise_for_status()
    return str(target["id"])


def registered() -> str:
    """The token of a new account."""
    account = {"email": f"{secrets.token_hex(8)}@example.com", "password": "correct horse battery"}
    answer = requests.post(f"{os.environ['STUDIO_URL']}/api/v1/auth/register", json=account, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["token"])


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Exception, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """Every failure counts but one: DELETE cancels a job that has not ended, and what is cancelled is still there."""
    of_a_job = case.operation.path == "/api/v1/jobs/{job_id}"
    return not (of_a_job and type(failure).__name__ == "UseAfterFree" and response.json().get("status") == "cancelled")
