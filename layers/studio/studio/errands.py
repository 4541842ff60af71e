"""Errands: what is done for an account after its request was answered, by a function with the rights for it.

Whoever asks for a mail waits for none, so the time of an answer cannot tell whether one was sent.
"""

from __future__ import annotations

import json
from typing import Literal

from studio import outbox
from studio.tables import OutboxRow, Transaction

Kind = Literal["letter", "erase"]


def queue(tx: Transaction, kind: Kind, subject: str) -> OutboxRow:
    """Add an errand about a row to the transaction; for `outbox.send`."""
    return outbox.queue(tx, "errands", json.dumps({"errand": kind, "subject": subject}), row_id=row_id(kind, subject))


def row_id(kind: Kind, subject: str) -> str:
    """Of an errand in the outbox."""
    return f"{kind}:{subject}"
