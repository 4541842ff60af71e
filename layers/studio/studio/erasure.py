"""What is cleared after an account was closed. Every step may run twice, and all of them run again when one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio import accounts, connections, retention, storage, tickets
from studio.tables import ApiKey, CallbackSecret, Delivery, Endpoint, JobRow, Persona, Session, Upload
from studio.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator


def erase(user_id: str) -> None:
    """Clear all that is not the ledger's of an account that is closed: what opened it, what it made, what listens.

    Raises:
        RuntimeError: the account is not closed.
    """
    if accounts.exists(user_id):
        raise RuntimeError("only closed accounts are erased")
    for session in Session.by_user.query(user_id):
        session.delete()
    for key in ApiKey.by_user.query(user_id):
        key.delete()
    for endpoint in Endpoint.query(user_id, consistent_read=True):
        endpoint.delete()
    CallbackSecret(user_id).delete()
    for delivery in Delivery.by_user.query(user_id):
        delivery.delete()
    accounts.cancel_open_jobs(user_id)
    for job in JobRow.by_user.query(user_id):
        for persona_id in _personas(job):
            Persona(persona_id).delete(condition=Persona.id.does_not_exist() | (Persona.user_id == user_id))
        retention.forget(job)
    # Before the files: from now on nothing that still arrives is taken, see `ingest.look`.
    for upload in Upload.by_user.query(user_id):
        upload.delete()
    for prefix in storage.prefixes(user_id):
        storage.delete_all(prefix)
    tickets.delete_all(user_id)
    connections.end_all(user_id)
    logger.info("account erased", extra={"user": user_id})


def _personas(job: JobRow) -> Iterator[str]:
    persona_id = (job.order or {}).get("personaId")
    if isinstance(persona_id, str):
        yield persona_id
