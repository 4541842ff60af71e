"""Files on this machine."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

from ai_creative_studio.errors import DownloadFailed, NotAPicture


def content_type(source: str | Path | bytes) -> str:
    """Of a picture by its first bytes, whatever it is called.

    Raises:
        NotAPicture: no JPEG, PNG or WebP.
    """
    with opened(source) as stream:
        head = stream.read(12)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:] == b"WEBP":
        return "image/webp"
    raise NotAPicture(f"{'this' if isinstance(source, bytes) else source} is no JPEG, PNG or WebP")


def opened(source: str | Path | bytes) -> BinaryIO:
    """The content as a stream; the caller closes it."""
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb")


def size(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def safe_name(name: str) -> str:
    """A name that stays in its folder.

    Raises:
        DownloadFailed: it would not.
    """
    if not name or name in (".", "..") or re.search(r"[/\\:\x00-\x1f]", name):
        raise DownloadFailed(f"{name!r} is no name for a file")
    return name


def reason(xml: str) -> str:
    """What S3 says in its error documents."""
    code, message = (re.search(rf"<{tag}>([^<]{{1,300}})", xml) for tag in ("Code", "Message"))
    return " ".join(found[1] for found in (code, message) if found) or "refused"
