"""What an ended job and an answered request say in numbers; see `telemetry` for each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from studio.telemetry import (
    API_ERRORS,
    API_LATENCY,
    CREDITS_EARNED,
    CREDITS_RETURNED,
    JOB_RAN,
    JOB_WAITED,
    REFUNDED,
    STAGE_RAN,
    logger,
    measure,
)

if TYPE_CHECKING:
    from studio.tables import JobRow

NO_ROUTE = "$default"  # API Gateway's name of the route of every address that has none


def settled(*, held: int, returned: int, cancelled: bool) -> None:
    """Measure the money of a job that ended; drafts have none."""
    if not held:
        return
    measure(CREDITS_EARNED, held - returned)
    measure(CREDITS_RETURNED, returned)
    if not cancelled:  # what customers take back says nothing about us
        measure(REFUNDED, returned / held)


def delivered(job: JobRow, *, queue: str) -> None:
    """Measure how long a delivered job waited and ran, and each stage of a paid one. Never raises."""
    try:
        if job.attempt_log and job.attempt_log[0]["number"] == 1:  # the first ones of many are forgotten
            began = datetime.fromisoformat(job.attempt_log[0]["startedAt"])
            waited = began - datetime.fromisoformat(job.created_at)
            measure(JOB_WAITED, max(0.0, waited.total_seconds()), queue=queue)
        timings = dict(job.result["metadata"].get("timings", {})) if job.credits else {}
        total = timings.pop("total", None)
        if total is not None:
            measure(JOB_RAN, float(total), feature=job.feature)
        for stage, seconds in timings.items():
            measure(STAGE_RAN, float(seconds), feature=job.feature, phase=stage)
    except Exception:
        logger.exception("job could not be measured", extra={"job": job.id})


def answered(route_key: str, status: int, milliseconds: float, *, waited: bool) -> None:
    """Measure an answered request."""
    routes = _class_of(route_key)
    measure(API_ERRORS, 1 if status >= 500 else 0, routes=routes)
    if not waited:
        measure(API_LATENCY, milliseconds, routes=routes)


def _class_of(route_key: str) -> str:
    """Those that are alike in what they cost: submits, other changes, reads, what machines send us, what is nowhere."""
    if route_key == NO_ROUTE:
        return "nowhere"  # strangers who try addresses must not make our changes look fast
    method, _, path = route_key.partition(" ")
    if path == "/api/v1/payments/webhook" or path.startswith("/api/v1/internal/"):
        return "hooks"
    if method == "POST" and path.startswith("/api/v1/jobs/"):
        return "submits"
    return "reads" if method == "GET" else "changes"
