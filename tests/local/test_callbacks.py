"""Callbacks through the whole stack: the bus, the queues, the functions with their own rights, a real receiver."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from standardwebhooks import Webhook

from studio import places
from tests.local.conftest import ORDER, SUBMIT, at_once, registered, wait_for
from tests.local.receiver import Receiver, listening

ENDPOINTS = "/api/v1/webhooks/endpoints"
DELIVERIES = "/api/v1/webhooks/deliveries"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


def endpoint(user, url: str) -> dict:
    answer = user.http.post(ENDPOINTS, json={"url": url})
    assert answer.status_code == 201, answer.text
    return answer.json()


def deliveries(user, **query: str) -> list[dict]:
    return user.http.get(DELIVERIES, params=query).raise_for_status().json()["data"]


def test_a_finished_job_is_told_to_its_owners_program_with_a_signature(user, worker, receiver):
    secret = endpoint(user, receiver.url)["secret"]
    job = user.wait(user.submit(seed=7))
    ((headers, body),) = wait_for(lambda: receiver.calls)
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["id"], told["data"]["status"]) == ("job.completed", job["id"], "completed")
    assert told["data"]["result"] == job["result"]
    assert told["data"]["credits"] == job["credits"]
    assert told["data"]["urls"] == job["urls"]
    (delivery,) = wait_for(lambda: deliveries(user, jobId=job["id"], state="delivered"))
    assert delivery["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]


def test_who_asks_for_it_is_told_that_a_job_begins_and_how_far_it_is(user, receiver, scripted, tmp_path):
    wanted = ["job.started", "job.progress", "job.completed"]
    made = user.http.post(ENDPOINTS, json={"url": receiver.url, "events": wanted}).raise_for_status().json()
    scripted("wait")
    job = user.submit()
    wait_for(lambda: len(receiver.calls) >= 2)
    (tmp_path / "go").touch()
    user.wait(job)
    calls = wait_for(lambda: receiver.calls, lambda calls: len(calls) >= 3)
    told = [Webhook(made["secret"]).verify(body, headers) for headers, body in calls]
    assert {event["data"]["id"] for event in told} == {job["id"]}
    on_the_way = [event for event in told if event["type"] != "job.completed"]
    assert {event["type"] for event in on_the_way} == {"job.started", "job.progress"}
    assert all(event["data"]["sequence"] > 0 for event in on_the_way)


def test_a_receiver_that_fails_is_called_again_seconds_later_with_the_same_id(user):
    with listening(500) as receiver:
        secret = endpoint(user, receiver.url)["secret"]
        user.http.delete(user.submit()["urls"]["self"]).raise_for_status()
        calls = wait_for(lambda: receiver.calls, lambda calls: len(calls) == 2)
        first, second = (Webhook(secret).verify(body, headers) for headers, body in calls)
        assert first == second
        assert len({headers["webhook-id"] for headers, _ in calls}) == 1
        (delivery,) = wait_for(lambda: deliveries(user, state="delivered"))
    log = user.http.get(f"{DELIVERIES}/{delivery['id']}").json()["log"]
    assert [attempt["status"] for attempt in log] == [500, 200]


def test_a_callback_url_of_one_job_a_test_and_a_replay(user, receiver):
    own = user.http.get("/api/v1/webhooks/secret").raise_for_status().json()["secret"]
    job = user.http.post(SUBMIT, json=ORDER | {"callbackUrl": receiver.url}).raise_for_status().json()
    user.http.delete(job["urls"]["self"]).raise_for_status()
    ((headers, body),) = wait_for(lambda: receiver.calls)
    assert Webhook(own).verify(body, headers)["data"]["id"] == job["id"]
    (delivery,) = wait_for(lambda: deliveries(user, state="delivered"))
    user.http.post(f"{DELIVERIES}/{delivery['id']}/replay").raise_for_status()
    wait_for(lambda: receiver.calls, lambda calls: len(calls) == 2)
    made = endpoint(user, receiver.url)
    user.http.post(f"{ENDPOINTS}/{made['id']}/test").raise_for_status()
    *_, (headers, body) = wait_for(lambda: receiver.calls, lambda calls: len(calls) == 3)
    assert Webhook(made["secret"]).verify(body, headers)["type"] == "webhook.test"


def test_an_endpoint_goes_through_its_life_with_the_functions_own_rights(user, receiver):
    made = endpoint(user, receiver.url)
    address = f"{ENDPOINTS}/{made['id']}"
    assert user.http.post(f"{address}/rotate").raise_for_status().json()["secret"] != made["secret"]
    assert user.http.patch(address, json={"enabled": False}).raise_for_status().json()["disabledReason"] == "owner"
    assert user.http.post(f"{address}/test").status_code == 409
    assert user.http.post("/api/v1/webhooks/secret/rotate").is_success
    assert user.http.delete(address).status_code == 204
    assert user.http.get(ENDPOINTS).json()["data"] == []
    assert user.http.post("/api/v1/auth/logout").status_code == 204


def test_a_receiver_that_says_gone_is_left_alone(user):
    with listening(410) as receiver:
        made = endpoint(user, receiver.url)
        user.http.delete(user.submit()["urls"]["self"]).raise_for_status()
        gone = wait_for(
            lambda: user.http.get(f"{ENDPOINTS}/{made['id']}").json(), lambda now: now["disabledReason"] == "gone"
        )
    assert gone["enabled"] is False
    assert [d["state"] for d in deliveries(user)] == ["dead"]


def test_many_senders_asked_for_the_same_attempt_make_it_once(studio, user, receiver):
    made = endpoint(user, receiver.url)
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    (sender,) = [
        function["FunctionName"]
        for function in functions.list_functions()["Functions"]
        if function["Handler"] == "callbacks.send.handler"
    ]
    sent = [user.http.post(f"{ENDPOINTS}/{made['id']}/test").raise_for_status().json() for _ in range(3)]

    def ask(delivery: dict) -> dict:
        body = json.dumps({"deliveryId": delivery["id"], "attempt": 1})
        record = {"messageId": "1", "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:::q"}
        answer = functions.invoke(FunctionName=sender, Payload=json.dumps({"Records": [record]}).encode())
        return json.loads(answer["Payload"].read())

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, sent * 8)) == [{"batchItemFailures": []}] * 24
    wait_for(lambda: deliveries(user, state="delivered"), lambda found: len(found) == 3)
    assert sorted(headers["webhook-id"] for headers, _ in receiver.calls) == sorted(delivery["id"] for delivery in sent)


def test_a_slow_receiver_keeps_its_owners_share_of_senders_busy_and_nobody_else_waits(studio, user, receiver):
    """Twelve requests of one customer who takes two seconds for each, and one of another in the middle of them."""
    now, most, at_work = 0, 0, threading.Lock()

    def slowly(path: str) -> int:
        nonlocal now, most
        with at_work:
            now += 1
            most = max(most, now)
        time.sleep(2)
        with at_work:
            now -= 1
        return 200

    with registered(studio) as other, listening(answer=slowly) as slow:
        made, quick = endpoint(user, slow.url), endpoint(other, receiver.url)
        sent = {user.http.post(f"{ENDPOINTS}/{made['id']}/test").raise_for_status().json()["id"] for _ in range(12)}
        wait_for(lambda: slow.calls)
        other.http.post(f"{ENDPOINTS}/{quick['id']}/test").raise_for_status()
        wait_for(lambda: receiver.calls)
        assert len(slow.calls) < len(sent), "the others were done by then"
        wait_for(lambda: deliveries(user, state="delivered"), lambda found: len(found) == len(sent))
        assert 2 <= most <= places.SENDERS.per_user
        assert sorted(headers["webhook-id"] for headers, _ in slow.calls) == sorted(sent)


def test_no_race_makes_an_eleventh_endpoint(user):
    def create(number: int) -> httpx.Response:
        return user.http.post(ENDPOINTS, json={"url": f"https://h{number}.example.com/"})

    assert [create(number).status_code for number in range(7)] == [201] * 7
    assert sorted(answer.status_code for answer in at_once(user, create, 6)) == [201] * 3 + [409] * 3
    assert len(user.http.get(ENDPOINTS).json()["data"]) == 10


def test_private_addresses_other_than_the_receivers_ports_are_refused(studio, user):
    for url in (studio.url, studio.emulator.url, "http://127.0.0.1:22/", "http://169.254.169.254/"):
        assert user.http.post(ENDPOINTS, json={"url": url}).status_code == 422


def test_the_clock_asks_for_what_is_due_with_its_own_rights(studio):
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    name = studio.deployment.outputs["DueFunctionName"]
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert (answer.get("FunctionError"), set(json.loads(answer["Payload"].read()))) == (None, {"asked"})
