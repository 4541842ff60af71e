"""Everything that can go wrong for a caller, as one tree. Each error carries its HTTP status and stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Self

MAX_FAULTS = 20  # named in one answer: a body of thousands of unknown fields gets no answer larger than itself


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request body: a JSON pointer and what would be right."""

    pointer: str
    detail: str


def first(faults: Iterable[Fault], count: int) -> tuple[Fault, ...]:
    """The first `MAX_FAULTS` of `count`, and one more that says how many others there are."""
    shown = tuple(islice(faults, MAX_FAULTS))
    others = count - len(shown)
    return (*shown, Fault("", f"has {others:,} more faults")) if others else shown


class StudioError(Exception):
    """Root of the tree. `detail` is written for the customer; it never holds internals."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str = "", *, faults: tuple[Fault, ...] = (), **extra: int | str) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = faults
        self.extra = extra


class MalformedRequest(StudioError):
    """The request cannot be read at all."""

    status, code, title = 400, "malformed_request", "The request could not be read"


class BadSignature(StudioError):
    """A webhook that its sender did not sign, or not within the last minutes."""

    status, code, title = 400, "bad_signature", "The signature is not valid"


class NotAuthenticated(StudioError):
    """No token, or one that is expired, revoked or not ours."""

    status, code, title = 401, "unauthorized", "Sign in first"


class WrongCredentials(StudioError):
    """E-mail and password do not belong together; which of the two is not said."""

    status, code, title = 401, "wrong_credentials", "E-mail or password is wrong"


class InsufficientCredits(StudioError):
    """The balance does not cover the order."""

    status, code, title = 402, "insufficient_credits", "Not enough credits"


class WrongPassword(StudioError):
    """A change that needs the password came with another one."""

    status, code, title = 403, "wrong_password", "This is not your password"


class MissingScope(StudioError):
    """The API key may not do this."""

    status, code, title = 403, "missing_scope", "This API key may not do this"


class NotFound(StudioError):
    """Nothing under this address, or it belongs to somebody else."""

    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(StudioError):
    """There is something at this address, but for the methods in `allow`."""

    status, code, title = 405, "method_not_allowed", "This address takes other methods"


class Expired(StudioError):
    """The job, or a picture it was made from, is no longer kept."""

    status, code, title = 410, "expired", "No longer kept"


class EmailTaken(StudioError):
    """An account with this address exists."""

    status, code, title = 409, "email_taken", "This e-mail address is already registered; sign in instead"


class JobEnded(StudioError):
    """The job has already ended, so it cannot be changed any more."""

    status, code, title = 409, "job_ended", "The job has already ended"


class JobNotReady(StudioError):
    """The job has no files (yet)."""

    status, code, title = 409, "job_not_ready", "The job has no files to download"


class TooManyEndpoints(StudioError):
    """The user has as many endpoints for callbacks as there may be."""

    status, code, title = 409, "too_many_endpoints", "Delete an endpoint first"


class EndpointDisabled(StudioError):
    """The endpoint is disabled or deleted, so nothing can be sent to it."""

    status, code, title = 409, "endpoint_disabled", "The endpoint is disabled"


class TooManyKeys(StudioError):
    """The user has as many API keys as there may be."""

    status, code, title = 409, "too_many_keys", "Delete an API key first"


class CheckoutExpired(StudioError):
    """The purchase can no longer be paid for."""

    status, code, title = 409, "checkout_expired", "This checkout has expired; start another one"


class TooLarge(StudioError):
    """The body is bigger than the route takes."""

    status, code, title = 413, "body_too_large", "The request body is too large"


class UnsupportedContentType(StudioError):
    """The body is not JSON."""

    status, code, title = 415, "unsupported_content_type", "Send the body as application/json"


class InvalidOrder(StudioError):
    """The body or a parameter is well formed but outside the allowed values."""

    status, code, title = 422, "invalid_request", "Some values are not allowed"

    def __init__(self, detail: str = "", *, faults: tuple[Fault, ...] = (), **extra: int | str) -> None:
        said = "; ".join(f"{fault.pointer or 'the body'} {fault.detail}" for fault in faults)
        super().__init__(detail or said, faults=faults, **extra)

    @classmethod
    def naming(cls, faults: Iterable[Fault]) -> Self:
        """One for several faults."""
        return cls(faults=tuple(faults))


class BadPicture(InvalidOrder):
    """An uploaded file is not a picture we take; `detail` completes the sentence "this file …"."""


class KeyReused(StudioError):
    """The Idempotency-Key was used before with a different body."""

    status, code, title = (
        422,
        "idempotency_key_reuse",
        "This Idempotency-Key was used with another request; take a new one",
    )


class TooManyRequests(StudioError):
    """A quota of the user is used up; `retryAfter` seconds help."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class TooManyActiveJobs(StudioError):
    """The user has as many paid jobs waiting or running as there may be."""

    status, code, title = 429, "too_many_active_jobs", "Too many jobs at once"


class TooManyConnections(StudioError):
    """The user has as many connections for live updates as there may be."""

    status, code, title = 429, "too_many_connections", "Close a connection first"


class Busy(StudioError):
    """Too many writers at once; nothing was changed and trying again is safe."""

    status, code, title = 503, "busy", "Busy, please try again"


class Unavailable(StudioError):
    """A service that we need does not answer; nothing was changed, and trying again is safe."""

    status, code, title = 503, "unavailable", "A part of the studio does not answer right now, please try again"


class Unanswered(StudioError):
    """A service that we need stopped answering in the middle of a change; whether it was made is not known."""

    status, code, title = 504, "unanswered", "A part of the studio stopped answering, so this may or may not be done"


class PaymentsUnavailable(StudioError):
    """The payment provider does not answer, or refuses; nothing was charged, and trying again is safe."""

    status, code, title = 503, "payments_unavailable", "Payments are not available right now, please try again"


class RunPodUnavailable(StudioError):
    """RunPod does not answer, has no room, or answers nonsense; trying again later is right."""

    status, code, title = 503, "gpu_unavailable", "The machines cannot be reached right now"


# The rest never reach a customer: they steer the code between two writers.


class Conflict(StudioError):
    """Another transaction touched the same item first; run the whole step again."""


class AlreadyExists(StudioError):
    """The unique row of this step is there: the step was done before."""


class LeaseLost(StudioError):
    """The job was cancelled, ended, or taken over by a later attempt: stop working on it."""


class LeaseHeld(StudioError):
    """Another worker is busy with the job."""


class Duplicate(StudioError):
    """This message is not the one that the job is being worked on for."""


class DeliveryFailed(StudioError):
    """A message or event was not accepted by its target; the outbox row stays for the sweeper."""
