"""Money and the life of a job, one promise a test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from studio import accounts, catalog, clock, credits, erasure, histories, jobs, outbox, requests
from studio.errors import (
    DeliveryFailed,
    InsufficientCredits,
    InvalidOrder,
    JobEnded,
    KeyReused,
    LeaseHeld,
    LeaseLost,
    NotFound,
)
from studio.events import Finished
from studio.histories import Filter
from studio.jobs import Progress
from studio.tables import Balance, JobRow, Request, Settlement, Transaction
from tests.integration.conftest import PASSWORD, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Customer, Studio


def kinds(studio: Studio, user: Customer) -> list[str]:
    return [entry.kind for entry in studio.ledger(user)]


def assert_books_balance(studio: Studio, user: Customer) -> None:
    """I1, I3, I4: the balance is the sum of numbered entries, each with the right balance after it."""
    entries = studio.ledger(user)
    running = 0
    for number, entry in enumerate(entries, start=1):
        running += int(entry.amount)
        assert (entry.number, entry.balance_after) == (number, running)
    assert user.balance() == running >= 0


def test_signup_gives_fifty_credits_as_a_ledger_entry(studio):
    user = studio.user()
    assert user.balance() == 50
    assert [(e.id, e.amount) for e in studio.ledger(user)] == [(f"signup:{user.id}", 50)]


def test_a_submit_moves_the_price_from_the_balance_to_held(studio):
    user = studio.user()
    job = user.submit(numImages=3)
    assert (user.balance(), user.held(), job.credits) == (44, 6, 6)
    assert studio.queued_jobs() == [job.id]
    assert studio.outbox() == []


def test_a_delivered_job_keeps_the_price_and_is_told(studio):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    assert studio.finish(job).status == "completed"
    assert (user.balance(), user.held()) == (48, 0)
    assert [event["detail-type"] for event in studio.news()] == ["Job Completed"]
    assert_books_balance(studio, user)


def test_what_was_not_delivered_is_not_charged(studio):
    user = studio.user()
    job = user.submit(numImages=4)
    jobs.claim(job.id)
    result = result_of(job) | {"undelivered": 3}
    jobs.settle(Finished(job.id, 1, "succeeded", result))
    assert (user.balance(), user.held()) == (48, 0)
    assert [(e.kind, e.amount) for e in studio.ledger(user)] == [("signup", 50), ("hold", -8), ("refund", 6)]
    assert studio.news()[0]["detail"]["credits"] == {"held": 0, "charged": 2, "refunded": 6}
    assert_books_balance(studio, user)


def test_parts_of_a_set_are_refunded_by_their_share(studio):
    user = studio.user()
    order = catalog.parse(
        "influencer-creation", {"gender": "male", "ethnicity": "mixed", "ageRange": "60+", "poses": 5}
    )
    job = jobs.submit(user.id, order).job
    jobs.claim(job.id)
    jobs.settle(Finished(job.id, 1, "succeeded", result_of(job) | {"undelivered": 2, "parts": 5}))
    assert (user.balance(), user.held()) == (47, 0)


@pytest.mark.parametrize("undelivered", [4, 5, -1])
def test_a_delivery_of_nothing_is_no_delivery(studio, undelivered):
    user = studio.user()
    job = user.submit(numImages=4)
    jobs.claim(job.id)
    with pytest.raises(ValueError, match="at least one"):
        jobs.settle(Finished(job.id, 1, "succeeded", result_of(job) | {"undelivered": undelivered}))
    assert (user.balance(), user.held()) == (42, 8)


@pytest.mark.parametrize(("undelivered", "back"), [(0, 0), (3, 6)])
def test_finished_work_is_settled_although_its_order_is_not_taken_any_more(studio, monkeypatch, undelivered, back):
    user = studio.user()
    job = user.submit(numImages=4)
    jobs.claim(job.id)
    monkeypatch.setattr(catalog, "parse", _refuse_order)
    jobs.settle(Finished(job.id, 1, "succeeded", result_of(job) | {"undelivered": undelivered}))
    assert (user.balance(), user.held(), studio.job(job).status) == (42 + back, 0, "completed")


def _refuse_order(*_: object) -> None:
    raise InvalidOrder("this style is not on sale any more")


def test_a_failed_job_gives_back_exactly_what_was_held(studio):
    user = studio.user()
    job = user.submit(numImages=4)
    jobs.claim(job.id)
    ended = studio.finish(job, code="content_rejected", message="Not this.")
    assert ended.error == {"code": "content_rejected", "message": "Not this."}
    assert (user.balance(), user.held()) == (50, 0)
    assert kinds(studio, user) == ["signup", "hold", "refund"]
    assert_books_balance(studio, user)


def test_the_refund_is_what_was_held_even_if_the_row_says_otherwise(studio):
    user = studio.user()
    job = user.submit(numImages=2)
    stored = studio.job(job)
    stored.credits = 1000
    stored.save()
    user.cancel(job)
    assert user.balance() == 50


def test_a_cancelled_job_gives_back_exactly_what_was_held(studio):
    user = studio.user()
    job = user.submit()
    assert user.cancel(job).status == "cancelled"
    assert user.balance() == 50
    assert kinds(studio, user) == ["signup", "hold", "refund"]


def test_cancelling_twice_refunds_once(studio):
    user = studio.user()
    job = user.submit()
    user.cancel(job)
    assert user.cancel(job).status == "cancelled"
    assert user.balance() == 50


def test_a_completed_job_cannot_be_cancelled(studio):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    studio.finish(job)
    with pytest.raises(JobEnded):
        user.cancel(job)
    assert user.balance() == 48


def test_a_late_finish_of_a_cancelled_job_changes_nothing(studio):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    user.cancel(job)
    assert studio.finish(job) is None
    assert studio.job(job).status == "cancelled"
    assert user.balance() == 50


def test_the_same_finish_twice_settles_once(studio):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    studio.finish(job)
    assert studio.finish(job) is None
    assert studio.finish(job, code="x", message="y") is None
    assert (user.balance(), user.held(), studio.job(job).status) == (48, 0, "completed")
    assert Settlement.count() == 1


def test_only_the_current_attempt_may_settle(studio, monkeypatch):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    _pass_time(monkeypatch, 61)
    assert jobs.claim(job.id).attempt == 2
    assert studio.finish(job, attempt=1) is None
    assert studio.job(job).status == "processing"
    assert studio.finish(job, attempt=2).status == "completed"


def test_a_balance_below_the_price_is_refused_and_writes_nothing(studio):
    user = studio.user()
    for _ in range(6):
        user.submit(numImages=4)
    with pytest.raises(InsufficientCredits) as refused:
        user.submit(numImages=2)
    assert refused.value.extra == {"required": 4, "balance": 2}
    assert user.balance() == 2
    assert len(studio.queued_jobs()) == 6
    assert_books_balance(studio, user)


def test_the_same_key_gives_the_same_job_and_one_hold(studio):
    user = studio.user()
    first, second = user.submit(key="k"), user.submit(key="k")
    assert first.id == second.id
    assert user.balance() == 48
    assert len(studio.queued_jobs()) == 1


def test_a_replay_answers_as_the_first_time_whatever_became_of_the_job(studio):
    user = studio.user()
    job = user.submit(key="k")
    jobs.claim(job.id)
    studio.finish(job)
    assert (user.submit(key="k").status, user.submit(key="k").attempt) == ("pending", 0)


def test_the_same_key_with_another_order_is_refused(studio):
    user = studio.user()
    user.submit(key="k")
    with pytest.raises(KeyReused):
        user.submit(key="k", numImages=2)
    assert user.balance() == 48


def test_a_key_is_free_again_after_a_day_although_its_row_is_still_there(studio, monkeypatch):
    user = studio.user()
    first = user.submit(key="k")
    _pass_time(monkeypatch, requests.KEY_SECONDS + 1)
    assert user.submit(key="k", numImages=2).id != first.id
    assert Request.count() == 1


def test_keys_belong_to_their_user(studio):
    assert studio.user().submit(key="k").id != studio.user().submit(key="k").id


def test_a_message_that_could_not_be_sent_waits_for_the_sweeper(studio, monkeypatch):
    user = studio.user()
    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_deliver", _refuse)
        job = user.submit()
    assert studio.queued_jobs() == []
    assert outbox.sweep() == 0, "young rows are left to the request that wrote them"
    _pass_time(monkeypatch, outbox.SWEEP_AFTER_SECONDS + 1)
    assert outbox.sweep() == 2, "the message, and the news that it is queued"
    assert studio.queued_jobs() == [job.id]
    assert studio.outbox() == []


def test_a_lease_keeps_others_away_until_it_runs_out(studio, monkeypatch):
    job = studio.user().submit()
    assert jobs.claim(job.id).attempt == 1
    with pytest.raises(LeaseHeld):
        jobs.claim(job.id)
    _pass_time(monkeypatch, 61)
    assert jobs.claim(job.id).attempt == 2
    with pytest.raises(LeaseLost):
        jobs.renew(job.id, 1)


def test_progress_of_a_cancelled_job_is_refused(studio):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    jobs.report(job.id, 1, Progress(0.5, "illustrate", 1, 2))
    user.cancel(job)
    with pytest.raises(LeaseLost):
        jobs.report(job.id, 1, Progress(0.75, "illustrate", 2, 2))
    assert studio.job(job).status == "cancelled"


def test_an_ended_job_cannot_be_claimed(studio):
    user = studio.user()
    job = user.submit()
    user.cancel(job)
    with pytest.raises(JobEnded):
        jobs.claim(job.id)
    with pytest.raises(NotFound):
        jobs.claim("job_none")


def test_a_job_past_its_deadline_is_failed_and_refunded_once(studio, monkeypatch):
    user = studio.user()
    overdue, running = user.submit(), user.submit()
    jobs.claim(running.id)
    assert jobs.expire_overdue() == 0
    _pass_time(monkeypatch, 3601)
    assert jobs.expire_overdue() == 2
    assert jobs.expire_overdue() == 0
    assert studio.job(overdue).error["code"] == "deadline_exceeded"
    assert (user.balance(), user.held()) == (50, 0)
    assert_books_balance(studio, user)


def test_giving_up_waits_for_a_live_attempt(studio, monkeypatch):
    user = studio.user()
    job = user.submit()
    jobs.claim(job.id)
    with pytest.raises(LeaseHeld):
        jobs.give_up(job.id, **jobs.WORKER_LOST)
    _pass_time(monkeypatch, 61)
    assert jobs.give_up(job.id, **jobs.WORKER_LOST).status == "failed"
    assert jobs.give_up(job.id, **jobs.WORKER_LOST) is None
    assert user.balance() == 50


def test_another_users_job_does_not_exist(studio):
    job = studio.user().submit()
    stranger = studio.user()
    with pytest.raises(NotFound):
        jobs.get(stranger.id, job.id)
    with pytest.raises(NotFound):
        stranger.cancel(job)


def test_a_crash_before_the_commit_leaves_nothing(studio, monkeypatch):
    user = studio.user()
    monkeypatch.setattr(outbox, "queue", _crash)
    with pytest.raises(RuntimeError):
        user.submit()
    assert (user.balance(), user.held(), kinds(studio, user)) == (50, 0, ["signup"])


def test_held_equals_the_holds_of_open_jobs(studio):
    user = studio.user()
    submitted = [user.submit(numImages=n) for n in (1, 2, 3)]
    user.cancel(submitted[0])
    assert user.held() == 10
    assert Balance.get(user.id).held == sum(credits.held_for(user.id, job.id) for job in submitted[1:])


def test_history_is_newest_first_in_pages_and_filtered(studio):
    user = studio.user()
    submitted = [user.submit().id for _ in range(5)]
    first = histories.page(user.id, limit=2)
    assert [job.id for job in first.jobs] == submitted[:2:-1]
    rest = histories.page(user.id, limit=10, below=first.next_id)
    assert [job.id for job in rest.jobs] == submitted[2::-1]
    assert rest.next_id is None
    user.cancel(studio.job(jobs.find(submitted[1])))
    cancelled = histories.page(user.id, limit=10, wanted=Filter(status=jobs.Status.CANCELLED))
    assert [job.id for job in cancelled.jobs] == [submitted[1]]
    assert histories.page(user.id, limit=10, wanted=Filter(feature="story-video")).jobs == ()


def _pass_time(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    epoch, now = clock.epoch(), clock.now()
    monkeypatch.setattr(clock, "epoch", lambda: epoch + seconds)
    monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(now.timestamp() + seconds))


def _refuse(row: object) -> None:
    raise DeliveryFailed("the queue is away")


def _crash(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("crash")


# ---- Closing an account ----------------------------------------------------------------------------------------------


def test_what_open_jobs_hold_is_no_debt_when_the_account_is_closed(studio, till, monkeypatch):
    """The index by which open jobs are found may be late; they are cancelled when the account is cleared."""
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    till.deliver()
    for _ in range(10):
        user.submit(numImages=4)
    till.standin.refund(till.intent(purchase))
    till.deliver()
    assert (user.balance(), user.held()) == (-30, 80)
    with monkeypatch.context() as late:
        late.setattr(accounts, "cancelled_jobs", lambda _: iter(()))
        accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    assert (user.balance(), user.held()) == (50, 0)
    assert credits.of(accounts.register("user1@example.com", PASSWORD).user.id).balance == 0


@pytest.mark.parametrize("what", ["a revocation", "a delivery"])
def test_what_changes_the_balance_while_the_account_is_closed_is_part_of_the_debt(studio, till, monkeypatch, what):
    user = studio.user()
    purchase = till.begin(user.id)
    till.standin.pay(purchase.session_id)
    till.deliver()
    for _ in range(11):
        job = user.submit(numImages=4)
        jobs.claim(job.id)
        studio.finish(job)
    running, transaction = user.submit(numImages=4), accounts.transaction
    jobs.claim(running.id)
    till.standin.dispute(till.intent(purchase))
    if what == "a delivery":
        till.deliver()
    monkeypatch.setattr(accounts, "cancelled_jobs", lambda _: iter(()))

    @contextmanager
    def late() -> Iterator[Transaction]:
        """The balance has been read by the end of the block."""
        monkeypatch.setattr(accounts, "transaction", transaction)
        with transaction() as tx:
            yield tx
            if what == "a delivery":
                studio.finish(running)
            else:
                till.deliver()

    monkeypatch.setattr(accounts, "transaction", late)
    accounts.close(user.id, PASSWORD)
    owed = 46 if what == "a delivery" else 38  # the job that is still open gives its 8 back
    assert user.balance() + user.held() == -owed
    assert credits.of(accounts.register("user1@example.com", PASSWORD).user.id).balance == -owed


@pytest.mark.parametrize("quality", ["standard", "draft"])
def test_a_closed_account_submits_nothing(studio, quality):
    user = studio.user()
    accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    with pytest.raises(NotFound):
        user.submit(quality=quality)
    assert (user.balance(), user.held()) == (50, 0)
    assert list(JobRow.scan()) == []


def test_an_account_that_is_closed_while_a_submit_looks_has_no_job(studio, monkeypatch):
    user, look = studio.user(), credits._require_room

    def close_first(row: Balance) -> None:
        monkeypatch.setattr(credits, "_require_room", look)
        accounts.close(user.id, PASSWORD)

    monkeypatch.setattr(credits, "_require_room", close_first)
    with pytest.raises(NotFound):
        user.submit()
    assert (user.balance(), list(JobRow.scan())) == (50, [])
