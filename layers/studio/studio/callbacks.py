"""Callbacks: the studio's news as messages to customers' own programs, and what their owners can do with them."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from studio import breaker, clock, deliveries, endpoints, ids, jobs, limits
from studio.errors import EndpointDisabled
from studio.events import WORKER_SOURCE
from studio.tables import Delivery, Endpoint, JobRow

MAX_BODY_BYTES = 20_000  # what Standard Webhooks advises; whoever wants more follows the links


class News(StrEnum):
    """What a customer can be called for."""

    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    CREDITS_LOW = "credits.low"
    JOB_STARTED = "job.started"
    JOB_PROGRESS = deliveries.PROGRESS


ON_THE_WAY = frozenset({News.JOB_STARTED, News.JOB_PROGRESS})
"""What is told while a job is worked on, best effort, and only to endpoints that name it."""
USUAL = tuple(news for news in News if news not in ON_THE_WAY)
"""What an endpoint is told that does not say what it wants."""
PROGRESS_EVERY_SECONDS = 5

# By the type of the event on the bus; the rule in the template lets exactly these through.
OF_EVENTS = {
    "Job Started": News.JOB_STARTED,
    "Job Progress": News.JOB_PROGRESS,
    "Job Completed": News.JOB_COMPLETED,
    "Job Failed": News.JOB_FAILED,
    "Job Cancelled": News.JOB_CANCELLED,
    "Credits Low": News.CREDITS_LOW,
}


def tell(event: dict[str, Any]) -> None:
    """Begin a delivery of an EventBridge event for everybody who wants it; telling twice delivers once.

    Raises:
        KeyError, TypeError, ValueError: this is not an event of ours.
    """
    detail = event["detail"]
    news, user_id, happened = OF_EVENTS[event["detail-type"]], str(detail["userId"]), str(detail["occurredAt"])
    if (news in ON_THE_WAY) != (event.get("source") == WORKER_SOURCE):
        raise ValueError("workers tell of the way to an end, and of nothing else")
    if news in ON_THE_WAY:
        _tell_of_the_way(news, detail)
        return
    job_id = None if news is News.CREDITS_LOW else str(detail["jobId"])
    job = jobs.find(job_id) if job_id else None
    data = _job(detail, job) if job_id else {"balance": detail["balance"], "threshold": detail["threshold"]}
    body = _body(news, happened, data)
    for endpoint in endpoints.subscribed(user_id, news):
        own_id = _delivery_id(detail, endpoint.id)
        deliveries.begin(own_id, user_id, news, body, endpoint_id=endpoint.id, job_id=job_id)
    if job and job.callback_url:
        own_id = _delivery_id(detail, "callbackUrl")
        deliveries.begin(own_id, user_id, news, body, callback_url=job.callback_url, job_id=job_id)


def _tell_of_the_way(news: News, detail: dict[str, Any]) -> None:
    """Tell the endpoints that want it how a job goes. A worker said so: whose job it is, our own row says."""
    job = jobs.find(str(detail["jobId"]))
    if job is None or job.user_id != detail["userId"]:
        return
    wanting = endpoints.subscribed(job.user_id, news)
    if not wanting or (news is News.JOB_PROGRESS and not _worth_telling(job, detail)):
        return
    # Of the way, not of where the job has come to meanwhile.
    way = {"result": None, "endedAt": None} | {name: detail[name] for name in ("attempt", "progress", "sequence")}
    body = _body(news, str(detail["occurredAt"]), _job(detail, job) | way)
    for endpoint in wanting:
        own_id = _delivery_id(detail, endpoint.id)
        deliveries.begin(own_id, job.user_id, news, body, endpoint_id=endpoint.id, job_id=job.id)


def _worth_telling(job: JobRow, detail: dict[str, Any]) -> bool:
    """Whether the job still runs, and its last progress that was told is long enough ago."""
    if jobs.Status(job.status).ended:
        return False
    at = datetime.fromisoformat(str(detail["occurredAt"]))
    return limits.spaced("progress", job.id, at=at, seconds=PROGRESS_EVERY_SECONDS)


def _delivery_id(detail: dict[str, Any], receiver: str) -> str:
    """The one id of this event for this receiver, however often the event comes."""
    moment = int(datetime.fromisoformat(str(detail["occurredAt"])).timestamp())
    return ids.derived("dlv", moment, str(detail["eventId"]), receiver)


def test(user_id: str, endpoint_id: str) -> Delivery:
    """Send the endpoint a message that means nothing, once.

    Raises:
        NotFound: no such endpoint of this user.
        EndpointDisabled: it has to be enabled first.
        TooManyRequests: too many of these.
    """
    limits.take(limits.SENDS_BY_HAND, user_id)
    _require_open(endpoints.get(user_id, endpoint_id))
    body = _body(deliveries.TEST, clock.iso(clock.now()), {"endpointId": endpoint_id})
    return deliveries.begin(ids.new("dlv"), user_id, deliveries.TEST, body, endpoint_id=endpoint_id)


def replay(user_id: str, delivery_id: str) -> Delivery:
    """Send the message of a delivery once more, under its own id.

    Raises:
        NotFound: no such delivery of this user.
        EndpointDisabled: its endpoint is disabled or deleted.
        TooManyRequests: too many of these.
    """
    limits.take(limits.SENDS_BY_HAND, user_id)
    delivery = deliveries.get(user_id, delivery_id)
    if delivery.endpoint_id:
        _require_open(endpoints.find(user_id, delivery.endpoint_id))
    return deliveries.replay(user_id, delivery_id)


def _require_open(endpoint: Endpoint | None) -> None:
    """Make sure that the endpoint takes an attempt now: its owner, who asks for one, may know that it is mended."""
    if endpoint is None:
        raise EndpointDisabled("The endpoint was deleted.")
    if endpoint.disabled_reason:
        raise EndpointDisabled("The endpoint is disabled; enable it first.")
    breaker.close(endpoint)


def _body(news: str, happened: str, data: dict[str, Any]) -> str:
    """The message as it is sent in every attempt."""
    body = json.dumps({"type": news, "timestamp": happened, "data": data}, ensure_ascii=False, separators=(",", ":"))
    if len(body.encode()) > MAX_BODY_BYTES and data.get("result"):
        return _body(news, happened, data | {"result": None})
    return body


def _job(detail: dict[str, Any], job: JobRow | None) -> dict[str, Any]:
    """A job as the API shows it, without what is long or only works for a while."""
    address = f"/api/v1/jobs/{detail['jobId']}"
    return {
        "id": detail["jobId"],
        "feature": detail["feature"],
        "status": detail["status"],
        "credits": {"held": 0, **detail["credits"]},
        "error": detail["error"],
        "result": job.result["metadata"] if job and job.result else None,
        "createdAt": job and job.created_at,
        "startedAt": job and job.started_at,
        "endedAt": job and job.ended_at,
        "urls": {"self": address, "download": f"{address}/download"},
    }
