"""What the API says about accounts beyond the profile: mails on their way, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from edge.views import View
from studio import clock
from studio.api_keys import Scope

if TYPE_CHECKING:
    from studio.api_keys import NewKey
    from studio.tables import ApiKey


class MailedView(View):
    """Something was asked for by mail. Says the same whether or not there is an account."""

    status: Literal["check_your_mail"] = "check_your_mail"


class JwkView(View):
    """The public half of a signing key (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str
    alg: str


class JwksView(View):
    """The keys that valid tokens are signed with, the newest first."""

    keys: list[JwkView]


class ApiKeyView(View):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    hint: str = Field(description="Beginning and end of the secret.")
    created_at: str
    expires_at: str | None
    last_used_at: str | None = Field(description="To five minutes.")

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyView:
        """The key as its owner sees it."""
        return cls(
            id=key.id,
            name=key.name,
            scopes=[Scope(scope) for scope in key.scopes],
            hint=key.hint,
            created_at=key.created_at,
            expires_at=_iso(key.expires_epoch),
            last_used_at=_iso(key.last_used_epoch),
        )


class ApiKeysView(View):
    """All keys of an account."""

    data: list[ApiKeyView]


class NewApiKeyView(ApiKeyView):
    """A key that was just made."""

    secret: str = Field(description="Shown only now. Send it as `Authorization: Bearer <secret>`.")

    @classmethod
    def made(cls, new: NewKey) -> NewApiKeyView:
        """The key with what nobody will see again."""
        return cls(**ApiKeyView.of(new.row).model_dump(), secret=new.secret)


def _iso(epoch: float | None) -> str | None:
    return None if epoch is None else clock.iso(clock.from_epoch(epoch))
