"""Open connections for live updates: who listens to what, and what each was sent last.

A user has a few places; a connection takes one until it closes or API Gateway ends it after two hours. Snapshots may be
made in any order by several functions at once, so each place remembers the sequence of what was sent last about a job:
nothing older follows.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.condition import size

from studio import aws, clock, credentials, news
from studio.errors import TooManyConnections
from studio.settings import settings
from studio.tables import Connection, refused
from studio.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action

    from studio.credentials import Credential

MAX_CONNECTIONS = 5
MAX_SUBSCRIPTIONS = 50
LIFE_SECONDS = 2 * 3600  # API Gateway closes every connection after that
PAUSE_MS = 500  # between two messages about the progress of a job; changes of its status do not wait
EVERY_JOB = "*"


def open_for(credential: Credential, connection_id: str) -> None:
    """Take a place for a connection that is being made.

    Raises:
        TooManyConnections: all places are taken by connections that are alive and may be.
    """
    if not _take_free_place(credential, connection_id):
        entitled, ended = judged(of_user(credential.user_id))
        for connection in ended:
            end(connection)
        for connection in entitled:
            if not _alive(connection):
                remove(connection)
        if not _take_free_place(credential, connection_id):
            raise TooManyConnections(f"At most {MAX_CONNECTIONS} connections at the same time.")


def close(user_id: str, connection_id: str) -> None:
    """Give the place of a connection back."""
    if connection := find(user_id, connection_id):
        remove(connection)


def of_user(user_id: str) -> list[Connection]:
    """The user's connections, those that API Gateway must have ended left out."""
    return [row for row in Connection.query(user_id, consistent_read=True) if row.expires_at > clock.now()]


def find(user_id: str, connection_id: str) -> Connection | None:
    """The connection, if it has a place."""
    return next((row for row in of_user(user_id) if row.connection_id == connection_id), None)


def judged(asked: Iterable[Connection]) -> tuple[list[Connection], list[Connection]]:
    """Those that may still hear, and those whose session or key has ended and that should be."""
    by_credential = [(credentials.remembered(connection), connection) for connection in asked]
    valid = credentials.valid(credential for credential, _ in by_credential)
    return (
        [connection for credential, connection in by_credential if credential in valid],
        [connection for credential, connection in by_credential if credential not in valid],
    )


def end_all(user_id: str) -> None:
    """Close whatever the user has open."""
    for connection in Connection.query(user_id, consistent_read=True):
        end(connection)


def end(connection: Connection) -> None:
    """Close the connection, then free its place: what broke off in between is found again."""
    client = aws.connections(settings().connections_url)
    with suppress(client.exceptions.GoneException):
        client.delete_connection(ConnectionId=connection.connection_id)
    remove(connection)
    logger.info("connection ended", extra={"connection": connection.connection_id})


def subscribe(connection: Connection, job_id: str) -> bool:
    """From now on send news of the job, or of every one (`EVERY_JOB`); False when it listens to too many."""
    room = (
        Connection.jobs.does_not_exist()
        | Connection.jobs.contains(job_id)
        | (size(Connection.jobs) < MAX_SUBSCRIPTIONS)
    )
    return _updated(connection, Connection.jobs.add({job_id}), room)


def unsubscribe(connection: Connection, job_id: str) -> None:
    """Send no more news of it."""
    _updated(connection, Connection.jobs.delete({job_id}))


def listens_to(connection: Connection, job_id: str) -> bool:
    """Whether news of the job are for this connection."""
    return not {EVERY_JOB, job_id}.isdisjoint(connection.jobs or ())


def may_send(connection: Connection, job_id: str, sequence: int) -> bool:
    """Note that this snapshot of a job is being sent; False when a newer one was, or one of the same status just now.

    What is sent again after a failure has the same sequence and goes out again: twice is better than never.
    """
    now_ms = time.time_ns() // 1_000_000
    sent = Connection.sent[job_id]
    fresh = sent["sequence"] <= sequence
    due = (sent["sequence"] < news.began(sequence)) | (sent["atMs"] <= now_ms - PAUSE_MS)
    return _updated(
        connection, sent.set({"sequence": sequence, "atMs": now_ms}), sent.does_not_exist() | (fresh & due)
    )  # fmt: skip


def send(connection: Connection, text: str) -> None:
    """Send a message; a connection that is gone loses its place."""
    client = aws.connections(settings().connections_url)
    try:
        client.post_to_connection(ConnectionId=connection.connection_id, Data=text.encode())
    except client.exceptions.GoneException:
        logger.info("stale connection removed", extra={"connection": connection.connection_id})
        remove(connection)


def remove(connection: Connection) -> None:
    """Free the place, unless another connection has it by now."""
    try:
        connection.delete(_still(connection))
    except DeleteError as error:
        if not refused(error):
            raise


def _take_free_place(credential: Credential, connection_id: str) -> bool:
    taken = {int(row.place) for row in of_user(credential.user_id)}
    free = Connection.user_id.does_not_exist() | (Connection.expires_at <= clock.now())
    for place in range(MAX_CONNECTIONS):
        if place in taken:
            continue
        connection = Connection(
            credential.user_id,
            place,
            connection_id=connection_id,
            session_id=credential.session_id,
            key_hash=credential.key_hash,
            ver=credential.ver,
            sent={},
            expires_at=clock.from_epoch(clock.epoch() + LIFE_SECONDS),
        )
        try:
            connection.save(condition=free)
        except PutError as error:
            if not refused(error):
                raise
            continue
        return True
    return False


def _alive(connection: Connection) -> bool:
    client = aws.connections(settings().connections_url)
    try:
        client.get_connection(ConnectionId=connection.connection_id)
    except client.exceptions.GoneException:
        return False
    return True


def _updated(connection: Connection, action: Action, condition: Condition | None = None) -> bool:
    """Whether the row of the connection was changed; it is not when somebody else has the place by now."""
    still = _still(connection)
    try:
        Connection(connection.user_id, connection.place).update(
            [action], condition=still if condition is None else still & condition
        )
    except UpdateError as error:
        if not refused(error):
            raise
        return False
    return True


def _still(connection: Connection) -> Condition:
    return Connection.connection_id == connection.connection_id
