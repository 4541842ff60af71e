"""The mails that the studio writes to the holder of an address."""

from __future__ import annotations

from studio import accounts, mail, proofs
from studio.proofs import Purpose
from studio.settings import settings
from studio.tables import Proof
from studio.telemetry import logger

_REGISTER = """Somebody, most likely you, is opening an account at AI Creative Studio with this address.

Open this link within a day, and enter the password that you chose there:

{link}

If it was not you, do nothing: without that password no account will be opened. If you have chosen one and it does not
fit, somebody else has asked too: open another of our mails, or register once more.
"""
_KNOWN = """Somebody, most likely you, tried to open an account at AI Creative Studio with this address.

It has an account already, so nothing was changed. If you do not remember the password, ask for a new one on the page
where you sign in:

{page}
"""
_RESET = """Somebody, most likely you, asked for a new password for your account at AI Creative Studio.

Open this link within half an hour to choose one:

{link}

The new password also ends all API keys and callback endpoints of the account. Create them again afterwards.

If it was not you, do nothing: your password stays as it is.
"""


def send(proof_id: str) -> None:
    """Write the letter that a proof was begun for. Nobody is told of an account that they do not have."""
    proof = proofs.waiting(proof_id)
    if proof is None:
        logger.info("letter not needed any more", extra={"proof": proof_id})
        return
    if proof.purpose == Purpose.REGISTER:
        _confirm(proof)
    else:
        _reset(proof)


def _confirm(proof: Proof) -> None:
    if accounts.find(proof.address):
        mail.send(proof.address, "You have an account already", _KNOWN.format(page=settings().web_url))
        proof.delete()
        return
    value = proofs.arm(proof)
    mail.send(proof.address, "Confirm your address", _REGISTER.format(link=_link("verify", value)))


def _reset(proof: Proof) -> None:
    user = accounts.find(proof.address)
    if user is None:
        proof.delete()
        return
    value = proofs.arm(proof, user_id=user.id, user_ver=int(user.ver))
    # To the address of the account, not to the way it was written just now.
    mail.send(user.email, "Choose a new password", _RESET.format(link=_link("reset", value)))


def _link(what: str, value: str) -> str:
    """The secret stands behind `#`, which browsers send to nobody and servers do not log."""
    return f"{settings().web_url}/#{what}={value}"
