"""Access tokens: ES256 JWTs (RFC 8725, RFC 9068) of seven days, each tied to a session row that can be deleted.

The signing key is derived from one random secret, so a deployment creates it without anybody handling a key file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pynamodb.exceptions import DoesNotExist

from studio import aws, clock, ids
from studio.errors import NotAuthenticated
from studio.settings import settings
from studio.tables import Session

TOKEN_SECONDS = 7 * 24 * 3600
ALGORITHM = "ES256"
AUDIENCE = "studio-api"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, curve P-256


@dataclass(frozen=True, slots=True)
class Token:
    """A freshly issued token and its life in seconds."""

    value: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, as proven by the token."""

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class _SigningKey:
    id: str
    private: ec.EllipticCurvePrivateKey


def issue(user_id: str) -> Token:
    """Open a session for the user and sign a token for it."""
    now = clock.epoch()
    session = Session(ids.new("ses"), user_id=user_id, expires_at=clock.from_epoch(now + TOKEN_SECONDS))
    session.save()
    key = _signing_key()
    claims = {
        "iss": _issuer(),
        "aud": AUDIENCE,
        "sub": user_id,
        "sid": session.id,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    value = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.id, "typ": "at+jwt"})
    return Token(value, TOKEN_SECONDS)


def verify(value: str) -> Caller:
    """Who the token belongs to.

    Raises:
        NotAuthenticated: forged, expired, of another issuer or kind, or its session was revoked.
    """
    key = _signing_key()
    try:
        header = jwt.get_unverified_header(value)
        if header.get("kid") != key.id or header.get("typ") != "at+jwt":
            raise NotAuthenticated("The token was not issued by this studio.")
        claims = jwt.decode(
            value,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=_issuer(),
            options={"require": ["exp", "iat", "iss", "aud", "sub", "sid"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise NotAuthenticated("The token has expired; sign in again.") from error
    except (jwt.PyJWTError, UnicodeError) as error:
        raise NotAuthenticated("The token is not valid.") from error
    caller = Caller(user_id=str(claims["sub"]), session_id=str(claims["sid"]))
    _require_open(caller)
    return caller


def revoke(caller: Caller) -> None:
    """End the caller's session; its token stops working with the next request."""
    Session(caller.session_id).delete()


def _require_open(caller: Caller) -> None:
    try:
        session = Session.get(caller.session_id, consistent_read=True)
    except DoesNotExist as error:
        raise NotAuthenticated("The session has ended; sign in again.") from error
    if session.user_id != caller.user_id or session.expires_at <= clock.now():
        raise NotAuthenticated("The session has ended; sign in again.")


def _issuer() -> str:
    return f"studio-{settings().stage}"


@cache
def _signing_key() -> _SigningKey:
    """The P-256 key of this deployment: 48 bytes of HKDF output reduced modulo n−1 (FIPS 186-5 A.2.1)."""
    secret = aws.client("secretsmanager").get_secret_value(SecretId=settings().signing_secret_arn)
    material = HKDF(hashes.SHA256(), length=48, salt=None, info=b"studio access token ES256").derive(
        secret["SecretString"].encode()
    )
    private = ec.derive_private_key(int.from_bytes(material) % (_P256_ORDER - 1) + 1, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    key_id = hashlib.sha256(f"{numbers.x:064x}{numbers.y:064x}".encode()).hexdigest()[:16]
    return _SigningKey(key_id, private)
