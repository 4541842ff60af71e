"""Errors that say that AWS does not answer now, and nothing about what it was asked."""

from __future__ import annotations

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, IncompleteReadError
from pynamodb.exceptions import PynamoDBException

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "SlowDown", "Throttling",
        "ThrottlingException", "TooManyRequestsException", "TransactionConflictException",
        "ProvisionedThroughputExceeded", "ThrottlingError",  # as reasons of a cancelled transaction
    }
)  # fmt: skip
"""Codes with which services refuse what comes too fast."""


def is_outage(error: BaseException) -> bool:
    """Whether the service was not reached, fell silent, failed or had too much to do; the same call may go well later.

    What was asked may have been done all the same: a lost answer looks like a lost question.
    """
    cause = error.cause if isinstance(error, PynamoDBException) else error
    if isinstance(cause, ClientError):
        told = cause.__cause__ if isinstance(cause.__cause__, ClientError) else cause  # pynamodb drops the status
        status = told.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or told.response.get("Error", {}).get("Code") in THROTTLED
    return isinstance(cause, ConnectionError | HTTPClientError | IncompleteReadError)
