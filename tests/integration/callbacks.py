"""Customers' receivers without a network, and the functions that call them on a clock that tests move."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import moto.sqs.models
import pytest
import standardwebhooks.webhooks as standard

from studio import callbacks, clock, deliveries, endpoints
from studio.outbound import Outbound, Unreachable
from studio.replies import Reply
from studio.tables import Delivery, Endpoint
from tests.integration import conftest as integration

URL = "https://hooks.example.com/studio"
Answer = int | tuple[int, dict[str, str]] | Exception
UNREACHABLE = Unreachable("no connection or answer in time")


@dataclass(frozen=True)
class Call:
    """One request as a receiver got it."""

    at: int
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """What the package for receivers makes of it; raises when it does not believe it."""
        return standard.Webhook(secret).verify(self.body, self.headers)


@dataclass
class Post:
    """The callbacks' part of the studio, with every receiver behind it."""

    context: Any
    now: int = field(default_factory=clock.epoch)
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], Answer] = lambda call: 200

    def endpoint(self, user_id: str, url: str = URL, *events: str) -> Endpoint:
        return endpoints.create(integration.signed_in(user_id), url, list(events or callbacks.USUAL), "")

    def tell(self, times: int = 1) -> None:
        """Bring the news of the bus to the function behind the rule."""
        from callbacks.fan import handler

        bodies = [message["Body"] for message in integration._drain("NEWS")]
        told = [body for body in bodies if json.loads(body)["detail-type"] in callbacks.OF_EVENTS]
        assert handler(sqs_event(*told * times), self.context) == {"batchItemFailures": []}

    def deliver(self) -> None:
        """Make the attempts that are on the queue now."""
        from callbacks.send import handler

        for message in integration._drain("DELIVERIES"):
            assert handler(sqs_event(message["Body"]), self.context) == {"batchItemFailures": []}

    def lose(self) -> int:
        """Lose everything that is on the queue."""
        return len(integration._drain("DELIVERIES"))

    def due(self) -> int:
        """What the clock starts every minute."""
        from callbacks.due import handler

        return handler({}, self.context)["asked"]

    def pass_time(self, seconds: int) -> None:
        """Let time pass as it does: messages come off the queue, and somebody looks what is due.

        Only the moments are lived through at which something may happen.
        """
        ends = self.now + seconds
        while self.now < ends:
            self.now = min(self._next_moment(), ends)
            self.due()
            self.deliver()

    def _next_moment(self) -> int:
        """When a message comes off the queue, or the clock finds that it did not."""
        times = [int(d.next_attempt_at) for d in Delivery.scan() if d.state == "pending"]
        late = [time + deliveries.GRACE_SECONDS + 1 for time in times]
        return min((time for time in times + late if time > self.now), default=self.now + 3_600)

    def after(self, job: Any, user: Any, studio: Any) -> Delivery:
        """End a job and make the first attempt of its only callback."""
        studio.finish(job)
        self.tell()
        self.deliver()
        return self.deliveries(user.id)[0]

    def deliveries(self, user_id: str) -> list[Delivery]:
        return list(Delivery.by_user.query(user_id))


def sqs_event(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": str(n), "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:::q"}
            for n, body in enumerate(bodies)
        ]
    }


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch, context: Any) -> Iterator[Post]:
    """Receivers answer 200 until told otherwise; every clock there is follows `now`."""
    post = Post(context)

    def send(
        way: Outbound, method: str, url: str, *, body: bytes, headers: dict[str, str], seconds: float, max_bytes: int
    ) -> Reply:
        way.target(url)
        assert (method, seconds) == ("POST", 15)
        call = Call(post.now, url, dict(headers), body)
        post.calls.append(call)
        answer = post.answer(call)
        if isinstance(answer, Exception):
            raise answer
        status, told = answer if isinstance(answer, tuple) else (answer, {})
        return Reply(status, told, b"what a receiver says is never kept")

    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromtimestamp(post.now, tz)

    monkeypatch.setattr(Outbound, "send", send)
    monkeypatch.setattr(clock, "epoch", lambda: post.now)
    monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(post.now))
    monkeypatch.setattr(moto.sqs.models, "unix_time", lambda: post.now)
    monkeypatch.setattr(moto.sqs.models, "unix_time_millis", lambda: post.now * 1000)
    monkeypatch.setattr(standard, "datetime", Moved)
    yield post


def minutes(number: float) -> int:
    return int(timedelta(minutes=number).total_seconds())
