"""Access tokens: ES256 JWTs (RFC 8725, RFC 9068) of seven days.

Each is tied to a session row that can be deleted, and to a number on the account that ends all of them at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import jwt
from pynamodb.exceptions import DoesNotExist

from studio import clock, credentials, ids, signing_keys
from studio.errors import NotAuthenticated
from studio.settings import settings
from studio.signing_keys import ALGORITHM
from studio.tables import Session, User

TOKEN_SECONDS = 7 * 24 * 3600
AUDIENCE = "studio-api"
MAX_TOKEN_CHARACTERS = 4096  # ours have about 450; nobody's parser should have to bear more

_USER_ID = re.compile(r"usr_[0-9a-z]{26}")
_SESSION_ID = re.compile(r"ses_[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class Token:
    """A freshly issued token and its life in seconds."""

    value: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: a person who signed in, or a program with an API key."""

    user_id: str
    session_id: str | None
    """None of a program."""
    scopes: frozenset[str] | None = None
    """What a program may do; None of a person, who may do everything."""
    ver: int = 0
    """Number of the account that a person's token was issued under."""
    key_hash: str | None = None
    """What the key of a program is kept as; None of a person."""
    key_created_at: str | None = None
    """When the key of a program was made; None of a person."""


def issue(user: User) -> Token:
    """Open a session for the user and sign a token for it."""
    now = clock.epoch()
    session = Session(ids.new("ses"), user_id=user.id, expires_at=clock.from_epoch(now + TOKEN_SECONDS))
    session.save()
    key = signing_keys.current()
    claims = {
        "iss": _issuer(),
        "aud": AUDIENCE,
        "sub": user.id,
        "sid": session.id,
        "ver": int(user.ver),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    value = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.id, "typ": "at+jwt"})
    return Token(value, TOKEN_SECONDS)


def verify(value: str) -> Caller:
    """Who the token belongs to.

    Raises:
        NotAuthenticated: forged, expired, of another issuer or kind, or revoked.
    """
    claims = _claims(value)
    user_id, session_id = str(claims["sub"]), str(claims["sid"])
    # DynamoDB refuses keys that are empty or overlong with an error of its own.
    if not _USER_ID.fullmatch(user_id) or not _SESSION_ID.fullmatch(session_id):
        raise NotAuthenticated("The token is not valid.")
    _require_open(user_id, session_id, claims["ver"])
    return Caller(user_id, session_id, ver=int(claims["ver"]))


def revoke(caller: Caller) -> None:
    """End the caller's session; its token stops working with the next request."""
    if caller.session_id is not None:
        Session(caller.session_id).delete()


def _claims(value: str) -> dict[str, Any]:
    if len(value) > MAX_TOKEN_CHARACTERS:
        raise NotAuthenticated("The token is not valid.")
    try:
        header = jwt.get_unverified_header(value)
        key = signing_keys.of(str(header.get("kid"))) if header.get("typ") == "at+jwt" else None
        if key is None:
            raise NotAuthenticated("The token was not issued by this studio.")
        claims: dict[str, Any] = jwt.decode(
            value,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=_issuer(),
            options={"require": ["exp", "iat", "iss", "aud", "sub", "sid", "ver"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise NotAuthenticated("The token has expired; sign in again.") from error
    # The last two: bytes that are no text, and JSON that is nested too deep.
    except (jwt.PyJWTError, UnicodeError, RecursionError) as error:
        raise NotAuthenticated("The token is not valid.") from error
    return claims


def _require_open(user_id: str, session_id: str, ver: object) -> None:
    ended = NotAuthenticated("The session has ended; sign in again.")
    try:
        session = Session.get(session_id, consistent_read=True)
        user = User.get(user_id, consistent_read=True)
    except DoesNotExist as error:
        raise ended from error
    if not credentials.session_counts(session, user, ver):
        raise ended


def _issuer() -> str:
    return f"studio-{settings().stage}"
