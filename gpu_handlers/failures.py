"""Why a job cannot be done, in words its customer understands, and whether another try can help."""

from __future__ import annotations

import errno

from botocore.exceptions import ConnectionError as AwsConnectionError
from botocore.exceptions import HTTPClientError


class JobFailed(Exception):
    """An attempt came to nothing.

    A final one cannot succeed on this machine or any other: the job is refunded and its customer told `message`. A
    retryable one is tried again a few times before that; with `elsewhere` other machines come first.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.elsewhere = elsewhere


class WorkerStopping(Exception):
    """This worker is going away; the job goes back to the queue for another one."""


def judged(error: Exception) -> JobFailed:
    """The failure behind any exception of an attempt. What nobody has foreseen may be bad luck, and is tried again."""
    if isinstance(error, JobFailed):
        return error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _passing("disk_full", "Our machines had no room left for the files of this job.", elsewhere=True)
    if _out_of_memory(error):
        return _passing("out_of_memory", "This job needs more memory than our machines had.", elsewhere=True)
    if isinstance(error, AwsConnectionError | HTTPClientError | ConnectionError | TimeoutError):
        return _passing("network", "Our machines could not reach our storage.")
    return _passing("internal", "Something went wrong on our side.")


def _passing(code: str, what: str, *, elsewhere: bool = False) -> JobFailed:
    message = f"{what} We tried several times. Your credits have been returned."
    return JobFailed(code, message, retryable=True, elsewhere=elsewhere)


def _out_of_memory(error: Exception) -> bool:
    """Engines know better what their library means by it; here nothing of theirs is loaded, so names must do."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
