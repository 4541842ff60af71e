"""Quotas as headers: draft-ietf-httpapi-ratelimit-headers-11."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.errors import StudioError
    from studio.limits import Standing

POLICY, LIMIT = "RateLimit-Policy", "RateLimit"


def headers(standing: Standing) -> dict[str, str]:
    """How much is left of a quota."""
    bucket = standing.bucket
    return _headers(bucket.name, bucket.quota, bucket.window_seconds, standing.remaining, standing.reset_seconds)


def headers_of_refusal(error: StudioError) -> dict[str, str]:
    """Of a quota that is used up, from what its error says."""
    told = error.extra
    return _headers(told["bucket"], told["quota"], told["windowSeconds"], 0, told["retryAfter"])


def _headers(
    name: int | str, quota: int | str, window: int | str, remaining: int | str, reset: int | str
) -> dict[str, str]:  # fmt: skip
    return {POLICY: f'"{name}";q={quota};w={window}', LIMIT: f'"{name}";r={remaining};t={reset}'}
