"""Answers that are sent only when they changed: entity tags and `If-None-Match` (RFC 9110, 8.8.3 and 13.1.2)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

POLICY = "Content-Security-Policy"
_TAG_BYTES = 16  # of a SHA-256: enough that no two bodies of an address ever share a tag
_GIVEN = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
# Caches put the headers of a 304 in place of those they have, so it must not weaken or break what it confirms.
_KEPT = ("Preference-Applied", POLICY)


def conditional(answer: dict[str, Any], if_none_match: str | None, *, shared: bool) -> dict[str, Any]:
    """The answer with its tag, or 304 without a body when the caller has this very one.

    Args:
        answer: a 200 of a function behind API Gateway.
        if_none_match: the header as it came; what cannot be read matches nothing.
        shared: whether the answer is the same for everybody, so that caches between may keep it.
    """
    tag = of(answer["body"])
    headers = {"ETag": tag, "Cache-Control": "no-cache" if shared else "private, no-cache"}
    if matches(if_none_match, tag):
        kept = {name: value for name, value in (answer.get("headers") or {}).items() if name in _KEPT}
        return {"statusCode": 304, "body": "", "headers": kept | headers}
    return answer | {"headers": (answer.get("headers") or {}) | headers}


def of(body: str) -> str:
    """The strong tag of a body: other bytes, another tag."""
    digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()[:_TAG_BYTES]
    return f'"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the header names the tag. Weakly compared: a proxy that compresses an answer makes its tag weak."""
    if not if_none_match:
        return False
    return if_none_match.strip() == "*" or tag in _GIVEN.findall(if_none_match)
