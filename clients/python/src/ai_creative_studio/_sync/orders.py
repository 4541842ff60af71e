# Made by clients/generate.py from docs/openapi.json; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""What can be ordered: one signature per feature."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

if TYPE_CHECKING:
    from ai_creative_studio import models, orders
    from ai_creative_studio._sync.jobs import Job


class Orders(ABC):
    """`submit` and `quote` of `studio.jobs`."""

    @overload
    def submit(self, feature: Literal["image-generation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.ImageGeneration]) -> Job: ...

    @overload
    def submit(self, feature: Literal["cloth-swap"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.ClothSwap]) -> Job: ...

    @overload
    def submit(self, feature: Literal["influencer-creation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.InfluencerCreation]) -> Job: ...

    @overload
    def submit(self, feature: Literal["3d-video"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.Video3d]) -> Job: ...

    @overload
    def submit(self, feature: Literal["study-animation"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.StudyAnimation]) -> Job: ...

    @overload
    def submit(self, feature: Literal["story-video"], *, idempotency_key: str | None = None, cancel_after: str | float | None = None, **order: Unpack[orders.StoryVideo]) -> Job: ...

    def submit(self, feature: str, **order: Any) -> Job:
        """Order something; see `submit_any`. Options are keyword arguments, those of `orders`."""
        return self._submit(feature, order)

    @overload
    def quote(self, feature: Literal["image-generation"], **order: Unpack[orders.ImageGeneration]) -> models.Quote: ...

    @overload
    def quote(self, feature: Literal["cloth-swap"], **order: Unpack[orders.ClothSwap]) -> models.Quote: ...

    @overload
    def quote(self, feature: Literal["influencer-creation"], **order: Unpack[orders.InfluencerCreation]) -> models.Quote: ...

    @overload
    def quote(self, feature: Literal["3d-video"], **order: Unpack[orders.Video3d]) -> models.Quote: ...

    @overload
    def quote(self, feature: Literal["study-animation"], **order: Unpack[orders.StudyAnimation]) -> models.Quote: ...

    @overload
    def quote(self, feature: Literal["story-video"], **order: Unpack[orders.StoryVideo]) -> models.Quote: ...

    def quote(self, feature: str, **order: Any) -> models.Quote:
        """What an order would cost, and whether the balance covers it. Nothing is charged or queued."""
        return self._quote(feature, order)

    @abstractmethod
    def _submit(self, feature: str, order: dict[str, Any]) -> Job: ...

    @abstractmethod
    def _quote(self, feature: str, order: dict[str, Any]) -> models.Quote: ...
