"""Structured logs, one JSON object per event with request and job ids as fields, and the numbers that alarms watch."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from studio.settings import settings

logger = Logger(service="studio", log_uncaught_exceptions=True)

NAMESPACE = "Studio"
REFUNDED = "Refunded"
"""Of each paid job that completed or failed: the share of its credits that went back, 0 … 1."""
CREDITS_EARNED = "CreditsEarned"
"""Of each paid job that ended: the credits that were kept."""
CREDITS_RETURNED = "CreditsReturned"
"""Of each paid job that ended, however: the credits that went back."""
CREDITS_SOLD = "CreditsSold"
"""Of each purchase when it is paid; negative when its money went back."""
JOB_WAITED = "JobWaited"
"""Of each delivered job, by queue: seconds from its submit to its first attempt."""
JOB_RAN = "JobRan"
"""Of each delivered paid job, by feature: seconds its last attempt worked on it."""
STAGE_RAN = "StageRan"
"""The same, by feature and stage."""
API_LATENCY = "ApiLatency"
"""Of each request, by class of routes: milliseconds inside the function; without those that asked to wait."""
API_ERRORS = "ApiErrors"
"""Of each request, by class of routes: 1 for a 5xx, otherwise 0."""
CALLBACKS_DELIVERED = "CallbacksDelivered"
"""Of each attempt of a callback: 1 when the receiver took it, otherwise 0."""
WORKERS_HEARD = "WorkersHeard"
"""Workers that are ready, by their own word; once a minute."""
WORKERS_READY = "WorkersReady"
"""The same, by the queue they look into first."""
CARDS_BUSY = "CardsBusy"
"""Of each worker with a card, by its own word: the share of time it computed lately, 0 … 1; once a minute."""
CARDS_MEMORY = "CardsMemory"
"""The same of its memory."""
QUEUES_UNATTENDED = "QueuesUnattended"
"""Queues in which a job waits and for which no worker is ready; once a minute."""
AUDIT_VIOLATIONS = "AuditViolations"
"""Promises about money and jobs that the nightly audit found broken."""
STRIPE_UNTOLD = "StripeUntold"
"""Events about purchases that no webhook told us of, by the nightly reconciliation with Stripe."""
STRIPE_FAILED = "StripeFailed"
"""Events and sessions that the nightly reconciliation with Stripe could not follow."""
PURCHASES_TO_REVIEW = "PurchasesToReview"
"""Purchases that wait for people: 1 for each that begins to, and every night all of them."""

DIMENSIONS: dict[str, tuple[str, ...]] = {
    JOB_WAITED: ("queue",),
    JOB_RAN: ("feature",),
    STAGE_RAN: ("feature", "phase"),
    API_LATENCY: ("routes",),
    API_ERRORS: ("routes",),
    WORKERS_READY: ("queue",),
}
"""What a metric is told apart by, besides the stage of the deployment. Few values: CloudWatch charges for each."""


def measure(name: str, value: float, **dimensions: str) -> None:
    """Write a value of a metric to the log, from which CloudWatch takes it (embedded metric format).

    Never raises: what is measured matters more than that it is.
    """
    from aws_lambda_powertools.metrics import MetricUnit, single_metric  # workers measure nothing

    try:
        if dimensions.keys() != set(DIMENSIONS.get(name, ())):
            raise ValueError(f"{name} is told apart by {DIMENSIONS.get(name, ())}")
        everybody = {"stage": settings().stage} | dimensions
        with single_metric(name, MetricUnit.NoUnit, value, namespace=NAMESPACE, default_dimensions=everybody):
            pass
    except Exception:
        logger.exception("not measured", extra={"metric": name})
