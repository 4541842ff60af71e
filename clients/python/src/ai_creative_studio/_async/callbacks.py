"""Callbacks: which addresses are called, with which secret, and how it went. `webhooks.verify` is the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ai_creative_studio import models
from ai_creative_studio._async.api import AsyncApi
from ai_creative_studio._following import segment
from ai_creative_studio._reading import read

_ENDPOINTS = "/api/v1/webhooks/endpoints"
_DELIVERIES = "/api/v1/webhooks/deliveries"


class AsyncCallbacks:
    """`studio.callbacks`."""

    def __init__(self, api: AsyncApi) -> None:
        self._api = api

    async def create(
        self, url: str, *, events: Sequence[models.News] | None = None, description: str = ""
    ) -> models.NewEndpoint:
        """Have an address called from now on; its `secret` is shown now and never again."""
        order = {"url": url, "description": description} | ({"events": list(events)} if events else {})
        return await self._api.post(models.NewEndpoint, _ENDPOINTS, order)

    async def endpoints(self) -> list[models.Endpoint]:
        """Every address that is called, oldest first."""
        return [endpoint async for endpoint in self._api.pages(models.Endpoint, _ENDPOINTS)]

    async def get(self, endpoint_id: str) -> models.Endpoint:
        """One of them."""
        return await self._api.get(models.Endpoint, _endpoint(endpoint_id))

    async def change(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        events: Sequence[models.News] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> models.Endpoint:
        """Change what is given; `enabled=True` also forgets past failures."""
        wanted = {"url": url, "events": events and list(events), "description": description, "enabled": enabled}
        body = {name: value for name, value in wanted.items() if value is not None}
        return read(models.Endpoint, await self._api.json("PATCH", _endpoint(endpoint_id), body=body))

    async def delete(self, endpoint_id: str) -> None:
        """Call it no more."""
        await self._api.call("DELETE", _endpoint(endpoint_id))

    async def rotate(self, endpoint_id: str) -> models.NewEndpoint:
        """A new secret; for 24 hours messages are signed with the old one too."""
        return await self._api.post(models.NewEndpoint, _endpoint(endpoint_id) + "/rotate")

    async def test(self, endpoint_id: str) -> models.Delivery:
        """Send one message of type ``webhook.test``."""
        return await self._api.post(models.Delivery, _endpoint(endpoint_id) + "/test")

    async def secret(self) -> models.Secret:
        """What callbacks to the `callback_url` of an order are signed with."""
        return await self._api.get(models.Secret, "/api/v1/webhooks/secret")

    async def rotate_secret(self) -> models.Secret:
        """A new one; for 24 hours callbacks are signed with the old one too."""
        return await self._api.post(models.Secret, "/api/v1/webhooks/secret/rotate")

    async def deliveries(
        self,
        *,
        state: models.State | None = None,
        endpoint_id: str | None = None,
        job_id: str | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[models.Delivery]:
        """What was sent or is to be, newest first; `state="dead"` are those that were given up."""
        filters = {"state": state, "endpointId": endpoint_id, "jobId": job_id, "limit": page_size}
        async for delivery in self._api.pages(models.Delivery, _DELIVERIES, **filters):
            yield delivery

    async def delivery(self, delivery_id: str) -> models.DeliveryDetail:
        """One message with what each attempt came to."""
        return await self._api.get(models.DeliveryDetail, f"{_DELIVERIES}/{segment(delivery_id)}")

    async def replay(self, delivery_id: str) -> models.Delivery:
        """Send it once more under the same id."""
        return await self._api.post(models.Delivery, f"{_DELIVERIES}/{segment(delivery_id)}/replay")


def _endpoint(endpoint_id: str) -> str:
    return f"{_ENDPOINTS}/{segment(endpoint_id)}"
