"""Works on the SQS jobs queue until told to stop: on ECS, on a GPU box under a desk, or in the local studio."""

from __future__ import annotations

import json
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

from gpu_handlers.worker import Verdict, Worker
from studio import aws
from studio.settings import settings
from studio.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

POLL_SECONDS = 20  # the longest SQS holds an empty answer back
RETRY_DELAY_SECONDS = 2
# A message must stay hidden longer than the lease, or it comes back to a job that cannot be claimed yet.
VISIBILITY_SLACK_SECONDS = 2


class _Stop(BaseException):
    """Raised out of an idle poll by SIGTERM or Ctrl-C."""


class QueueWorker:
    """One process, one job at a time."""

    def __init__(self) -> None:
        self._worker = Worker(keep_visible=self._keep_visible)
        self._receipt: str | None = None
        self._idle = threading.Event()

    def run(self) -> None:
        """Poll, work, repeat."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._worker.setup()
        try:
            while not self._worker.stopping.is_set():
                message = self._receive()
                if message:
                    self._handle(message)
        except _Stop:
            pass
        logger.info("worker stopped")

    def _receive(self) -> MessageTypeDef | None:
        self._idle.set()
        try:
            if self._worker.stopping.is_set():  # the signal came just before we were idle
                return None
            answer = aws.client("sqs").receive_message(
                QueueUrl=settings().jobs_queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=POLL_SECONDS,
                VisibilityTimeout=settings().lease_seconds + VISIBILITY_SLACK_SECONDS,
            )
        finally:
            self._idle.clear()
        messages = answer.get("Messages", [])
        return messages[0] if messages else None

    def _handle(self, message: MessageTypeDef) -> None:
        self._receipt = message["ReceiptHandle"]
        try:
            job_id = str(json.loads(message["Body"])["jobId"])
        except (ValueError, KeyError, TypeError):
            logger.exception("not a job message; it will end in the dead-letter queue")
            return
        match self._worker.run_job(job_id):
            case Verdict.DONE:
                aws.client("sqs").delete_message(QueueUrl=settings().jobs_queue_url, ReceiptHandle=self._receipt)
            case Verdict.AGAIN:
                self._show_again_in(RETRY_DELAY_SECONDS)
            case Verdict.LEAVE:
                pass

    def _keep_visible(self) -> None:
        self._show_again_in(settings().lease_seconds + VISIBILITY_SLACK_SECONDS)

    def _show_again_in(self, seconds: int) -> None:
        if self._receipt:
            aws.client("sqs").change_message_visibility(
                QueueUrl=settings().jobs_queue_url, ReceiptHandle=self._receipt, VisibilityTimeout=seconds
            )

    def _stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature of handlers
        self._worker.stopping.set()
        if self._idle.is_set():
            raise _Stop


if __name__ == "__main__":
    QueueWorker().run()
