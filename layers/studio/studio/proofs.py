"""Proofs that an address is somebody's: a secret that is mailed to it, works once, and for a limited time.

A proof is written the same way whether or not an account has the address; what becomes of it is decided later, where
nobody waits for the answer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import StrEnum

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action

from studio import clock, emails, errands, ids, outbox
from studio.errors import AlreadyExists, Fault, InvalidOrder
from studio.tables import OutboxRow, Proof, Transaction, retried, transaction

SECRET_BYTES = 32

_VALUE = re.compile(r"(prf_[0-9a-z]{26})\.([0-9A-Za-z_-]{43})")


class Purpose(StrEnum):
    """What the holder of the address may do with the proof."""

    REGISTER = "register"
    RESET = "reset"

    @property
    def seconds(self) -> int:
        """How long the proof works. A reset is for now; whoever registers may read mail in the evening."""
        return 24 * 3600 if self is Purpose.REGISTER else 30 * 60


def begin(purpose: Purpose, address: str, *, name: str | None = None, password_hash: str | None = None) -> None:
    """Ask for a mail to the address; `name` and `password_hash` are of the account that it is to become."""
    proof = Proof(
        ids.new("prf"),
        purpose=purpose.value,
        address=address,
        address_hash=emails.hash_of(address),
        name=name,
        password_hash=password_hash,
        expires_at=clock.from_epoch(clock.epoch() + purpose.seconds),
    )
    try:
        outbox.send(_create(proof))
    except AlreadyExists:  # a try whose answer was lost had made it
        outbox.send_left(errands.row_id("letter", proof.id))


@retried
def _create(proof: Proof) -> OutboxRow:
    with transaction() as tx:
        tx.create(proof, condition=Proof.id.does_not_exist(), otherwise=AlreadyExists("this proof exists"))
        return errands.queue(tx, "letter", proof.id)


def forget(address: str) -> None:
    """Delete every proof of the address; what was mailed to it is void."""
    for proof in Proof.by_address.query(emails.hash_of(address)):
        proof.delete()


def waiting(proof_id: str) -> Proof | None:
    """The proof of this id, unless it was redeemed or has expired."""
    try:
        proof = Proof.get(proof_id, consistent_read=True)
    except DoesNotExist:
        return None
    return proof if proof.expires_at > clock.now() else None


def arm(proof: Proof, *, user_id: str | None = None, user_ver: int | None = None) -> str:
    """Give the proof its secret, for an account if there is one. What is mailed is the returned value.

    A proof that is armed again, as after a crash, has a new secret, and the mail before is void.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    actions: list[Action] = [Proof.secret_hash.set(_hash(secret))]
    if user_id is not None and user_ver is not None:
        actions += [Proof.user_id.set(user_id), Proof.user_ver.set(user_ver)]
    proof.update(actions=actions, condition=Proof.id.exists())
    return f"{proof.id}.{secret}"


def shown(purpose: Purpose, value: str) -> Proof:
    """The proof that was mailed as `value`; it works until it is redeemed.

    Raises:
        InvalidOrder: never mailed, redeemed before, expired, or for something else; which of these is not said.
    """
    parts = _VALUE.fullmatch(value)
    proof = waiting(parts[1]) if parts else None
    if parts is None or proof is None or proof.purpose != purpose or proof.secret_hash is None:
        raise void()
    if not hmac.compare_digest(proof.secret_hash, _hash(parts[2])):
        raise void()
    return proof


def redeem(tx: Transaction, proof: Proof) -> None:
    """Use the proof up together with what it allows, so that neither happens without the other."""
    tx.remove(Proof(proof.id), condition=Proof.secret_hash == proof.secret_hash, otherwise=void())


def void() -> InvalidOrder:
    """The refusal of what proves nothing, whatever the reason."""
    return InvalidOrder(faults=(Fault("/token", "is not valid, or not any more; ask for another mail"),))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
