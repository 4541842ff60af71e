# Made by clients/generate.py from _async/api.py; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""One call to the API: authenticated, repeated as long as that is right, and its refusals as errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import httpx

from ai_creative_studio import _problems
from ai_creative_studio._reading import read
from ai_creative_studio._retries import Clock, Retries, may_repeat, retry_after
from ai_creative_studio.errors import Unreachable, UnreadableAnswer

T = TypeVar("T")


class Api:
    """The studio at an address, as somebody."""

    def __init__(
        self, url: str, token: str | None, http: httpx.Client, retries: Retries, clock: Clock
    ) -> None:  # fmt: skip
        self.url = url.rstrip("/")
        self.token = token
        self.http = http
        self.retries = retries
        self.clock = clock

    def get(self, kind: type[T], path: str, /, **parameters: Any) -> T:
        """What is at `path`, as a `kind`."""
        return read(kind, self.json("GET", path, parameters=parameters))

    def post(self, kind: type[T], path: str, body: Any = None) -> T:
        """The answer to a POST, as a `kind`."""
        return read(kind, self.json("POST", path, body=body))

    def json(self, method: str, path: str, **call: Any) -> Any:
        """The JSON that a call is answered with.

        Raises:
            UnreadableAnswer: it is no JSON object.
        """
        response = self.call(method, path, **call)
        try:
            answer = response.json()
        except ValueError as error:
            raise UnreadableAnswer(f"{method} {path} was not answered with JSON") from error
        if not isinstance(answer, dict):
            raise UnreadableAnswer(f"{method} {path} was not answered with an object")
        return answer

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        key: str | None = None,
        repeat: bool = True,
    ) -> httpx.Response:
        """The answer to one call, which may take several attempts.

        Args:
            key: its Idempotency-Key; the same in every attempt, so that they count as one.
            repeat: whether a failure may be tried again at all.

        Raises:
            ApiError: the API refused.
            Unreachable: no answer.
        """
        sent = _problems.headers(self.token, key) | (headers or {})
        known = {name: value for name, value in (parameters or {}).items() if value is not None}
        failures = 0
        while True:
            try:
                response = self.http.request(method, self.url + path, json=body, params=known, headers=sent)
            except httpx.TransportError as error:
                failures += 1
                delay = self.retries.delay(failures) if may_repeat(method, error, keyed=key is not None) else None
                if delay is None or not repeat:
                    message = _problems.unanswered(method, self.url + path, error)
                    raise Unreachable(message, idempotency_key=key) from error
            else:
                if response.is_success:
                    return response
                failures += 1
                delay = None
                if may_repeat(method, response, keyed=key is not None):
                    delay = self.retries.delay(failures, retry_after(response))
                if delay is None or not repeat:
                    raise _problems.error(response)
            self.clock.sleep(delay)

    def pages(self, kind: type[T], path: str, /, **parameters: Any) -> Iterator[T]:
        """Everything in a list, page after page."""
        for item in self.raw_pages(path, **parameters):
            yield read(kind, item)

    def raw_pages(self, path: str, /, **parameters: Any) -> Iterator[Any]:
        """The same as the API spells it."""
        while True:
            page = self.json("GET", path, parameters=parameters)
            if not isinstance(items := page.get("data"), list):
                raise UnreadableAnswer(f"{path} is no list")
            for item in items:
                yield item
            if not page.get("hasMore"):
                return
            parameters["cursor"] = page.get("nextCursor")
