"""What is repeated, how long after, and that nothing is done twice by it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_creative_studio import InvalidOrder, RateLimited, Retries, Studio, Unreachable
from ai_creative_studio._retries import retry_after
from ai_creative_studio.errors import ServerError
from tests.unit.client.conftest import job, problem

LOST = httpx.ReadError("connection reset")
REFUSED = httpx.ConnectError("refused")


@given(failures=st.integers(1, 4), rand=st.floats(0, 1))
def test_waits_have_full_jitter_below_a_bound_that_doubles_up_to_its_cap(failures, rand):
    retries = Retries(attempts=5, base_seconds=0.5, cap_seconds=2, rand=lambda: rand)
    bound = min(2, 0.5 * 2 ** (failures - 1))
    assert retries.delay(failures) == pytest.approx(rand * bound)


def test_the_usual_source_of_jitter_reaches_both_ends():
    waits = [Retries(rand=random.Random(1).random).delay(1) for _ in range(1)]
    spread = random.Random(1)
    waits += [Retries(rand=spread.random).delay(4) for _ in range(500)]
    assert 0 <= min(waits) < 0.1
    assert 3.9 < max(waits) <= 4


@given(failures=st.integers(1, 4), asked=st.floats(0, 60), rand=st.floats(0, 1))
def test_what_the_server_asks_for_is_waited_for_and_not_much_more(failures, asked, rand):
    assert asked <= Retries(rand=lambda: rand).delay(failures, asked) <= asked + 0.5


def test_a_longer_wait_than_patience_has_is_raised():
    assert Retries().delay(1, 61) is None
    assert Retries(attempts=3).delay(3) is None


@pytest.mark.parametrize("failure", [LOST, REFUSED, httpx.ReadTimeout("slow"), problem(503, "busy"), problem(500, "x")])
def test_a_submit_keeps_its_key_over_all_retries(studio, tape, failure):
    tape.answers = [failure, failure, job()]
    studio.jobs.submit("image-generation", prompt="a fox")
    keys = {request.headers["idempotency-key"] for request in tape.requests}
    assert (len(tape.requests), len(keys)) == (3, 1)
    assert len({request.content for request in tape.requests}) == 1


def test_two_submits_have_two_keys_and_an_own_key_is_taken(studio, tape):
    tape.answers = [job(), job(), job()]
    for key in (None, None, "order-7"):
        studio.jobs.submit("image-generation", prompt="a fox", idempotency_key=key)
    one, two, three = (request.headers["idempotency-key"] for request in tape.requests)
    assert (one != two, len(one), three) == (True, 36, "order-7")


@pytest.mark.parametrize("failure", [LOST, httpx.ReadTimeout("slow"), problem(503, "busy"), problem(500, "internal")])
def test_a_call_that_could_be_done_twice_is_not_repeated_without_a_key(studio, tape, failure):
    tape.answers = [failure]
    with pytest.raises((Unreachable, ServerError)):
        studio.keys.create("ci", ["jobs:read"])
    assert len(tape.requests) == 1


@pytest.mark.parametrize("failure", [REFUSED, problem(429, "too_many_requests", {"retry-after": "2"})])
def test_a_call_that_was_certainly_not_done_is_repeated_even_without_a_key(studio, tape, failure):
    key = {"id": "key_1", "name": "ci", "scopes": [], "hint": "", "expiresAt": None, "lastUsedAt": None}
    tape.answers = [failure, httpx.Response(201, json=key | {"createdAt": "2026-11-20T09:30:00Z", "secret": "s"})]
    assert studio.keys.create("ci", ["jobs:read"]).secret == "s"


def test_reads_are_repeated_with_growing_waits_and_then_given_up(studio, tape, clock):
    tape.answers = [LOST] * 5
    with pytest.raises(Unreachable, match="connection reset"):
        studio.credits()
    assert clock.slept == [0.5, 1, 2, 4]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_where_nobody_listens_on_this_machine_the_error_says_what_helps(tape, clock, host):
    tape.answers = [REFUSED] * 5
    with httpx.Client(transport=httpx.MockTransport(tape)) as http, pytest.raises(Unreachable) as refused:
        Studio(f"http://{host}:42823", "t", http=http, clock=clock).credits()
    assert str(refused.value).endswith("refused; is the studio running? `make up` prints its address")


@pytest.mark.parametrize("failure", [REFUSED, LOST])
def test_a_studio_elsewhere_is_not_started_with_make(studio, tape, failure):
    tape.answers = [failure] * 5
    with pytest.raises(Unreachable) as lost:
        studio.credits()
    assert "make up" not in str(lost.value)


def test_an_unanswered_submit_says_its_key_so_that_it_can_be_repeated(studio, tape):
    tape.answers = [LOST] * 5
    with pytest.raises(Unreachable) as lost:
        studio.jobs.submit("image-generation", prompt="a fox")
    assert lost.value.idempotency_key == tape.requests[0].headers["idempotency-key"]


def test_refusals_that_will_stay_are_not_repeated(studio, tape, clock):
    tape.answers = [problem(422, "invalid_request")]
    with pytest.raises(InvalidOrder):
        studio.jobs.submit("image-generation", prompt="")
    assert clock.slept == []


def test_a_quota_that_is_full_for_long_is_raised_with_how_long(studio, tape, clock):
    tape.answers = [problem(429, "too_many_requests", {"retry-after": "700"})]
    with pytest.raises(RateLimited) as refusal:
        studio.jobs.submit("image-generation", prompt="a fox")
    assert (refusal.value.retry_after, clock.slept) == (700, [])


def test_a_login_is_never_repeated(studio, tape):
    tape.answers = [problem(429, "too_many_requests", {"retry-after": "1"})]
    with pytest.raises(RateLimited):
        studio.login("a@example.com", "secret")


def test_retry_after_may_be_a_date():
    def seconds(value: str) -> float | None:
        return retry_after(httpx.Response(503, headers={"retry-after": value.encode("latin-1")}))

    assert 20 < seconds(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)) <= 30
    assert seconds(format_datetime(datetime.now(UTC) - timedelta(seconds=30), usegmt=True)) == 0
    assert [seconds(value) for value in ("", "soon", "-1", "²")] == [None] * 4


def test_the_async_client_repeats_alike(async_studio, tape):
    async def submit() -> None:
        async with async_studio:
            await async_studio.jobs.submit("image-generation", prompt="a fox")

    tape.answers = [LOST, problem(503, "busy", {"retry-after": "1"}), job()]
    anyio.run(submit)
    assert len({request.headers["idempotency-key"] for request in tape.requests}) == 1
