"""Why a job cannot be done, in words its customer understands."""

from __future__ import annotations


class JobFailed(Exception):
    """The job cannot succeed, on this machine or any other; it is refunded and its customer told `message`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class WorkerStopping(Exception):
    """This worker is going away; the job goes back to the queue for another one."""
