"""Errands: what is done for an account after its request was answered, by a function with the rights for it.

Whoever asks for a mail waits for none, so the time of an answer cannot tell whether one was sent.
"""

from __future__ import annotations

import json
from typing import Literal

from studio import outbox
from studio.tables import OutboxRow, Transaction, transaction

Kind = Literal["letter", "erase"]


def queue(tx: Transaction, kind: Kind, subject: str, *, delay_seconds: int = 0) -> OutboxRow:
    """Add an errand about a row to the transaction, to be run once or after a while; for `outbox.send`."""
    key = row_id(kind, subject, delay_seconds=delay_seconds)
    return outbox.queue(tx, "errands", _body(kind, subject), row_id=key, delay_seconds=delay_seconds)


def row_id(kind: Kind, subject: str, *, delay_seconds: int = 0) -> str:
    """Of an errand in the outbox."""
    return f"{kind}:{subject}:{delay_seconds}"


def go_on(kind: Kind, subject: str) -> None:
    """Queue the rest of an errand that is out of time. A message that comes back would be buried after a few times."""
    with transaction() as tx:
        rest = outbox.queue(tx, "errands", _body(kind, subject))
    outbox.send(rest)


def _body(kind: Kind, subject: str) -> str:
    return json.dumps({"errand": kind, "subject": subject})
