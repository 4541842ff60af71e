"""Endpoints: addresses of a user that are told of all their news of some types.

A user has ten numbered places and every endpoint takes a free one, so that no race makes an eleventh.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from studio import clock, credentials, ids, receivers, signatures
from studio.errors import AlreadyExists, NotFound, TooManyEndpoints
from studio.tables import Endpoint, refused, retried, transaction
from studio.telemetry import logger

if TYPE_CHECKING:
    from studio.tokens import Caller

MAX_ENDPOINTS = 10

Disabled = Literal["owner", "gone", "failing"]
"""By its owner; because it answered 410; because it failed for days."""


def create(caller: Caller, url: str, events: list[str], description: str) -> Endpoint:
    """A new endpoint of the caller, with a secret of its own.

    Raises:
        InvalidOrder: this URL is not one that we call.
        TooManyEndpoints: all places are taken.
        NotAuthenticated: what the caller signed in with has ended meanwhile; nothing is written.
        Busy: too many at once; nothing is written.
    """
    receivers.require(url, "/url")
    endpoint = Endpoint(
        caller.user_id,
        id=ids.new("whe"),
        url=url,
        description=description,
        events=events,
        secret=signatures.new_secret(),
        created_at=clock.iso(clock.now()),
    )
    taken = {int(other.place) for other in all_of(caller.user_id)}
    for place in range(MAX_ENDPOINTS):
        if place not in taken and _take(caller, endpoint, place):
            return endpoint
    raise TooManyEndpoints(f"There are {MAX_ENDPOINTS} endpoints; delete one first.")


def all_of(user_id: str) -> list[Endpoint]:
    """The user's endpoints, oldest first."""
    return sorted(Endpoint.query(user_id, consistent_read=True), key=lambda endpoint: str(endpoint.id))


def find(user_id: str, endpoint_id: str) -> Endpoint | None:
    """The user's endpoint of this id."""
    return next((endpoint for endpoint in all_of(user_id) if endpoint.id == endpoint_id), None)


def get(user_id: str, endpoint_id: str) -> Endpoint:
    """The user's endpoint of this id.

    Raises:
        NotFound: there is none, or it is another user's.
    """
    endpoint = find(user_id, endpoint_id)
    if endpoint is None:
        raise NotFound("There is no such endpoint.")
    return endpoint


def subscribed(user_id: str, news: str) -> list[Endpoint]:
    """The enabled endpoints of the user that want news of this type."""
    return [e for e in all_of(user_id) if not e.disabled_reason and news in e.events]


def change(
    user_id: str,
    endpoint_id: str,
    *,
    url: str | None = None,
    events: list[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change what is not None. Enabling forgets past failures.

    Raises:
        NotFound: no such endpoint of this user.
        InvalidOrder: this URL is not one that we call.
    """
    endpoint = get(user_id, endpoint_id)
    actions: list[Action] = []
    if url is not None:
        receivers.require(url, "/url")
        actions.append(Endpoint.url.set(url))
    if events is not None:
        actions.append(Endpoint.events.set(events))
    if description is not None:
        actions.append(Endpoint.description.set(description))
    if enabled is True:
        actions += [Endpoint.disabled_reason.remove(), Endpoint.failures.set(0)]
        actions += [Endpoint.failing_since.remove(), Endpoint.not_before.remove()]
    if enabled is False:
        actions.append(Endpoint.disabled_reason.set("owner"))
    if actions and not update(endpoint, actions):
        raise NotFound("There is no such endpoint.")
    return endpoint


def disable(endpoint: Endpoint, reason: Disabled) -> None:
    """Call the endpoint no more until its owner enables it."""
    if update(endpoint, [Endpoint.disabled_reason.set(reason)]):
        logger.info("endpoint disabled", extra={"endpoint": endpoint.id, "user": endpoint.user_id, "reason": reason})


def rotate(user_id: str, endpoint_id: str) -> Endpoint:
    """Give the endpoint a new secret; callbacks carry the signatures of both for a day.

    Raises:
        NotFound: no such endpoint of this user.
    """
    return _rolled(user_id, endpoint_id, signatures.new_secret())


def delete(user_id: str, endpoint_id: str) -> None:
    """Forget the endpoint; what is still on its way to it is given up.

    Raises:
        NotFound: no such endpoint of this user.
    """
    endpoint = get(user_id, endpoint_id)
    try:
        endpoint.delete(condition=Endpoint.id == endpoint_id)
    except DeleteError as error:
        if not refused(error):
            raise


def update(endpoint: Endpoint, actions: Sequence[Action], *, condition: Condition | None = None) -> bool:
    """Write to the endpoint if it still has its place and `condition` holds; returns whether it was written."""
    same = Endpoint.id == endpoint.id
    try:
        endpoint.update(actions=list(actions), condition=same if condition is None else same & condition)
    except UpdateError as error:
        if not refused(error):
            raise
        return False
    return True


@retried
def _rolled(user_id: str, endpoint_id: str, fresh: str) -> Endpoint:
    endpoint = get(user_id, endpoint_id)
    signatures.roll(endpoint, fresh)
    return endpoint


@retried
def _take(caller: Caller, endpoint: Endpoint, place: int) -> bool:
    """Put the endpoint in this place unless another has it."""
    endpoint.place = place
    # Its own id is there when it was put before and only the answer was lost.
    free = Endpoint.place.does_not_exist() | (Endpoint.id == endpoint.id)
    try:
        with transaction() as tx:
            credentials.require(tx, caller)
            tx.create(endpoint, condition=free, otherwise=AlreadyExists("this place is taken"))
    except AlreadyExists:
        return False
    return True
