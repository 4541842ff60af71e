"""Who calls while schemathesis tries the API. Runs in its environment, so it knows nothing of ours."""

from __future__ import annotations

import os
import secrets
from functools import cache

import requests
import schemathesis

# What ends tokens is asked for by somebody who is not needed afterwards.
ENDS_TOKENS = ("/auth/logout", "/auth/logout-all", "/auth/password", "/users/me")


@schemathesis.auth(refresh_interval=None)
class Customer:
    """Signs requests in."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return registered() if case.operation.path.endswith(ENDS_TOKENS) else regular()

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


@cache
def regular() -> str:
    """The token of somebody with things of their own."""
    return registered()


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
