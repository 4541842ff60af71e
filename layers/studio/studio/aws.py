"""AWS clients, made once per process and service. `AWS_ENDPOINT_URL` is the only switch between laptop and cloud."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_polly import PollyClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

# With one retry, a stalled service must not outlive the 29 s that API Gateway waits for an answer.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
POLL_READ_TIMEOUT_SECONDS = 25  # above the 20 s of SQS long polling
INVOKE_READ_TIMEOUT_SECONDS = 12  # two of them, for the two pictures of an order, fit into 29 s
SPEECH_READ_TIMEOUT_SECONDS = 10  # a long text takes Polly a while to begin

_clients: dict[tuple[str, int, str | None], Any] = {}
_lock = threading.Lock()  # boto3 sessions are not safe to use from several threads while creating clients


@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["events"]) -> EventBridgeClient: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
@overload
def client(service: Literal["sesv2"]) -> SESV2Client: ...
def client(service: str) -> Any:
    """The process-wide boto3 client of `service`."""
    return _client(service, READ_TIMEOUT_SECONDS)


def polling_sqs() -> SQSClient:
    """An SQS client with the patience for long polls."""
    sqs: SQSClient = _client("sqs", POLL_READ_TIMEOUT_SECONDS)
    return sqs


def functions() -> LambdaClient:
    """A client that invokes functions once and waits for them."""
    lambdas: LambdaClient = _client("lambda", INVOKE_READ_TIMEOUT_SECONDS, attempts=1)
    return lambdas


def polly() -> PollyClient:
    """A Polly client with the patience for long texts."""
    voices: PollyClient = _client("polly", SPEECH_READ_TIMEOUT_SECONDS)
    return voices


def connections(url: str) -> ApiGatewayManagementApiClient:
    """A client for the connections of a WebSocket API; `url` is the API's own, there is none for all."""
    made: ApiGatewayManagementApiClient = _client("apigatewaymanagementapi", READ_TIMEOUT_SECONDS, url)
    return made


def secret_version(secret_id: str, stage: str) -> str | None:
    """A secret's value at a stage such as AWSPREVIOUS; None when it has none there, as before its first rotation."""
    secrets = client("secretsmanager")
    try:
        return secrets.get_secret_value(SecretId=secret_id, VersionStage=stage)["SecretString"]
    except secrets.exceptions.ResourceNotFoundException:
        return None


def _client(service: str, read_timeout_seconds: int, endpoint_url: str | None = None, *, attempts: int = 2) -> Any:
    known = (service, read_timeout_seconds, endpoint_url)
    with _lock:
        if known not in _clients:
            import boto3
            from botocore.config import Config

            make: Any = boto3.client  # typed per service; here the name is only known at run time
            _clients[known] = make(
                service,
                endpoint_url=endpoint_url,
                config=Config(
                    signature_version="s3v4" if service == "s3" else None,
                    # Links must name the bucket's own region: the global host redirects, which breaks a signature, and
                    # the page's policy does not know it. In us-east-1 boto3 takes the global one unless told.
                    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=read_timeout_seconds,
                    retries={"mode": "standard", "total_max_attempts": attempts},
                ),
            )
        return _clients[known]
