"""Events on the studio's bus: the worker's "Job Finished" in, the customer's news out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from studio import aws
from studio.errors import DeliveryFailed
from studio.settings import settings

WORKER_SOURCE = "studio.worker"
JOBS_SOURCE = "studio.jobs"
CREDITS_SOURCE = "studio.credits"
PURCHASES_SOURCE = "studio.purchases"
JOB_FINISHED = "Job Finished"
CREDITS_LOW = "Credits Low"
PURCHASE_NEEDS_REVIEW = "Purchase Needs Review"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a worker reports when an attempt ends: files and metadata, or the reason it failed."""

    job_id: str
    attempt: int
    outcome: Literal["succeeded", "failed"]
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None

    def detail(self) -> str:
        """The event's detail as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, detail: dict[str, Any]) -> Finished:
        """The event in an EventBridge `detail`; raises `TypeError` or `ValueError` when it is not one."""
        event = cls(**detail)
        told = event.result if event.outcome == "succeeded" else event.error
        if event.outcome not in ("succeeded", "failed") or not isinstance(event.attempt, int) or not told:
            raise ValueError("not a Job Finished event")
        if event.outcome == "succeeded":
            return event
        # What else a worker adds is for nobody to read.
        reason = {name: str(told[name]) for name in ("code", "message") if isinstance(told.get(name), str)}
        if len(reason) < 2:
            raise ValueError("the error of a Job Finished event has a code and a message")
        return replace(event, error=reason)


def put(source: str, detail_type: str, detail: str) -> None:
    """Publish one event.

    Raises:
        DeliveryFailed: the bus did not take it (`PutEvents` answers 200 even then).
    """
    answer = aws.client("events").put_events(
        Entries=[
            {
                "EventBusName": settings().event_bus_name,
                "Source": source,
                "DetailType": detail_type,
                "Detail": detail,
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise DeliveryFailed(f"event refused: {answer['Entries'][0].get('ErrorCode')}")
