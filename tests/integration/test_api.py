"""The HTTP API through its Lambda handler: what callers get, and what bad input gets them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from pynamodb.exceptions import GetError

from infra.local.stack import template
from studio import jobs, tokens, uploads
from studio.catalog import ORDERS
from tests.integration import samples
from tests.integration.conftest import ORDER, PASSWORD

ROUTE_KEYS = [
    r["Properties"]["RouteKey"] for r in template()["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Route"
]
SUBMIT = "/api/v1/jobs/image-generation"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Client:
    """Sends what API Gateway would send."""

    context: Any
    token: str | None = None
    sent: list[str] = field(default_factory=list)
    arrived: float | None = None
    """When API Gateway took its requests; None is just now."""

    def __call__(
        self, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        route = route_key(method, path)
        if "/payments/" in route:
            from payments.handler import handler
        elif "/operator/" in route:
            from operators.handler import handler
        else:
            from api.handler import handler

        binary = isinstance(body, bytes)
        raw = base64.b64encode(body).decode() if binary else body
        if raw is not None and not isinstance(raw, str):
            raw = json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if raw is not None:
            sent.setdefault("content-type", "application/json")
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        event = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": urlencode(query or {}),
            "queryStringParameters": query or {},
            "headers": sent,
            "body": raw,
            "isBase64Encoded": binary,
            "requestContext": {
                "requestId": "req-1",
                "stage": "$default",
                "timeEpoch": int((self.arrived or time.time()) * 1000),
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.9"},
            },
        }
        answer = handler(event, self.context)
        return Answer(answer["statusCode"], answer["headers"], answer.get("body") or "")


def route_key(method: str, path: str) -> str:
    """The route API Gateway picks: exact before templated, `$default` when none fits."""
    steps = path.split("/")

    def fits(key: str) -> bool:
        verb, _, pattern = key.partition(" ")
        parts = pattern.split("/")
        return (
            verb == method
            and len(parts) == len(steps)
            and all(p == s or p.startswith("{") for p, s in zip(parts, steps, strict=False))
        )

    return min((key for key in ROUTE_KEYS if fits(key)), key=lambda key: key.count("{"), default="$default")


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


def assert_problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert (problem["status"], problem["code"], problem["requestId"]) == (status, code, "req-1")
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_register_login_and_profile(http):
    answer = http("POST", "/api/v1/auth/register", {"email": "Ada@Example.com", "password": PASSWORD, "name": "Ada"})
    assert answer.status == 201
    assert set(answer.json) == {"user", "token", "expiresIn"}
    assert answer.json["expiresIn"] == 7 * 24 * 3600
    again = http("POST", "/api/v1/auth/login", {"email": "ada@example.com", "password": PASSWORD})
    assert set(again.json) == {"token", "expiresIn"}
    http.token = again.json["token"]
    assert http("GET", "/api/v1/users/profile").json["name"] == "Ada"
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_an_address_registers_once_whatever_its_case(http):
    for email, status in (("a@example.com", 201), ("A@EXAMPLE.com", 409)):
        assert http("POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD}).status == status


@pytest.mark.parametrize(
    ("email", "password"), [("a@example.com", "wrong password"), ("b@example.com", PASSWORD), ("nonsense", PASSWORD)]
)
def test_a_failed_login_does_not_say_what_was_wrong(http, email, password):
    http("POST", "/api/v1/auth/register", {"email": "a@example.com", "password": PASSWORD})
    problem = assert_problem(
        http("POST", "/api/v1/auth/login", {"email": email, "password": password}), 401, "wrong_credentials"
    )
    assert problem["detail"] == "E-mail or password is wrong"


def test_logout_revokes_the_token_at_once(http, user):
    assert http("GET", "/api/v1/users/credits").status == 200
    assert http("POST", "/api/v1/auth/logout").status == 204
    assert_problem(http("GET", "/api/v1/users/credits"), 401, "unauthorized")


def test_a_job_from_submit_to_download(http, user, studio):
    answer = http("POST", SUBMIT, ORDER | {"numImages": 1, "seed": 1})
    assert answer.status == 202
    job = answer.json
    assert answer.headers["Location"] == f"/api/v1/jobs/{job['id']}" == job["urls"]["self"]
    assert (job["status"], job["credits"]) == ("pending", {"held": 2, "charged": 0, "refunded": 0})
    assert_problem(http("GET", job["urls"]["download"]), 409, "job_not_ready")
    jobs.claim(job["id"])
    studio.finish(jobs.find(job["id"]))
    done = http("GET", job["urls"]["self"]).json
    assert (done["status"], done["progress"]["value"]) == ("completed", 1)
    assert done["credits"] == {"held": 0, "charged": 2, "refunded": 0}
    (file,) = http("GET", job["urls"]["download"]).json["files"]
    assert set(file) == {"name", "contentType", "sizeBytes", "url", "urlExpiresAt"}
    assert "X-Amz-Signature" in file["url"]
    redirect = http("GET", job["urls"]["download"], query={"file": "image-1.png"})
    assert (redirect.status, "X-Amz-Signature" in redirect.headers["Location"]) == (302, True)
    assert_problem(http("GET", job["urls"]["download"], query={"file": "../x"}), 404, "not_found")


def test_cancel_answers_with_the_refund(http, user):
    job = http("POST", SUBMIT, ORDER).json
    cancelled = http("DELETE", job["urls"]["self"]).json
    assert (cancelled["status"], cancelled["credits"]["refunded"]) == ("cancelled", 2)
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_the_ledger_in_pages(http, user):
    for _ in range(3):
        http("POST", SUBMIT, ORDER)
    first = http("GET", "/api/v1/users/transactions", query={"limit": "3"}).json
    assert [e["balanceAfter"] for e in first["data"]] == [44, 46, 48]
    assert first["hasMore"]
    rest = http("GET", "/api/v1/users/transactions", query={"limit": "3", "cursor": first["nextCursor"]}).json
    assert [(e["kind"], e["amount"]) for e in rest["data"]] == [("signup", 50)]
    assert (rest["hasMore"], rest["nextCursor"]) == (False, None)


def test_the_same_key_answers_byte_for_byte_alike(http, user):
    first = http("POST", SUBMIT, ORDER, Idempotency_Key='"k-1"')
    second = http("POST", SUBMIT, ORDER, Idempotency_Key="k-1")
    assert first.text == second.text
    assert second.headers["Idempotency-Replayed"] == "true"
    assert_problem(http("POST", SUBMIT, ORDER | {"seed": 3}, Idempotency_Key="k-1"), 422, "idempotency_key_reuse")
    assert http("GET", "/api/v1/users/credits").json["held"] == 2


def test_an_empty_purse_is_told_what_is_missing(http, user):
    for _ in range(6):
        http("POST", SUBMIT, ORDER | {"numImages": 4})
    problem = assert_problem(http("POST", SUBMIT, ORDER | {"numImages": 2}), 402, "insufficient_credits")
    assert (problem["required"], problem["balance"]) == (4, 2)


BAD_ORDERS = [
    ({}, "/prompt"),
    ({"prompt": ""}, "/prompt"),
    ({"prompt": "   "}, "/prompt"),
    ({"prompt": "x" * 10_001}, "/prompt"),
    ({"prompt": 7}, "/prompt"),
    ({"prompt": None}, "/prompt"),
    ({"prompt": "x", "style": "baroque"}, "/style"),
    ({"prompt": "x", "width": 511}, "/width"),
    ({"prompt": "x", "width": 513}, "/width"),
    ({"prompt": "x", "height": 1544}, "/height"),
    ({"prompt": "x", "height": "512"}, "/height"),
    ({"prompt": "x", "height": True}, "/height"),
    ({"prompt": "x", "numImages": 0}, "/numImages"),
    ({"prompt": "x", "numImages": 5}, "/numImages"),
    ({"prompt": "x", "numImages": 1.5}, "/numImages"),
    ({"prompt": "x", "steps": 51}, "/steps"),
    ({"prompt": "x", "seed": -1}, "/seed"),
    ({"prompt": "x", "seed": 2**32}, "/seed"),
    ({"prompt": "x", "negativePrompt": "n" * 2001}, "/negativePrompt"),
    ({"prompt": "x", "num_images": 2}, "/num_images"),
    ({"prompt": "x", "credits": 0}, "/credits"),
    ({"prompt": "x", "userId": "usr_1", "cost": 0}, "/userId"),
]


@pytest.mark.parametrize(("body", "pointer"), BAD_ORDERS, ids=lambda value: str(value)[:40])
def test_bad_orders_name_the_field_and_cost_nothing(http, user, studio, body, pointer):
    problem = assert_problem(http("POST", SUBMIT, body), 422, "invalid_request")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}
    assert studio.queued_jobs() == []


def test_every_wrong_field_is_named_with_its_range(http, user):
    body = {"prompt": "x", "width": 100, "numImages": 9, "foo": 1}
    problem = assert_problem(http("POST", SUBMIT, body), 422, "invalid_request")
    assert {error["pointer"]: error["detail"] for error in problem["errors"]} == {
        "/width": "must be a whole number from 512 to 1536, a multiple of 8",
        "/numImages": "must be a whole number from 1 to 4",
        "/foo": "is not a field of this request",
    }


@pytest.mark.parametrize(
    "body",
    ["{", '{"prompt": }', "nul", '{"prompt": "x"} {}', "[" * 100_000, '{"seed": ' + "9" * 5000 + "}", b"\xff\xfe{}"],
    ids=lambda body: str(body)[:20],
)
def test_malformed_json(http, user, studio, body):
    assert_problem(http("POST", SUBMIT, body), 400, "malformed_request")
    assert studio.queued_jobs() == []


def test_an_empty_body_misses_the_prompt(http, user):
    assert_problem(http("POST", SUBMIT, ""), 422, "invalid_request")


@pytest.mark.parametrize("body", ["[]", '[{"prompt": "a fox"}]', "3", '"text"', "null"])
def test_json_that_is_no_object(http, user, body):
    assert_problem(http("POST", SUBMIT, body), 422, "invalid_request")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"num_images": 2}, "/num_images is not a field of this request; fields are written like numImages"),
        ({"numimages": 2}, "/numimages is not a field of this request"),
        ({"reference": "upl_" + "0" * 26, "consent": "yes"}, "/consent must be true"),
    ],
)
def test_the_detail_alone_says_what_is_wrong_and_where(http, user, body, detail):
    problem = assert_problem(http("POST", SUBMIT, {"prompt": "A fox"} | body), 422, "invalid_request")
    assert problem["detail"] == detail


def test_values_of_other_requests_are_refused_in_the_same_words(http):
    short = {"email": "ada@example.com", "password": "short"}
    assert http("POST", "/api/v1/auth/register", short).json["detail"] == "/password must have at least 8 characters"


def test_a_body_that_is_no_object_is_told_what_it_must_be(http, user):
    assert http("POST", SUBMIT, "[]").json["detail"] == "the body must be an object"


def test_a_misspelt_feature_is_answered_with_those_there_are(http, user):
    problem = assert_problem(http("POST", "/api/v1/jobs/image-generaton", ORDER), 404, "not_found")
    assert problem["detail"] == f"There is no feature 'image-generaton'; there are {', '.join(ORDERS)}."


def test_lone_surrogates_are_refused(http, user):
    assert_problem(http("POST", SUBMIT, '{"prompt": "\\ud800"}'), 422, "invalid_request")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
def test_wrong_content_type(http, user, content_type):
    answer = http("POST", SUBMIT, "prompt=x", content_type=content_type)
    assert_problem(answer, 415, "unsupported_content_type")
    answer = http("POST", "/api/v1/auth/login", "email=x", content_type="multipart/form-data; boundary=x")
    assert_problem(answer, 415, "unsupported_content_type")


def test_a_body_too_large(http, user):
    assert_problem(http("POST", SUBMIT, {"prompt": "x" * 200_000}), 413, "body_too_large")


@pytest.mark.parametrize("path", [SUBMIT, "/api/v1/auth/login"])
@pytest.mark.parametrize(
    "body",
    [{f"𝔘{number}": 1 for number in range(8_000)}, {"𝔘" * 40_000: 1}, {"/~" * 60_000: {}}],
    ids=["many fields", "a long name", "a name that is escaped"],
)
def test_no_body_gets_an_answer_larger_than_itself(http, user, path, body):
    sent = json.dumps(body, ensure_ascii=False)
    answer = http("POST", path, sent)
    problem = assert_problem(answer, 422, "invalid_request")
    assert len(answer.text) < min(len(sent.encode()), 32_000)
    assert 2 <= len(problem["errors"]) <= 21


def test_of_many_faults_the_first_are_named_and_the_others_counted(http, user):
    problem = assert_problem(http("POST", SUBMIT, ORDER | {f"x{n}": 1 for n in range(1_021)}), 422, "invalid_request")
    *named, last = problem["errors"]
    assert [fault["pointer"] for fault in named] == [f"/x{n}" for n in range(20)]
    assert last == {"pointer": "", "detail": "has 1,001 more faults"}
    assert problem["detail"].endswith("; the body has 1,001 more faults")


def test_ten_thousand_characters_of_any_script_fit(http, user):
    assert http("POST", SUBMIT, ORDER | {"prompt": "𝔘" * 10_000}).status == 202


BAD_POSITIONS = [
    b"null",
    b"[1]",
    b"true",
    b"0",
    b"9" * 60,
    b'""',
    b'"' + b"j" * 1100 + b'"',
    b"{",
    b"\xff",
    b"[" * 5000,
]

NEEDS_TOKEN = [
    ("GET", "/api/v1/users/profile"),
    ("GET", "/api/v1/users/credits"),
    ("GET", "/api/v1/users/transactions"),
    ("PATCH", "/api/v1/users/profile"),
    ("GET", "/api/v1/users/export"),
    ("DELETE", "/api/v1/users/me"),
    ("POST", "/api/v1/users/keys"),
    ("GET", "/api/v1/users/keys"),
    ("DELETE", "/api/v1/users/keys/key_1"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/logout-all"),
    ("POST", "/api/v1/auth/password"),
    ("POST", SUBMIT),
    ("POST", "/api/v1/uploads"),
    ("GET", "/api/v1/uploads/upl_1"),
    ("GET", "/api/v1/jobs"),
    ("GET", "/api/v1/jobs/job_1"),
    ("DELETE", "/api/v1/jobs/job_1"),
    ("GET", "/api/v1/jobs/job_1/download"),
    ("POST", "/api/v1/jobs/job_1/rerun"),
    ("POST", "/api/v1/realtime/ticket"),
    ("POST", "/api/v1/webhooks/endpoints"),
    ("GET", "/api/v1/webhooks/endpoints"),
    ("GET", "/api/v1/webhooks/endpoints/whe_1"),
    ("PATCH", "/api/v1/webhooks/endpoints/whe_1"),
    ("DELETE", "/api/v1/webhooks/endpoints/whe_1"),
    ("POST", "/api/v1/webhooks/endpoints/whe_1/rotate"),
    ("POST", "/api/v1/webhooks/endpoints/whe_1/test"),
    ("GET", "/api/v1/webhooks/secret"),
    ("POST", "/api/v1/webhooks/secret/rotate"),
    ("GET", "/api/v1/webhooks/deliveries"),
    ("GET", "/api/v1/webhooks/deliveries/dlv_1"),
    ("POST", "/api/v1/webhooks/deliveries/dlv_1/replay"),
]


@pytest.mark.parametrize(("method", "path"), NEEDS_TOKEN)
def test_without_a_token_nothing_is_said_about_anything(http, method, path):
    body = "{broken" if method == "POST" else None
    answer = http(method, path, body)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_route_of_the_template_is_open_on_purpose_or_closed(http):
    from api.gate import OPEN_ROUTES

    target = {"Fn::Sub": "integrations/${ApiIntegration}"}  # routes of other functions have tests of their own
    routes = [r["Properties"] for r in template()["Resources"].values() if r["Type"] == "AWS::ApiGatewayV2::Route"]
    served = {route["RouteKey"] for route in routes if route["Target"] == target}
    assert served - OPEN_ROUTES == {route_key(method, path) for method, path in NEEDS_TOKEN}
    assert served >= OPEN_ROUTES


@pytest.mark.parametrize("scheme", ["Basic abc", "Bearer", "bearer  ", "Token x", "Bearer \xff\xfe", "Bearer é.é.é"])
def test_other_authorization_headers(http, scheme):
    assert_problem(http("GET", "/api/v1/jobs", authorization=scheme), 401, "unauthorized")


@pytest.mark.parametrize("job_id", ["x" * 2100, "job_", "job_%00", "..", "job_" + "A" * 26])
def test_ids_that_cannot_be_are_not_found(http, user, job_id):
    assert_problem(http("GET", f"/api/v1/jobs/{job_id}"), 404, "not_found")


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(http, user, key):
    answer = http("POST", SUBMIT, ORDER, Idempotency_Key=key)
    assert_problem(answer, 422, "invalid_request")
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_a_failing_database_answers_as_a_problem_too(http, user, monkeypatch):
    def away(*args: Any, **kwargs: Any) -> None:
        raise GetError("the table is away")

    monkeypatch.setattr(tokens.Session, "get", away)
    answer = http("GET", "/api/v1/users/credits")
    assert_problem(answer, 500, "internal")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_users_job_answers_as_if_it_were_not_there(http, user, studio):
    job = studio.user().submit()
    jobs.claim(job.id)
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/download")):
        theirs = http(method, f"/api/v1/jobs/{job.id}{path}")
        nobodys = http(method, f"/api/v1/jobs/job_nobody{path}")
        assert_problem(theirs, 404, "not_found")
        assert theirs.text == nobodys.text
    assert jobs.find(job.id).status == "processing"


def test_unknown_addresses_and_features(http, user):
    for method, path in (("GET", "/nope"), ("PUT", "/api/v1/nope"), ("POST", "/api/v1/jobs/time-travel")):
        assert_problem(http(method, path, {} if method == "POST" else None), 404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"cursor": "%%%"},
        *({"cursor": base64.urlsafe_b64encode(text).decode()} for text in BAD_POSITIONS),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/users/transactions", "/api/v1/jobs"])
def test_bad_pages(http, user, path, query):
    problem = assert_problem(http("GET", path, query=query), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == f"?{next(iter(query))}"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "x@example.com"}, "/password"),
        ({"email": "x@example.com", "password": "short"}, "/password"),
        ({"email": "x@example.com", "password": "p" * 1025}, "/password"),
        ({"email": "x@example.com", "password": "é" * 600}, "/password"),
        ({"email": "not an address", "password": PASSWORD}, "/email"),
        ({"email": "x@example.com", "password": PASSWORD, "name": ""}, "/name"),
        ({"email": "x@example.com", "password": PASSWORD, "credits": 1000}, "/credits"),
        ({"email": ["x@example.com"], "password": PASSWORD}, "/email"),
    ],
)
def test_bad_registrations(http, body, pointer):
    problem = assert_problem(http("POST", "/api/v1/auth/register", body), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer


def test_every_answer_carries_its_request_id_and_safe_headers(http, user):
    for answer in (http("GET", "/health"), http("GET", "/nope"), http("GET", "/api/v1/jobs")):
        assert answer.headers["X-Request-Id"] == "req-1"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_bug_answers_without_its_details(http, user, monkeypatch):
    def explode(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret internals")

    monkeypatch.setattr("studio.credits.of", explode)
    answer = http("GET", "/api/v1/users/credits")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text


def test_features_list_price_schema_and_an_example_that_works(http, user):
    features = http("GET", "/api/v1/features").json["data"]
    assert [feature["name"] for feature in features] == list(ORDERS)
    for feature in features:
        properties = feature["options"]["properties"]
        assert set(feature["example"]) <= set(properties)
        example = {
            name: upload(http, user) if properties[name].get("format") == "picture" else value
            for name, value in feature["example"].items()
        }
        assert http("POST", feature["endpoint"], example).status == 202


def upload(http: Client, user: Any) -> str:
    """A picture of the user, ready to be ordered with."""
    return uploads.accept(user.id, samples.photo())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # powertools leaves its page assets open
def test_openapi_describes_every_route_and_error(http):
    document = http("GET", "/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    submit = document["paths"][SUBMIT]["post"]
    assert {"202", "400", "401", "402", "410", "413", "415", "422", "503"} <= set(submit["responses"])
    for way in ("register", "verify", "login", "reset"):  # many at once may be told to come back
        assert "503" in document["paths"][f"/api/v1/auth/{way}"]["post"]["responses"]
    assert "GET /health" in ROUTE_KEYS
    assert "/health" in document["paths"]
    assert http("GET", "/api/v1/docs").headers["Content-Type"].startswith("text/html")


def test_the_page_of_the_reference_runs_its_own_scripts_only_and_in_nobodys_frame(http):
    answer = http("GET", "/api/v1/docs")
    policy = dict(each.split(" ", 1) for each in answer.headers["Content-Security-Policy"].split("; "))
    for element in ("script", "style"):
        inline = re.findall(f"<{element}>(.*?)</{element}>", answer.text, re.DOTALL)
        assert len(inline) == answer.text.count(f"</{element}>") > 0
        hashes = (base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in inline)
        assert policy[f"{element}-src"] == " ".join(f"'sha256-{digest}'" for digest in hashes)
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
    assert policy["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/docs"])
def test_the_reference_is_made_once_and_sent_again_only_when_it_changed(http, path, monkeypatch):
    first = http("GET", path)
    assert first.headers["Cache-Control"] == "no-cache"
    monkeypatch.setattr("api.openapi.described", None)  # what makes it
    assert http("GET", path).text == first.text
    again = http("GET", path, If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    # A browser puts the headers of a 304 in place of those it has.
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
