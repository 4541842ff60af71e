"""Pictures that orders refer to. They come in with a form, through a presigned POST to a place of their own, or by URL.

A form's pictures, a few megabytes, are cleaned at once. Everything else is looked at by the ingest function
(`studio.ingest`): when it arrives, or when an order needs it before that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, UpdateError

from studio import aws, clock, ids, limits, pictures, receivers, storage
from studio.catalog import Order
from studio.errors import BadPicture, Busy, Fault, InvalidOrder, NotFound, TooManyRequests
from studio.outbound import Refused
from studio.settings import settings
from studio.storage import Found
from studio.tables import Upload, refused
from studio.telemetry import logger

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
URL_SECONDS = 600
KEPT_SECONDS = 7 * 86_400  # as long as the bucket keeps the pictures, by default
UPLOAD_ID = re.compile(r"upl_[0-9a-z]{26}")
MAX_LOOKS = 10  # at one upload: some for files that were wrong, and five at one that we fail to look at
NOT_YOURS = "is not one of your uploads"
LOOKED_AT_ENOUGH = f"was not looked at, since this upload has been {MAX_LOOKS} times; begin another one"
TOO_SOON = "was not looked at, since too many others were in a short time; begin another upload in 15 minutes"
PLACEHOLDER = "upl_" + "0" * 26
"""Stands for a picture of a form that was looked at and is not kept, as in a dry run."""
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp")


class UploadState(StrEnum):
    """What became of an upload."""

    WAITING = "waiting"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where and how a client sends one file: a form POST with `fields`, then the file as `file`."""

    id: str
    url: str
    fields: dict[str, str]
    expires_at: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an upload; `reason` completes the sentence "the file …" when it was refused."""

    id: str
    state: UploadState
    reason: str | None = None


def begin(user_id: str, content_type: str) -> UploadTarget:
    """A place for one picture of the given type, at most `MAX_UPLOAD_BYTES`, for ten minutes."""
    upload_id = ids.new("upl")
    now = clock.epoch()
    Upload(
        upload_id,
        user_id=user_id,
        state=UploadState.WAITING.value,
        created_at=clock.iso(clock.now()),
        expires_at=clock.from_epoch(now + KEPT_SECONDS),
    ).save()
    post = storage.upload_form(
        storage.incoming_key(user_id, upload_id), content_type, max_bytes=MAX_UPLOAD_BYTES, seconds=URL_SECONDS
    )
    return UploadTarget(upload_id, post["url"], post["fields"], clock.iso(clock.from_epoch(now + URL_SECONDS)))


def standing(user_id: str, upload_id: str) -> Standing:
    """What became of an upload.

    Raises:
        NotFound: no such upload of this user, or it is no longer kept.
    """
    if not UPLOAD_ID.fullmatch(upload_id):
        raise NotFound
    if storage.exists(storage.input_key(user_id, upload_id)):
        return Standing(upload_id, UploadState.READY)
    row = _row(user_id, upload_id)
    if row is None or row.state == UploadState.READY:  # the picture has been deleted since
        raise NotFound
    return Standing(upload_id, UploadState(row.state), row.reason)


def accept(user_id: str, content: bytes) -> str:
    """Take a picture at once; returns its upload id. The same picture of the same user has the same id.

    Raises:
        BadPicture: says what the picture must be.
    """
    return keep(user_id, content, pictures.cleaned(content))


def keep(user_id: str, original: bytes, clean: pictures.CleanPicture) -> str:
    """Store a cleaned picture under an id made of its original."""
    digest = hashlib.sha256(user_id.encode() + original).digest()[:16]
    upload_id = "upl_" + base64.b32encode(digest).decode().rstrip("=").lower()
    storage.put(storage.input_key(user_id, upload_id), clean.content, clean.content_type)
    return upload_id


def is_expected(user_id: str, upload_id: str) -> bool:
    """Whether this user began the upload, and neither it nor the account has been deleted since."""
    return _row(user_id, upload_id) is not None


def is_ready(user_id: str, upload_id: str) -> bool:
    """Whether workers may read it.

    Raises:
        BadPicture: it was refused.
    """
    if storage.exists(storage.input_key(user_id, upload_id)):
        return True
    row = _row(user_id, upload_id)
    if row is not None and row.state == UploadState.REFUSED:
        raise BadPicture(row.reason or pictures.DAMAGED)
    return False


def begin_look(user_id: str, upload_id: str) -> None:
    """Count that a file is about to be decoded: a form can be used any number of times, and decoders are shared by all.

    Raises:
        BadPicture: there were too many, for this upload or of this user lately; nothing is to be decoded.
    """
    try:
        Upload(upload_id).update(
            actions=[Upload.looks.add(1)],
            condition=(Upload.user_id == user_id) & (Upload.looks < MAX_LOOKS),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        raise BadPicture(LOOKED_AT_ENOUGH) from error
    try:
        limits.take(limits.looks(), user_id)
    except TooManyRequests as error:
        raise BadPicture(TOO_SOON) from error


def begun(user_id: str) -> Iterator[Upload]:
    """What became of every upload of the user, for as long as that is kept."""
    return Upload.batch_get([row.id for row in Upload.by_user.query(user_id)], consistent_read=True)


def pictures_of(user_id: str) -> Iterator[Found]:
    """Every picture that is stored of the user, however it came, also those that nobody has looked at."""
    return chain.from_iterable(map(storage.listed, storage.picture_prefixes(user_id)))


def mark(user_id: str, upload_id: str, state: UploadState, reason: str | None = None) -> None:
    """Note what became of an upload. One that was ready stays so, whatever its owner sends afterwards."""
    try:
        Upload(upload_id).update(
            actions=[Upload.state.set(state.value), Upload.reason.set(reason) if reason else Upload.reason.remove()],
            condition=(Upload.user_id == user_id) & (Upload.state != UploadState.READY.value),
        )
    except UpdateError as error:
        if not refused(error):
            raise


def settled(user_id: str, order: Order) -> Order:
    """The order with all its pictures ready: uploads looked at, URLs fetched and made uploads.

    Raises:
        InvalidOrder: names the fields whose upload is missing, another user's, or not a picture, or whose URL
            cannot be fetched from.
        TooManyRequests: too many URLs lately.
        Busy: the pictures could not be looked at; nothing was changed.
    """
    named = order.pictures()
    _refuse(_faults_of_urls(named))  # all of them, before anybody is called
    found: dict[str, str] = {}
    faults = []
    for pointer, picture in named:
        try:
            found[pointer] = _fetched(user_id, picture) if _is_url(picture) else _ready(user_id, picture)
        except BadPicture as error:
            faults.append(Fault(pointer, error.detail))
    _refuse(faults)
    return order.with_pictures(found)


def check(user_id: str, order: Order) -> None:
    """Make sure that every picture the order refers to has arrived, or may be fetched. Looks, and moves nothing.

    Raises:
        InvalidOrder: names the fields whose upload is missing, another user's or refused, or whose URL is not right.
    """
    named = order.pictures()
    faults = _faults_of_urls(named)
    for pointer, picture in named:
        if _is_url(picture) or picture == PLACEHOLDER:
            continue
        try:
            if not is_ready(user_id, picture) and not storage.exists(storage.incoming_key(user_id, picture)):
                faults.append(Fault(pointer, NOT_YOURS))
        except BadPicture as error:
            faults.append(Fault(pointer, error.detail))
    _refuse(faults)


def _is_url(picture: str) -> bool:
    return "://" in picture


def _faults_of_urls(named: list[tuple[str, str]]) -> list[Fault]:
    """What is wrong with the text of URLs."""
    faults = []
    for pointer, picture in named:
        if _is_url(picture):
            try:
                receivers.way().target(picture)
            except Refused as error:
                faults.append(Fault(pointer, str(error)))
    return faults


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidOrder.naming(faults)


def _ready(user_id: str, upload_id: str) -> str:
    """The upload, looked at now if that has not happened yet."""
    if not is_ready(user_id, upload_id):
        _ask({"userId": user_id, "uploadId": upload_id})
    return upload_id


def _fetched(user_id: str, url: str) -> str:
    limits.take(limits.FETCHES, user_id)
    return _ask({"userId": user_id, "url": url})


def _row(user_id: str, upload_id: str) -> Upload | None:
    try:
        row = Upload.get(upload_id, consistent_read=True)
    except DoesNotExist:
        return None
    return row if row.user_id == user_id and row.expires_at.timestamp() > clock.epoch() else None


def _ask(task: dict[str, str]) -> str:
    """Have the ingest function look at one picture now; returns its upload id.

    Raises:
        BadPicture: why it cannot be taken.
        Busy: there is no answer.
    """
    try:
        answer = _invoked(task)
    except (BotoCoreError, ClientError, RuntimeError) as error:
        logger.exception("pictures could not be looked at")
        raise Busy from error
    if "refused" in answer:
        raise BadPicture(answer["refused"])
    return str(answer["uploadId"])


def _invoked(task: dict[str, str]) -> dict[str, Any]:
    answer = aws.functions().invoke(FunctionName=settings().ingest_function, Payload=json.dumps(task).encode())
    content = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise RuntimeError(f"the ingest function failed: {content[:500]!r}")
    told: dict[str, Any] = json.loads(content)
    return told
