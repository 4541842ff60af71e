"""What every request carries, and how a refusal becomes an error."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import httpx

from ai_creative_studio import errors
from ai_creative_studio._retries import retry_after

_DISTRIBUTION = "ai-creative-studio"


def headers(token: str | None, key: str | None) -> dict[str, str]:
    """Of one request to the API. Never of one to anywhere else: links and upload forms need no token."""
    given = {"User-Agent": f"{_DISTRIBUTION}-python/{_version()}", "Accept": "application/json"}
    if token:
        given["Authorization"] = f"Bearer {token}"
    if key:
        given["Idempotency-Key"] = key
    return given


def error(response: httpx.Response) -> errors.ApiError:
    """The error that an answer stands for, also where a gateway gave it and not the studio."""
    problem = _document(response)
    status = response.status_code
    code = str(problem.get("code") or f"http_{status}")
    detail = str(problem.get("detail") or problem.get("title") or problem.get("message") or response.reason_phrase)
    request_id = problem.get("requestId") or response.headers.get("x-request-id")
    return errors.kind(status, code)(
        status,
        code,
        detail,
        request_id=request_id or response.headers.get("apigw-requestid"),
        problem=problem,
        retry_after=retry_after(response),
    )


def unanswered(method: str, url: str, failure: httpx.TransportError) -> str:
    """What to say when no answer came, with what helps where nobody listens."""
    said = f"{method} {url}: {str(failure) or type(failure).__name__}"
    if isinstance(failure, httpx.ConnectError) and on_this_machine(url):
        said += "; is the studio running? `make up` prints its address"
    return said


def on_this_machine(url: str) -> bool:
    """Whether a studio at this address runs on this machine."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:  # run from its source
        return "0"
