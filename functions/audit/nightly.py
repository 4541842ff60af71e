"""Schedule → the audit of everything on record; what it finds goes to the log, and how much of it to an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit import looks
from audit.books import Books, read
from studio import aws, clock
from studio.settings import settings
from studio.telemetry import AUDIT_VIOLATIONS, logger, measure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001  # the signature of Lambda
    """One audit; it writes nothing but its log."""
    books, violations = looks.look(_books)
    for violation in violations:  # details may hold addresses of customers; `make audit` shows them
        found = {"invariant": violation.invariant, "subject": violation.subject}
        logger.error("a promise is broken", extra=found)
    measure(AUDIT_VIOLATIONS, len(violations))
    logger.info("audited", extra={"violations": len(violations), "read": books.counts()})
    return {"violations": len(violations)}


def _books() -> Books:
    environment = {name.upper(): str(value) for name, value in settings()}
    return read(aws.client("dynamodb"), aws.client("s3"), environment, now=clock.epoch())
