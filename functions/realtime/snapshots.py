"""A job as it is sent to a connection: whole, so that a client needs no message before it.

Links to files are left out: they go stale within minutes, each is as long as the rest, and they can be asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edge.job_views import JobView
from studio import connections, jobs, news

if TYPE_CHECKING:
    from studio.tables import Connection, JobRow

MAX_MESSAGE_BYTES = 128 * 1024  # API Gateway's limit


def send(connection: Connection, job: JobRow, *, after: int | None = None) -> None:
    """Send the job, unless the connection has it as new or newer, or had it a moment ago."""
    sequence = news.sequence_of(job)
    if (after is not None and sequence <= after) or jobs.gone(job):
        return
    if connections.may_send(connection, job.id, sequence):
        connections.send(connection, _message(job))


def _message(job: JobRow) -> str:
    """The message; what the customer wrote themselves is left out where it would not fit."""
    view = JobView.of(job, links=False).model_dump(mode="json", by_alias=True)
    text = _json(view)
    return text if len(text.encode()) <= MAX_MESSAGE_BYTES else _json(view | {"input": {}})


def _json(view: dict[str, Any]) -> str:
    return json.dumps({"type": "job", "job": view}, separators=(",", ":"), ensure_ascii=False)
