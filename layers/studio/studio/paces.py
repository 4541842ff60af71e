"""How long jobs of a feature take: an exponentially weighted mean of the last ones, for estimates and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from studio.tables import Pace
from studio.telemetry import logger

NEWEST_WEIGHT = 0.2  # the last ten jobs make nine tenths of the mean


def key(feature: str, *, draft: bool) -> str:
    """What jobs are told apart by: drafts are drawn by another engine."""
    return f"{feature}#{'draft' if draft else 'paid'}"


def note(pace_key: str, seconds: float) -> None:
    """Take a finished job into the mean, best effort; of two at the same moment one may be left out."""
    try:
        try:
            mean = float(Pace.get(pace_key).seconds)
        except DoesNotExist:
            mean = seconds
        Pace(pace_key, seconds=round(mean + NEWEST_WEIGHT * (seconds - mean), 3)).save()
    except PynamoDBException as error:
        logger.warning("pace was not noted", extra={"pace": pace_key, "why": str(error)})


def known(pace_keys: Iterable[str]) -> dict[str, float]:
    """Mean seconds by key, of those that anything is known of."""
    return {row.key: float(row.seconds) for row in Pace.batch_get(sorted(set(pace_keys)))}
