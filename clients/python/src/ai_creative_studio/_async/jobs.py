"""Jobs: order, follow, fetch."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from ai_creative_studio import _following, models
from ai_creative_studio._async import files
from ai_creative_studio._async.api import AsyncApi
from ai_creative_studio._async.orders import AsyncOrders
from ai_creative_studio._following import LIVE_PACE, PATIENT_PACE, Pace
from ai_creative_studio._reading import camel, read
from ai_creative_studio.errors import JobCancelled, JobEnded, JobFailed, NotFound, RateLimited, WaitTimeout

Progress = Callable[["AsyncJob"], None]
Paths = list[Path]
Files = list[models.File]


@dataclass(frozen=True, kw_only=True)
class AsyncJob(models.JobSnapshot):
    """A job as it was at one moment. It never changes: `refresh` and `wait` return a newer one."""

    jobs: AsyncJobs = field(repr=False, compare=False)

    @property
    def ended(self) -> bool:
        """Whether it is completed, failed or cancelled, which is final."""
        return self.status in _following.ENDED

    async def refresh(self) -> AsyncJob:
        """The job as it is now."""
        return await self.jobs.get(self.id)

    async def wait(
        self, timeout: float | None = None, on_progress: Progress | None = None, *, check: bool = True
    ) -> AsyncJob:
        """The job once it has ended; see `AsyncJobs.wait`."""
        return await self.jobs.wait(self.id, timeout, on_progress, check=check)

    async def download(self, to: str | Path = ".", *, names: Iterable[str] | None = None) -> Paths:
        """Fetch its files; see `AsyncJobs.download`."""
        return await self.jobs.download(self.id, to, names=names)

    async def cancel(self) -> AsyncJob:
        """End and refund it; see `AsyncJobs.cancel`."""
        return await self.jobs.cancel(self.id)


class AsyncJobs(AsyncOrders):
    """`studio.jobs`. Everything but `submit` takes an id, so another process can go on with a job."""

    def __init__(self, api: AsyncApi) -> None:
        self._api = api

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # `dataclasses.asdict(job)` copies what a job holds, and connections cannot be

    async def submit_any(
        self,
        feature: str,
        order: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        cancel_after: str | float | None = None,
    ) -> AsyncJob:
        """Order anything, also what this version of the client has not heard of.

        Args:
            feature: of `studio.features()`, such as ``image-generation``.
            order: its options, in snake_case or as the API spells them. Pictures are ids of uploads, https:// URLs, or
                paths and bytes, which are uploaded first.
            idempotency_key: your own, so that a repeat by another process is not a second order. Without it each call
                has a new one, which its retries share.
            cancel_after: seconds, or ``5m``: end and refund the job if it has not ended by then.

        Raises:
            InsufficientCredits, InvalidOrder, RateLimited: nothing was charged.
            Unreachable: it is not known whether it was taken; repeat it with the error's `idempotency_key`.
        """
        body = await self._body(order)
        headers = {} if cancel_after is None else {"Cancel-After": _following.duration(cancel_after)}
        key = idempotency_key or str(uuid.uuid4())
        return self._job(await self._api.json("POST", f"/api/v1/jobs/{feature}", body=body, headers=headers, key=key))

    async def quote_any(self, feature: str, order: Mapping[str, Any]) -> models.Quote:
        """What an order would cost; see `submit_any`. Nothing is charged or queued."""
        body, key = await self._body(order), str(uuid.uuid4())
        call = self._api.json("POST", f"/api/v1/jobs/{feature}", body=body, parameters={"dryRun": "true"}, key=key)
        return read(models.Quote, await call)

    async def get(self, job_id: str) -> AsyncJob:
        """The job as it is now."""
        return self._job(await self._api.json("GET", _path(job_id)))

    async def list(
        self,
        *,
        status: models.Status | None = None,
        feature: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        page_size: int = 50,
    ) -> AsyncIterator[AsyncJob]:
        """Your jobs, newest first; pages are fetched as you go."""
        parameters = {
            "status": status,
            "feature": feature,
            "createdAfter": created_after.isoformat() if created_after else None,
            "createdBefore": created_before.isoformat() if created_before else None,
            "limit": page_size,
        }
        async for job in self._api.raw_pages("/api/v1/jobs", **parameters):
            yield self._job(job)

    async def wait(
        self, job_id: str, timeout: float | None = None, on_progress: Progress | None = None, *, check: bool = True
    ) -> AsyncJob:
        """The job once it has ended. Nothing is lost when this is interrupted: call it again with the id.

        Args:
            timeout: seconds; None waits as long as it takes, which the job's own deadline bounds.
            on_progress: called with the job whenever it has changed.
            check: raise if it did not complete.

        Raises:
            WaitTimeout: it has not ended in time, and goes on.
            JobFailed, JobCancelled: it ended without a result; unless `check` is False.
        """
        pace = LIVE_PACE if on_progress else PATIENT_PACE
        async for job in self._follow(job_id, pace, timeout):
            if on_progress:
                on_progress(job)
        if check and job.status != "completed":
            raise (JobCancelled if job.status == "cancelled" else JobFailed)(job)
        return job

    async def stream(self, job_id: str, timeout: float | None = None) -> AsyncIterator[AsyncJob]:
        """The job now, and again whenever it has changed, until it has ended.

        Raises:
            WaitTimeout: it has not ended within so many seconds, and goes on.
        """
        async for job in self._follow(job_id, LIVE_PACE, timeout):
            yield job

    async def cancel(self, job_id: str) -> AsyncJob:
        """End a job that has not ended and give its credits back; cancelling twice is fine.

        Raises:
            JobEnded: too late, it has completed or failed.
        """
        job = await self.get(job_id)
        if job.status == "cancelled":
            return job
        if job.ended:  # the same request would now delete it
            message = f"{job_id} is {job.status}; it cannot be cancelled any more"
            raise JobEnded(409, "job_ended", message)
        return self._job(await self._api.json("DELETE", _path(job_id)))

    async def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with its files. The ledger stays.

        Raises:
            JobEnded: it has ended within the last half minute; try again then.
            Conflict: it has not ended; `cancel` it first.
        """
        job = await self.get(job_id)
        if not job.ended:  # the same request would now cancel it
            raise _following.still_going(job)
        with suppress(NotFound):  # by an attempt whose answer was lost
            await self._api.call("DELETE", _path(job_id))

    async def rerun(
        self,
        job_id: str,
        *,
        idempotency_key: str | None = None,
        cancel_after: str | float | None = None,
        **changes: Any,
    ) -> AsyncJob:
        """Order the same once more, with `changes` of single options; None takes one out."""
        headers = {} if cancel_after is None else {"Cancel-After": _following.duration(cancel_after)}
        key = idempotency_key or str(uuid.uuid4())
        body = {camel(name): value for name, value in changes.items()}
        return self._job(
            await self._api.json("POST", _path(job_id) + "/rerun", body=body, headers=headers, key=key)
        )  # fmt: skip

    async def files(self, job_id: str) -> Files:
        """The files of a completed job, with links that work for a limited time."""
        return await files.links(self._api, job_id)

    async def download(self, job_id: str, to: str | Path = ".", *, names: Iterable[str] | None = None) -> Paths:
        """Fetch the files of a completed job, or those called `names`, into the folder `to`; returns their paths.

        A file appears under its name once it is whole and replaces what had that name. After an interruption the next
        call goes on where this one stopped.

        Raises:
            JobNotReady: it has not completed.
            DownloadFailed: a file could not be fetched.
        """
        return await files.download(self._api, job_id, Path(to), names)

    async def _follow(self, job_id: str, pace: Pace, timeout: float | None) -> AsyncIterator[AsyncJob]:
        """Snapshots from asking again and again; each request is held by the server until the job ends."""
        clock = self._api.clock
        until = clock.now() + (float("inf") if timeout is None else timeout)
        hold, last = pace.first_seconds, None
        while True:
            asked = clock.now()
            held = int(max(0.0, min(hold, until - asked)))
            try:
                job = self._job(await self._api.json("GET", _path(job_id), headers=_following.prefer(held)))
            except RateLimited as refusal:
                rest = refusal.retry_after or pace.longest_seconds
            else:
                news = last is None or _following.differs(last, job)
                if news:
                    last = job
                    yield job
                if job.ended:
                    return
                rest = min(hold - (clock.now() - asked), _following.MAX_REST_SECONDS)  # if it was answered early
                hold = pace.next_seconds(hold, news=news)
            left = until - clock.now()
            if left <= 0:
                raise WaitTimeout(job_id, timeout or 0, last)
            if rest > 0:
                await clock.sleep(min(rest, left))

    async def _body(self, order: Mapping[str, Any]) -> dict[str, Any]:
        body = {camel(name): value for name, value in order.items() if value is not None}
        for name, value in body.items():
            if isinstance(value, Path | bytes):
                body[name] = await files.upload(self._api, value)
        return body

    def _job(self, answer: Any) -> AsyncJob:
        return read(AsyncJob, answer, jobs=self)

    async def _submit(self, feature: str, order: dict[str, Any]) -> AsyncJob:
        key, cancel_after = order.pop("idempotency_key", None), order.pop("cancel_after", None)
        return await self.submit_any(feature, order, idempotency_key=key, cancel_after=cancel_after)

    async def _quote(self, feature: str, order: dict[str, Any]) -> models.Quote:
        return await self.quote_any(feature, order)


def _path(job_id: str) -> str:
    return f"/api/v1/jobs/{_following.segment(job_id)}"
