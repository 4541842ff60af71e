"""Everything the studio has about an account, as one JSON file that its owner can take away (GDPR, art. 15 and 20)."""

from __future__ import annotations

import json
from typing import Any

from studio import accounts, api_keys, clock, credits, endpoints, ids, operators, purchases, storage
from studio.storage import StoredFile
from studio.tables import Delivery, Entry, JobRow, Purchase, User

CONTENT_TYPE = "application/json"


def write(user_id: str) -> StoredFile:
    """Collect it and store it as a file, which is kept for a day."""
    document = collected(user_id)
    content = json.dumps(document, indent=2, ensure_ascii=False).encode()
    return storage.upload(storage.export_prefix(user_id), f"{ids.new('exp')}.json", content, CONTENT_TYPE)


def collected(user_id: str) -> dict[str, Any]:
    """The document: the account, its money, its jobs with links to their files, its keys and its receivers."""
    now = credits.of(user_id)
    entries = list(Entry.by_number.query(user_id, consistent_read=True))
    purchase_ids = sorted({str(entry.purchase_id) for entry in entries if entry.purchase_id})
    return {
        "exportedAt": clock.iso(clock.now()),
        "user": _user(accounts.profile(user_id)),
        "operator": [
            {"act": act["act"], "reason": act["reason"], "at": act["at"]} for act in operators.acts_on(user_id)
        ],
        "credits": {"balance": now.balance, "held": now.held},
        "transactions": [_entry(entry) for entry in entries],
        "purchases": [_purchase(purchase) for purchase in map(purchases.find, purchase_ids) if purchase],
        "jobs": [_job(job) for job in JobRow.by_user.query(user_id)],
        "apiKeys": [
            {"id": key.id, "name": key.name, "scopes": key.scopes, "createdAt": key.created_at}
            for key in api_keys.all_of(user_id)
        ],
        "endpoints": [
            {"id": endpoint.id, "url": endpoint.url, "events": endpoint.events, "createdAt": endpoint.created_at}
            for endpoint in endpoints.all_of(user_id)
        ],
        "deliveries": [
            {"id": delivery.id, "type": delivery.type, "state": delivery.state, "createdAt": delivery.created_at}
            for delivery in Delivery.by_user.query(user_id)
        ],
    }


def _user(user: User) -> dict[str, Any]:
    return {"id": user.id, "email": user.email, "name": user.name, "createdAt": user.created_at}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "amount": int(entry.amount),
        "balanceAfter": int(entry.balance_after),
        "createdAt": entry.created_at,
    }


def _purchase(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "package": purchase.package,
        "amount": int(purchase.amount),
        "currency": purchase.currency,
        "status": purchase.status,
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
        "input": job.order,
        "result": result.get("metadata"),
        "files": [_file(file) for file in storage.files_of(job.user_id, job.id, result)],
        "callbackUrl": job.callback_url,
        "createdAt": job.created_at,
        "endedAt": job.ended_at,
    }


def _file(stored: StoredFile) -> dict[str, Any]:
    link = storage.download_url(stored)
    return {"name": stored.name, "sizeBytes": stored.size_bytes, "url": link.url, "urlExpiresAt": link.expires_at}
