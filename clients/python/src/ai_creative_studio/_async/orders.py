# Made by clients/generate.py from docs/openapi.json; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""What can be ordered: one signature per feature."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

if TYPE_CHECKING:
    from ai_creative_studio import models, orders
    from ai_creative_studio._async.jobs import AsyncJob


class AsyncOrders(ABC):
    """`submit` and `quote` of `studio.jobs`."""

    @overload
    async def submit(self, feature: Literal["image-generation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.ImageGeneration]) -> AsyncJob: ...

    @overload
    async def submit(self, feature: Literal["cloth-swap"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.ClothSwap]) -> AsyncJob: ...

    @overload
    async def submit(self, feature: Literal["influencer-creation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.InfluencerCreation]) -> AsyncJob: ...

    @overload
    async def submit(self, feature: Literal["3d-video"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.Video3d]) -> AsyncJob: ...

    @overload
    async def submit(self, feature: Literal["study-animation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.StudyAnimation]) -> AsyncJob: ...

    @overload
    async def submit(self, feature: Literal["story-video"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.StoryVideo]) -> AsyncJob: ...

    async def submit(self, feature: str, **order: Any) -> AsyncJob:
        """Order something; see `submit_any`. Options are keyword arguments, those of `orders`."""
        return await self._submit(feature, order)

    @overload
    async def quote(self, feature: Literal["image-generation"], **order: Unpack[orders.ImageGeneration]) -> models.Quote: ...

    @overload
    async def quote(self, feature: Literal["cloth-swap"], **order: Unpack[orders.ClothSwap]) -> models.Quote: ...

    @overload
    async def quote(self, feature: Literal["influencer-creation"], **order: Unpack[orders.InfluencerCreation]) -> models.Quote: ...

    @overload
    async def quote(self, feature: Literal["3d-video"], **order: Unpack[orders.Video3d]) -> models.Quote: ...

    @overload
    async def quote(self, feature: Literal["study-animation"], **order: Unpack[orders.StudyAnimation]) -> models.Quote: ...

    @overload
    async def quote(self, feature: Literal["story-video"], **order: Unpack[orders.StoryVideo]) -> models.Quote: ...

    async def quote(self, feature: str, **order: Any) -> models.Quote:
        """What an order would cost, and whether the balance covers it. Nothing is charged or queued."""
        return await self._quote(feature, order)

    @abstractmethod
    async def _submit(self, feature: str, order: dict[str, Any]) -> AsyncJob: ...

    @abstractmethod
    async def _quote(self, feature: str, order: dict[str, Any]) -> models.Quote: ...
