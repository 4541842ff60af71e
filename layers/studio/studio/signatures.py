"""Signatures of callbacks by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, one per secret that is valid.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from pynamodb.exceptions import UpdateError

from studio import clock
from studio.errors import Conflict
from studio.tables import Signing, refused

SECRET_BYTES = 32  # of the 24 … 64 that the specification allows
OLD_SECRET_SECONDS = 24 * 3600
_PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret as customers paste it: ``whsec_`` and Base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(message_id: str, body: bytes, signing: Signing) -> dict[str, str]:
    """What a receiver needs to know that `body` is from us, and from now."""
    now = clock.epoch()
    valid = [signing.secret]
    if signing.old_secret and signing.old_secret_until > now:
        valid.append(signing.old_secret)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(_signature(secret, message_id, now, body) for secret in valid),
    }


def roll(signing: Signing, fresh: str) -> None:
    """Give the row the `fresh` secret. The one before stays valid for `OLD_SECRET_SECONDS`, any older one ends now.

    Raises:
        Conflict: it was rolled meanwhile.
    """
    if signing.secret == fresh:  # by a try whose answer was lost
        return
    try:
        signing.update(
            actions=[
                Signing.secret.set(fresh),
                Signing.old_secret.set(signing.secret),
                Signing.old_secret_until.set(clock.epoch() + OLD_SECRET_SECONDS),
            ],
            condition=Signing.secret == signing.secret,
        )
    except UpdateError as error:
        if not refused(error):
            raise
        raise Conflict("the secret was rolled") from error


def _signature(secret: str, message_id: str, moment: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
