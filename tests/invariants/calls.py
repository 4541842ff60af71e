"""Every call the studio makes to AWS, counted; one of them may fail in a chosen way.

All clients end in `BaseClient._make_api_call`, pynamodb's too, so nothing gets past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError

Call = Callable[[], Any]
Fault = Callable[[Call, str], Any]
"""Does with one call what it likes; gets the call and the operation's name."""


class Crash(BaseException):
    """The process is gone. Nothing in the product catches this."""


def crash_before(call: Call, operation: str) -> Any:
    raise Crash(f"before {operation}")


def crash_after(call: Call, operation: str) -> Any:
    try:
        call()
    finally:
        raise Crash(f"after {operation}")  # whatever was answered, nobody is there to hear it


def answer_lost(call: Call, operation: str) -> Any:
    """AWS does it, but nobody hears of it, and the SDK has given up retrying."""
    call()
    raise ReadTimeoutError(endpoint_url="https://aws.test")


def sent_twice(call: Call, operation: str) -> Any:
    """AWS does it, the answer is lost, and the SDK sends it again: the second answer is the one we see.

    DynamoDB would recognise the token of a repeated transaction for ten minutes; the emulation does not, which is
    the harder case.
    """
    with suppress(ClientError):
        call()
    return call()


def in_progress(call: Call, operation: str) -> Any:
    """AWS is still at it when the SDK sends it again, and says so; nobody knows yet that it will succeed."""
    call()
    raise ClientError({"Error": {"Code": "TransactionInProgressException", "Message": "injected"}}, operation)


def throttled(call: Call, operation: str) -> Any:
    raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "injected"}}, operation)


def unavailable(call: Call, operation: str) -> Any:
    answer = {"Error": {"Code": "InternalServerError", "Message": "injected"}}
    raise ClientError(answer | {"ResponseMetadata": {"HTTPStatusCode": 500}}, operation)


def silent(call: Call, operation: str) -> Any:
    """Nothing is done and nothing answered, and the SDK has given up retrying."""
    raise ReadTimeoutError(endpoint_url="https://aws.test")


def conflicting(call: Call, operation: str) -> Any:
    """Another transaction holds one of the items."""
    if operation != "TransactWriteItems":
        return throttled(call, operation)
    answer = {
        "Error": {"Code": "TransactionCanceledException", "Message": "injected [TransactionConflict]"},
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
    }
    raise ClientError(answer, operation)


READS = {"GetItem", "BatchGetItem", "Query", "Scan", "HeadObject", "GetObject", "GetSecretValue"}


def changes(operation: str) -> bool:
    """Whether a call may leave something behind; a crash after one that does not is a crash before it."""
    return operation not in READS and not operation.startswith("Stripe get")


@dataclass
class Calls:
    """The counter, and the fault that is armed."""

    made: list[str] = field(default_factory=list)
    """Operations since the last `arm`, in order."""
    fired: bool = False
    _fault: Fault | None = None
    _hits: Callable[[int, str], bool] = lambda number, operation: False
    _suspended: int = 0

    def arm(self, fault: Fault, *, at: int) -> None:
        """Let the call numbered `at`, counted from 1, fail; only that one."""
        self.arm_where(fault, lambda number, operation: number == at)

    def arm_where(self, fault: Fault, hits: Callable[[int, str], bool]) -> None:
        """Let every call fail whose number and operation `hits`."""
        self.made, self.fired, self._fault, self._hits = [], False, fault, hits

    def disarm(self) -> None:
        self.made, self._fault = [], None

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Calls inside are the platform's or the test's own: neither counted nor failed."""
        self._suspended += 1
        try:
            yield
        finally:
            self._suspended -= 1

    def make(self, operation: str, call: Call) -> Any:
        """One call of the product, to AWS or to anybody else."""
        if self._suspended:
            return call()
        self.made.append(operation)
        if self._fault is None or not self._hits(len(self.made), operation):
            return call()
        self.fired = True
        with self.suspended():
            return self._fault(call, operation)


@contextmanager
def counted() -> Iterator[Calls]:
    """Put the counter between the product and AWS."""
    calls, send = Calls(), BaseClient._make_api_call

    def make(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        return calls.make(operation, lambda: send(self, operation, dict(arguments)))  # filled in on its way

    BaseClient._make_api_call = make
    try:
        yield calls
    finally:
        BaseClient._make_api_call = send
