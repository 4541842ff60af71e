"""The same order once more, with whatever is to be different."""

from __future__ import annotations

from typing import Any

from studio import catalog, jobs, storage
from studio.catalog import Order
from studio.errors import Expired
from studio.jobs import Submission
from studio.requests import Asked
from studio.tables import JobRow


def rerun(
    user_id: str,
    job_id: str,
    changes: dict[str, Any],
    *,
    key: str | None = None,
    cancel_after: str | None = None,
    request_id: str | None = None,
) -> Submission:
    """Submit the order of a job again; it is checked and charged like any other, at today's price.

    Args:
        changes: fields of the order that are to be different; null takes a field out.
    Raises:
        NotFound: no such job of this user.
        Expired: the job, or a picture it was made from, is no longer kept.
        Everything that `jobs.submit` raises.
    """
    # Before the first job is looked at: a repeat has its answer also when that is gone by now.
    asked = None if key is None else Asked.of(user_id, key, "rerun", job_id, changes, cancel_after)
    if asked and (earlier := jobs.submitted_before(asked)):
        return earlier
    job = jobs.get(user_id, job_id)
    wanted = job.order | {"priority": job.priority} | changes
    order = catalog.parse(job.feature, {name: value for name, value in wanted.items() if value is not None})
    _require_pictures(job, order)
    return jobs.submit(user_id, order, asked=asked, cancel_after=cancel_after, request_id=request_id)


def _require_pictures(job: JobRow, order: Order) -> None:
    """Pictures that the first job had may have been deleted since; new ones are checked by the submit."""
    gone = [
        pointer
        for pointer, upload_id in order.pictures()
        if upload_id == job.order.get(pointer[1:]) and not storage.exists(storage.input_key(job.user_id, upload_id))
    ]
    if gone:
        raise Expired(f"The uploads of {' and '.join(gone)} are no longer kept; upload them again and name their ids.")
