"""Pictures that orders refer to. They come in with a form, or through a presigned POST to a place of their own."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from botocore.exceptions import ClientError

from studio import clock, ids, pictures, storage
from studio.catalog import Order
from studio.errors import BadPicture, Fault, InvalidOrder

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
URL_SECONDS = 600
NOT_YOURS = "is not one of your uploads"
PLACEHOLDER = "upl_" + "0" * 26
"""Stands for a picture of a form that was looked at and is not kept, as in a dry run."""
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where and how a client sends one file: a form POST with `fields`, then the file as `file`."""

    id: str
    url: str
    fields: dict[str, str]
    expires_at: str


def begin(user_id: str, content_type: str) -> UploadTarget:
    """A place for one picture of the given type, at most `MAX_UPLOAD_BYTES`, for ten minutes."""
    upload_id = ids.new("upl")
    post = storage.upload_form(
        storage.incoming_key(user_id, upload_id), content_type, max_bytes=MAX_UPLOAD_BYTES, seconds=URL_SECONDS
    )
    expires_at = clock.iso(clock.from_epoch(clock.epoch() + URL_SECONDS))
    return UploadTarget(upload_id, post["url"], post["fields"], expires_at)


def accept(user_id: str, content: bytes) -> str:
    """Take a picture at once; returns its upload id. The same picture of the same user has the same id.

    Raises:
        BadPicture: says what the picture must be.
    """
    clean = pictures.cleaned(content)
    digest = hashlib.sha256(user_id.encode() + content).digest()[:16]
    upload_id = "upl_" + base64.b32encode(digest).decode().rstrip("=").lower()
    storage.put(storage.input_key(user_id, upload_id), clean.content, clean.content_type)
    return upload_id


def require(user_id: str, order: Order) -> None:
    """Make sure that every picture the order refers to is there and sound.

    Raises:
        InvalidOrder: names the fields whose upload is missing, another user's, or not a picture.
    """
    faults = []
    for pointer, upload_id in order.pictures():
        try:
            _ready(user_id, upload_id)
        except BadPicture as error:
            faults.append(Fault(pointer, error.detail))
    _refuse(faults)


def check(user_id: str, order: Order) -> None:
    """Make sure that every picture the order refers to has arrived. Looks, and moves nothing.

    Raises:
        InvalidOrder: names the fields whose upload is missing or another user's.
    """
    _refuse(
        [
            Fault(pointer, NOT_YOURS)
            for pointer, upload_id in order.pictures()
            if upload_id != PLACEHOLDER
            and not storage.exists(storage.input_key(user_id, upload_id))
            and not storage.exists(storage.incoming_key(user_id, upload_id))
        ]
    )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidOrder("; ".join(f"{fault.pointer} {fault.detail}" for fault in faults), faults=tuple(faults))


def _ready(user_id: str, upload_id: str) -> None:
    """Bring an upload from where the client put it to where workers read, cleaned on the way."""
    if storage.exists(storage.input_key(user_id, upload_id)):
        return
    try:
        content = storage.read(storage.incoming_key(user_id, upload_id), max_bytes=MAX_UPLOAD_BYTES)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404", "AccessDenied"):  # S3 hides what is not there
            raise BadPicture(NOT_YOURS) from error
        raise
    clean = pictures.cleaned(content)
    storage.put(storage.input_key(user_id, upload_id), clean.content, clean.content_type)
    storage.delete(storage.incoming_key(user_id, upload_id))  # the original may say where it was taken
