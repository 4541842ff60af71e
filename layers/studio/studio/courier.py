"""The courier: makes one attempt of one delivery, if it is to be made."""

from __future__ import annotations

import time
from datetime import UTC
from email.utils import parsedate_to_datetime

from pynamodb.exceptions import DoesNotExist

from studio import breaker, callback_secrets, clock, deliveries, endpoints, places, receivers, signatures
from studio.deliveries import Outcome
from studio.outbound import Refused, Unreachable
from studio.replies import Reply
from studio.tables import Delivery, Endpoint, Signing
from studio.telemetry import CALLBACKS_DELIVERED, logger, measure

TIMEOUT_SECONDS = 15.0
MAX_ANSWER_BYTES = 4_096  # read so that the receiver is not cut off in the middle of its answer, and thrown away
MAX_PROGRESS_WAIT_SECONDS = 15  # for a sender; by then there is newer progress
USER_AGENT = "AI-Creative-Studio-Webhooks/1.0"
_NEVER = "there is no further attempt"
_BROKEN = "the attempt broke off on our side"
_NOBODY = "the account was closed"
_LATE = "the endpoint keeps failing, and progress does not wait"
_CROWDED = "your receivers are busy with other messages, and progress does not wait"


def attempt(delivery_id: str, number: int, *, waited: int = 0) -> None:
    """Make attempt `number` of the delivery, unless it was made, is not wanted any more, or has to wait.

    Args:
        waited: seconds that it last waited for a sender, because its user had as many as they may.
    """
    delivery = deliveries.waiting(delivery_id, number)
    if delivery is None:
        return
    if deliveries.exhausted(delivery):
        deliveries.bury(delivery, _NEVER)
        return
    with places.one(places.SENDERS, delivery.user_id) as ours:
        if not ours:
            _step_aside(delivery, waited)
        elif delivery.endpoint_id:
            _to_endpoint(delivery, endpoints.find(delivery.user_id, delivery.endpoint_id))
        else:
            _to_callback_url(delivery)


def _step_aside(delivery: Delivery, waited: int) -> None:
    if delivery.type == deliveries.PROGRESS and waited >= MAX_PROGRESS_WAIT_SECONDS:
        deliveries.bury(delivery, _CROWDED)
    else:
        deliveries.step_aside(delivery, waited)


def _to_callback_url(delivery: Delivery) -> None:
    try:
        signing = callback_secrets.find(delivery.user_id)
    except DoesNotExist:  # it is made before the first callback is, and goes with the account
        deliveries.bury(delivery, _NOBODY)
        return
    if deliveries.claim(delivery):
        deliveries.record(delivery, _sent(delivery, str(delivery.callback_url), signing))


def _to_endpoint(delivery: Delivery, endpoint: Endpoint | None) -> None:
    if endpoint is None or endpoint.disabled_reason:
        deliveries.bury(delivery, "the endpoint was deleted" if endpoint is None else "the endpoint is disabled")
        return
    until = breaker.blocked_until(endpoint)
    if until is not None and delivery.type == deliveries.PROGRESS:
        deliveries.bury(delivery, _LATE)
        return
    if until is not None:
        deliveries.postpone(delivery, until)
        return
    if not deliveries.claim(delivery):
        return
    outcome = _sent(delivery, endpoint.url, endpoint)
    deliveries.record(delivery, outcome)
    if outcome.delivered:
        breaker.succeeded(endpoint)
    elif outcome.gone:
        endpoints.disable(endpoint, "gone")
    else:
        breaker.failed(endpoint, asked_to_wait=outcome.retry_after)


def _sent(delivery: Delivery, url: str, signing: Signing) -> Outcome:
    outcome = _tried(delivery, url, signing)
    measure(CALLBACKS_DELIVERED, 1 if outcome.delivered else 0)
    return outcome


def _tried(delivery: Delivery, url: str, signing: Signing) -> Outcome:
    """What one request came to. Whatever goes wrong is an outcome: an attempt that is not recorded never ends."""
    at, began = clock.iso(clock.now()), time.perf_counter()
    try:
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "Connection": "close",
            **signatures.headers(delivery.id, body, signing),
        }
        reply = receivers.way().send(
            "POST", url, body=body, headers=headers, seconds=TIMEOUT_SECONDS, max_bytes=MAX_ANSWER_BYTES
        )
        objection = _objection(reply)
        wait = _retry_after(reply) if objection else None
    except (Refused, Unreachable) as error:
        return Outcome(at, time.perf_counter() - began, None, str(error))
    except Exception:
        logger.exception("attempt broke", extra={"delivery": delivery.id})
        return Outcome(at, time.perf_counter() - began, None, _BROKEN)
    return Outcome(at, time.perf_counter() - began, reply.status, objection, wait)


def _objection(reply: Reply) -> str | None:
    """Why this answer is no delivery."""
    if 200 <= reply.status < 300:
        return None
    if 300 <= reply.status < 400:
        return f"answered {reply.status}; redirects are not followed, register the address it leads to"
    return f"answered {reply.status}"


def _retry_after(reply: Reply) -> int | None:
    """Seconds of a Retry-After header (RFC 9110 §10.2.3), capped; None if there is none that can be read."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return min(int(told[:9]), deliveries.MAX_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(told)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(int(aware.timestamp()) - clock.epoch(), 0), deliveries.MAX_WAIT_SECONDS)
    except (ValueError, OverflowError):  # the latter for years and offsets of thousands of digits
        return None
