"""Idempotency-Keys: a request that comes again within a day makes nothing new.

A key's row is written in the transaction of what it makes, so it exists exactly when that does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pynamodb.exceptions import DoesNotExist

from studio import clock
from studio.errors import AlreadyExists, Fault, InvalidOrder, KeyReused
from studio.tables import Request, Transaction

KEY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that carries a key: who asks, and a fingerprint of what for."""

    user_id: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, user_id: str, key: str, *body: Any) -> Asked:
        """The request of a user for `body`, which is anything that JSON can say.

        Raises:
            InvalidOrder: this cannot be a key.
        """
        if not 1 <= len(key) <= 255 or not key.isprintable():
            raise InvalidOrder(faults=(Fault("header Idempotency-Key", "must be 1 to 255 printable characters"),))
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        return cls(user_id, key, hashlib.sha256(canonical.encode()).hexdigest())

    @property
    def row_key(self) -> str:
        """Key of its row; users cannot meet each other's."""
        return f"{self.user_id}#{self.key}"


def made_before(asked: Asked) -> str | None:
    """Id of what an earlier request with this key made.

    Raises:
        KeyReused: the key came with another body.
    """
    try:
        request = Request.get(asked.row_key, consistent_read=True)
    except DoesNotExist:
        return None
    if request.expires_at <= clock.now():  # DynamoDB deletes expired rows late, or never on a laptop
        return None
    if request.fingerprint != asked.fingerprint:
        raise KeyReused
    return str(request.made)


def remember(tx: Transaction, asked: Asked, made: str) -> None:
    """Write the key down together with what it makes."""
    tx.create(
        Request(
            asked.row_key,
            fingerprint=asked.fingerprint,
            made=made,
            expires_at=clock.from_epoch(clock.epoch() + KEY_SECONDS),
        ),
        condition=Request.key.does_not_exist() | (Request.expires_at <= clock.now()),
        otherwise=AlreadyExists("this key was used"),
    )
