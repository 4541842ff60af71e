"""Works on an SQS queue until told to stop: on ECS, on a GPU box under a desk, or in the local studio.

`--queue jobs` (the default) takes paid work, `--queue drafts` free drafts. Paid work comes from two queues: what may
wait is looked for when there is nothing else, and every fourth time before everything else, so that it never starves.
Drafts have workers of their own; a worker of paid jobs that finds none sketches one draft and looks again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Literal, cast

from gpu_handlers.engines import catalogue
from gpu_handlers.entry import card, pulse, scale_in
from gpu_handlers.worker import Verdict, Worker
from studio import aws, workers
from studio.settings import settings
from studio.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

Queue = Literal["jobs", "drafts"]

POLL_SECONDS = 20  # the longest SQS holds an empty answer back
LOOK_SECONDS = 5  # for one of several queues: the other ones' messages wait as long on an idle machine
BRIEF_LOOK_SECONDS = 1  # while another queue has messages; 0 would ask only some of the servers of SQS
LOW_EVERY = 4  # of so many jobs one may be of low priority while others wait
RETRY_DELAY_SECONDS = 2
ELSEWHERE_SECONDS = 5  # long enough for others to see the message, short enough if there are none
# A message must stay hidden longer than the lease, or it comes back to a job that cannot be claimed yet.
VISIBILITY_SLACK_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Poll:
    """One look into a queue, for at most so many seconds."""

    url: str
    seconds: int


class _Stop(BaseException):
    """Raised out of an idle poll by SIGTERM or Ctrl-C."""


class QueueWorker:
    """One process, one job at a time."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self._profile = assignment(queue)
        self._worker = Worker(keep_visible=self._keep_visible, profile=self._profile)
        self._drafts = self._worker_of_drafts()
        self._receipt: str | None = None
        self._queue_url = ""
        self._taken = 0
        self._waits: set[str] = set()  # queues that had something when they were last looked into
        self._idle = threading.Event()
        self._news = threading.Event()
        self._gone = False

    def run(self) -> None:
        """Poll, work, repeat."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        pulse.keep()
        presence = threading.Thread(target=self._announce, name="presence", daemon=True)
        presence.start()
        self._worker.setup()
        self._drafts.load()  # without it this machine does paid work only
        self._news.set()
        try:
            while not self._worker.stopping.is_set():
                self._turn()
        except _Stop:
            pass
        self._gone = True
        self._news.set()
        presence.join()
        workers.leave(self._worker.id)
        logger.info("worker stopped")

    def _turn(self) -> None:
        """One message, if there is one. A failing service ends neither the worker nor its loaded engines."""
        try:
            message = self._receive()
            if message:
                self._handle(message)
        except Exception:
            logger.exception("the queue could not be worked on; trying again")
            self._worker.stopping.wait(RETRY_DELAY_SECONDS)

    def _announce(self) -> None:
        while True:
            try:
                health = self._worker.health
                workers.announce(
                    self._worker.id,
                    queue=self._queue,
                    profile=self._profile,
                    state=health.state,
                    reason=health.reason,
                    card=card.look() if self._queue == "jobs" else None,
                )
            except Exception:  # the work matters more than the word of it
                logger.exception("announcement failed")
            self._news.wait(workers.ANNOUNCE_SECONDS)
            self._news.clear()
            if self._gone:
                return

    def _receive(self) -> MessageTypeDef | None:
        for poll in self._polls():
            message = self._look(poll)
            if message:
                self._waits.add(poll.url)
                self._queue_url = poll.url
                self._taken += 1
                return message
            self._waits.discard(poll.url)
        return None

    def _polls(self) -> tuple[Poll, ...]:
        """Where to look this time, in which order and for how long."""
        if self._queue == "drafts":
            return (Poll(settings().drafts_queue_url, POLL_SECONDS),)
        low, drafts = Poll(settings().low_queue_url, 0), Poll(settings().drafts_queue_url, 0)
        others_wait = not self._waits.isdisjoint((low.url, drafts.url))
        normal = Poll(settings().jobs_queue_url, BRIEF_LOOK_SECONDS if others_wait else LOOK_SECONDS)
        paid = (low, normal) if self._taken % LOW_EVERY == LOW_EVERY - 1 else (normal, low)
        return (*paid, drafts) if self._drafts.health.state == "ready" else paid

    def _look(self, poll: Poll) -> MessageTypeDef | None:
        self._idle.set()
        try:
            if self._worker.stopping.is_set():  # the signal came just before we were idle
                return None
            answer = aws.polling_sqs().receive_message(
                QueueUrl=poll.url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=poll.seconds,
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
        match self._work_on(job_id, message["MessageId"]):
            case Verdict.DONE:
                aws.client("sqs").delete_message(QueueUrl=self._queue_url, ReceiptHandle=self._receipt)
            case Verdict.AGAIN:
                self._show_again_in(RETRY_DELAY_SECONDS)
            case Verdict.ELSEWHERE:
                self._show_again_in(0)
                self._worker.stopping.wait(ELSEWHERE_SECONDS)
            case Verdict.LEAVE:
                pass

    def _work_on(self, job_id: str, message_id: str) -> Verdict:
        if self._queue_url == settings().drafts_queue_url:
            return self._drafts.run_job(job_id, message_id)
        with scale_in.at_work():
            return self._worker.run_job(job_id, message_id)

    def _worker_of_drafts(self) -> Worker:
        """Drafts are always sketched, whatever engine paid work has here; both stop together and have one name."""
        if self._queue == "drafts" or self._profile == "sketch":
            return self._worker
        own = self._worker
        return Worker(keep_visible=self._keep_visible, profile="sketch", stopping=own.stopping, id=own.id)

    def _keep_visible(self) -> None:
        self._show_again_in(settings().lease_seconds + VISIBILITY_SLACK_SECONDS)

    def _show_again_in(self, seconds: int) -> None:
        if self._receipt:
            aws.client("sqs").change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=self._receipt, VisibilityTimeout=seconds
            )

    def _stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature of handlers
        self._worker.stopping.set()
        if self._idle.is_set():
            raise _Stop


def assignment(queue: Queue) -> tuple[Queue, str]:
    """Queue and profile this machine works with when asked for `queue`.

    Drafts are always sketched. A machine that can only sketch takes drafts even if asked for paid work, unless its
    operator sells sketches on purpose (`STUDIO_SELL_SKETCHES=true`, as the local studio does).
    """
    if queue == "drafts":
        return "drafts", "sketch"
    profile = catalogue.profile()
    if profile == "sketch" and os.environ.get("STUDIO_SELL_SKETCHES") != "true":
        logger.warning("no engine for paid work on this machine; taking drafts only")
        return "drafts", "sketch"
    return "jobs", profile


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m gpu_handlers.entry.queue_worker", description=__doc__)
    parser.add_argument("--queue", choices=["jobs", "drafts"], default="jobs")
    QueueWorker(cast(Queue, parser.parse_args().queue)).run()


if __name__ == "__main__":
    main()
