"""Routes about jobs. The submit route of every feature is made from the catalogue."""

import re
from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import paging
from api.caller import caller, request_id
from api.routes.responses import LIST, READ_ONE, WRITE, problems
from api.views import FilesView, FileView, JobView, Page
from studio import catalog, jobs, storage
from studio.errors import JobNotReady, NotFound
from studio.jobs import Status
from studio.storage import StoredFile

router = APIGatewayHttpRouter()

MAX_WAIT_SECONDS = 20  # API Gateway gives up after 29


def _submit_route(kind: type[catalog.Order]) -> Callable[..., Response[JobView]]:
    """The handler of `POST /api/v1/jobs/<feature>`, typed with the feature's own order."""

    def submit(
        order: Annotated[kind, Body()],  # type: ignore[valid-type]  # known only when the catalogue is read
        idempotency_key: Annotated[
            str | None,
            Header(alias="Idempotency-Key", max_length=255, description="A repeat within a day answers alike."),
        ] = None,
        prefer: Annotated[
            str | None, Header(description="`wait=20` (RFC 7240): answer when the job has ended, at most 20 s later.")
        ] = None,
    ) -> Response[JobView]:
        """Validate the order, hold its credits and queue it; all or nothing."""
        submission = jobs.submit(
            caller(router).user_id,
            order,
            key=None if idempotency_key is None else idempotency_key.strip('"'),
            request_id=request_id(router),
        )
        return _accepted(submission, wait_seconds=_wait_seconds(prefer))

    submit.__name__ = f"submit_{kind.feature.replace('-', '_')}"
    return submit


for _kind in catalog.ORDERS.values():
    router.post(
        f"/api/v1/jobs/{_kind.feature}",
        summary=_kind.title,
        description=f"{_kind.summary} {_kind.credits_per_unit} credits per {_kind.unit}.",
        tags=["jobs"],
        status_code=202,
        responses={
            202: {"description": "Accepted; poll `Location`."},
            200: {"description": "With `Prefer: wait`: the job has ended."},
            **problems(401, 402, 429, 503, *WRITE),
        },
    )(_submit_route(_kind))


@router.get(
    "/api/v1/jobs",
    summary="Your jobs",
    tags=["jobs"],
    responses={200: {"description": "A page, newest first."}, **problems(*LIST)},
)
def history(
    limit: Annotated[int, Query(ge=1, le=jobs.MAX_PAGE)] = 20,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before.")] = None,
    status: Annotated[Status | None, Query(description="Only jobs of this status.")] = None,
    feature: Annotated[str | None, Query(description="Only jobs of this feature.")] = None,
) -> Page[JobView]:
    """Jobs newest first."""
    page = jobs.history(
        caller(router).user_id, limit=limit, below=paging.job_id(cursor), status=status, feature=feature
    )  # fmt: skip
    return Page[JobView](
        data=[JobView.of(job) for job in page.jobs],
        has_more=page.next_id is not None,
        next_cursor=paging.cursor(page.next_id),
    )


@router.get(
    "/api/v1/jobs/<job_id>",
    summary="One job",
    tags=["jobs"],
    responses={200: {"description": "The job."}, **problems(*READ_ONE)},
)
def show(job_id: str) -> JobView:
    """The job as it is now."""
    return JobView.of(jobs.get(caller(router).user_id, job_id))


@router.delete(
    "/api/v1/jobs/<job_id>",
    summary="Cancel a job",
    tags=["jobs"],
    responses={200: {"description": "The cancelled job, refunded."}, **problems(409, *READ_ONE)},
)
def cancel(job_id: str) -> JobView:
    """Stop the job and give all its credits back. Cancelling a cancelled job answers the same."""
    return JobView.of(jobs.cancel(caller(router).user_id, job_id))


@router.get(
    "/api/v1/jobs/<job_id>/download",
    summary="Files of a completed job",
    tags=["jobs"],
    responses={
        200: {
            "description": "The files with fresh links.",
            "content": {"application/json": {"model": FilesView}},
        },
        302: {"description": "With `file`: straight to that file."},
        **problems(409, *READ_ONE),
    },
)
def download(
    job_id: str, file: Annotated[str | None, Query(description="Name of one file to be sent to.")] = None
) -> Response[str]:
    """Links that work for a limited time; ask again for new ones."""
    job = jobs.get(caller(router).user_id, job_id)
    if job.status != Status.COMPLETED or job.result is None:
        raise JobNotReady(f"The job is {job.status}.")
    files = [StoredFile.of(stored) for stored in job.result["files"]]
    if file is None:
        links = FilesView(files=[_file_view(stored) for stored in files])
        return Response(200, "application/json", links.model_dump_json(by_alias=True))
    wanted = next((stored for stored in files if stored.name == file), None)
    if wanted is None:
        raise NotFound(f"The job has no file {file!r}.")
    return Response(302, body="", headers={"Location": storage.download_url(wanted).url})


def _wait_seconds(prefer: str | None) -> int:
    """The seconds of `Prefer: wait=n`, capped; other preferences are ignored, as RFC 7240 asks."""
    wanted = re.search(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])", prefer or "")
    return min(int(wanted[1]), MAX_WAIT_SECONDS) if wanted else 0


def _accepted(submission: jobs.Submission, *, wait_seconds: int) -> Response[JobView]:
    headers: dict[str, str | list[str]] = {"Location": f"/api/v1/jobs/{submission.job.id}", "Retry-After": "1"}
    if submission.replayed:
        headers["Idempotency-Replayed"] = "true"
    job = submission.job
    if wait_seconds:
        headers["Preference-Applied"] = f"wait={wait_seconds}"
        job = jobs.ended_within(job, wait_seconds)
    ended = Status(job.status).ended
    return Response(200 if ended else 202, "application/json", JobView.of(job), headers=headers)


def _file_view(stored: StoredFile) -> FileView:
    link = storage.download_url(stored)
    return FileView(
        name=stored.name,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        url=link.url,
        url_expires_at=link.expires_at,
    )
