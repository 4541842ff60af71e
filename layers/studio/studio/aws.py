"""AWS clients, made once per process and service. `AWS_ENDPOINT_URL` is the only switch between laptop and cloud."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# A stalled connection must not outlive the 29 s that API Gateway waits for an answer.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 25  # above SQS long polling (20 s)

_clients: dict[str, Any] = {}
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
    with _lock:
        if service not in _clients:
            import boto3
            from botocore.config import Config

            make: Any = boto3.client  # typed per service; here the name is only known at run time
            _clients[service] = make(
                service,
                config=Config(
                    signature_version="s3v4" if service == "s3" else None,
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=READ_TIMEOUT_SECONDS,
                    retries={"mode": "standard", "max_attempts": 4},
                ),
            )
        return _clients[service]
