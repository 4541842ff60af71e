"""Structured logs, one JSON object per event with request and job ids as fields, and the numbers that alarms watch."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from studio.settings import settings

logger = Logger(service="studio", log_uncaught_exceptions=True)

NAMESPACE = "Studio"
REFUNDED = "Refunded"
"""Of each paid job that completed or failed: the share of its credits that went back, 0 … 1."""
WORKERS_HEARD = "WorkersHeard"
"""Workers that are ready, by their own word; once a minute."""
QUEUES_UNATTENDED = "QueuesUnattended"
"""Queues in which a job waits and for which no worker is ready; once a minute."""


def measure(name: str, value: float) -> None:
    """Write a value of a metric to the log, from which CloudWatch takes it (embedded metric format).

    Never raises: what is measured matters more than that it is.
    """
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # workers measure nothing

    try:
        stage = {"stage": settings().stage}
        with single_metric(name, MetricUnit.NoUnit, value, namespace=NAMESPACE, default_dimensions=stage):
            pass
    except Exception:
        logger.exception("not measured", extra={"metric": name})
