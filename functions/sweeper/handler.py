"""Schedule → send what the outbox still holds, end what is overdue, erase what is no longer kept, take stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import aws, jobs, outbox, retention, waiting, workers
from studio.settings import settings
from studio.telemetry import (
    CARDS_BUSY,
    CARDS_MEMORY,
    QUEUES_UNATTENDED,
    WORKERS_HEARD,
    WORKERS_READY,
    logger,
    measure,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


PART_SECONDS = 7.0  # of the function's 29: no part may starve the others, and the last thing begun may be slow


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One sweep; safe to run twice at once. Every part has its turn; the first failure is raised after the last."""
    swept: dict[str, int] = {}
    failures: list[Exception] = []
    for part, sweep in (("sent", outbox.sweep), ("expired", jobs.expire_overdue), ("erased", retention.sweep)):
        try:
            swept[part] = sweep(seconds=PART_SECONDS)
        except Exception as failure:
            logger.exception("a part of the sweep failed", extra={"part": part})
            failures.append(failure)
    _keep_metrics_of_queues()  # workers are woken by these numbers, whatever failed
    _take_stock()
    logger.info("swept", extra=swept)
    if failures:  # so that the alarm on this function's errors rings
        raise failures[0]
    return swept


def _take_stock() -> None:
    """Measure who is there to work, and for which queues nobody is; that this fails must not fail the sweep."""
    try:
        ready = [crew for crew in workers.present() if crew.state == "ready"]
        measure(WORKERS_HEARD, sum(crew.count for crew in ready))
        for queue in ("jobs", "drafts"):
            measure(WORKERS_READY, sum(crew.count for crew in ready if crew.queue == queue), queue=queue)
        for card in workers.cards():
            measure(CARDS_BUSY, card.utilisation)
            measure(CARDS_MEMORY, card.vram_used)
        measure(QUEUES_UNATTENDED, len(waiting.unattended()))
    except Exception:
        logger.exception("stock could not be taken")


def _keep_metrics_of_queues() -> None:
    """Look at each queue of jobs, so that CloudWatch goes on looking too. Never raises.

    A queue that nobody has called for six hours has no metrics for up to 15 minutes after its next message, and workers
    that are to be woken by that message would sleep on.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
    """
    try:
        for url in (settings().jobs_queue_url, settings().low_queue_url, settings().drafts_queue_url):
            aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    except Exception:  # of a queue that stalls the others stall too, and there is no time to find that out
        logger.exception("queues could not be looked at")
