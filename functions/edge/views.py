"""The base of what HTTP functions say: camelCase, closed shapes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


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
