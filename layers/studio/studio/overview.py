"""How the studio runs, for operators: what is open now from indexes, what has ended from `studio.tallies`.

No request reads a table whole but `Workers`, which has a row per machine that is there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from studio import catalog, clock, jobs, margins, tallies, waiting, workers
from studio.margins import Margin
from studio.packages import PACKAGES
from studio.settings import settings
from studio.tables import JobRow, Tally
from studio.waiting import Line
from studio.workers import Crew

MAX_DAYS = 90
MAX_OPEN = 1_000  # open jobs that one look counts, per shard; nobody decides otherwise for there being more
MAX_EXAMPLES = 20


@dataclass(slots=True)
class Work:
    """What came of jobs. Credits and seconds; `priced` leaves out what customers cancelled."""

    paid: int = 0
    drafts: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    priced: int = 0
    refunded: int = 0
    seconds: float = 0.0

    @property
    def charged(self) -> int:
        """Credits that the studio kept."""
        return self.priced - self.refunded

    @property
    def refund_share(self) -> float | None:
        """The share of the price of paid jobs that went back; None where there was none."""
        return self.refunded / self.priced if self.priced else None

    @property
    def usd(self) -> float:
        """What it cost, at the price of an hour."""
        return self.seconds / 3_600 * settings().gpu_hour_usd

    def add(self, row: Tally, *, draft: bool) -> None:
        """Take in what was counted."""
        ended = int(row.completed + row.failed + row.cancelled)
        self.paid += 0 if draft else ended
        self.drafts += ended if draft else 0
        self.completed += int(row.completed)
        self.failed += int(row.failed)
        self.cancelled += int(row.cancelled)
        self.priced += int(row.priced)
        self.refunded += int(row.refunded)
        self.seconds += float(row.milliseconds) / 1000


@dataclass(slots=True)
class Failure:
    """A reason why jobs failed, and one that did, the last that was counted on a day: as a rule the newest.

    Its words are read from the job: what is erased has none.
    """

    feature: str
    code: str
    times: int = 0
    job_id: str = ""
    message: str | None = None
    ended_at: str | None = None


@dataclass(slots=True)
class Overview:
    """One look."""

    first: date
    last: date
    waiting: int
    working: int | None
    """None where there are more than were counted: what is open less what waits is then no number of anything."""
    open_capped: bool
    lines: list[Line]
    crews: list[Crew]
    total: Work
    features: dict[str, Work]
    daily: dict[date, Work]
    failures: list[Failure]
    credit_usd: float | None
    packages: list[Margin] = field(default_factory=list)


def look(days: int) -> Overview:
    """The last `days` days, today in UTC among them, and now."""
    last = clock.now().date()
    first = last - timedelta(days=days - 1)
    total, features, daily, failures = _counted(first, last)
    lines = waiting.lines()
    open_jobs, capped = _open()
    capped = capped or any(line.capped for line in lines)
    waits = sum(line.jobs for line in lines)
    cost = margins.credit_usd(total.seconds, settings().gpu_hour_usd, total.charged)
    return Overview(
        first=first,
        last=last,
        waiting=waits,
        working=None if capped else max(0, open_jobs - waits),
        open_capped=capped,
        lines=lines,
        crews=workers.present(),
        total=total,
        features=features,
        daily=daily,
        failures=_with_words(failures),
        credit_usd=cost,
        packages=[margins.of(package, cost) for package in PACKAGES.values()],
    )


def _counted(first: date, last: date) -> tuple[Work, dict[str, Work], dict[date, Work], list[Failure]]:
    total = Work()
    features = {name: Work() for name in catalog.ORDERS}
    daily = {first + timedelta(days=n): Work() for n in range((last - first).days + 1)}
    failures: dict[tuple[str, str], Failure] = defaultdict(lambda: Failure("", ""))
    for row in tallies.of_days(first, last):
        day, what, feature, kind = row.key.split("#", 3)
        if what == "jobs":
            for work in (total, features.setdefault(feature, Work()), daily[date.fromisoformat(day)]):
                work.add(row, draft=kind == "draft")
        else:
            known = failures[feature, kind]
            known.feature, known.code, known.times = feature, kind, known.times + int(row.times)
            known.job_id = max(known.job_id, row.newest_job)
    return total, features, daily, sorted(failures.values(), key=lambda one: (-one.times, one.code))


def _with_words(failures: list[Failure]) -> list[Failure]:
    """The commonest ones, with what their examples say."""
    shown = failures[:MAX_EXAMPLES]
    wanted = ["id", "error", "endedAt"]  # not what customers ordered
    found = {job.id: job for job in JobRow.batch_get([one.job_id for one in shown], attributes_to_get=wanted)}
    for one in shown:
        job = found.get(one.job_id)
        if job:
            one.message, one.ended_at = (job.error or {}).get("message"), job.ended_at
    return shown


def _open() -> tuple[int, bool]:
    """How many jobs have not ended, and whether there are more than were counted."""
    # Not `count`, whose limit is only that of a page.
    counts = [
        sum(1 for _ in JobRow.by_deadline.query(shard, limit=MAX_OPEN, page_size=MAX_OPEN, attributes_to_get=["id"]))
        for shard in range(jobs.SHARDS)
    ]
    return sum(counts), max(counts) >= MAX_OPEN
