"""Callbacks that reach your program: `verify` each before believing it.

Signatures follow Standard Webhooks 1.0: https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ai_creative_studio.errors import BadSignature

TOLERANCE_SECONDS = 300
"""How far the time of a message may be from now, either way; what the specification recommends."""
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Event:
    """What the studio tells. Messages come at least once and in any order: remember `id`."""

    id: str
    """The same in every attempt."""
    type: str
    """``job.completed``, ``job.failed``, ``job.cancelled``, ``credits.low``, ``job.started``, ``job.progress`` or
    ``webhook.test``."""
    timestamp: datetime
    """When it happened."""
    data: dict[str, Any]
    """A job without its order, with its progress while it is worked on, or ``{balance, threshold}``."""

    @property
    def job_id(self) -> str | None:
        """Of the job it is about, for `studio.jobs.get` or `studio.jobs.download`."""
        return self.data.get("id") if self.type.startswith("job.") else None


def verify(
    body: bytes | bytearray | memoryview | str,
    headers: Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[str | bytes, str | bytes]],
    secrets: str | Iterable[str],
    *,
    now: float | None = None,
) -> Event:
    """The message in `body`, if the studio sent it within the last five minutes.

    Args:
        body: as it came, before anything parsed it.
        headers: of the request, in any case; a mapping or pairs, text or bytes (WSGI and ASGI alike).
        secrets: of the endpoint, ``whsec_…``; several while you rotate them or have several endpoints.
        now: Unix time in seconds, for tests.

    Raises:
        BadSignature: it is not from the studio, was changed on the way, or is too old or too new.
        ValueError: a secret is not one, which is a mistake of configuration.
    """
    content = body.encode() if isinstance(body, str) else bytes(body)
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("there is no secret to verify with")
    found = _headers(headers)
    message_id, moment, signatures = (found.get(f"webhook-{name}", b"") for name in ("id", "timestamp", "signature"))
    if not (message_id and moment and signatures):
        raise BadSignature("the headers of a signed message are missing")
    if not moment.isdigit() or len(moment) > 12:
        raise BadSignature("the time of the message cannot be read")
    if abs((time.time() if now is None else now) - int(moment)) > TOLERANCE_SECONDS:
        raise BadSignature(f"the message is more than {TOLERANCE_SECONDS} seconds off")
    signed = b".".join((message_id, moment, content))
    wanted = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    given = [value for version, _, value in (each.partition(b",") for each in signatures.split()) if version == b"v1"]
    # Every pair is compared, so that the time it takes tells nothing.
    if not sum(hmac.compare_digest(ours, theirs) for ours in wanted for theirs in given):
        raise BadSignature("no signature of the message is valid")
    return _event(message_id, content)


def _event(message_id: bytes, content: bytes) -> Event:
    try:
        told = json.loads(content)
        at = datetime.fromisoformat(told["timestamp"])
        return Event(message_id.decode(), str(told["type"]), at, dict(told["data"]))
    except (ValueError, TypeError, KeyError) as error:
        raise BadSignature("the message is signed but is none of this studio") from error


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a secret is `whsec_` and Base64; this is something else") from error
    if not key:
        raise ValueError("the secret is empty")
    return key


def _headers(headers: Any) -> dict[str, bytes]:
    pairs = headers.items() if hasattr(headers, "items") else headers
    return {_bytes(name).decode("latin-1").lower(): _bytes(value).strip() for name, value in pairs}


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
