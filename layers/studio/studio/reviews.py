"""Reviews: what an operator says once a purchase that needed people was looked at, on the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from studio import purchases
from studio.instructions import Text, parsed
from studio.tables import Purchase


class Resolution(BaseModel):
    """The end of a review: of which purchase, who says so, and why."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    resolve: Annotated[str, Field(pattern=purchases.PURCHASE_ID.pattern)]
    operator: Text
    reason: Text


def parse(event: object) -> Resolution:
    """The resolution in an invocation.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    return parsed(Resolution, event)


def end(resolution: Resolution) -> Purchase:
    """End the review.

    Raises:
        NotFound: no such purchase, or nothing of it is under review.
    """
    return purchases.resolve(resolution.resolve, operator=resolution.operator, reason=resolution.reason)
