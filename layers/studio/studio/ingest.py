"""Files of strangers become pictures that workers may read. Runs in functions of its own, far from money and people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from studio import decoding, receivers, storage, uploads
from studio.errors import BadPicture
from studio.outbound import Refused, Unreachable
from studio.telemetry import logger
from studio.uploads import MAX_UPLOAD_BYTES, UploadState

if TYPE_CHECKING:
    from studio.pictures import CleanPicture

FETCH_SECONDS = 6.0  # inside what an order waits, with decoding after it
INCOMING = re.compile(r"incoming/([0-9a-z_]+)/(upl_[0-9a-z]{26})")
HEADERS = {
    "Accept": "image/jpeg, image/png, image/webp",
    "Accept-Encoding": "identity",
    "User-Agent": "ai-creative-studio",
}


def arrived(key: str) -> None:
    """Look at a file that was stored under this key; a refusal is noted for its owner."""
    found = INCOMING.fullmatch(key)
    if not found:
        logger.warning("file in an odd place", extra={"key": key})
        return
    try:
        look(found[1], found[2])
    except BadPicture as error:
        logger.info("upload refused", extra={"upload": found[2], "why": error.detail})


def look(user_id: str, upload_id: str) -> str:
    """Bring an upload from where the client put it to where workers read, cleaned on the way; fine if that was done.

    The first sound picture stays: whatever is sent to the same place afterwards is thrown away. So is what is refused,
    and what would take more than its owner's share of the decoders.

    Raises:
        BadPicture: nothing has arrived, it is no picture we take, or it is one file too many.
    """
    waiting = storage.incoming_key(user_id, upload_id)
    if storage.exists(storage.input_key(user_id, upload_id)):
        storage.delete(waiting)
        return upload_id
    _require_expected(user_id, upload_id, waiting)
    try:
        clean = _decoded(user_id, upload_id, waiting)
    except FileNotFoundError as error:
        if uploads.is_ready(user_id, upload_id):  # a twin was faster; of what it refused the reason is known
            return upload_id
        raise BadPicture(uploads.NOT_YOURS) from error
    except BadPicture as error:
        uploads.mark(user_id, upload_id, UploadState.REFUSED, error.detail)
        storage.delete(waiting)  # last: if we die before, whoever comes next finds it and says why once more
        raise
    ready = storage.input_key(user_id, upload_id)
    storage.put(ready, clean.content, clean.content_type)
    _require_expected(user_id, upload_id, waiting, ready)  # its owner may have gone while we looked
    storage.delete(waiting)  # the original may say where it was taken
    uploads.mark(user_id, upload_id, UploadState.READY)
    return upload_id


def fetch(user_id: str, url: str) -> str:
    """Get a picture from where a customer says it is; returns the upload it has become.

    Raises:
        BadPicture: there is nothing to be had, by our rules or theirs, or it is no picture we take.
    """
    try:
        reply = receivers.way().send("GET", url, seconds=FETCH_SECONDS, max_bytes=MAX_UPLOAD_BYTES + 1, headers=HEADERS)
    except Refused as error:
        raise BadPicture(str(error)) from error
    except Unreachable as error:
        raise BadPicture(f"cannot be fetched: {error}") from error
    if 300 <= reply.status < 400:
        raise BadPicture("must be the final address: redirects are not followed")
    if reply.status != 200:
        raise BadPicture(f"cannot be fetched: the host answered {reply.status}")
    if len(reply.body) > MAX_UPLOAD_BYTES:
        raise BadPicture(f"must have at most {MAX_UPLOAD_BYTES // 1024**2} MiB")
    return uploads.keep(user_id, reply.body, decoding.cleaned_apart(reply.body))


def _require_expected(user_id: str, upload_id: str, *keys: str) -> None:
    """Delete these files unless somebody is still there to have them.

    Raises:
        BadPicture: nobody began this upload, or their account is closed.
    """
    if uploads.is_expected(user_id, upload_id):
        return
    for key in keys:
        storage.delete(key)
    raise BadPicture(uploads.NOT_YOURS)


def _decoded(user_id: str, upload_id: str, key: str) -> CleanPicture:
    """The file as we keep it; raises `FileNotFoundError` when there is none, which is no look at it."""
    if not storage.exists(key):
        raise FileNotFoundError(key)
    uploads.begin_look(user_id, upload_id)
    return decoding.cleaned_apart(_content(key))


def _content(key: str) -> bytes:
    """The file; raises `FileNotFoundError` when there is none."""
    try:
        return storage.read(key, max_bytes=MAX_UPLOAD_BYTES)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404", "AccessDenied"):  # S3 hides what is not there
            raise FileNotFoundError(key) from error
        raise
