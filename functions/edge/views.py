"""The base of what HTTP functions say: camelCase, closed shapes."""

from __future__ import annotations

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""For whole numbers: JSON has but one kind of number, so 7.0 is 7."""


class View(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Problem(View):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; decide on this.")
    request_id: str
    errors: list[dict[str, str]] | None = Field(None, description="On 422: `pointer` and `detail` per field.")
    required: int | None = Field(None, description="On 402: credits that it takes.")
    balance: int | None = Field(None, description="On 402: credits that there are.")
    scope: str | None = Field(None, description="On 403: what the API key lacks.")
    allow: str | None = Field(None, description="On 405: the methods that the address takes.")
    limit: int | None = Field(None, description="On 429: how many jobs may be active.")
    bucket: str | None = Field(None, description="On 429: the quota that is used up.")
    quota: int | None = Field(None, description="On 429: how much it allows in `windowSeconds`.")
    window_seconds: int | None = None
    retry_after: int | None = Field(None, description="Seconds until it is worth trying again.")
