"""The attempts at a job, oldest first, as its row remembers them: who had it, from when to when, to what end."""

from __future__ import annotations

from typing import Any

from studio import clock

MAX_KEPT = 10  # a worker that goes away is no failure, so there may be many; the last ones explain a job

SUCCEEDED = "succeeded"
HANDED_BACK = "handed_back"
"""The worker went away and said so."""
LOST = "lost"
"""The worker fell silent, and another one took the job."""

Try = dict[str, Any]
"""``{number, worker, startedAt, endedAt, outcome}``; the outcome of a failed one is the code of its error."""


def begun(log: list[Try] | None, number: int, worker: str) -> list[Try]:
    """The log with a new attempt. One before it that never told its end is lost."""
    earlier = ended(log, number - 1, LOST)
    new = {"number": number, "worker": worker, "startedAt": clock.iso(clock.now()), "endedAt": None, "outcome": None}
    return [*earlier, new][-MAX_KEPT:]


def ended(log: list[Try] | None, number: int, outcome: str) -> list[Try]:
    """The log with the end of attempt `number`, unless that has ended before."""
    end = {"endedAt": clock.iso(clock.now()), "outcome": outcome}
    return [
        known | end if known["number"] == number and known["outcome"] is None else known for known in log or []
    ]  # fmt: skip
