"""Files on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from itertools import count
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


def settle(part: Path, target: Path, job_id: str) -> Path:
    """Give what has arrived its name, or one with the job's id if that belongs to another file; returns its path.

    Nothing is overwritten. A file with the same content is this one, from an earlier download.
    """
    for path in _names(target, job_id):
        try:
            os.link(part, path)  # unlike a renaming, it takes no name that somebody else has taken meanwhile
        except OSError:
            if not os.path.lexists(path):  # a file system without links
                return part.replace(path)
            if not _same(part, path):
                continue
        part.unlink()
        return path
    raise AssertionError("names do not end")


def _names(target: Path, job_id: str) -> Iterator[Path]:
    yield target
    own = f"{target.stem}-{job_id}"
    yield target.with_name(f"{own}{target.suffix}")
    yield from (target.with_name(f"{own}-{number}{target.suffix}") for number in count(2))


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and size(one) == size(other) and _digest(one) == _digest(other)


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


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
