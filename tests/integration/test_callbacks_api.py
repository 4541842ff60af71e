"""Routes about callbacks: what an owner sees and changes, and that nobody else does."""

from __future__ import annotations

import pytest

from studio import callback_secrets, callbacks, deliveries, endpoints, jobs
from tests.integration.callbacks import URL, opened
from tests.integration.conftest import ORDER
from tests.integration.test_api import SUBMIT, Client, assert_problem
from tests.unit.test_outbound import HOSTILE_URLS

ENDPOINTS = "/api/v1/webhooks/endpoints"
DELIVERIES = "/api/v1/webhooks/deliveries"
SECRET = "/api/v1/webhooks/secret"


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture
def post(studio, monkeypatch, context):
    with opened(monkeypatch, context) as post:
        yield post


@pytest.fixture
def endpoint(http, user):
    return http("POST", ENDPOINTS, {"url": URL}).json


@pytest.fixture
def delivery(http, post, endpoint):
    sent = http("POST", f"{ENDPOINTS}/{endpoint['id']}/test").json
    post.deliver()
    return sent


def test_an_endpoint_from_creation_to_deletion(http, user):
    created = http("POST", ENDPOINTS, {"url": URL, "events": ["job.failed", "job.failed"], "description": "CRM"})
    endpoint = created.json
    assert (created.status, created.headers["Location"]) == (201, f"{ENDPOINTS}/{endpoint['id']}")
    assert endpoint.pop("secret").startswith("whsec_")
    assert endpoint == {
        "id": endpoint["id"],
        "url": URL,
        "description": "CRM",
        "events": ["job.failed"],
        "enabled": True,
        "disabledReason": None,
        "failingSince": None,
        "createdAt": endpoint["createdAt"],
    }
    address = f"{ENDPOINTS}/{endpoint['id']}"
    assert http("GET", address).json == endpoint, "the secret is shown once"
    assert http("GET", ENDPOINTS).json == {"data": [endpoint], "hasMore": False, "nextCursor": None}
    changed = http("PATCH", address, {"url": "https://new.example.com/", "enabled": False}).json
    assert changed == endpoint | {"url": "https://new.example.com/", "enabled": False, "disabledReason": "owner"}
    assert http("PATCH", address, {"enabled": True, "events": ["credits.low"]}).json["events"] == ["credits.low"]
    assert http("PATCH", address, {}).json["enabled"] is True
    assert http("DELETE", address).status == 204
    assert_problem(http("GET", address), 404, "not_found")


def test_an_endpoint_wants_every_end_unless_it_says_otherwise(endpoint):
    assert endpoint["events"] == ["job.completed", "job.failed", "job.cancelled", "credits.low"]


