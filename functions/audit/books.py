"""What a deployed studio has on record: every row that money or a job depends on, and the files it has delivered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Row = Mapping[str, Any]
"""One item as plain Python values, in the spelling of the table."""

TABLES = {
    "users": "USERS_TABLE",
    "emails": "EMAILS_TABLE",
    "balances": "BALANCES_TABLE",
    "entries": "LEDGER_TABLE",
    "jobs": "JOBS_TABLE",
    "settlements": "SETTLEMENTS_TABLE",
    "requests": "REQUESTS_TABLE",
    "outbox": "OUTBOX_TABLE",
    "purchases": "PURCHASES_TABLE",
    "deliveries": "DELIVERIES_TABLE",
}
"""Which table each part of the books is read from, by the name a function's environment has for it."""

_JSON_ATTRIBUTES = ("order", "result", "error", "attempts")
ENDS = ("job.completed", "job.failed", "job.cancelled")
"""What customers are told of the end of a job."""
DAY_SECONDS = 86_400
_UNREAD = "body"  # of messages and callbacks: long, and no promise is about it
_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class Books:
    """One reading of everything. Rows of one table are as they were within the seconds that the scan took."""

    users: tuple[Row, ...]
    emails: tuple[Row, ...]
    balances: tuple[Row, ...]
    entries: tuple[Row, ...]
    jobs: tuple[Row, ...]
    settlements: tuple[Row, ...]
    requests: tuple[Row, ...]
    outbox: tuple[Row, ...]
    purchases: tuple[Row, ...]
    deliveries: tuple[Row, ...]
    files: Mapping[str, int]
    """Key and size in bytes of every object under ``outputs/``."""
    read_at: int
    """Unix time of the reading."""
    files_since: int = 0
    """Unix time; files of jobs that ended before it may have been deleted by the bucket's rules."""

    @cached_property
    def ledger(self) -> dict[str, list[Row]]:
        """Entries by user, in the order of their numbers."""
        rows = sorted(self.entries, key=itemgetter("userId", "number"))
        return {user: list(own) for user, own in groupby(rows, key=itemgetter("userId"))}

    @cached_property
    def holds(self) -> dict[str, list[Row]]:
        """Hold entries by job."""
        return _grouped((entry for entry in self.entries if entry["kind"] == "hold"), by="jobId")

    @cached_property
    def refunds(self) -> dict[str, list[Row]]:
        """Refund entries by job."""
        return _grouped((entry for entry in self.entries if entry["kind"] == "refund"), by="jobId")

    @cached_property
    def bought(self) -> dict[str, list[Row]]:
        """Entries of purchases, their revocations and restorations, by purchase, in the order they were written."""
        rows = sorted((entry for entry in self.entries if "purchaseId" in entry), key=itemgetter("number"))
        return _grouped(rows, by="purchaseId")

    @cached_property
    def told(self) -> dict[str, list[Row]]:
        """Deliveries of ends, by job."""
        return _grouped((row for row in self.deliveries if row["type"] in ENDS and "jobId" in row), by="jobId")

    @cached_property
    def settlement(self) -> dict[str, Row]:
        """Settlements by job."""
        return {row["jobId"]: row for row in self.settlements}

    @cached_property
    def job(self) -> dict[str, Row]:
        """Jobs by id."""
        return {row["id"]: row for row in self.jobs}

    def without(self, users: Set[str]) -> Books:
        """The same books but for what the money of some users is made of: their balances, entries and jobs."""

        def left(rows: tuple[Row, ...]) -> tuple[Row, ...]:
            return tuple(row for row in rows if row.get("userId") not in users)

        return replace(self, balances=left(self.balances), entries=left(self.entries), jobs=left(self.jobs))

    def as_of(self, balances: Iterable[Row]) -> Books:
        """Balances of an earlier reading, with the entries that had led to them by then.

        Entries never change, and each balance says how many there are: both fit, however busy its user is.
        """
        rows = {row["userId"]: row for row in balances}
        entries = (entry for entry in self.entries if entry["userId"] in rows)
        until = tuple(entry for entry in entries if entry["number"] <= rows[entry["userId"]]["version"])
        return replace(self, balances=tuple(rows.values()), entries=until)

    def held(self, job_id: str) -> int:
        """Credits taken for the job, 0 for a free draft."""
        return -sum(int(entry["amount"]) for entry in self.holds.get(job_id, ()))

    def counts(self) -> dict[str, int]:
        """How many rows and files were read, for the report."""
        return {name: len(getattr(self, name)) for name in (*TABLES, "files")}


def read(dynamodb: DynamoDBClient, s3: S3Client, environment: Mapping[str, str], *, now: int) -> Books:
    """Scan everything, page by page.

    Args:
        environment: of a function of the stage; it names the tables and the bucket, and the days that files are kept.
        now: Unix time.
    """
    rows = {part: tuple(_scan(dynamodb, environment[name])) for part, name in TABLES.items()}
    files = dict(_list(s3, environment["MEDIA_BUCKET"], "outputs/"))
    files_since = now - int(environment["OUTPUT_RETENTION_DAYS"]) * DAY_SECONDS
    return Books(**rows, files=files, read_at=now, files_since=files_since)


def row(item: Mapping[str, Any]) -> Row:
    """An item in DynamoDB's typed JSON as plain values; stored JSON is read, numbers are whole, long texts left out."""
    plain = {name: _deserializer.deserialize(value) for name, value in item.items() if name != _UNREAD}
    for name, value in plain.items():
        if isinstance(value, Decimal):
            plain[name] = int(value)
        elif name in _JSON_ATTRIBUTES and isinstance(value, str):
            with suppress(ValueError):  # left as it is: whoever checks it will say so
                plain[name] = json.loads(value)
    return plain


def _scan(dynamodb: DynamoDBClient, table: str) -> Iterator[Row]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            yield row(item)


def _list(s3: S3Client, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            yield found["Key"], found["Size"]


def _grouped(entries: Iterable[Row], *, by: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for entry in entries:
        found.setdefault(entry[by], []).append(entry)
    return found
