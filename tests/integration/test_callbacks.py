"""Callbacks: told once, signed, repeated until they arrive, and given up in the end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import boto3
import pytest

from studio import (
    breaker,
    callback_secrets,
    callbacks,
    clock,
    courier,
    credits,
    deliveries,
    endpoints,
    ids,
    jobs,
    news,
    outbox,
    places,
)
from studio.errors import EndpointDisabled, NotFound, TooManyRequests
from studio.outbound import Refused, Unreachable
from studio.settings import settings
from studio.tables import CallbackSecret, Delivery
from tests.integration.callbacks import UNREACHABLE, URL, minutes, opened, sqs_event

HOUR, DAY = 3_600, 86_400


@pytest.fixture
def post(studio, monkeypatch, context):
    with opened(monkeypatch, context) as post:
        yield post


@pytest.fixture
def user(studio):
    return studio.user()


@pytest.fixture
def job(user):
    job = user.submit()
    jobs.claim(job.id)
    return job


# ---- Telling ---------------------------------------------------------------------------------------------------------


def test_an_ended_job_is_told_with_a_signature_that_others_can_verify(studio, post, user, job):
    endpoint = post.endpoint(user.id)
    delivery = post.after(job, user, studio)
    (call,) = post.calls
    told = call.verified(endpoint.secret)
    assert (call.url, call.id, call.headers["Content-Type"]) == (URL, delivery.id, "application/json")
    assert (told["type"], told["timestamp"]) == ("job.completed", clock.iso(clock.from_epoch(post.now)))
    assert told["data"] == {
        "id": job.id,
        "feature": "image-generation",
        "status": "completed",
        "credits": {"held": 0, "charged": 2, "refunded": 0},
        "error": None,
        "result": {"engine": "sketch"},
        "createdAt": job.created_at,
        "startedAt": studio.job(job).started_at,
        "endedAt": studio.job(job).ended_at,
        "urls": {"self": f"/api/v1/jobs/{job.id}", "download": f"/api/v1/jobs/{job.id}/download"},
    }
    assert (delivery.state, delivery.attempt, delivery.next_attempt_at) == ("delivered", 1, None)
    assert delivery.attempts[0]["status"] == 200
    assert "never kept" not in json.dumps(delivery.attempts)


def test_failures_and_cancellations_are_told_with_the_refund(studio, post, user, job):
    post.endpoint(user.id)
    studio.finish(job, code="content_rejected", message="This prompt is not allowed.")
    user.cancel(user.submit())
    post.tell()
    post.deliver()
    told = {call.json["type"]: call.json["data"] for call in post.calls}
    assert told["job.failed"]["error"]["code"] == "content_rejected"
    assert told["job.failed"]["credits"] == told["job.cancelled"]["credits"] == {"held": 0, "charged": 0, "refunded": 2}


def test_a_low_balance_is_told(studio, post, user):
    endpoint = post.endpoint(user.id, URL, "credits.low")
    for _ in range(6):
        user.submit(numImages=4)
    post.tell()
    post.deliver()
    assert [call.verified(endpoint.secret)["data"] for call in post.calls] == [{"balance": 2, "threshold": 10}]


def test_news_told_twice_is_delivered_once_to_each_endpoint(studio, post, user, job, monkeypatch):
    post.endpoint(user.id)
    post.endpoint(user.id, "https://other.example.com/")
    with monkeypatch.context() as dying:  # sent, and then no time to delete the outbox row
        dying.setattr(outbox.OutboxRow, "delete", _die)
        with pytest.raises(SystemExit):
            studio.finish(job)
    post.now += 60
    outbox.sweep()
    post.tell(times=3)
    post.deliver()
    assert sorted(call.url for call in post.calls) == [URL, "https://other.example.com/"]
    assert len({call.id for call in post.calls}) == 2


def test_an_endpoint_is_told_only_what_it_asked_for(studio, post, user, job):
    post.endpoint(user.id, URL, "job.failed", "job.cancelled")
    studio.finish(job)
    post.tell()
    assert post.deliveries(user.id) == []


def test_nobody_is_told_of_other_peoples_jobs(studio, post, user, job):
    post.endpoint(studio.user().id)
    studio.finish(job)
    post.tell()
    post.deliver()
    assert post.calls == []


def test_a_result_too_long_for_a_message_is_left_to_the_link(studio, post, user, job, monkeypatch):
    post.endpoint(user.id)
    long = {"metadata": {"engine": "sketch", "notes": "𝔘" * 6_000}}
    monkeypatch.setattr(jobs, "find", lambda job_id: jobs.JobRow(job_id, user_id=user.id, result=long))
    detail = {"jobId": job.id, "userId": user.id, "feature": "image-generation", "status": "completed", "error": None}
    happened = {"eventId": "out_1", "occurredAt": clock.iso(clock.now()), "credits": {"charged": 2, "refunded": 0}}
    callbacks.tell({"detail-type": "Job Completed", "detail": detail | happened})
    post.deliver()
    (call,) = post.calls
    assert len(call.body) < callbacks.MAX_BODY_BYTES
    assert call.json["data"]["result"] is None
    assert call.json["data"]["urls"]["self"] == f"/api/v1/jobs/{job.id}"


def test_one_bad_event_does_not_hold_up_the_others(studio, post, user, job, context):
    from callbacks.fan import handler

    post.endpoint(user.id)
    studio.finish(job)
    (good,) = [json.dumps(event) for event in studio.news()]
    event = sqs_event("not json", '{"detail-type": "Job Completed", "detail": {}}', good)
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]}
    assert len(post.deliveries(user.id)) == 1


WAY = ("job.started", "job.progress")


def progressed(job, value: float, attempt: int = 1) -> None:
    """What the worker tells the bus."""
    row = jobs.find(job.id)
    row.attempt = attempt
    news.tell(news.progressed(row, {"value": value, "stage": "illustrate", "step": 1, "steps": 4}))


def test_who_asks_for_it_is_told_of_start_and_progress(studio, post, user, job):
    endpoint = post.endpoint(user.id, URL, *WAY)
    claimed = jobs.find(job.id)
    news.tell(news.started(claimed))
    progressed(job, 0.25)
    post.tell()
    post.deliver()
    told = {call.json["type"]: call.verified(endpoint.secret)["data"] for call in post.calls}
    assert set(told) == set(WAY)
    assert (told["job.started"]["progress"], told["job.started"]["attempt"]) == (None, 1)
    progress = told["job.progress"]
    assert progress["progress"] == {"value": 0.25, "stage": "illustrate", "step": 1, "steps": 4}
    assert progress["sequence"] > told["job.started"]["sequence"]
    assert (progress["status"], progress["result"], progress["endedAt"]) == ("processing", None, None)
    assert progress["credits"] == {"held": 2, "charged": 0, "refunded": 0}
    assert progress["startedAt"] == claimed.started_at


def test_nobody_is_told_of_the_way_who_did_not_ask_for_it(studio, post, user):
    post.endpoint(user.id)
    job = user.submit(callbackUrl="https://other.example.com/")
    claimed = jobs.claim(job.id)
    news.tell(news.started(claimed))
    progressed(job, 0.5)
    post.tell()
    assert post.deliveries(user.id) == []


def test_progress_comes_at_most_every_five_seconds_and_the_same_once(studio, post, user, job):
    post.endpoint(user.id, URL, "job.progress")
    post.endpoint(user.id, "https://other.example.com/", "job.progress")
    for _ in range(13):  # a worker tells every two seconds
        progressed(job, post.now % 100 / 100)
        post.tell(times=2)
        post.now += 2
    post.deliver()
    times = [datetime.fromisoformat(call.json["timestamp"]) for call in post.calls if call.url == URL]
    assert len(times) == len(post.calls) / 2 == 5
    assert all(later - earlier == timedelta(seconds=6) for earlier, later in pairwise(times))


def test_progress_of_another_job_is_rationed_apart(studio, post, user, job):
    post.endpoint(user.id, URL, "job.progress")
    other = user.submit()
    jobs.claim(other.id)
    progressed(job, 0.1)
    progressed(other, 0.1)
    post.tell()
    assert {delivery.job_id for delivery in post.deliveries(user.id)} == {job.id, other.id}


def test_progress_that_comes_after_the_end_is_no_news(studio, post, user, job):
    post.endpoint(user.id, URL, "job.progress")
    progressed(job, 0.9)
    studio.finish(job)
    post.tell()
    assert post.deliveries(user.id) == []


def test_progress_is_tried_once_and_never_waits_for_a_receiver_that_keeps_failing(studio, post, user, job, monkeypatch):
    monkeypatch.setattr(breaker, "FAILURES_TO_OPEN", 1)
    post.endpoint(user.id, URL, "job.progress")
    post.answer = lambda call: 500
    progressed(job, 0.1)
    post.tell()
    post.deliver()
    post.now += 10
    progressed(job, 0.2)
    post.tell()
    post.deliver()
    first, second = sorted(post.deliveries(user.id), key=lambda delivery: delivery.id)
    assert (first.state, first.attempt, first.reason) == ("dead", 1, "answered 500")
    assert (second.state, second.attempt) == ("dead", 0)
    assert len(post.calls) == 1


def test_a_worker_can_tell_of_no_end_and_of_nobody_elses_job(studio, post, user, job):
    stranger = studio.user()
    post.endpoint(user.id, URL, *callbacks.News)
    post.endpoint(stranger.id, URL, *callbacks.News)
    progressed(job, 0.5)
    (event,) = [event for event in studio.events() if event["detail-type"] == "Job Progress"]
    with pytest.raises(ValueError, match="workers tell"):
        callbacks.tell(event | {"detail-type": "Job Completed"})
    with pytest.raises(ValueError, match="workers tell"):
        callbacks.tell(event | {"source": "studio.jobs"})
    callbacks.tell(event | {"detail": event["detail"] | {"userId": stranger.id}})
    assert post.deliveries(user.id) == post.deliveries(stranger.id) == []


# ---- Trying again ----------------------------------------------------------------------------------------------------


def test_a_receiver_down_for_twenty_minutes_gets_its_event_once_it_is_back(studio, post, user, job):
    endpoint, began = post.endpoint(user.id), post.now
    post.answer = lambda call: UNREACHABLE if call.at < began + minutes(20) else 204
    delivery = post.after(job, user, studio)
    post.pass_time(minutes(60))
    *failed, arrived = post.calls
    assert len(failed) == 3
    assert {call.id for call in post.calls} == {delivery.id}
    assert {call.body for call in post.calls} == {arrived.body}
    assert len({call.headers["webhook-timestamp"] for call in post.calls}) == 4, "the time is that of the attempt"
    post.now = arrived.at
    assert arrived.verified(endpoint.secret)["data"]["id"] == job.id
    assert arrived.at - began < minutes(45)
    after = deliveries.get(user.id, delivery.id)
    assert (after.state, [a["status"] for a in after.attempts]) == ("delivered", [None, None, None, 204])
    assert after.attempts[0]["error"] == "no connection or answer in time"


def test_the_schedule_is_that_of_standard_webhooks_and_ends(studio, post, user, job, monkeypatch):
    monkeypatch.setattr(breaker, "FAILURES_TO_OPEN", 100)
    post.endpoint(user.id)
    post.answer = lambda call: 500
    post.after(job, user, studio)
    post.pass_time(90 * HOUR)
    waits = [after.at - before.at for before, after in zip(post.calls, post.calls[1:], strict=False)]
    assert len(waits) == len(deliveries.RETRY_SECONDS) == 9
    for wait, planned in zip(waits, deliveries.RETRY_SECONDS, strict=True):
        assert planned <= wait <= planned * 1.1 + 120, "the clock looks every minute"
    (dead,) = post.deliveries(user.id)
    assert (dead.state, dead.reason, dead.attempt) == ("dead", "answered 500", 10)
    assert (dead.next_attempt_at, dead.due_shard) == (None, None)


def test_the_first_retries_come_by_the_queue_itself(studio, post, user, job):
    post.endpoint(user.id)
    post.answer = lambda call: 500
    post.after(job, user, studio)
    post.now += 7
    post.deliver()
    assert len(post.calls) == 2


@pytest.mark.parametrize("lost", ["the first message", "the message of a retry"])
def test_a_lost_message_delays_a_delivery_and_does_not_lose_it(studio, post, user, job, lost):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    if lost != "the first message":
        post.answer = lambda call: 500
        post.deliver()
        post.now += 10
    assert post.lose() == 1
    post.answer = lambda call: 200
    post.pass_time(minutes(2))
    assert post.deliveries(user.id)[0].state == "delivered"


def test_a_sender_that_dies_costs_one_attempt_and_no_delivery(studio, post, user, job):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    (delivery,) = post.deliveries(user.id)
    assert deliveries.claim(deliveries.waiting(delivery.id, 1))
    post.lose()
    post.pass_time(minutes(3))
    after = deliveries.get(user.id, delivery.id)
    assert (after.state, after.attempt, [a["number"] for a in after.attempts]) == ("delivered", 2, [2])


def test_senders_that_always_die_end_too(studio, post, user, job, monkeypatch):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    for number in range(1, 11):
        assert deliveries.claim(deliveries.waiting(post.deliveries(user.id)[0].id, number))
        post.now += deliveries.LEASE_SECONDS + 1
    post.lose()
    post.pass_time(minutes(3))
    (dead,) = post.deliveries(user.id)
    assert (dead.state, post.calls) == ("dead", [])


def test_two_senders_racing_on_one_delivery_make_one_attempt(studio, post, user, job, monkeypatch):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    (delivery,) = post.deliveries(user.id)
    claim, raced = deliveries.claim, []

    def with_a_rival(mine: Delivery) -> bool:
        if not raced:
            raced.append(True)
            courier.attempt(delivery.id, 1)  # the rival begins and ends between our look and our claim
        return claim(mine)

    monkeypatch.setattr(deliveries, "claim", with_a_rival)
    courier.attempt(delivery.id, 1)
    assert (len(post.calls), post.deliveries(user.id)[0].attempt) == (1, 1)


def test_a_sender_that_is_still_at_it_is_not_joined_by_another(studio, post, user, job):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    (delivery,) = post.deliveries(user.id)
    seen = []

    def answer(call):
        seen.append(call)
        if len(seen) == 1:
            deliveries.replay(user.id, delivery.id)  # asks for attempt 2 while attempt 1 is under way
            post.deliver()
        return 200

    post.answer = answer
    post.deliver()
    post.pass_time(minutes(5))
    assert (len(seen), post.deliveries(user.id)[0].state) == (1, "delivered")


def test_duplicates_of_an_old_message_do_nothing(studio, post, user, job):
    post.endpoint(user.id)
    delivery = post.after(job, user, studio)
    for number in (1, 2, 3):
        courier.attempt(delivery.id, number)
    courier.attempt("dlv_nobody", 1)
    assert len(post.calls) == 1


def test_a_long_queue_is_not_filled_with_the_same_questions(studio, post, user, job):
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    post.now += 60
    assert [post.due(), post.due(), post.due()] == [1, 0, 0]


# ---- Everybody's share -----------------------------------------------------------------------------------------------


def waiting(studio, post, user, count: int) -> list[str]:
    """Ids of so many deliveries of the user that nobody has tried yet."""
    found = [ids.new("dlv") for _ in range(count)]
    for delivery_id in found:
        deliveries.begin(delivery_id, user.id, "job.completed", "{}", endpoint_id=post.endpoint_id)
    post.lose()
    return found


@pytest.fixture
def busy(studio, post, user):
    """A user whose receivers never answer, with as many requests under way as they may have; calls `meanwhile` then."""
    post.endpoint_id = post.endpoint(user.id).id

    def run(meanwhile):
        nested = waiting(studio, post, user, places.SENDERS.per_user)

        def answer(call):
            if call.id in nested[:-1]:
                courier.attempt(nested[nested.index(call.id) + 1], 1)
            elif call.id == nested[-1]:
                meanwhile()
            return 200

        post.answer = answer
        courier.attempt(nested[0], 1)

    return run


def test_one_users_slow_receivers_keep_no_more_senders_than_their_share(studio, post, user, busy):
    (sixth,) = waiting(studio, post, user, 1)
    called = []

    def meanwhile():
        courier.attempt(sixth, 1)
        called.append([call.id for call in post.calls])

    busy(meanwhile)
    assert len(called[0]) == places.SENDERS.per_user
    assert sixth not in called[0]


def test_others_are_called_while_one_users_receivers_are_slow(studio, post, user, busy):
    other = studio.user()
    endpoint = post.endpoint(other.id, "https://quick.example.com/")
    own = deliveries.begin(ids.new("dlv"), other.id, "job.completed", "{}", endpoint_id=endpoint.id)
    busy(lambda: courier.attempt(own.id, 1))
    assert deliveries.get(other.id, own.id).state == "delivered"


def test_what_waits_for_a_sender_comes_later_and_loses_no_attempt(studio, post, user, busy):
    (sixth,) = waiting(studio, post, user, 1)
    busy(lambda: courier.attempt(sixth, 1))
    assert deliveries.get(user.id, sixth).attempt == 0
    post.pass_time(5)
    found = deliveries.get(user.id, sixth)
    assert (found.state, found.attempt, len(found.attempts)) == ("delivered", 1, 1)


@pytest.mark.parametrize("lost", [False, True], ids=["by the queue", "when its message is lost"])
def test_everything_arrives_once_however_long_the_queue_behind_a_slow_receiver_is(studio, post, user, lost):
    """Every place is taken for a while; nothing that comes meanwhile is lost or tried twice."""
    post.endpoint_id = post.endpoint(user.id).id
    taken = [places.one(places.SENDERS, user.id) for _ in range(places.SENDERS.per_user)]
    assert all(place.__enter__() for place in taken)
    deliveries_ids = waiting(studio, post, user, 12)
    for delivery_id in deliveries_ids:
        courier.attempt(delivery_id, 1)
    if lost:
        post.lose()
    post.pass_time(40)
    assert post.calls == []
    for place in taken:
        place.__exit__(None, None, None)
    post.pass_time(minutes(10))
    assert sorted(call.id for call in post.calls) == sorted(deliveries_ids)


def test_the_longer_somebody_waits_for_a_sender_the_less_often_they_ask(studio, post, user, monkeypatch):
    post.endpoint_id = post.endpoint(user.id).id
    (waiter,) = waiting(studio, post, user, 1)
    monkeypatch.setattr(places, "SENDERS", replace(places.SENDERS, per_user=0))
    asked = []
    monkeypatch.setattr(deliveries, "step_aside", recorded(asked, deliveries.step_aside))
    courier.attempt(waiter, 1)
    post.pass_time(HOUR)
    assert len(asked) < 25
    assert max(asked) <= deliveries.MAX_ASIDE_SECONDS * 3 // 2


def recorded(waits: list[int], step_aside):
    def also(delivery: Delivery, waited: int) -> None:
        waits.append(waited)
        step_aside(delivery, waited)

    return also


def test_a_sender_that_dies_gives_its_place_back(studio, post, user, monkeypatch):
    monkeypatch.setattr(places, "SENDERS", replace(places.SENDERS, per_user=1))
    dead = places.one(places.SENDERS, user.id)
    assert dead.__enter__()
    with places.one(places.SENDERS, user.id) as ours:
        assert not ours
    post.now += places.SENDERS.lease_seconds
    with places.one(places.SENDERS, user.id) as ours:
        assert ours


def test_progress_does_not_wait_long_for_a_sender(studio, post, user, monkeypatch):
    endpoint = post.endpoint(user.id)
    monkeypatch.setattr(places, "SENDERS", replace(places.SENDERS, per_user=0))
    told = deliveries.begin(ids.new("dlv"), user.id, deliveries.PROGRESS, "{}", endpoint_id=endpoint.id)
    post.deliver()
    post.pass_time(minutes(2))
    found = deliveries.get(user.id, told.id)
    assert (found.state, found.attempt) == ("dead", 0)
    assert "progress does not wait" in found.reason


def test_attempts_are_asked_for_in_the_name_of_their_user(studio, post, user, job, monkeypatch):
    """What makes a fair queue of it: AWS puts the messages of others before those of whoever has many."""
    post.endpoint(user.id)
    studio.finish(job)
    post.tell()
    queue = settings().deliveries_queue_url
    taken = boto3.client("sqs").receive_message(QueueUrl=queue, MessageSystemAttributeNames=["MessageGroupId"])
    assert [message["Attributes"]["MessageGroupId"] for message in taken["Messages"]] == [user.id]


# ---- What receivers say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_failures_that_the_log_explains(studio, post, user, job, status):
    post.endpoint(user.id)
    post.answer = lambda call: (status, {"location": "https://elsewhere.example.com/"})
    delivery = post.after(job, user, studio)
    assert [call.url for call in post.calls] == [URL]
    assert (delivery.state, delivery.attempts[0]["status"]) == ("pending", status)
    assert "redirects are not followed" in delivery.attempts[0]["error"]


def test_410_disables_the_endpoint_and_ends_the_delivery(studio, post, user, job):
    endpoint = post.endpoint(user.id)
    post.answer = lambda call: 410
    delivery = post.after(job, user, studio)
    assert (delivery.state, delivery.reason) == ("dead", "answered 410")
    assert endpoints.get(user.id, endpoint.id).disabled_reason == "gone"
    user.cancel(user.submit())
    post.tell()
    assert len(post.deliveries(user.id)) == 1, "a disabled endpoint is not told anything"


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 5, 6),
        ("99999999999999999999", DAY, DAY),
        ("soon", 5, 6),
        ("-7", 5, 6),
        ("²", 5, 6),
        ("", 5, 6),
        ("HTTP date", 3_600, 3_600),
        ("HTTP date of the past", 5, 6),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(studio, post, user, job, told, least, most):
    dates = {"HTTP date": HOUR, "HTTP date of the past": -HOUR}
    if told in dates:
        told = clock.from_epoch(post.now + dates[told]).strftime("%a, %d %b %Y %H:%M:%S GMT")
    post.endpoint(user.id)
    post.answer = lambda call: (503, {"retry-after": told})
    delivery = post.after(job, user, studio)
    assert least <= delivery.next_attempt_at - post.now <= most


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_overloaded_receiver_is_left_alone_for_a_minute_at_least(studio, post, user, job, status):
    post.endpoint(user.id)
    post.answer = lambda call: status
    assert post.after(job, user, studio).next_attempt_at - post.now >= 60


def test_retry_after_holds_for_everything_on_its_way_to_that_endpoint(studio, post, user, job):
    post.endpoint(user.id)
    post.answer = lambda call: (429, {"retry-after": "600"})
    post.after(job, user, studio)
    user.cancel(user.submit())
    post.tell()
    post.pass_time(540)
    assert len(post.calls) == 1
    post.answer = lambda call: 200
    post.pass_time(600)
    assert [d.state for d in post.deliveries(user.id)] == ["delivered", "delivered"]
    assert [d.attempt for d in sorted(post.deliveries(user.id), key=lambda d: d.attempt)] == [1, 2]


@pytest.mark.parametrize(
    "failure", [Unreachable("the answer took too long"), Refused("the host leads to an address that is not public")]
)
def test_what_is_not_answered_is_tried_again_with_the_reason_in_the_log(studio, post, user, job, failure):
    post.endpoint(user.id)
    post.answer = lambda call: failure
    delivery = post.after(job, user, studio)
    assert (delivery.state, delivery.attempts[0]["status"]) == ("pending", None)
    assert delivery.attempts[0]["error"] == str(failure)


# ---- The breaker -----------------------------------------------------------------------------------------------------


def _break(post, user, number: int = breaker.FAILURES_TO_OPEN):
    """Fail the first attempts of so many deliveries."""
    post.answer = lambda call: 500
    for _ in range(number):
        user.cancel(user.submit())
        post.tell()
        post.deliver()


def test_attempts_at_a_broken_endpoint_are_spaced(studio, post, user):
    post.endpoint(user.id)
    _break(post, user)
    before = len(post.calls)
    post.pass_time(minutes(30))
    assert len(post.calls) - before <= 5, "after 1, 2, 4, 8 and 16 minutes"
    assert {d.state for d in post.deliveries(user.id)} == {"pending"}, "waiting uses up no attempts"


def test_everything_arrives_once_a_broken_endpoint_is_back(studio, post, user):
    endpoint = post.endpoint(user.id)
    _break(post, user)
    post.now += minutes(30)
    post.answer = lambda call: 200
    post.pass_time(2 * HOUR)
    assert {d.state for d in post.deliveries(user.id)} == {"delivered"}
    healthy = endpoints.get(user.id, endpoint.id)
    assert (healthy.failures, healthy.failing_since, healthy.not_before) == (0, None, None)


def test_an_endpoint_that_failed_for_five_days_is_disabled_and_says_so(studio, post, user):
    endpoint = post.endpoint(user.id)
    _break(post, user, 1)
    post.pass_time(5 * DAY - HOUR)
    _break(post, user, 1)
    assert endpoints.get(user.id, endpoint.id).disabled_reason is None
    post.pass_time(3 * HOUR)
    assert endpoints.get(user.id, endpoint.id).disabled_reason == "failing"
    post.pass_time(6 * HOUR)
    assert [(d.state, d.reason) for d in post.deliveries(user.id)] == [
        ("dead", "answered 500"),
        ("dead", "the endpoint is disabled"),
    ]


def test_enabling_an_endpoint_forgets_its_failures(studio, post, user):
    endpoint = post.endpoint(user.id)
    _break(post, user)
    endpoints.disable(endpoint, "failing")
    enabled = endpoints.change(user.id, endpoint.id, enabled=True)
    assert (enabled.disabled_reason, enabled.failures, enabled.failing_since) == (None, 0, None)
    post.answer = lambda call: 200
    user.cancel(user.submit())
    post.tell()
    post.deliver()
    assert [d.state for d in post.deliveries(user.id)].count("delivered") == 1


def test_a_delivery_to_an_endpoint_that_was_disabled_or_deleted_is_given_up(studio, post, user):
    ways = (
        ("the endpoint is disabled", lambda e: endpoints.change(user.id, e.id, enabled=False)),
        ("the endpoint was deleted", lambda e: endpoints.delete(user.id, e.id)),
    )
    for _, take_away in ways:
        endpoint = post.endpoint(user.id)
        user.cancel(user.submit())
        post.tell()
        take_away(endpoint)
        post.deliver()
    assert {(d.state, d.reason) for d in post.deliveries(user.id)} == {("dead", reason) for reason, _ in ways}
    assert post.calls == []


def test_another_endpoint_in_the_same_place_is_not_blamed_for_the_one_before(studio, post, user):
    gone = post.endpoint(user.id)
    endpoints.delete(user.id, gone.id)
    fresh = post.endpoint(user.id)
    assert fresh.place == gone.place
    breaker.failed(gone, asked_to_wait=None)
    endpoints.disable(gone, "gone")
    after = endpoints.get(user.id, fresh.id)
    assert (after.failures, after.disabled_reason) == (0, None)


# ---- By hand ---------------------------------------------------------------------------------------------------------


def test_a_replay_is_the_same_message_under_the_same_id(studio, post, user, job):
    endpoint = post.endpoint(user.id)
    delivery = post.after(job, user, studio)
    post.now += DAY
    callbacks.replay(user.id, delivery.id)
    post.deliver()
    first, again = post.calls
    assert (first.id, first.body) == (again.id, again.body)
    assert again.verified(endpoint.secret)
    assert deliveries.get(user.id, delivery.id).state == "delivered"


def test_a_dead_letter_that_is_replayed_has_the_whole_schedule_ahead(studio, post, user, job, monkeypatch):
    monkeypatch.setattr(breaker, "FAILURES_TO_OPEN", 100)
    post.endpoint(user.id)
    post.answer = lambda call: 500
    delivery = post.after(job, user, studio)
    post.pass_time(90 * HOUR)
    callbacks.replay(user.id, delivery.id)
    post.pass_time(minutes(40))
    revived = deliveries.get(user.id, delivery.id)
    assert (revived.state, revived.attempt) == ("pending", 14)


def test_a_replay_does_not_wait_for_the_breaker(studio, post, user):
    post.endpoint(user.id)
    _break(post, user)
    post.answer = lambda call: 200
    first = post.deliveries(user.id)[0]
    callbacks.replay(user.id, first.id)
    post.deliver()
    assert deliveries.get(user.id, first.id).state == "delivered"


def test_a_test_is_sent_once(studio, post, user):
    endpoint = post.endpoint(user.id, URL, "job.failed")
    post.answer = lambda call: 500
    sent = callbacks.test(user.id, endpoint.id)
    post.pass_time(minutes(30))
    (call,) = post.calls
    assert call.json == {
        "type": "webhook.test",
        "timestamp": sent.created_at,
        "data": {"endpointId": endpoint.id},
    }
    assert deliveries.get(user.id, sent.id).state == "dead"


def test_nothing_is_sent_by_hand_to_a_disabled_endpoint(studio, post, user, job):
    endpoint = post.endpoint(user.id)
    delivery = post.after(job, user, studio)
    endpoints.change(user.id, endpoint.id, enabled=False)
    with pytest.raises(EndpointDisabled):
        callbacks.test(user.id, endpoint.id)
    with pytest.raises(EndpointDisabled):
        callbacks.replay(user.id, delivery.id)
    endpoints.delete(user.id, endpoint.id)
    with pytest.raises(EndpointDisabled):
        callbacks.replay(user.id, delivery.id)
    with pytest.raises(NotFound):
        callbacks.test(user.id, endpoint.id)


def test_sending_by_hand_has_a_quota(studio, post, user):
    endpoint = post.endpoint(user.id)
    for _ in range(60):
        callbacks.test(user.id, endpoint.id)
    with pytest.raises(TooManyRequests):
        callbacks.test(user.id, endpoint.id)


# ---- Secrets ---------------------------------------------------------------------------------------------------------


def test_after_a_rotation_both_secrets_sign_for_a_day(studio, post, user):
    endpoint = post.endpoint(user.id)
    old = endpoint.secret
    new = endpoints.rotate(user.id, endpoint.id).secret
    assert new != old
    user.cancel(user.submit())
    post.tell()
    post.deliver()
    assert post.calls[-1].verified(old) == post.calls[-1].verified(new)
    post.now += DAY
    user.cancel(user.submit())
    post.tell()
    post.deliver()
    assert post.calls[-1].verified(new)
    with pytest.raises(Exception, match="No matching signature"):
        post.calls[-1].verified(old)


def test_a_rotation_whose_answer_was_lost_rolls_the_secret_once(studio, post, user, monkeypatch):
    endpoint = post.endpoint(user.id)
    old, update, lost = endpoint.secret, endpoints.Endpoint.update, []

    def losing(self, *args, **options):
        if not lost:
            lost.append(True)
            update(self, *args, **options)
            self.secret = old  # as it was read; nobody has heard of the new one
        return update(self, *args, **options)

    monkeypatch.setattr(endpoints.Endpoint, "update", losing)
    rolled = endpoints.rotate(user.id, endpoint.id)
    assert (rolled.old_secret, rolled.secret != old) == (old, True)


# ---- One-off callbacks -----------------------------------------------------------------------------------------------


def test_a_callback_url_of_a_job_is_called_with_the_users_own_secret(studio, post, user):
    job = user.submit(callbackUrl="https://once.example.com/here?token=1")
    jobs.claim(job.id)
    delivery = post.after(job, user, studio)
    (call,) = post.calls
    assert call.url == "https://once.example.com/here?token=1"
    assert call.verified(callback_secrets.of(user.id).secret)["data"]["id"] == job.id
    assert (delivery.state, delivery.endpoint_id) == ("delivered", None)


def test_a_callback_url_is_no_part_of_what_workers_get(studio, user):
    job = user.submit(callbackUrl=URL)
    assert "callbackUrl" not in studio.job(job).order


def test_a_callback_url_that_must_not_be_called_costs_nothing(studio, user):
    with pytest.raises(Exception, match="/callbackUrl must be https"):
        user.submit(callbackUrl="http://169.254.169.254/latest/meta-data/")
    assert (user.balance(), studio.queued_jobs()) == (50, [])


def test_a_key_with_another_callback_url_is_another_request(studio, user):
    user.submit(key="k", callbackUrl=URL)
    assert user.submit(key="k", callbackUrl=URL)
    with pytest.raises(Exception, match="another request"):
        user.submit(key="k")


def test_a_callback_url_that_answers_410_is_given_up(studio, post, user):
    job = user.submit(callbackUrl=URL)
    jobs.claim(job.id)
    post.answer = lambda call: 410
    assert post.after(job, user, studio).state == "dead"


def test_callbacks_move_no_credits(studio, post, user, job):
    post.endpoint(user.id)
    post.answer = lambda call: 500
    post.after(job, user, studio)
    post.pass_time(minutes(40))
    assert credits.of(user.id).balance == 48
    assert [entry.kind for entry in studio.ledger(user)] == ["signup", "hold"]


def _die(*args: object, **options: object) -> None:
    raise SystemExit


@pytest.mark.parametrize(
    "wait", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2027 00:00:00 +99999999999", "x"]
)
def test_no_retry_after_breaks_an_attempt(studio, post, user, job, wait):
    post.endpoint(user.id)
    post.answer = lambda call: (503, {"retry-after": wait})
    delivery = post.after(job, user, studio)
    assert (delivery.state, delivery.attempts[0]["status"]) == ("pending", 503)


def test_an_attempt_that_breaks_on_our_side_is_recorded_and_made_again(studio, post, user, job):
    post.endpoint(user.id)
    post.answer = lambda call: RuntimeError("a bug of ours")
    delivery = post.after(job, user, studio)
    assert (delivery.state, delivery.attempts[0]["error"]) == ("pending", "the attempt broke off on our side")


def test_callbacks_of_an_erased_account_are_buried(studio, post, user):
    job = user.submit(callbackUrl=URL)
    jobs.claim(job.id)
    CallbackSecret(user.id).delete()
    delivery = post.after(job, user, studio)
    assert (delivery.state, delivery.reason, post.calls) == ("dead", "the account was closed", [])


def test_a_filter_that_nothing_passes_reads_only_so_much(studio, post, user, monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_EXAMINED", 2)
    for _ in range(3):
        studio.finish(claimed(user))
    post.endpoint(user.id)
    for _ in range(3):
        studio.finish(claimed(user))
    post.tell()
    page = deliveries.log(user.id, limit=5, state=deliveries.State.DEAD)
    assert page.deliveries == ()
    assert page.next_id is not None


def claimed(user):
    job = user.submit()
    jobs.claim(job.id)
    return job
