"""Tells the bus how an attempt goes. Nothing depends on it, so it never stops the work, and hardly ever slows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from studio import news
from studio.errors import DeliveryFailed
from studio.jobs import Progress
from studio.news import Facts
from studio.tables import JobRow
from studio.telemetry import logger

INTERVAL_SECONDS = 2.0


@dataclass(slots=True)
class Teller:
    """What the bus has been told of one attempt, and what it has not."""

    job: JobRow
    _latest: Progress | None = None
    _told: Progress | None = None

    def note(self, progress: Progress) -> None:
        """Remember how far the work is; costs nothing."""
        self._latest = progress

    def tell_start(self) -> None:
        """Tell that the attempt has begun."""
        _tell(news.started(self.job))

    def tell_latest(self) -> None:
        """Tell how far the work is, if it is further than the bus knows."""
        latest = self._latest
        if latest is not None and latest is not self._told:
            _tell(news.progressed(self.job, latest.stored()))
            self._told = latest


@contextmanager
def telling(job: JobRow) -> Iterator[Callable[[Progress], None]]:
    """Tell that the claimed job has started, then its latest progress every `INTERVAL_SECONDS` while the block runs.

    Yields what to call with each progress.
    """
    teller, finished = Teller(job), threading.Event()
    teller.tell_start()

    def run() -> None:
        while not finished.wait(INTERVAL_SECONDS):
            teller.tell_latest()

    thread = threading.Thread(target=run, name=f"telling-{job.id}", daemon=True)
    thread.start()
    try:
        yield teller.note
    finally:
        finished.set()
        thread.join()


def _tell(facts: Facts) -> None:
    try:
        news.tell(facts)
    except (BotoCoreError, ClientError, DeliveryFailed) as error:
        logger.warning("the bus was not told", extra={"event": facts.detail_type, "reason": str(error)})
