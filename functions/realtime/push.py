"""SQS → connections: news about jobs, for those of their owner who listen.

An event only says where to look. What is sent is the job as it is then, so lost, late and repeated events do no harm.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from realtime import snapshots
from studio import batches, connections, jobs

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


@batches.handler
def handler(record: SQSRecord) -> None:
    """Push one job to the connections that listen to it."""
    detail = json.loads(record.body)["detail"]
    listening = [c for c in connections.of_user(detail["userId"]) if connections.listens_to(c, detail["jobId"])]
    job = jobs.find(detail["jobId"]) if listening else None
    if job is None or job.user_id != detail["userId"]:
        return
    entitled, ended = connections.judged(listening)
    for connection in entitled:
        snapshots.send(connection, job)
    for connection in ended:
        connections.end(connection)
