"""Routes about jobs. The submit route of every feature is made from the catalogue."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import paging
from api.views import FilesView, FileView, Page, QuoteView
from edge.caller import caller, request_id, seconds_here
from edge.job_views import JobView
from edge.responses import LIST, READ_ONE, WRITE, problems
from studio import catalog, deadlines, histories, jobs, patience, reruns, retention, storage, waiting
from studio.errors import JobNotReady, NotFound
from studio.jobs import Status
from studio.patience import Waited

router = APIGatewayHttpRouter()

MAX_WAIT_SECONDS = 20  # API Gateway gives up after 29

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", max_length=255, description="A repeat within a day answers alike.")
]
CancelAfter = Annotated[
    str | None,
    Header(
        alias="Cancel-After",
        max_length=20,
        json_schema_extra={"pattern": "^[0-9]{1,6}[smh]$"},
        description="`90s`, `5m`, `1h`: cancel and refund the job if it has not ended by then. From 5 s to the "
        "feature's own deadline.",
    ),
]
Prefer = Annotated[
    str | None, Header(description="`wait=20` (RFC 7240): answer when the job has ended, at most 20 s later.")
]
_TIME: dict[str, Any] = {"format": "date-time"}
SUBMIT_RESPONSES: dict[int, Any] = {
    202: {"description": "Accepted; poll `Location`."},
    200: {"description": "With `Prefer: wait`: the job has ended. With `dryRun`: what it would cost."},
    **problems(401, 402, 410, 429, 503, *WRITE),
}


def _submit_route(kind: type[catalog.Order]) -> Callable[..., Response[JobView | QuoteView]]:
    """The handler of `POST /api/v1/jobs/<feature>`, typed with the feature's own order."""

    def submit(
        order: Annotated[kind, Body()],  # type: ignore[valid-type]  # known only when the catalogue is read
        idempotency_key: IdempotencyKey = None,
        cancel_after: CancelAfter = None,
        prefer: Prefer = None,
        dry_run: Annotated[
            Literal["true", "false"],
            Query(alias="dryRun", description="`true`: only check the order and say what it costs."),
        ] = "false",
    ) -> Response[JobView | QuoteView]:
        """Validate the order, hold its credits and queue it; all or nothing."""
        if dry_run == "true":
            deadlines.seconds(cancel_after, order)
            quote = jobs.quote(caller(router).user_id, order)
            return Response(200, "application/json", QuoteView.of(order, quote))
        submission = jobs.submit(
            caller(router).user_id,
            order,
            key=_key(idempotency_key),
            cancel_after=cancel_after,
            request_id=request_id(router),
        )
        return _accepted(submission, prefer)

    submit.__name__ = f"submit_{kind.feature.replace('-', '_')}"
    return submit


for _kind in catalog.ORDERS.values():
    router.post(
        f"/api/v1/jobs/{_kind.feature}",
        summary=_kind.title,
        description=f"{_kind.summary} {_kind.credits_per_unit} credits per {_kind.unit}.",
        tags=["jobs"],
        status_code=202,
        responses=SUBMIT_RESPONSES,
    )(_submit_route(_kind))


@router.get(
    "/api/v1/jobs",
    summary="Your jobs",
    tags=["jobs"],
    responses={
        200: {
            "description": "A page, newest first. With filters it may have few jobs or none while `hasMore` is true."
        },
        **problems(*LIST),
    },
)
def history(
    limit: Annotated[int, Query(ge=1, le=histories.MAX_PAGE)] = 20,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before.")] = None,
    status: Annotated[Status | None, Query(description="Only jobs of this status.")] = None,
    feature: Annotated[str | None, Query(description="Only jobs of this feature.")] = None,
    created_after: Annotated[
        str | None, Query(alias="createdAfter", json_schema_extra=_TIME, description="Only jobs created then or later.")
    ] = None,
    created_before: Annotated[
        str | None, Query(alias="createdBefore", json_schema_extra=_TIME, description="Only jobs created earlier.")
    ] = None,
) -> Page[JobView]:
    """Jobs newest first."""
    wanted = histories.Filter(
        status=status,
        feature=feature,
        created_after=paging.moment(created_after, "createdAfter"),
        created_before=paging.moment(created_before, "createdBefore"),
    )
    page = histories.page(caller(router).user_id, limit=limit, below=paging.job_id(cursor), wanted=wanted)
    return Page[JobView](
        data=[JobView.of(job) for job in page.jobs],
        has_more=page.next_id is not None,
        next_cursor=paging.cursor(page.next_id),
    )


