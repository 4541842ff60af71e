"""One submit as one would write it by hand with FastAPI, PyJWT and boto3, for comparison. Runs on Lambda by Mangum."""

from __future__ import annotations

import json
import os
import time
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal

import boto3
import jwt
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

PRICE = 2
QUOTA, WINDOW_SECONDS = 1_000_000, 900
MAX_ACTIVE_JOBS = 1_000_000

app = FastAPI()
_write, _read = TypeSerializer().serialize, TypeDeserializer().deserialize


@cache
def client(service: str) -> Any:
    """A boto3 client for the life of the process."""
    return boto3.client(service)


class Order(BaseModel):
    """The same fields with the same limits as the original."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True)

    prompt: Annotated[str, Field(min_length=1, max_length=10_000)]
    style: Literal["realistic", "artistic", "cinematic", "anime", "3d-render"] = "realistic"
    negative_prompt: Annotated[str, Field(max_length=2_000)] = ""
    width: Annotated[int, Field(ge=512, le=1536, multiple_of=8)] = 1024
    height: Annotated[int, Field(ge=512, le=1536, multiple_of=8)] = 1024
    steps: Annotated[int, Field(ge=1, le=50)] | None = None
    num_images: Annotated[int, Field(ge=1, le=4)] = 1
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class Job(BaseModel):
    """What the customer sees."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: str
    feature: str
    status: str
    input: dict[str, Any]
    credits: dict[str, int]
    created_at: str


def caller(authorization: Annotated[str, Header()] = "") -> str:
    """The user of a token whose session has not ended; counts the request."""
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            os.environ["PEER_PUBLIC_KEY"],
            algorithms=["ES256"],
            audience=os.environ["PEER_AUDIENCE"],
            issuer=os.environ["PEER_ISSUER"],
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    session, user = _get("SESSIONS_TABLE", id=claims["sid"]), _get("USERS_TABLE", id=claims["sub"])
    if not session or not user or user["ver"] != claims["ver"] or session["expiresAt"] < time.time():
        raise HTTPException(401)
    _count(user["id"])
    return str(user["id"])


@app.post("/api/v1/jobs/image-generation", status_code=202)
def submit(order: Order, user_id: Annotated[str, Depends(caller)], response: Response) -> Job:
    """Hold the price, make the job and its message in one transaction, then send both messages."""
    cost = PRICE * order.num_images
    balance = _get("BALANCES_TABLE", userId=user_id)
    if balance["credits"] < cost:
        raise HTTPException(402)
    if balance["active"] >= MAX_ACTIVE_JOBS:
        raise HTTPException(429)
    job_id, now = f"job_{uuid.uuid4().hex[:26]}", datetime.now(UTC).isoformat()
    job = _job(job_id, user_id, order, cost, now)
    message = {"id": f"out_{uuid.uuid4().hex}", "target": "jobs", "body": json.dumps({"jobId": job_id})}
    news = {
        "id": f"out_{uuid.uuid4().hex}",
        "target": "bus",
        "body": json.dumps({"jobId": job_id, "status": "pending"}),
    }
    client("dynamodb").transact_write_items(
        TransactItems=[
            _take(user_id, balance, cost),
            _put("LEDGER_TABLE", _entry(user_id, job_id, balance, cost, now)),
            _put("JOBS_TABLE", job),
            _put("OUTBOX_TABLE", message | {"createdEpoch": int(time.time())}),
            _put("OUTBOX_TABLE", news | {"createdEpoch": int(time.time())}),
        ]
    )
    client("sqs").send_message(QueueUrl=os.environ["JOBS_QUEUE_URL"], MessageBody=message["body"])
    _delete("OUTBOX_TABLE", id=message["id"])
    client("events").put_events(
        Entries=[
            {
                "EventBusName": os.environ["EVENT_BUS_NAME"],
                "Source": "studio.jobs",
                "DetailType": "Job Queued",
                "Detail": news["body"],
            }
        ]
    )
    _delete("OUTBOX_TABLE", id=news["id"])
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return Job(
        id=job_id,
        feature="image-generation",
        status="pending",
        input=json.loads(job["order"]),
        credits={"held": cost, "charged": 0, "refunded": 0},
        created_at=now,
    )


def _job(job_id: str, user_id: str, order: Order, cost: int, now: str) -> dict[str, Any]:
    return {
        "id": job_id,
        "userId": user_id,
        "feature": "image-generation",
        "status": "pending",
        "order": order.model_dump_json(by_alias=True, exclude_none=True),
        "credits": cost,
        "attempt": 0,
        "deadline": int(time.time()) + 3600,
        "openShard": 0,
        "waitsIn": "jobs",
        "createdAt": now,
    }


def _entry(user_id: str, job_id: str, balance: dict[str, Any], cost: int, now: str) -> dict[str, Any]:
    return {
        "userId": user_id,
        "id": f"hold:{job_id}",
        "number": balance["version"] + 1,
        "kind": "hold",
        "amount": -cost,
        "balanceAfter": balance["credits"] - cost,
        "jobId": job_id,
        "createdAt": now,
    }


def _take(user_id: str, balance: dict[str, Any], cost: int) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": os.environ["BALANCES_TABLE"],
            "Key": {"userId": _write(user_id)},
            "UpdateExpression": "SET credits = :after, version = :next ADD held :cost, active :one",
            "ConditionExpression": "version = :seen",
            "ExpressionAttributeValues": {
                ":after": _write(balance["credits"] - cost),
                ":next": _write(balance["version"] + 1),
                ":seen": _write(balance["version"]),
                ":cost": _write(cost),
                ":one": _write(1),
            },
        }
    }


def _put(table: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": os.environ[table],
            "Item": {name: _write(value) for name, value in item.items()},
            "ConditionExpression": "attribute_not_exists(id)",
        }
    }


def _get(table: str, **key: str) -> dict[str, Any]:
    found = client("dynamodb").get_item(
        TableName=os.environ[table], Key={name: _write(value) for name, value in key.items()}, ConsistentRead=True
    )
    return {name: _read(value) for name, value in found.get("Item", {}).items()}


def _delete(table: str, **key: str) -> None:
    client("dynamodb").delete_item(
        TableName=os.environ[table], Key={name: _write(value) for name, value in key.items()}
    )  # fmt: skip


def _count(user_id: str) -> None:
    window = int(time.time()) // WINDOW_SECONDS
    try:
        client("dynamodb").update_item(
            TableName=os.environ["LIMITS_TABLE"],
            Key={"key": _write(f"{user_id}#{window}")},
            UpdateExpression="ADD #used :one SET expiresAt = :expires",
            ConditionExpression="attribute_not_exists(#used) OR #used < :quota",
            ExpressionAttributeNames={"#used": "used"},
            ExpressionAttributeValues={
                ":one": _write(1),
                ":quota": _write(QUOTA),
                ":expires": _write((window + 1) * WINDOW_SECONDS),
            },
        )
    except ClientError as error:
        raise HTTPException(429) from error


handler = Mangum(app, lifespan="off")
