"""Everything the studio has about an account, as one JSON file that its owner can take away (GDPR, art. 15 and 20)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from studio import accounts, api_keys, clock, credits, endpoints, ids, operators, purchases, storage, uploads
from studio.storage import Found, StoredFile
from studio.tables import ApiKey, Delivery, Endpoint, Entry, JobRow, Persona, Purchase, Upload, User

CONTENT_TYPE = "application/json"


def write(user_id: str) -> StoredFile:
    """Collect it and store it as a file, which is kept for a day."""
    with TemporaryFile() as file:  # an account may have more jobs than fit into memory
        file.writelines(part.encode() for part in _written(collected(user_id)))
        return storage.upload_file(storage.export_prefix(user_id), f"{ids.new('exp')}.json", file, CONTENT_TYPE)


def collected(user_id: str) -> dict[str, Any]:
    """The document: the account, its money, what it made of which pictures, its keys and its receivers.

    What there may be many of is read as it is asked for.
    """
    now = credits.of(user_id)
    return {
        "exportedAt": clock.iso(clock.now()),
        "user": _user(accounts.profile(user_id)),
        "operator": [
            {"act": act["act"], "reason": act["reason"], "at": act["at"]} for act in operators.acts_on(user_id)
        ],
        "credits": {"balance": now.balance, "held": now.held},
        "transactions": map(_entry, Entry.by_number.query(user_id, consistent_read=True)),
        "purchases": map(_purchase, Purchase.by_user.query(user_id)),
        "jobs": map(_job, JobRow.by_user.query(user_id)),
        "uploads": map(_upload, uploads.begun(user_id)),
        "pictures": map(_picture, uploads.pictures_of(user_id)),
        "personas": map(_persona, Persona.by_user.query(user_id)),
        "apiKeys": [_key(key) for key in api_keys.all_of(user_id)],
        "endpoints": [_endpoint(endpoint) for endpoint in endpoints.all_of(user_id)],
        "deliveries": map(_delivery, Delivery.by_user.query(user_id)),
    }


def _written(document: dict[str, Any]) -> Iterator[str]:
    """The document as JSON, each member of it and each item of an iterator on a line."""
    before = "{"
    for name, value in document.items():
        yield f"{before}\n{json.dumps(name)}: "
        yield from _listed(value) if isinstance(value, Iterator) else [_line(value)]
        before = ","
    yield "\n}\n"


def _listed(items: Iterator[Any]) -> Iterator[str]:
    before = "["
    for item in items:
        yield f"{before}\n  {_line(item)}"
        before = ","
    yield "]" if before == "," else "[]"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "createdAt": user.created_at,
        "passwordResetAt": user.reset_at,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "amount": int(entry.amount),
        "balanceAfter": int(entry.balance_after),
        "jobId": entry.job_id,
        "purchaseId": entry.purchase_id,
        "reason": entry.reason,
        "createdAt": entry.created_at,
    }


def _purchase(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "package": purchase.package,
        "amount": int(purchase.amount),
        "currency": purchase.currency,
        "status": purchases.standing(purchase),
        "credits": {"granted": int(purchase.granted), "revoked": int(purchase.revoked)},
        "invoiceUrl": purchase.invoice_url,
        "createdAt": purchase.created_at,
        "paidAt": purchase.paid_at,
    }


def _job(job: JobRow) -> dict[str, Any]:
    result = job.result or {}
    return {
        "id": job.id,
        "feature": job.feature,
        "status": job.status,
        "priority": job.priority,
        "credits": int(job.credits),
        "refunded": int(job.refunded),
        "input": job.order,
        "result": result.get("metadata"),
        "files": [_file(file) for file in storage.files_of(job.user_id, job.id, result)],
        "error": job.error,
        "callbackUrl": job.callback_url,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "endedAt": job.ended_at,
    }


def _upload(row: Upload) -> dict[str, Any]:
    return {"id": row.id, "state": row.state, "reason": row.reason, "createdAt": row.created_at}


def _picture(found: Found) -> dict[str, Any]:
    link = storage.shown_url(found.key)
    return {
        "id": found.key.rpartition("/")[2],
        "sizeBytes": found.size_bytes,
        "storedAt": found.stored_at,
        "url": link.url,
        "urlExpiresAt": link.expires_at,
    }


def _persona(persona: Persona) -> dict[str, Any]:
    return {
        "id": persona.id,
        "gender": persona.gender,
        "ethnicity": persona.ethnicity,
        "ageRange": persona.age_range,
        "createdAt": persona.created_at,
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "hint": key.hint,
        "createdAt": key.created_at,
        "expiresAt": _moment(key.expires_epoch),
        "lastUsedAt": _moment(key.last_used_epoch),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "disabledReason": endpoint.disabled_reason,
        "createdAt": endpoint.created_at,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "type": delivery.type,
        "state": delivery.state,
        "reason": delivery.reason,
        "endpointId": delivery.endpoint_id,
        "callbackUrl": delivery.callback_url,
        "jobId": delivery.job_id,
        "body": json.loads(delivery.body),
        "log": delivery.attempts,
        "createdAt": delivery.created_at,
        "endedAt": delivery.ended_at,
    }


def _file(stored: StoredFile) -> dict[str, Any]:
    link = storage.download_url(stored)
    return {"name": stored.name, "sizeBytes": stored.size_bytes, "url": link.url, "urlExpiresAt": link.expires_at}


def _moment(epoch: float | None) -> str | None:
    return None if epoch is None else clock.iso(clock.from_epoch(epoch))
