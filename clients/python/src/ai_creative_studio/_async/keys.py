"""API keys of the account. They are managed with the token of a login, not with a key."""

from __future__ import annotations

from collections.abc import Sequence

from ai_creative_studio import models
from ai_creative_studio._async.api import AsyncApi
from ai_creative_studio._following import segment

_KEYS = "/api/v1/users/keys"


class AsyncKeys:
    """`studio.keys`."""

    def __init__(self, api: AsyncApi) -> None:
        self._api = api

    async def create(
        self, name: str, scopes: Sequence[models.Scope], *, expires_in_days: int | None = None
    ) -> models.NewApiKey:
        """A key for a program; its `secret` is shown now and never again."""
        order = {"name": name, "scopes": list(scopes), "expiresInDays": expires_in_days}
        return await self._api.post(models.NewApiKey, _KEYS, order)

    async def all(self) -> list[models.ApiKey]:
        """Names, scopes and when they were last used, oldest first."""
        return (await self._api.get(models.ApiKeys, _KEYS)).data

    async def delete(self, key_id: str) -> None:
        """The key stops working at once."""
        await self._api.call("DELETE", f"{_KEYS}/{segment(key_id)}")