def test_an_endpoint_may_ask_for_the_way_too(http, user):
    wanted = ["job.started", "job.progress"]
    assert http("POST", ENDPOINTS, {"url": URL, "events": wanted}).json["events"] == wanted


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_hostile_urls_are_refused_where_they_are_given(http, user, studio, url):
    for method, path, body, pointer in (
        ("POST", ENDPOINTS, {"url": url}, "/url"),
        ("POST", SUBMIT, ORDER | {"callbackUrl": url}, "/callbackUrl"),
        ("POST", SUBMIT, ORDER | {"quality": "draft", "callbackUrl": url}, "/callbackUrl"),
    ):
        problem = assert_problem(http(method, path, body), 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert endpoints.all_of(user.id) == []
    assert (user.balance(), studio.queued_jobs(), studio.queued_drafts()) == (50, [], [])


def test_an_endpoint_cannot_be_turned_into_a_hostile_one(http, endpoint):
    address = f"{ENDPOINTS}/{endpoint['id']}"
    assert_problem(http("PATCH", address, {"url": "https://169.254.169.254/"}), 422, "invalid_request")
    assert http("GET", address).json["url"] == URL


def test_a_dry_run_refuses_a_bad_callback_url_too(http, user):
    answer = http("POST", SUBMIT, ORDER | {"callbackUrl": "https://127.0.0.1/"}, query={"dryRun": "true"})
    assert_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"events": []}, "/events"),
        ({"events": ["job.exploded"]}, "/events/0"),
        ({"events": "job.failed"}, "/events"),
        ({"description": "x" * 201}, "/description"),
        ({"enabled": "yes"}, "/enabled"),
        ({"secret": "whsec_mine"}, "/secret"),
        ({"userId": "usr_1"}, "/userId"),
        ({"failures": 0}, "/failures"),
    ],
)
def test_wrong_fields_are_named(http, endpoint, change, pointer):
    problem = assert_problem(http("PATCH", f"{ENDPOINTS}/{endpoint['id']}", change), 422, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_ten_endpoints_and_no_more_until_one_is_deleted(http, user):
    made = [http("POST", ENDPOINTS, {"url": f"https://h{n}.example.com/"}).json["id"] for n in range(10)]
    assert_problem(http("POST", ENDPOINTS, {"url": URL}), 409, "too_many_endpoints")
    assert http("DELETE", f"{ENDPOINTS}/{made[3]}").status == 204
    assert http("POST", ENDPOINTS, {"url": URL}).status == 201
    assert len(http("GET", ENDPOINTS).json["data"]) == 10


def test_a_rotated_secret_is_shown_and_another(http, endpoint):
    rotated = http("POST", f"{ENDPOINTS}/{endpoint['id']}/rotate").json
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["id"] == endpoint["id"]


def test_the_secret_of_one_off_callbacks_can_be_read_and_rotated(http, user):
    first = http("GET", SECRET).json
    assert http("GET", SECRET).json == first == {"secret": first["secret"], "oldSecretValidUntil": None}
    second = http("POST", f"{SECRET}/rotate").json
    assert second["secret"] != first["secret"]
    assert second["oldSecretValidUntil"]
    assert http("GET", SECRET).json == second


def test_a_delivery_is_listed_and_shown_with_its_attempts(http, user, post, endpoint, delivery):
    assert (delivery["type"], delivery["state"], delivery["attempts"]) == ("webhook.test", "pending", 0)
    shown = http("GET", f"{DELIVERIES}/{delivery['id']}").json
    assert shown["state"] == "delivered"
    assert shown["body"]["data"] == {"endpointId": endpoint["id"]}
    (attempt,) = shown["log"]
    assert (attempt["number"], attempt["status"], attempt["error"]) == (1, 200, None)
    (listed,) = http("GET", DELIVERIES).json["data"]
    assert listed == {name: value for name, value in shown.items() if name not in ("body", "log")}


def test_the_log_in_pages_and_filtered(http, user, post, studio, endpoint):
    ended, post.now = [], post.now - 60
    for _ in range(3):
        ended.append(user.cancel(user.submit()))
        post.now += 1
        post.tell()
        post.deliver()
    other = http("POST", ENDPOINTS, {"url": "https://other.example.com/"}).json
    post.answer = lambda call: 410
    http("POST", f"{ENDPOINTS}/{other['id']}/test")
    post.deliver()

    def listed(**query: str) -> list[str]:
        return [item["jobId"] for item in http("GET", DELIVERIES, query=query).json["data"]]

    assert listed() == [None, ended[2].id, ended[1].id, ended[0].id]
    assert listed(state="dead") == listed(endpointId=other["id"]) == [None]
    assert listed(state="delivered", endpointId=endpoint["id"], jobId=ended[1].id) == [ended[1].id]
    assert listed(state="pending") == []
    first = http("GET", DELIVERIES, query={"limit": "3"}).json
    assert (len(first["data"]), first["hasMore"]) == (3, True)
    rest = http("GET", DELIVERIES, query={"limit": "3", "cursor": first["nextCursor"]}).json
    assert ([item["jobId"] for item in rest["data"]], rest["nextCursor"]) == ([ended[0].id], None)


@pytest.mark.parametrize("query", [{"limit": "51"}, {"state": "lost"}, {"cursor": "x"}, {"cursor": "ImpvYl8xIg"}])
def test_a_log_that_cannot_be_asked_for(http, user, query):
    assert_problem(http("GET", DELIVERIES, query=query), 422, "invalid_request")


def test_a_replay_is_accepted_and_followed(http, user, post, delivery):
    answer = http("POST", f"{DELIVERIES}/{delivery['id']}/replay")
    assert (answer.status, answer.headers["Location"]) == (202, f"{DELIVERIES}/{delivery['id']}")
    assert answer.json["state"] == "pending"
    post.deliver()
    assert [call.id for call in post.calls] == [delivery["id"]] * 2


def test_a_replay_to_a_disabled_endpoint_is_refused(http, user, post, endpoint, delivery):
    http("PATCH", f"{ENDPOINTS}/{endpoint['id']}", {"enabled": False})
    assert_problem(http("POST", f"{DELIVERIES}/{delivery['id']}/replay"), 409, "endpoint_disabled")


def test_what_belongs_to_somebody_else_answers_as_if_it_were_not_there(http, user, post, studio, endpoint, delivery):
    http.token = studio.user().token
    for method, path, body in (
        ("GET", f"{ENDPOINTS}/{{}}", None),
        ("PATCH", f"{ENDPOINTS}/{{}}", {"url": "https://thief.example.com/"}),
        ("DELETE", f"{ENDPOINTS}/{{}}", None),
        ("POST", f"{ENDPOINTS}/{{}}/rotate", None),
        ("POST", f"{ENDPOINTS}/{{}}/test", None),
        ("GET", f"{DELIVERIES}/{{}}", None),
        ("POST", f"{DELIVERIES}/{{}}/replay", None),
    ):
        real = endpoint["id"] if path.startswith(ENDPOINTS) else delivery["id"]
        theirs = http(method, path.format(real), body)
        nobodys = http(method, path.format(real[:4] + "0" * 26), body)
        assert_problem(theirs, 404, "not_found")
        assert theirs.text == nobodys.text
        assert_problem(http(method, path.format("x" * 2_000), body), 404, "not_found")
    assert http("GET", ENDPOINTS).json["data"] == http("GET", DELIVERIES).json["data"] == []
    for query in ({"endpointId": endpoint["id"]}, {"state": "delivered"}):
        assert http("GET", DELIVERIES, query=query).json["data"] == []
    assert endpoints.get(user.id, endpoint["id"]).secret == endpoint["secret"]
    assert (len(post.calls), deliveries.get(user.id, delivery["id"]).attempt) == (1, 1)


def test_a_submit_takes_a_callback_url_and_a_form_does_too(http, user, post, studio):
    job = http("POST", SUBMIT, ORDER | {"callbackUrl": URL}).json
    assert "callbackUrl" not in job["input"]
    form = "\r\n".join(
        [
            *("--x", 'Content-Disposition: form-data; name="prompt"', "", "A fox"),
            *("--x", 'Content-Disposition: form-data; name="callbackUrl"', "", URL),
            *("--x--", ""),
        ]
    )
    answer = http("POST", SUBMIT, form.encode(), content_type="multipart/form-data; boundary=x")
    assert answer.status == 202, answer.text
    for submitted in (job, answer.json):
        jobs.cancel(user.id, submitted["id"])
    post.tell()
    post.deliver()
    secret = callback_secrets.of(user.id).secret
    assert {call.verified(secret)["data"]["id"] for call in post.calls} == {job["id"], answer.json["id"]}


def test_tests_count_against_a_quota(http, user, post, endpoint, monkeypatch):
    monkeypatch.setattr(callbacks.limits, "SENDS_BY_HAND", callbacks.limits.Bucket("callbacks by hand", 1, 900))
    address = f"{ENDPOINTS}/{endpoint['id']}/test"
    assert http("POST", address).status == 202
    assert_problem(http("POST", address), 429, "too_many_requests")
