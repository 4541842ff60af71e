"""Files in the media bucket. Every attempt of a job writes under its own prefix, so a late one harms nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from studio import aws, clock
from studio.settings import settings
from studio.telemetry import logger


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One output of a job as recorded in its result."""

    name: str
    key: str
    content_type: str
    size_bytes: int

    def stored(self) -> dict[str, Any]:
        """As JSON for the job row and the finished event."""
        return {"name": self.name, "key": self.key, "contentType": self.content_type, "sizeBytes": self.size_bytes}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> StoredFile:
        """From the JSON of `stored`."""
        return cls(stored["name"], stored["key"], stored["contentType"], int(stored["sizeBytes"]))


@dataclass(frozen=True, slots=True)
class Found:
    """An object as the bucket lists it."""

    key: str
    size_bytes: int
    stored_at: str


@dataclass(frozen=True, slots=True)
class DownloadUrl:
    """A presigned GET and when it stops working (RFC 3339)."""

    url: str
    expires_at: str


def job_prefix(user_id: str, job_id: str) -> str:
    """Where all attempts of a job put their files."""
    return f"outputs/{user_id}/{job_id}/"


def owned(user_id: str, job_id: str, keys: list[str]) -> list[str]:
    """Those of the keys that are files of the job. Workers write job rows, so a row's word is not enough for a link."""
    prefix = job_prefix(user_id, job_id)
    own = [key for key in keys if key.startswith(prefix)]
    if len(own) < len(keys):
        logger.error("job names files that are not its own", extra={"job": job_id, "user": user_id})
    return own


def files_of(user_id: str, job_id: str, result: dict[str, Any]) -> list[StoredFile]:
    """The files in a job's result that are its own."""
    files = [StoredFile.of(stored) for stored in result.get("files") or []]
    own = set(owned(user_id, job_id, [file.key for file in files]))
    return [file for file in files if file.key in own]


def output_prefix(user_id: str, job_id: str, attempt: int) -> str:
    """Where attempt `attempt` of a job puts its files."""
    return f"{job_prefix(user_id, job_id)}{attempt}/"


def export_prefix(user_id: str) -> str:
    """Where exports of an account lie, for a day."""
    return f"exports/{user_id}/"


def picture_prefixes(user_id: str) -> tuple[str, ...]:
    """Under these lie the pictures that a user has sent."""
    return (f"inputs/{user_id}/", f"incoming/{user_id}/")


def prefixes(user_id: str) -> tuple[str, ...]:
    """Under these lies everything of a user."""
    return (f"outputs/{user_id}/", *picture_prefixes(user_id), export_prefix(user_id))


def upload(prefix: str, name: str, content: bytes, content_type: str) -> StoredFile:
    """Store one output; S3 checks the body against its SHA-256 before it acknowledges."""
    key = prefix + name
    put(key, content, content_type)
    return StoredFile(name, key, content_type, len(content))


def upload_file(prefix: str, name: str, file: IO[bytes], content_type: str) -> StoredFile:
    """Store what was written to a file, like `upload`."""
    size_bytes = file.tell()
    file.seek(0)
    key = prefix + name
    put(key, file, content_type)
    return StoredFile(name, key, content_type, size_bytes)


def input_key(user_id: str, upload_id: str) -> str:
    """Where a checked upload lies; workers may read here."""
    return f"inputs/{user_id}/{upload_id}"


def incoming_key(user_id: str, upload_id: str) -> str:
    """Where a client puts a file that nobody has looked at yet."""
    return f"incoming/{user_id}/{upload_id}"


def put(key: str, content: bytes | IO[bytes], content_type: str) -> None:
    """Store one object."""
    aws.client("s3").put_object(
        Bucket=settings().media_bucket, Key=key, Body=content, ContentType=content_type, ChecksumAlgorithm="SHA256"
    )


def read(key: str, *, max_bytes: int) -> bytes:
    """The first `max_bytes` of an object; raises `ClientError` when it is not there."""
    return aws.client("s3").get_object(Bucket=settings().media_bucket, Key=key)["Body"].read(max_bytes)


def delete(key: str) -> None:
    """Remove one object; fine if it is gone."""
    aws.client("s3").delete_object(Bucket=settings().media_bucket, Key=key)


def listed(prefix: str) -> Iterator[Found]:
    """Every object under a prefix, a thousand at each call."""
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=settings().media_bucket, Prefix=prefix)
    for page in pages:
        for found in page.get("Contents", []):
            yield Found(found["Key"], found["Size"], clock.iso(found["LastModified"]))


def delete_all(prefix: str) -> None:
    """Remove every object under a prefix; raises as `deleted` does."""
    for _ in deleted(prefix):
        pass


def deleted(prefix: str) -> Iterator[None]:
    """Remove every object under a prefix, a thousand at each step.

    Raises:
        RuntimeError: S3 kept some of them.
    """
    s3, bucket = aws.client("s3"), settings().media_bucket
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys = [{"Key": found["Key"]} for found in page.get("Contents", [])]
        if not keys:
            continue
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})  # type: ignore[typeddict-item]
        if answer.get("Errors"):
            raise RuntimeError(f"could not delete {answer['Errors'][0].get('Key')}: {answer['Errors'][0].get('Code')}")
        yield


def exists(key: str) -> bool:
    """Whether the object is there."""
    try:
        aws.client("s3").head_object(Bucket=settings().media_bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):  # without ListBucket, 403 means absent
            return False
        raise
    return True


def upload_form(key: str, content_type: str, *, max_bytes: int, seconds: int) -> dict[str, Any]:
    """`{url, fields}` of a presigned POST that takes exactly this key and type and at most `max_bytes`."""
    form: dict[str, Any] = aws.client("s3").generate_presigned_post(
        Bucket=settings().media_bucket,
        Key=key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
        ExpiresIn=seconds,
    )
    return form


def link(key: str) -> str:
    """A short-lived link that shows one object."""
    params = {"Bucket": settings().media_bucket, "Key": key}
    url = aws.client("s3").generate_presigned_url(
        "get_object", Params=params, ExpiresIn=settings().download_url_seconds
    )  # fmt: skip
    return str(url)


def shown_url(key: str) -> DownloadUrl:
    """`link`, with the time when it stops working."""
    return DownloadUrl(link(key), _links_end())


def download_url(file: StoredFile) -> DownloadUrl:
    """A fresh link that downloads the file under its own name."""
    url = aws.client("s3").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings().media_bucket,
            "Key": file.key,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "ResponseContentType": file.content_type,
        },
        ExpiresIn=settings().download_url_seconds,
    )
    return DownloadUrl(url, _links_end())


def _links_end() -> str:
    """When a link that is made now stops working."""
    return clock.iso(clock.from_epoch(clock.now().timestamp() + settings().download_url_seconds))