@router.get(
    "/api/v1/jobs/<job_id>",
    summary="One job",
    tags=["jobs"],
    responses={200: {"description": "The job."}, **problems(410, *READ_ONE)},
)
def show(job_id: str, prefer: Prefer = None) -> Response[JobView]:
    """The job as it is now, or with `Prefer: wait` as it is once it has ended."""
    seconds = _wait_seconds(prefer)
    waited = patience.ended_within(jobs.get(caller(router).user_id, job_id), seconds)
    view = JobView.of(waited.job, waiting.place(waited.job))
    return Response(200, "application/json", view, headers=_applied(waited, seconds))


@router.delete(
    "/api/v1/jobs/<job_id>",
    summary="Cancel or delete a job",
    tags=["jobs"],
    responses={
        200: {"description": "It had not ended: the cancelled job, refunded."},
        204: {"description": "It had ended: the job and its files are deleted. The ledger stays."},
        **problems(409, 410, *READ_ONE),
    },
)
def withdraw(job_id: str) -> Response[JobView | None]:
    """Cancel a job that has not ended: it stops, and all its credits go back. Delete one that has.

    Within half a minute after its end a job is not deleted: a cancelled one answers 200 again, any other 409.
    """
    cancelled = retention.withdraw(caller(router).user_id, job_id)
    if cancelled is None:
        return Response(204)
    return Response(200, "application/json", JobView.of(cancelled))


@router.post(
    "/api/v1/jobs/<job_id>/rerun",
    summary="The same order once more",
    tags=["jobs"],
    status_code=202,
    responses=SUBMIT_RESPONSES | problems(404),
)
def rerun(
    job_id: str,
    changes: Annotated[
        dict[str, Any] | None, Body(description="Fields of the order that are to be different; null takes one out.")
    ] = None,
    idempotency_key: IdempotencyKey = None,
    cancel_after: CancelAfter = None,
    prefer: Prefer = None,
) -> Response[JobView | QuoteView]:
    """Submit the order of one of your jobs again, checked and charged like any other."""
    submission = reruns.rerun(
        caller(router).user_id,
        job_id,
        changes or {},
        key=_key(idempotency_key),
        cancel_after=cancel_after,
        request_id=request_id(router),
    )
    return _accepted(submission, prefer)


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
        **problems(409, 410, *READ_ONE),
    },
)
def download(
    job_id: str, file: Annotated[str | None, Query(description="Name of one file to be sent to.")] = None
) -> Response[str]:
    """Links that work for a limited time; ask again for new ones."""
    job = jobs.get(caller(router).user_id, job_id)
    if job.status != Status.COMPLETED or job.result is None:
        raise JobNotReady(f"The job is {job.status}.")
    files = storage.files_of(job.user_id, job.id, job.result)
    if file is None:
        links = FilesView(files=[FileView.of(stored) for stored in files])
        return Response(200, "application/json", links.model_dump_json(by_alias=True))
    wanted = next((stored for stored in files if stored.name == file), None)
    if wanted is None:
        raise NotFound(f"The job has no file {file!r}.")
    return Response(302, body="", headers={"Location": storage.download_url(wanted).url})


def _key(header: str | None) -> str | None:
    return None if header is None else header.strip('"')


def _wait_seconds(prefer: str | None) -> int:
    """What is left of `Prefer: wait=n`, capped, since the request came; other preferences are ignored (RFC 7240)."""
    wanted = re.search(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])", prefer or "")
    if wanted is None:
        return 0
    # Fetching pictures may have taken as long as we would wait.
    return max(0, min(int(wanted[1]), MAX_WAIT_SECONDS) - int(seconds_here(router)))


def _applied(waited: Waited, seconds: int) -> dict[str, str | list[str]]:
    return {"Preference-Applied": f"wait={seconds}"} if waited.heeded else {}


def _accepted(submission: jobs.Submission, prefer: str | None) -> Response[JobView | QuoteView]:
    seconds = _wait_seconds(prefer)
    waited = patience.just_submitted(submission.job, seconds)
    headers: dict[str, str | list[str]] = {"Location": f"/api/v1/jobs/{submission.job.id}", "Retry-After": "1"}
    if submission.replayed:
        headers["Idempotency-Replayed"] = "true"
    ended = Status(waited.job.status).ended
    return Response(
        200 if ended else 202,
        "application/json",
        JobView.of(waited.job),
        headers=headers | _applied(waited, seconds),
    )
