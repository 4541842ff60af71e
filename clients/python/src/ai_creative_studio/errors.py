"""Everything that can go wrong, as one tree under `StudioError`. Errors of the API carry its problem document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ai_creative_studio.models import JobSnapshot


class StudioError(Exception):
    """Root of the tree."""


class Unreachable(StudioError):
    """The studio did not answer, although it was asked as often as is right.

    A submit that ends so may have been taken. Repeat it with `idempotency_key`, or look into `jobs.list()`.
    """

    def __init__(self, message: str, *, idempotency_key: str | None = None) -> None:
        super().__init__(message)
        self.idempotency_key = idempotency_key


class UnreadableAnswer(StudioError):
    """What came back is not of this API; is the address right?"""


class UploadFailed(StudioError):
    """A file could not be sent to where uploads go."""


class NotAPicture(UploadFailed, ValueError):
    """The file is no JPEG, PNG or WebP."""


class DownloadFailed(StudioError):
    """A file could not be fetched. What arrived is kept, and the next download goes on from there."""


class BadSignature(StudioError):
    """A callback that the studio did not send, or not within the last minutes. Answer it with 400."""


class WaitTimeout(StudioError, TimeoutError):
    """The job had not ended in time. It goes on; `jobs.wait(error.job.id)` takes up the waiting."""

    def __init__(self, job_id: str, seconds: float, job: JobSnapshot | None) -> None:
        super().__init__(f"{job_id} is {job.status if job else 'still going'} after {seconds:g} seconds")
        self.job_id = job_id
        self.job = job


class JobNotCompleted(StudioError):
    """The job ended without a result; its credits went back."""

    def __init__(self, job: JobSnapshot) -> None:
        why = f": {job.error.message} ({job.error.code})" if job.error else ""
        super().__init__(f"{job.id} {'was cancelled' if job.status == 'cancelled' else job.status}{why}")
        self.job = job
        self.code = job.error.code if job.error else None


class JobFailed(JobNotCompleted):
    """The job could not be done."""


class JobCancelled(JobNotCompleted):
    """Somebody, or the time that was given, ended the job."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: a JSON pointer, or ``?name`` of a parameter, and what would be right."""

    pointer: str
    detail: str


class ApiError(StudioError):
    """The API refused. Decide on the class or on `code`, show `detail`, and tell support the `request_id`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        request_id: str | None = None,
        problem: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{detail} ({status} {code}, request {request_id or 'unknown'})")
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.problem = dict(problem or {})
        self.retry_after = retry_after


class BadRequest(ApiError):
    """The request could not be read: 400, 413 or 415."""


class NotAuthenticated(ApiError):
    """No token, or one that no longer works."""


class WrongCredentials(NotAuthenticated):
    """E-mail and password do not belong together."""


class InsufficientCredits(ApiError):
    """The balance does not cover the price; nothing was charged."""

    @property
    def required(self) -> int | None:
        """Credits that the order costs."""
        return self.problem.get("required")

    @property
    def balance(self) -> int | None:
        """Credits that are there."""
        return self.problem.get("balance")


class Forbidden(ApiError):
    """Whoever asks may not do this."""


class MissingScope(Forbidden):
    """The API key may not do this."""


class WrongPassword(Forbidden):
    """A change that needs the password came with another one."""


class NotFound(ApiError):
    """No such thing, or it belongs to somebody else."""


class Expired(NotFound):
    """It was there, and is no longer kept."""


class Conflict(ApiError):
    """Not possible in the present state."""


class EmailTaken(Conflict):
    """The address is registered already."""


class JobEnded(Conflict):
    """The job has ended, so it cannot be changed any more."""


class JobNotReady(Conflict):
    """The job has no files (yet)."""


class InvalidOrder(ApiError):
    """Some values are not allowed; `faults` says which and what would be right."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """One per field."""
        found = self.problem.get("errors") or ()
        return tuple(Fault(str(each.get("pointer", "")), str(each.get("detail", ""))) for each in found)


class KeyReused(ApiError):
    """The idempotency key was used before for another order."""


class RateLimited(ApiError):
    """A quota is used up; in `retry_after` seconds there is more."""


class TooManyActiveJobs(RateLimited):
    """As many jobs wait or run as there may be."""


class ServerError(ApiError):
    """The studio failed. After `busy` or `unavailable` nothing was changed; after `unanswered` nobody knows."""


_BY_CODE: dict[str, type[ApiError]] = {
    "wrong_credentials": WrongCredentials,
    "missing_scope": MissingScope,
    "wrong_password": WrongPassword,
    "email_taken": EmailTaken,
    "job_ended": JobEnded,
    "job_not_ready": JobNotReady,
    "idempotency_key_reuse": KeyReused,
    "too_many_active_jobs": TooManyActiveJobs,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: NotAuthenticated,
    402: InsufficientCredits,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    413: BadRequest,
    415: BadRequest,
    422: InvalidOrder,
    429: RateLimited,
}


def kind(status: int, code: str) -> type[ApiError]:
    """The class for a problem: by its code, or by its status where the code is new."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
