"""The breaker of an endpoint: one that keeps failing is tried less and less often, and after days not at all."""

from __future__ import annotations

from studio import clock, endpoints
from studio.tables import Endpoint

FAILURES_TO_OPEN = 10
"""Failed attempts in a row, of whichever deliveries."""
SPACING_SECONDS = 60
MAX_SPACING_SECONDS = 3600
FAILING_SECONDS = 5 * 24 * 3600


def blocked_until(endpoint: Endpoint) -> int | None:
    """The Unix time before which the endpoint is to be left alone; None lets the caller make one attempt now.

    When the time has come, exactly one caller is let through; the others wait for what it finds out.
    """
    if not endpoint.not_before:
        return None
    now, until = clock.epoch(), int(endpoint.not_before)
    if now < until:
        return until
    following = now + _spacing(int(endpoint.failures))
    first = endpoints.update(
        endpoint, [Endpoint.not_before.set(following)], condition=Endpoint.not_before == until
    )  # fmt: skip
    return None if first else following


def succeeded(endpoint: Endpoint) -> None:
    """The endpoint took a delivery, so all is forgotten."""
    if endpoint.failures or endpoint.failing_since or endpoint.not_before:
        forgotten = [Endpoint.failures.set(0), Endpoint.failing_since.remove(), Endpoint.not_before.remove()]
        endpoints.update(endpoint, forgotten)


def failed(endpoint: Endpoint, *, asked_to_wait: int | None) -> None:
    """The endpoint failed once more. `asked_to_wait` are the seconds of its own Retry-After."""
    now = clock.epoch()
    counted = [Endpoint.failures.add(1), Endpoint.failing_since.set(Endpoint.failing_since | now)]
    if not endpoints.update(endpoint, counted):
        return
    if now - endpoint.failing_since >= FAILING_SECONDS:
        endpoints.disable(endpoint, "failing")
        return
    failures = int(endpoint.failures)
    wait = max(asked_to_wait or 0, _spacing(failures) if failures >= FAILURES_TO_OPEN else 0)
    if wait:
        endpoints.update(endpoint, [Endpoint.not_before.set(now + wait)])


def close(endpoint: Endpoint) -> None:
    """Let attempts through again, because the owner wants one made now. How long it has failed is not forgotten."""
    endpoints.update(endpoint, [Endpoint.failures.set(0), Endpoint.not_before.remove()])


def _spacing(failures: int) -> int:
    """One minute when the breaker opens, twice as long with every failure after that, an hour at most."""
    doublings = min(max(failures - FAILURES_TO_OPEN, 0), 6)
    return min(SPACING_SECONDS << doublings, MAX_SPACING_SECONDS)
