"""Which workers are there, by their own word: each renews a row while it runs, and is gone when the row expires."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from studio import clock
from studio.tables import WorkerRow

ANNOUNCE_SECONDS = 20
GONE_AFTER_SECONDS = 70  # three missed announcements


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers of one kind that are there now."""

    queue: str
    profile: str
    state: str
    reason: str | None
    count: int


def announce(worker_id: str, *, queue: str, profile: str, state: str = "ready", reason: str | None = None) -> None:
    """Say that a worker is there: the queue it takes jobs from, and what it can do."""
    WorkerRow(
        worker_id,
        queue=queue,
        profile=profile,
        state=state,
        reason=reason,
        expires_at=clock.from_epoch(clock.epoch() + GONE_AFTER_SECONDS),
    ).save()


def leave(worker_id: str) -> None:
    """Say goodbye, so that nobody counts on the worker until its row expires."""
    WorkerRow(worker_id).delete()


def present() -> list[Crew]:
    """Everybody who announced lately, equal ones counted together."""
    now = clock.now()
    kinds = Counter(
        (row.queue, row.profile, row.state, row.reason) for row in WorkerRow.scan() if row.expires_at > now
    )  # fmt: skip
    return [Crew(*kind, count) for kind, count in sorted(kinds.items(), key=str)]
