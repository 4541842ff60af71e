"""What a client says: `subscribe`, `unsubscribe`, `ping`. Every answer is a message of its own."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from realtime import peer, snapshots
from studio import connections, histories, jobs, limits
from studio.connections import EVERY_JOB, MAX_SUBSCRIPTIONS
from studio.errors import NotFound, TooManyRequests
from studio.jobs import Status
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from studio.tables import Connection, JobRow

JobId = Annotated[str, Field(pattern=r"^(\*|job_[0-9a-z]{26})$")]


class Said(BaseModel):
    """Base of what a client may say; other fields are refused, so that a slip does not pass for a wish."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Subscribe(Said):
    """Send this job, or every one of mine, now and whenever it changes."""

    action: Literal["subscribe"]
    job: JobId
    after: int | None = Field(None, ge=0, description="Of one job, send nothing unless its sequence is larger.")
    since: AwareDatetime | None = Field(None, description="Of all, also send those that ended then or later.")


class Unsubscribe(Said):
    """Send no more of it."""

    action: Literal["unsubscribe"]
    job: JobId


class Ping(Said):
    """Answer me, and keep the connection open."""

    action: Literal["ping"]


_said: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(
    Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="action")]
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One message."""
    connection = connections.find(*peer.of(event))
    if connection is None:  # it was taken for dead, and the place given away
        return {"statusCode": 410}
    _, ended = connections.judged([connection])
    if ended:  # looked at before it is counted, so that it uses up nothing of what its user may say
        connections.end(connection)
        return {"statusCode": 410}
    try:
        limits.take(limits.MESSAGES, connection.user_id)
    except TooManyRequests as error:
        _say(connection, type="error", code=error.code, detail=error.detail)
        return {"statusCode": 200}
    try:
        said = _said.validate_json(event.get("body") or "")
    except ValidationError:
        _say(connection, type="error", code="malformed_message", detail="Say subscribe, unsubscribe or ping.")
        return {"statusCode": 200}
    match said:
        case Subscribe():
            _subscribe(connection, said)
        case Unsubscribe():
            connections.unsubscribe(connection, said.job)
            _say(connection, type="unsubscribed", job=said.job)
        case Ping():
            _say(connection, type="pong")
    return {"statusCode": 200}


def _subscribe(connection: Connection, wish: Subscribe) -> None:
    """Listen first, look then: what happens in between is sent twice rather than never."""
    if wish.job != EVERY_JOB and _own(connection.user_id, wish.job) is None:
        _say(connection, type="error", code=NotFound.code, detail="There is no such job.", job=wish.job)
        return
    if not connections.subscribe(connection, wish.job):
        _say(connection, type="error", code="too_many_subscriptions", detail=_TOO_MANY, job=wish.job)
        return
    _say(connection, type="subscribed", job=wish.job)
    wanted = _worth_telling(connection.user_id, wish.since) if wish.job == EVERY_JOB else [wish.job]
    for job_id in wanted:
        if job := _own(connection.user_id, job_id):  # read anew: the list may be a moment old
            snapshots.send(connection, job, after=wish.after)


def _own(user_id: str, job_id: str) -> JobRow | None:
    """The user's job; like `jobs.get`, but only looks."""
    job = jobs.owned(user_id, job_id)
    return job if job and not jobs.gone(job) else None


def _worth_telling(user_id: str, since: datetime | None) -> list[str]:
    """The newest of the user's jobs that have not ended, or only `since` that moment; oldest first."""
    page = histories.page(user_id, limit=histories.MAX_PAGE)
    found = [
        job.id
        for job in page.jobs
        if not Status(job.status).ended
        or (since is not None and job.ended_at is not None and datetime.fromisoformat(job.ended_at) >= since)
    ]
    return found[::-1]


def _say(connection: Connection, **what: str) -> None:
    connections.send(connection, json.dumps(what))


_TOO_MANY = f"At most {MAX_SUBSCRIPTIONS} jobs; subscribe to * instead."
