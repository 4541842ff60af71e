# Made by clients/generate.py from _async/studio.py; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""The studio as somebody with an account sees it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from ai_creative_studio import models
from ai_creative_studio._sync import files
from ai_creative_studio._sync.api import Api
from ai_creative_studio._sync.callbacks import Callbacks
from ai_creative_studio._sync.jobs import Jobs
from ai_creative_studio._sync.keys import Keys
from ai_creative_studio._following import segment
from ai_creative_studio._reading import read
from ai_creative_studio._retries import Clock, Retries

DEFAULT_URL = "http://localhost:3000"
# A request that the server holds is answered within 29 seconds, or API Gateway ends it.
TIMEOUT = httpx.Timeout(35, connect=10)


class Studio:
    """A client. Close it, or use it in a `with` block.

    Args:
        url: of the studio; left out, that of the environment variable STUDIO_URL, or the local studio.
        token: an API key (``acs_live_…``) or the token of a login; left out, that of STUDIO_API_KEY. Without one,
            `login` or `register` come first.
        retries: how patient to be with a studio that does not answer.
        http: your own client of httpx, for proxies and certificates; you close it yourself.
        clock: time, for tests.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        retries: Retries | None = None,
        http: httpx.Client | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._own = http is None
        self._http = http or httpx.Client(timeout=TIMEOUT)
        self._api = Api(
            url or os.environ.get("STUDIO_URL") or DEFAULT_URL,
            token or os.environ.get("STUDIO_API_KEY"),
            self._http,
            retries or Retries(),
            clock or Clock(),
        )
        self.jobs = Jobs(self._api)
        self.callbacks = Callbacks(self._api)
        self.keys = Keys(self._api)

    @property
    def url(self) -> str:
        """Where the studio is."""
        return self._api.url

    @property
    def token(self) -> str | None:
        """What requests are made with; keep it to skip the next login."""
        return self._api.token

    def register(self, email: str, password: str, name: str | None = None) -> models.Signup | None:
        """Open an account and use it from now on; None where a mail must be answered first, see `verify`."""
        order = {"email": email, "password": password} | ({"name": name} if name else {})
        response = self._api.call("POST", "/api/v1/auth/register", body=order)
        return None if response.status_code == 202 else self._signed_up(response.json())

    def verify(self, mailed: str, password: str) -> models.Signup:
        """Confirm an address with what stands behind ``=`` in the link of the mail, and the password of then.

        Raises:
            WrongCredentials: that was another password; the link goes on working.
            RateLimited: too many of those; `retry_after` says for how long.
        """
        body = {"token": mailed, "password": password}
        return self._signed_up(self._api.json("POST", "/api/v1/auth/verify", body=body, repeat=False))

    def login(self, email: str, password: str) -> models.Token:
        """Sign in; the token is used from now on and lasts a week.

        Raises:
            WrongCredentials: not these two.
            RateLimited: too many failures; `retry_after` says for how long.
        """
        answer = self._api.json(
            "POST", "/api/v1/auth/login", body={"email": email, "password": password}, repeat=False
        )
        token = read(models.Token, answer)
        self._api.token = token.token
        return token

    def logout(self) -> None:
        """End the token."""
        self._api.call("POST", "/api/v1/auth/logout")
        self._api.token = None

    def profile(self) -> models.User:
        """The account."""
        return self._api.get(models.User, "/api/v1/users/profile")

    def credits(self) -> models.Credits:
        """What can be spent, and what jobs hold that have not ended."""
        return self._api.get(models.Credits, "/api/v1/users/credits")

    def transactions(
        self, *, kind: models.Kind | None = None, page_size: int = 100
    ) -> Iterator[models.Entry]:
        """The ledger, newest first; pages are fetched as you go."""
        for entry in self._api.pages(models.Entry, "/api/v1/users/transactions", kind=kind, limit=page_size):
            yield entry

    def features(self) -> list[models.Feature]:
        """What is on sale, with price and JSON Schema."""
        return (self._api.get(models.Features, "/api/v1/features")).data

    def health(self) -> models.Health:
        """Whether the studio is up, and who is there to work."""
        return self._api.get(models.Health, "/health")

    def upload(self, source: str | Path | bytes) -> str:
        """Send a picture of up to 20 MiB, by its path or its content; returns the id that orders refer to.

        Raises:
            NotAPicture: no JPEG, PNG or WebP.
            UploadFailed: it could not be sent.
        """
        return files.upload(self._api, source)

    def packages(self) -> list[models.Package]:
        """Packages of credits."""
        return (self._api.get(models.Packages, "/api/v1/payments/packages")).data

    def checkout(
        self, package: str, success_url: str, cancel_url: str, *, idempotency_key: str | None = None
    ) -> models.Checkout:
        """Begin to buy a package; send the payer to `checkout_url`."""
        order = {"package": package, "successUrl": success_url, "cancelUrl": cancel_url}
        key = idempotency_key or str(uuid.uuid4())
        return read(
            models.Checkout, self._api.json("POST", "/api/v1/payments/create-checkout", body=order, key=key)
        )

    def purchase(self, purchase_id: str) -> models.Purchase:
        """A purchase as it stands now."""
        return self._api.get(models.Purchase, f"/api/v1/payments/{segment(purchase_id)}")

    def close(self) -> None:
        """Close the connections."""
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _signed_up(self, answer: Any) -> models.Signup:
        signup = read(models.Signup, answer)
        self._api.token = signup.token
        return signup
