"""Who is at the other end of a connection. API Gateway keeps what the authorizer told it for as long as it lives."""

from __future__ import annotations

from typing import Any

from studio.credentials import Credential


def of(event: dict[str, Any]) -> tuple[str, str]:
    """The user that the ticket belonged to, and the connection's id."""
    request = event["requestContext"]
    return str(request["authorizer"]["userId"]), str(request["connectionId"])


def told(credential: Credential) -> dict[str, str]:
    """What API Gateway is to keep; it takes no empty values."""
    kept = {
        "userId": credential.user_id,
        "ver": str(credential.ver),
        "sessionId": credential.session_id,
        "keyHash": credential.key_hash,
    }
    return {name: value for name, value in kept.items() if value}


def credential(event: dict[str, Any]) -> Credential:
    """What the ticket was asked for with."""
    kept = event["requestContext"]["authorizer"]
    return Credential(str(kept["userId"]), int(kept["ver"]), kept.get("sessionId"), kept.get("keyHash"))
