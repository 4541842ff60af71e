"""Schedule → send what the outbox still holds, end what is overdue, erase what is no longer kept, take stock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio import jobs, outbox, retention, waiting, workers
from studio.telemetry import QUEUES_UNATTENDED, WORKERS_HEARD, logger, measure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


PART_SECONDS = 7.0  # of the function's 29: no part may starve the others, and the last thing begun may be slow


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One sweep; safe to run twice at once."""
    swept = {
        "sent": outbox.sweep(seconds=PART_SECONDS),
        "expired": jobs.expire_overdue(seconds=PART_SECONDS),
        "erased": retention.sweep(seconds=PART_SECONDS),
    }
    logger.info("swept", extra=swept)
    _take_stock()
    return swept


def _take_stock() -> None:
    """Measure who is there to work, and for which queues nobody is; that this fails must not fail the sweep."""
    try:
        measure(WORKERS_HEARD, sum(crew.count for crew in workers.present() if crew.state == "ready"))
        measure(QUEUES_UNATTENDED, len(waiting.unattended()))
    except Exception:
        logger.exception("stock could not be taken")
