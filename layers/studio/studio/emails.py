"""E-mail addresses: as they are kept, and as the keys that accounts, proofs and counts are found by.

Domains compare by their Punycode. Folding the case of other letters would make one address of two: ``straße.de`` and
``strasse.de`` are different domains (IDNA 2008), and so are those that differ in a final sigma.
"""

from __future__ import annotations

import hashlib

from email_validator import EmailNotValidError, validate_email

from studio.errors import Fault, InvalidOrder


def kept(email: str) -> str:
    """The address as it is kept. Before the ``@`` it has ASCII only, or SES could not send to it.

    Raises:
        InvalidOrder: it is not one that mail can be sent to.
    """
    try:
        return validate_email(email, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise InvalidOrder(faults=(Fault("/email", str(error)),)) from error


def key_of(address: str) -> str:
    """What a kept address is found by, however it is written.

    Understands more than `kept` takes: accounts of former times have letters beyond ASCII before the ``@``.

    Raises:
        EmailNotValidError: it is no address.
    """
    known = validate_email(address, check_deliverability=False)
    return f"{known.local_part.casefold()}@{known.ascii_domain}"


def sought(email: str) -> str | None:
    """The key of what somebody says is an address; None of what is none."""
    try:
        return key_of(email)
    except EmailNotValidError:
        return None


def hash_of(address: str) -> str:
    """What stands for an address where it need not be read."""
    return hashlib.sha256(key_of(address).encode()).hexdigest()
