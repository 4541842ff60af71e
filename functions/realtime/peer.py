"""Who is at the other end of a connection."""

from __future__ import annotations

from typing import Any


def of(event: dict[str, Any]) -> tuple[str, str]:
    """The user that the ticket belonged to, and the connection's id."""
    request = event["requestContext"]
    return str(request["authorizer"]["userId"]), str(request["connectionId"])
