"""Which workers are there, by their own word: each renews a row while it runs, and is gone when the row expires."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from studio import clock
from studio.tables import WorkerRow

ANNOUNCE_SECONDS = 20
GONE_AFTER_SECONDS = 70  # three missed announcements
CACHE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers of one kind that are there now."""

    queue: str
    profile: str
    state: str
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Card:
    """How busy the card of a worker was when it last announced itself: shares, 0 … 1."""

    utilisation: float
    vram_used: float


def announce(
    worker_id: str,
    *,
    queue: str,
    profile: str,
    state: str = "ready",
    reason: str | None = None,
    card: Card | None = None,
) -> None:
    """Say that a worker is there: the queue it takes jobs from, what it can do, and how busy its card is."""
    WorkerRow(
        worker_id,
        queue=queue,
        profile=profile,
        state=state,
        reason=reason,
        utilisation=card.utilisation if card else None,
        vram_used=card.vram_used if card else None,
        expires_at=clock.from_epoch(clock.epoch() + GONE_AFTER_SECONDS),
    ).save()


def leave(worker_id: str) -> None:
    """Say goodbye, so that nobody counts on the worker until its row expires."""
    WorkerRow(worker_id).delete()


def cards() -> list[Card]:
    """The cards of everybody who announced one lately."""
    now = clock.now()
    return [
        Card(float(row.utilisation), float(row.vram_used))
        for row in WorkerRow.scan()
        if row.expires_at > now and row.utilisation is not None and row.vram_used is not None
    ]


def present() -> list[Crew]:
    """Everybody who announced lately, equal ones counted together; up to `CACHE_SECONDS` old.

    Anybody may ask `/health` as often as they like, so the answer is remembered.
    """
    return _present(clock.epoch() // CACHE_SECONDS)


@lru_cache(maxsize=1)
def _present(period: int) -> list[Crew]:  # noqa: ARG001  # the key of the cache
    now = clock.now()
    kinds = Counter(
        (row.queue, row.profile, row.state, row.reason) for row in WorkerRow.scan() if row.expires_at > now
    )  # fmt: skip
    return [Crew(*kind, count) for kind, count in sorted(kinds.items(), key=str)]
