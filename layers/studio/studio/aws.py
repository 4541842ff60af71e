"""AWS clients, made once per process and service. `AWS_ENDPOINT_URL` is the only switch between laptop and cloud."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# With one retry, a stalled service must not outlive the 29 s that API Gateway waits for an answer.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
POLL_READ_TIMEOUT_SECONDS = 25  # above the 20 s of SQS long polling

_clients: dict[tuple[str, int], Any] = {}
_lock = threading.Lock()  # boto3 sessions are not safe to use from several threads while creating clients


@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["events"]) -> EventBridgeClient: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
def client(service: str) -> Any:
    """The process-wide boto3 client of `service`."""
    return _client(service, READ_TIMEOUT_SECONDS)


def polling_sqs() -> SQSClient:
    """An SQS client with the patience for long polls."""
    sqs: SQSClient = _client("sqs", POLL_READ_TIMEOUT_SECONDS)
    return sqs


def _client(service: str, read_timeout_seconds: int) -> Any:
    with _lock:
        if (service, read_timeout_seconds) not in _clients:
            import boto3
            from botocore.config import Config

            make: Any = boto3.client  # typed per service; here the name is only known at run time
            _clients[service, read_timeout_seconds] = make(
                service,
                config=Config(
                    signature_version="s3v4" if service == "s3" else None,
                    # Links must name the bucket's own region: the global host redirects, which breaks a signature.
                    s3={"addressing_style": "virtual"},
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=read_timeout_seconds,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        return _clients[service, read_timeout_seconds]
