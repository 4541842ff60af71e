"""What operators see. Money is in US dollars, with parts of cents where work is that cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from edge.views import View
from studio import clock
from studio.settings import settings

if TYPE_CHECKING:
    from datetime import date

    from studio.margins import Margin
    from studio.overview import Failure, Overview, Work
    from studio.waiting import Line
    from studio.workers import Crew

_USD_DIGITS = 6
_SHARE_DIGITS = 4


class JobsByStateView(View):
    """Jobs: those that are open now, and those that ended in these days."""

    pending: int = Field(description="Nobody has begun them.")
    processing: int | None = Field(description="Null where `capped`: nobody counted them all.")
    capped: bool = Field(description="There are more open ones than were counted.")
    completed: int
    failed: int
    cancelled: int


class QueueView(View):
    """A queue of jobs that nobody has begun."""

    name: Literal["jobs", "low", "drafts"]
    waiting: int
    capped: bool = Field(description="There are more than were counted.")
    oldest_seconds: int | None = Field(description="How long the first one has waited.")

    @classmethod
    def of(cls, line: Line) -> QueueView:
        """The queue as it is."""
        return cls(name=line.queue, waiting=line.jobs, capped=line.capped, oldest_seconds=line.oldest_seconds)


class PresentWorkersView(View):
    """Workers of one kind that announced themselves within the last minute."""

    queue: str
    profile: str
    state: str
    reason: str | None
    count: int

    @classmethod
    def of(cls, crew: Crew) -> PresentWorkersView:
        """The crew."""
        return cls.model_validate(crew, from_attributes=True)


class WorkView(View):
    """What came of jobs that ended."""

    paid: int = Field(description="Paid jobs.")
    drafts: int = Field(description="Free ones.")
    completed: int
    failed: int
    cancelled: int
    charged: int = Field(description="Credits that the studio kept.")
    refunded: int = Field(description="Credits that went back, for jobs that completed in part or failed.")
    refund_share: float | None = Field(
        description="Of the price of paid jobs that completed or failed; null where there was none."
    )
    worker_seconds: float = Field(description="From claim to end, all attempts; paid jobs and drafts.")
    cost_usd: float = Field(description="Every worker second at the price of an hour, whatever drew.")

    @classmethod
    def of(cls, work: Work) -> WorkView:
        """The sums."""
        return cls(**_work(work))


class FeatureWorkView(WorkView):
    """What came of the jobs of one feature."""

    feature: str
    cost_per_job_usd: float | None = Field(description="Of a job that ended, drafts among them.")

    @classmethod
    def of_feature(cls, feature: str, work: Work) -> FeatureWorkView:
        """The sums, and what a job costs."""
        ended = work.paid + work.drafts
        each = round(work.usd / ended, _USD_DIGITS) if ended else None
        return cls(feature=feature, cost_per_job_usd=each, **_work(work))


class DayView(WorkView):
    """What came of the jobs that ended on one day in UTC."""

    day: str

    @classmethod
    def of_day(cls, day: date, work: Work) -> DayView:
        """The sums of the day."""
        return cls(day=day.isoformat(), **_work(work))


class FailureView(View):
    """A reason why jobs failed."""

    feature: str
    code: str
    count: int
    job_id: str = Field(description="One of them: the last that was counted, which is the newest as a rule.")
    message: str | None = Field(description="What that one says; null when it is erased.")
    ended_at: str | None

    @classmethod
    def of(cls, failure: Failure) -> FailureView:
        """The reason with its example."""
        return cls(
            feature=failure.feature,
            code=failure.code,
            count=failure.times,
            job_id=failure.job_id,
            message=failure.message,
            ended_at=failure.ended_at,
        )


class PackageMarginView(View):
    """What is left of the price of a package; `null` while no credit was charged in these days."""

    name: str
    title: str
    credits: int
    price_usd: float
    fee_usd: float = Field(description="Stripe's, for an online payment with a card of the US.")
    work_usd: float | None = Field(description="What the work costs that its credits buy.")
    margin_usd: float | None
    margin_share: float | None = Field(description="Of the price.")

    @classmethod
    def of(cls, margin: Margin) -> PackageMarginView:
        """The margin, rounded to what is shown."""
        return cls(
            name=margin.package.name,
            title=margin.package.title,
            credits=margin.package.credits,
            price_usd=margin.price,
            fee_usd=round(margin.fee, 2),
            work_usd=None if margin.work is None else round(margin.work, 4),
            margin_usd=None if margin.left is None else round(margin.left, 4),
            margin_share=None if margin.left is None else round(margin.left / margin.price, _SHARE_DIGITS),
        )


class OverviewView(View):
    """How the studio runs."""

    at: str
    since: str = Field(description="The first day, in UTC.")
    days: int
    jobs: JobsByStateView
    queues: list[QueueView]
    workers: list[PresentWorkersView]
    hour_usd: float = Field(description="What an hour of a worker costs; the stack's parameter `GpuHourUsd`.")
    credit_usd: float | None = Field(description="What a charged credit cost to work for.")
    total: WorkView
    features: list[FeatureWorkView]
    daily: list[DayView] = Field(description="Oldest first.")
    failures: list[FailureView] = Field(description="The commonest first, 20 at most.")
    packages: list[PackageMarginView]

    @classmethod
    def of(cls, seen: Overview) -> OverviewView:
        """One look."""
        return cls(
            at=clock.iso(clock.now()),
            since=seen.first.isoformat(),
            days=len(seen.daily),
            jobs=JobsByStateView(
                pending=seen.waiting,
                processing=seen.working,
                capped=seen.open_capped,
                completed=seen.total.completed,
                failed=seen.total.failed,
                cancelled=seen.total.cancelled,
            ),
            queues=[QueueView.of(line) for line in seen.lines],
            workers=[PresentWorkersView.of(crew) for crew in seen.crews],
            hour_usd=settings().gpu_hour_usd,
            credit_usd=None if seen.credit_usd is None else round(seen.credit_usd, _USD_DIGITS),
            total=WorkView.of(seen.total),
            features=[FeatureWorkView.of_feature(name, work) for name, work in seen.features.items()],
            daily=[DayView.of_day(day, work) for day, work in seen.daily.items()],
            failures=[FailureView.of(failure) for failure in seen.failures],
            packages=[PackageMarginView.of(margin) for margin in seen.packages],
        )


def _work(work: Work) -> dict[str, int | float | None]:
    share = work.refund_share
    return {
        "paid": work.paid,
        "drafts": work.drafts,
        "completed": work.completed,
        "failed": work.failed,
        "cancelled": work.cancelled,
        "charged": work.charged,
        "refunded": work.refunded,
        "refund_share": None if share is None else round(share, _SHARE_DIGITS),
        "worker_seconds": round(work.seconds, 1),
        "cost_usd": round(work.usd, _USD_DIGITS),
    }
