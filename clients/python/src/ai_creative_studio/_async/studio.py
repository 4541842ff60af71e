"""The studio as somebody with an account sees it."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from ai_creative_studio import models
from ai_creative_studio._async import files
from ai_creative_studio._async.api import AsyncApi
from ai_creative_studio._async.callbacks import AsyncCallbacks
from ai_creative_studio._async.jobs import AsyncJobs
from ai_creative_studio._async.keys import AsyncKeys
from ai_creative_studio._following import segment
from ai_creative_studio._reading import read
from ai_creative_studio._retries import AsyncClock, Retries

DEFAULT_URL = "http://localhost:3000"
# A request that the server holds is answered within 29 seconds, or API Gateway ends it.
TIMEOUT = httpx.Timeout(35, connect=10)


class AsyncStudio:
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
        http: httpx.AsyncClient | None = None,
        clock: AsyncClock | None = None,
    ) -> None:
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT)
        self._api = AsyncApi(
            url or os.environ.get("STUDIO_URL") or DEFAULT_URL,
            token or os.environ.get("STUDIO_API_KEY"),
            self._http,
            retries or Retries(),
            clock or AsyncClock(),
        )
        self.jobs = AsyncJobs(self._api)
        self.callbacks = AsyncCallbacks(self._api)
        self.keys = AsyncKeys(self._api)

    @property
    def url(self) -> str:
        """Where the studio is."""
        return self._api.url

    @property
    def token(self) -> str | None:
        """What requests are made with; keep it to skip the next login."""
        return self._api.token

    async def register(self, email: str, password: str, name: str | None = None) -> models.Signup | None:
        """Open an account and use it from now on; None where a mail must be answered first, see `verify`."""
        order = {"email": email, "password": password} | ({"name": name} if name else {})
        response = await self._api.call("POST", "/api/v1/auth/register", body=order)
        return None if response.status_code == 202 else self._signed_up(response.json())

    async def verify(self, mailed: str, password: str) -> models.Signup:
        """Confirm an address with what stands behind ``=`` in the link of the mail, and the password of then.

        Raises:
            WrongCredentials: that was another password; the link goes on working.
            RateLimited: too many of those; `retry_after` says for how long.
        """
        body = {"token": mailed, "password": password}
        return self._signed_up(await self._api.json("POST", "/api/v1/auth/verify", body=body, repeat=False))

    async def login(self, email: str, password: str) -> models.Token:
        """Sign in; the token is used from now on and lasts a week.

        Raises:
            WrongCredentials: not these two.
            RateLimited: too many failures; `retry_after` says for how long.
        """
        answer = await self._api.json(
            "POST", "/api/v1/auth/login", body={"email": email, "password": password}, repeat=False
        )
        token = read(models.Token, answer)
        self._api.token = token.token
        return token

    async def logout(self) -> None:
        """End the token."""
        await self._api.call("POST", "/api/v1/auth/logout")
        self._api.token = None

    async def profile(self) -> models.User:
        """The account."""
        return await self._api.get(models.User, "/api/v1/users/profile")

    async def credits(self) -> models.Credits:
        """What can be spent, and what jobs hold that have not ended."""
        return await self._api.get(models.Credits, "/api/v1/users/credits")

    async def transactions(
        self, *, kind: models.Kind | None = None, page_size: int = 100
    ) -> AsyncIterator[models.Entry]:
        """The ledger, newest first; pages are fetched as you go."""
        async for entry in self._api.pages(models.Entry, "/api/v1/users/transactions", kind=kind, limit=page_size):
            yield entry

    async def features(self) -> list[models.Feature]:
        """What is on sale, with price and JSON Schema."""
        return (await self._api.get(models.Features, "/api/v1/features")).data

    async def health(self) -> models.Health:
        """Whether the studio is up, and who is there to work."""
        return await self._api.get(models.Health, "/health")

    async def upload(self, source: str | Path | bytes) -> str:
        """Send a picture of up to 20 MiB, by its path or its content; returns the id that orders refer to.

        Raises:
            NotAPicture: no JPEG, PNG or WebP.
            UploadFailed: it could not be sent.
        """
        return await files.upload(self._api, source)

    async def packages(self) -> list[models.Package]:
        """Packages of credits."""
        return (await self._api.get(models.Packages, "/api/v1/payments/packages")).data

    async def checkout(
        self, package: str, success_url: str, cancel_url: str, *, idempotency_key: str | None = None
    ) -> models.Checkout:
        """Begin to buy a package; send the payer to `checkout_url`."""
        order = {"package": package, "successUrl": success_url, "cancelUrl": cancel_url}
        key = idempotency_key or str(uuid.uuid4())
        return read(
            models.Checkout, await self._api.json("POST", "/api/v1/payments/create-checkout", body=order, key=key)
        )

    async def purchase(self, purchase_id: str) -> models.Purchase:
        """A purchase as it stands now."""
        return await self._api.get(models.Purchase, f"/api/v1/payments/{segment(purchase_id)}")

    async def aclose(self) -> None:
        """Close the connections."""
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _signed_up(self, answer: Any) -> models.Signup:
        signup = read(models.Signup, answer)
        self._api.token = signup.token
        return signup
