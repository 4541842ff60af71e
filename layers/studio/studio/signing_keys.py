"""The ES256 keys that access tokens are signed with, each derived from one random secret.

A deployment creates the secret without anybody handling a key file. Putting a new value rotates: Secrets Manager keeps
the value before as AWSPREVIOUS, and tokens signed with that one stay valid until they expire.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from studio import aws, clock
from studio.settings import settings

ALGORITHM = "ES256"
REREAD_SECONDS = 300
"""How long a process signs with a key without asking whether there is a newer one; caches of the JWKS last as long."""
UNKNOWN_KEY_SECONDS = 2  # a token with a key we have not seen may be newer than our reading; forged ones cost one read

_STAGES = ("AWSCURRENT", "AWSPREVIOUS")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, curve P-256


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A P-256 key and its id, which is made from its public half."""

    id: str
    private: ec.EllipticCurvePrivateKey

    @property
    def jwk(self) -> dict[str, str]:
        """The public half (RFC 7517, RFC 7518 §6.2)."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": _coordinate(numbers.x),
            "y": _coordinate(numbers.y),
            "kid": self.id,
            "use": "sig",
            "alg": ALGORITHM,
        }


def current() -> SigningKey:
    """The key to sign with."""
    key = _key("AWSCURRENT", _slot(REREAD_SECONDS), REREAD_SECONDS)
    if key is None:
        raise LookupError("the signing secret has no value")
    return key


def of(key_id: str) -> SigningKey | None:
    """The key of this id, if it is the present one or the one before."""
    for seconds in (REREAD_SECONDS, UNKNOWN_KEY_SECONDS):
        for stage in _STAGES:
            key = _key(stage, _slot(seconds), seconds)
            if key is not None and key.id == key_id:
                return key
    return None


def published() -> list[SigningKey]:
    """The keys whose tokens are valid, the one that signs first."""
    keys = [_key(stage, _slot(REREAD_SECONDS), REREAD_SECONDS) for stage in _STAGES]
    return [key for key in keys if key is not None]


def forget() -> None:
    """Read everything anew, as a fresh process does."""
    _key.cache_clear()


def _slot(seconds: int) -> int:
    """Changes every so many seconds, and with it what is cached."""
    return clock.epoch() // seconds


@lru_cache(maxsize=4)
def _key(stage: str, slot: int, seconds: int) -> SigningKey | None:  # noqa: ARG001  # what it is cached by
    secret = aws.secret_version(settings().signing_secret_arn, stage)
    return _derived(secret) if secret is not None else None


@lru_cache(maxsize=4)
def _derived(secret: str) -> SigningKey:
    """The P-256 key of a secret: 48 bytes of HKDF output reduced modulo n−1 (FIPS 186-5 A.2.1)."""
    material = HKDF(hashes.SHA256(), length=48, salt=None, info=b"studio access token ES256").derive(secret.encode())
    private = ec.derive_private_key(int.from_bytes(material) % (_P256_ORDER - 1) + 1, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    key_id = hashlib.sha256(f"{numbers.x:064x}{numbers.y:064x}".encode()).hexdigest()[:16]
    return SigningKey(key_id, private)


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")
