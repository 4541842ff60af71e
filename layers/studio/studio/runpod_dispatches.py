"""Jobs on their way through RunPod: sent there, looked after, sent again when a run came to nothing, stopped.

RunPod may run a job twice, lose it, or tell of it late, wrongly or never. None of that is trusted with anything: who
works on a job is decided by `jobs.claim`, how it ends by the worker's own event, and that it ends by its deadline.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from enum import StrEnum

from pynamodb.exceptions import DoesNotExist, PutError, UpdateError

from studio import clock, jobs, outbox, runpod_api, runpod_callbacks
from studio.errors import Conflict, LeaseHeld, StudioError
from studio.jobs import Status
from studio.runpod_api import Policy, RunState
from studio.tables import Dispatch, JobRow, refused, transaction
from studio.telemetry import logger

MAX_RUNS = 5
LOST_SECONDS = 60  # a run that was just sent may not be known everywhere at RunPod
STALLED_SECONDS = 300  # how long a run may go on after its worker fell silent; starting another takes that long too
# A completed run leaves its event to the completion queue, which hides a message for 180 s when settling fails.
SETTLE_SECONDS = 600


class Outcome(StrEnum):
    """What looking after a job came to."""

    UNKNOWN = "unknown"
    """It is not on its way, or no longer."""
    KEPT = "kept"
    """All is well, or it is too early to say."""
    REPEATED = "repeated"
    """It is in the queue again."""
    GIVEN_UP = "given up"
    """Failed and refunded."""
    CLOSED = "closed"
    """It has ended; a run that was left over is stopped."""


def send(job_id: str) -> None:
    """Send the job of a queue message to RunPod, unless it is there already, in other hands, or ended.

    A crash in here leaves the message, so that another run is made; of two runs only one can claim the job.

    Raises:
        RunPodUnavailable: the message must come back later.
    """
    job = jobs.find(job_id)
    if job is None or Status(job.status).ended:
        return
    seconds = int(job.deadline) - clock.epoch()
    if seconds < runpod_api.MIN_TTL_SECONDS:
        return  # the sweeper ends it before anybody could
    dispatch = _find(job_id)
    if dispatch is None:
        if _leased(job):
            return  # a queue worker has it, whose own message comes back if it fails
        dispatch = _begun(job_id)
    if dispatch.run_id:
        return  # an old message; a job that is to be sent again has no run
    policy = Policy(seconds=seconds, low_priority=jobs.queue_of(job) != "jobs")
    run_id = runpod_api.run(job_id, callback=runpod_callbacks.url(job_id), policy=policy)
    _note(dispatch, run_id)
    logger.info("job sent to runpod", extra={"job": job_id, "run": run_id})


def look(job_id: str) -> Outcome:
    """Compare a job with what RunPod says of its run, and do what is to be done. Safe at any time, by anybody.

    Raises:
        RunPodUnavailable: RunPod would have to be asked, and does not answer.
    """
    dispatch = _find(job_id)
    if dispatch is None:
        return Outcome.UNKNOWN
    job = jobs.find(job_id)
    if job is None or Status(job.status).ended:
        return _close(dispatch, job)
    if not dispatch.run_id:
        return Outcome.KEPT  # its message is in the queue
    state = runpod_api.state(dispatch.run_id)
    if not _fruitless(job, dispatch, state):
        return Outcome.KEPT
    if state == "running":
        runpod_api.cancel(dispatch.run_id)
    return _repeat(dispatch, job, state)


def reconcile(*, seconds: float) -> Counter[str]:
    """Look after everything that is on its way, for at most so many seconds; one that fails holds up no other.

    A scan is right here: the table holds only what is in flight.
    """
    give_up_at = time.monotonic() + seconds
    seen: Counter[str] = Counter()
    for dispatch in Dispatch.scan(consistent_read=True):
        if time.monotonic() > give_up_at:
            logger.error("not everything at runpod could be looked after", extra=dict(seen))
            break
        try:
            seen[look(dispatch.job_id).value] += 1
        except StudioError as error:
            logger.warning("job could not be looked after", extra={"job": dispatch.job_id, "why": error.code})
            seen["failed"] += 1
        except Exception:
            logger.exception("job could not be looked after", extra={"job": dispatch.job_id})
            seen["failed"] += 1
    return seen


def _fruitless(job: JobRow, dispatch: Dispatch, state: RunState | None) -> bool:
    """Whether the run of an open job will not end it."""
    now = clock.epoch()
    if _leased(job) or state == "queued":
        return False
    silent_since = int(job.lease_until or dispatch.sent_epoch or now)
    match state:
        case "running":  # without a lease it has not been claimed yet: its worker is starting
            return job.lease_until is not None and silent_since + STALLED_SECONDS < now
        case "completed":
            return silent_since + SETTLE_SECONDS < now
        case "failed":
            return True
        case None:
            return int(dispatch.sent_epoch or now) + LOST_SECONDS < now


def _repeat(dispatch: Dispatch, job: JobRow, state: RunState | None) -> Outcome:
    """Put the job into the queue again, or give it up after `MAX_RUNS`."""
    facts = {"job": job.id, "run": dispatch.run_id, "state": state or "lost", "runs": int(dispatch.runs)}
    if dispatch.runs >= MAX_RUNS:
        logger.error("job given up after its last run", extra=facts)
        try:
            jobs.give_up(job.id, **jobs.WORKER_LOST)
        except LeaseHeld:
            return Outcome.KEPT
        dispatch.delete()
        return Outcome.GIVEN_UP
    try:
        with transaction() as tx:
            tx.change(
                Dispatch(job.id),
                [Dispatch.run_id.remove(), Dispatch.sent_epoch.remove()],
                condition=Dispatch.run_id == dispatch.run_id,
                otherwise=Conflict("somebody else was first"),
            )
            message = outbox.queue(tx, jobs.queue_of(job), json.dumps({"jobId": job.id}))
    except Conflict:
        return Outcome.KEPT
    logger.warning("run came to nothing; job queued again", extra=facts)
    outbox.send(message)
    return Outcome.REPEATED


def _close(dispatch: Dispatch, job: JobRow | None) -> Outcome:
    """Stop what is left at RunPod of a job that has ended, and forget about it."""
    left_over = dispatch.run_id and (job is None or job.status != Status.COMPLETED)
    if left_over and runpod_api.state(dispatch.run_id) in ("queued", "running"):
        runpod_api.cancel(dispatch.run_id)
        logger.info("run stopped", extra={"job": dispatch.job_id, "run": dispatch.run_id})
    dispatch.delete()
    return Outcome.CLOSED


def _leased(job: JobRow) -> bool:
    """Whether a worker has the job now."""
    return job.lease_until is not None and int(job.lease_until) >= clock.epoch()


def _find(job_id: str) -> Dispatch | None:
    try:
        return Dispatch.get(job_id, consistent_read=True)
    except DoesNotExist:
        return None


def _begun(job_id: str) -> Dispatch:
    """The row, written before RunPod is asked, so that a repeat after a crash knows whose job it is."""
    dispatch = Dispatch(job_id, runs=0)
    try:
        dispatch.save(Dispatch.job_id.does_not_exist())
    except PutError as error:
        if not refused(error):
            raise
        return _find(job_id) or dispatch
    return dispatch


def _note(dispatch: Dispatch, run_id: str) -> None:
    """Keep the id of a run, unless another message was faster: then this run is the one too many."""
    try:
        dispatch.update(
            [Dispatch.run_id.set(run_id), Dispatch.sent_epoch.set(clock.epoch()), Dispatch.runs.add(1)],
            condition=Dispatch.job_id.exists() & Dispatch.run_id.does_not_exist(),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        logger.info("run is one too many", extra={"job": dispatch.job_id, "run": run_id})
        if _find(dispatch.job_id) is None:  # the job has ended meanwhile; otherwise this run may be the one that works
            runpod_api.cancel(run_id)
