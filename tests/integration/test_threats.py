"""Hostile requests to every operation of the OpenAPI document: refused as what they are, without any effect."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from api.gate import ADDRESSES
from edge import addresses, bodies, frame
from studio.errors import MAX_FAULTS
from studio.settings import settings
from studio.telemetry import logger
from tests.integration import contract
from tests.integration.conftest import PASSWORD, PROXY_SECRET
from tests.integration.contract import OPERATIONS, Operation, World
from tests.integration.test_api import Answer

WITH_BODY = [operation for operation in OPERATIONS if operation.body]
PATHS = {operation.path for operation in OPERATIONS}
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "G\x00T")

PRIVILEGES = {
    "userId": "usr_" + "0" * 26, "id": "job_" + "0" * 26, "role": "admin", "isAdmin": True, "admin": True,
    "balance": 10**6, "credits": 10**6, "held": -5, "cost": 0, "price": 0, "amount": -1, "version": 0, "ver": 9,
    "status": "completed", "attempt": 3, "result": {}, "deadline": 10**12, "createdAt": "2000-01-01T00:00:00Z",
    "feature": "story-video", "secret": "whsec_AAAA", "hint": "x", "disabledReason": "owner", "failingSince": "",
    "verified": True, "passwordHash": "x", "__proto__": {"admin": True}, "constructor": {}, "user_id": "usr_1",
}  # fmt: skip


@pytest.fixture(scope="module")
def user(world):
    return world.user()


@pytest.fixture(scope="module")
def ids(world, user):
    return world.things(user)


def problem(answer: Answer) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status
    return answer.json


# ---- More than was asked for -----------------------------------------------------------------------------------------


def test_no_body_takes_a_field_that_is_not_its_own(world, user, ids):
    client = world.client(user.token)
    money = client("GET", "/api/v1/users/credits").text
    for operation in WITH_BODY:
        names = [name for name in PRIVILEGES if name not in operation.fields]
        for start in range(0, len(names), MAX_FAULTS // 2):  # an answer names so many faults, others of the sample too
            extras = {name: PRIVILEGES[name] for name in names[start : start + MAX_FAULTS // 2]}
            answer = client(operation.method, operation.address(ids), contract.sample(operation) | extras)
            refused = {error["pointer"].lstrip("/") for error in problem(answer).get("errors", [])}
            assert answer.status == 422, f"{operation}: {answer.text}"
            assert refused >= set(extras), f"{operation} takes {set(extras) - refused}"
    assert client("GET", "/api/v1/users/credits").text == money


def test_no_part_of_a_body_takes_one_either(world, user):
    client = world.client(user.token)
    tried = 0
    for operation in WITH_BODY:
        for name, field in operation.fields.items():
            items = contract.resolved(contract.resolved(field).get("items", {"type": "string"}))
            if items.get("type") == "object":
                body = contract.sample(operation) | {name: [{"id": "x", "weight": 1, "userId": "usr_1"}]}
                answer = client(operation.method, operation.path, body)
                assert f"/{name}/0/userId" in [error["pointer"] for error in problem(answer)["errors"]]
                tried += 1
    assert tried


# ---- Other methods ---------------------------------------------------------------------------------------------------


def test_every_method_that_is_not_described_is_refused_with_those_that_are(world, user, ids):
    for path in PATHS:
        described = sorted(o.method for o in OPERATIONS if o.path == path)
        for method in sorted({*METHODS} - {*described}):
            address = Operation(method, path).address(ids)
            answer = world.client(user.token)(method, address)
            if (method, path) == (
                "POST",
                "/api/v1/jobs/{job_id}",
            ):  # there a name stands for a feature, and none has this
                assert (answer.status, problem(answer)["code"]) == (404, "not_found")
                continue
            assert (answer.status, problem(answer)["code"]) == (405, "method_not_allowed"), f"{method} {path}"
            assert answer.headers["Allow"] == ", ".join(described)
            assert world.client()(method, address).status == 405


@pytest.mark.parametrize(
    "path", ["", "/", "//", "/api", "/api/v1", "/api/v2/jobs", "/api/v1/jobs/", "/api/v1/users/me/x", "/API/V1/JOBS"]
)
def test_where_nothing_is_no_method_is_told(path):
    assert addresses.methods(path, ADDRESSES) == []


# ---- Bodies that are none --------------------------------------------------------------------------------------------

UNREADABLE = {
    "10,000 lists": "[" * 10_000 + "]" * 10_000,
    "10,000 objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "10,000 beginnings": "[" * 10_000,
    "10,000 ends": "]" * 10_000,
    "33 levels in a field": '{"seed": ' + "[" * 32 + "]" * 32 + "}",
    "NaN": '{"seed": NaN}',
    "Infinity": '{"seed": Infinity}',
    "-Infinity": '{"seed": -Infinity}',
    "1e400": '{"seed": 1e400}',
    "a number of 100,000 digits": '{"seed": ' + "9" * 100_000 + "}",
    "a field twice": '{"email": "a@example.com", "email": "b@example.com"}',
    "a field of a field twice": '{"loras": [{"id": "a", "id": "b"}]}',
    "the same field in two spellings": '{"seed": 1, "\\u0073eed": 2}',
    "two documents": "{}{}",
    "a comment": "{} // {}",
    "a trailing comma": '{"seed": 1,}',
    "single quotes": "{'seed': 1}",
    "hexadecimal": '{"seed": 0x10}',
    "a control character": '{"prompt": "a\x00b"}',
    "an unclosed string": '{"prompt": "' + '\\"' * 50_000,
    "a byte order mark": "\ufeff{}",
    "UTF-16": "{}".encode("utf-16"),
    "no UTF-8": b'{"prompt": "\xff\xfe"}',
    "half a character": b'{"prompt": "\xf0\x9f"}',
}


def taking_turns(turn: int) -> list[Operation]:
    """A third of the operations with a body, another one each time: what judges bodies is the same for all."""
    return WITH_BODY[turn % 3 :: 3]


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_readers_could_take_differently_is_read_by_none(world, user, ids, what):
    client = world.client(user.token)
    began = time.process_time()
    for operation in taking_turns(list(UNREADABLE).index(what)):
        answer = client(operation.method, operation.address(ids), UNREADABLE[what])
        assert (answer.status, problem(answer)["code"]) == (400, "malformed_request"), f"{operation}: {answer.text}"
        assert len(answer.text) < 600
    assert time.process_time() - began < 5, "whoever sends this keeps a function busy"


def test_thirty_two_levels_are_read():
    bodies.read("[" * 32 + "]" * 32)
    bodies.read('{"prompt": "' + "[" * 1000 + '\\"' + "{" * 1000 + '"}')  # signs in text are no levels


@pytest.mark.parametrize("number", ["-1", "1e300", "-0.0", "1.0000000000000001", "9" * 4000, "1e-400", "2147483648"])
def test_numbers_that_are_too_much_are_values_that_are_not_allowed(world, user, number):
    client = world.client(user.token)
    tried = 0
    for operation in WITH_BODY:
        numbers = [
            n for n, field in operation.fields.items() if contract.resolved(field).get("type") in ("integer", "number")
        ]
        if numbers:
            known = {name: value for name, value in contract.sample(operation).items() if name not in numbers}
            body = json.dumps(known)[:-1] + "".join(f', "{name}": {number}' for name in numbers) + "}"
            answer = client(operation.method, operation.path, body)
            assert answer.status in (201, 202, 422), f"{operation}: {answer.text}"
            tried += len(numbers)
    assert tried > 5


def test_a_whole_number_is_one_however_it_is_written(world):
    client = world.client(world.user().token)
    order = {"prompt": "x", "width": 512.0, "height": 5.12e2, "seed": 7.0}
    answer = client("POST", "/api/v1/jobs/image-generation", order)
    assert (answer.status, answer.json["input"]["width"]) == (202, 512), answer.text
    key = {"name": "x", "scopes": ["jobs:read"], "expiresInDays": 1.0}
    assert client("POST", "/api/v1/users/keys", key).status == 201
    for wrong in (1.5, "1", True, [1]):
        assert client("POST", "/api/v1/jobs/image-generation", order | {"seed": wrong}).status == 422
        assert client("POST", "/api/v1/users/keys", key | {"expiresInDays": wrong}).status == 422


CONTENT_TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/hal+json", ";", "é"]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_other_content_types(world, user, ids, content_type):
    client = world.client(user.token)
    for operation in taking_turns(CONTENT_TYPES.index(content_type)):
        answer = client(
            operation.method, operation.address(ids), json.dumps(contract.sample(operation)), content_type=content_type
        )
        assert (answer.status, problem(answer)["code"]) == (415, "unsupported_content_type"), f"{operation}"


@pytest.mark.parametrize(
    "content_type", ["Application/JSON", "APPLICATION/json;charset=UTF-8", " application/json ; a=b"]
)
def test_a_type_is_the_same_however_it_is_written(world, content_type):
    client = world.client(world.user().token)
    order = json.dumps({"prompt": "a fox"})
    made = client("POST", "/api/v1/jobs/image-generation", order, content_type=content_type)
    assert made.status == 202, made.text
    again = client("POST", f"{made.json['urls']['self']}/rerun", '{"seed": 7}', content_type=content_type)
    assert (again.status, again.json["input"]["seed"]) == (202, 7), again.text
    account = json.dumps({"email": "nobody@example.com", "password": "correct horse battery"})
    answer = world.client()("POST", "/api/v1/auth/login", account, content_type=content_type)
    assert (answer.status, problem(answer)["code"]) == (401, "wrong_credentials")


@pytest.mark.parametrize("body", [None, ""])
def test_where_there_is_no_body_it_has_no_wrong_type(world, body):
    """A type without a body, and none of which is a fault of ours."""
    for operation in OPERATIONS:
        user = world.appointed(world.user()) if operation.role else world.someone()
        ids = world.things(user, operation.names)
        answers = [
            world.client(user.token)(operation.method, operation.address(ids), body, content_type=content_type)
            for content_type in ("text/plain", "multipart/form-data; boundary=x", "multipart/form-data", "é")
        ]
        assert all(answer.status < 500 for answer in answers), f"{operation}: {[a.text for a in answers]}"


# ---- What is said in between -----------------------------------------------------------------------------------------

CRLF = "x\r\nSet-Cookie: a=b\r\n\r\n<html>"
FORGED = '"}\n{"level":"ERROR","message":"forged"}\r\n'


def test_headers_of_a_request_get_neither_into_those_of_the_answer_nor_into_the_log(world, user, ids):
    names = [
        "X_Request_Id",
        "User_Agent",
        "Idempotency_Key",
        "X_Forwarded_For",
        "Prefer",
        "Cancel_After",
        "If_None_Match",
        "Origin",
    ]
    evil = dict.fromkeys([*names, "Stripe_Signature"], CRLF + FORGED)
    with logged() as log:
        for operation, named in product(OPERATIONS, (False, True)):
            who = user if operation.method == "GET" else world.someone()
            query = dict.fromkeys(operation.query, CRLF + FORGED) if named else {CRLF + FORGED: "1"}
            answer = world.client(who.token)(
                operation.method, operation.address(ids), contract.sample(operation), query=query, **evil
            )
            assert answer.status < 500, answer.text
            assert answer.headers["X-Request-Id"] == "req-1"
            assert "Set-Cookie" not in answer.headers
            for name, value in answer.headers.items():
                assert not re.search(r"[\r\n\x00]", f"{name}{value}"), f"{operation}: {name}"
    assert len(log.lines) >= len(OPERATIONS)
    for line in log.lines:
        assert json.loads(line)["message"] != "forged"
        assert "\n" not in line.rstrip("\n")


@pytest.mark.parametrize("key", ["a\r\nb", "a\nSet-Cookie: x", "a\x00", "a\x7f"])
def test_a_key_with_signs_that_no_header_has_is_refused_before_anything_is_charged(world, user, key):
    client = world.client(user.token)
    money = client("GET", "/api/v1/users/credits").text
    for operation in WITH_BODY:
        if "idempotency-key" in [p["name"] for p in operation.described.get("parameters", [])] and not operation.names:
            answer = client(operation.method, operation.path, contract.sample(operation), Idempotency_Key=key)
            assert (answer.status, problem(answer)["code"]) == (422, "invalid_request"), f"{operation}: {answer.text}"
    assert client("GET", "/api/v1/users/credits").text == money


# ---- Secrets ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def day(world):
    """A user who does everything there is, the secrets that they give and get, and the log of it."""
    user = world.user()
    with logged() as log:
        answers = work_everything(world, user)
    secrets = {PASSWORD, user.token, user.token.rpartition(".")[2]}
    for answer in answers:
        secrets |= set(re.findall(r'"(?:secret|token|ticket)":"([^"]{20,})"', answer.text))
        secrets |= set(
            re.findall(r'(?:X-Amz-Signature|"x-amz-signature"|"signature")["=:]+([0-9a-f]{64})', answer.text)
        )
    # Tokens of registering and of the new password, an API key, two secrets of callbacks, a ticket, links to files.
    assert len(secrets) >= 10
    return SimpleNamespace(secrets=secrets, log=log)


def test_no_secret_is_in_the_log_whether_it_is_given_or_received(day):
    assert len(day.log.lines) >= len(OPERATIONS)
    assert_unsaid(day.secrets, day.log.lines + day.log.others)


@pytest.mark.parametrize("leak", ["headers", "body", "answer"])
def test_a_function_that_logged_what_it_got_or_gave_would_be_seen(world, monkeypatch, leak):
    answered = frame.answered

    def talkative(event: dict[str, Any], *rest: Any) -> dict[str, Any]:
        answer = answered(event, *rest)
        logger.info("request answered", extra={"told": answer["body"] if leak == "answer" else event[leak]})
        return answer

    monkeypatch.setattr(frame, "answered", talkative)
    account = {"email": f"{leak}@example.com", "password": PASSWORD}
    with logged() as log:
        token = world.client(None)("POST", "/api/v1/auth/register", account).json["token"]
        world.client(token)("GET", "/api/v1/users/profile")
    with pytest.raises(AssertionError, match="talkative"):
        assert_unsaid({PASSWORD, token}, log.lines)


def test_what_proxies_show_for_themselves_is_in_no_log_and_no_answer(world, monkeypatch):
    monkeypatch.setenv("PROXIES", "1")
    settings.cache_clear()
    told = {"x_studio_proxy": PROXY_SECRET, "x_forwarded_for": "198.51.100.1, 203.0.113.9"}
    account = {"email": "proxied@example.com", "password": PASSWORD}
    with logged() as log:
        answers = [
            world.client(None)("POST", "/api/v1/auth/register", account, **told),
            world.client(None)("POST", "/api/v1/auth/login", account | {"password": "not it at all"}, **told),
            world.client(None)("GET", "/api/v1/jobs", **told),
        ]
    assert [answer.status for answer in answers] == [201, 401, 401]
    assert len(log.lines) >= len(answers)
    assert_unsaid({PROXY_SECRET}, log.lines + log.others + [f"{one.text}{one.headers}" for one in answers])


def test_no_secret_is_in_the_log_or_the_answer_when_everything_fails(world, day, monkeypatch):
    user = world.user()
    ids = world.things(user)
    key = world.key(user, "jobs:read")

    def away(self: Any, operation_name: str, api_params: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.test")

    monkeypatch.setattr(BaseClient, "_make_api_call", away)
    with logged() as log:
        answers = work_everything(world, user, ids)
        answers.append(world.client(key)("GET", "/api/v1/jobs"))
    assert {answer.status for answer in answers} >= {503, 504}
    assert any("Traceback" in line for line in log.lines)
    assert_unsaid({*day.secrets, user.token, key}, log.lines + log.others + [answer.text for answer in answers])


def test_a_value_that_is_refused_is_not_repeated(world, user, ids):
    """An answer with a password in it ends up in somebody's log of failed requests."""
    secret = "kr0k0dil-4711"
    client = world.client(user.token)
    tried = 0
    for operation in WITH_BODY:
        for name in operation.fields.keys() & {"password", "currentPassword", "newPassword", "token", "secret"}:
            for wrong in (secret * 200, [secret], {"a": secret}, {secret: 1}, f"{secret}\ud800"):
                body = contract.sample(operation) | {name: wrong}
                with logged() as log:
                    answer = client(operation.method, operation.address(ids), body)
                assert 400 <= answer.status < 500, f"{operation} {name}: {answer.text}"
                assert_unsaid({secret}, [answer.text, str(answer.headers), *log.lines, *log.others])
                tried += 1
    assert tried >= 30


@contextmanager
def logged() -> Iterator[SimpleNamespace]:
    """What goes into the log: `lines` as CloudWatch gets them from us, `others` as other packages say it."""
    log = SimpleNamespace(lines=[], others=[])

    class Keeper(logging.Handler):
        def __init__(self, kept: list[str], level: int) -> None:
            super().__init__(level)
            self.kept = kept

        def emit(self, record: logging.LogRecord) -> None:
            self.kept.append(self.format(record))

    ours, theirs = Keeper(log.lines, logging.DEBUG), Keeper(log.others, logging.INFO)
    ours.setFormatter(logger.registered_formatter)
    level = logger.log_level
    logger.setLevel("DEBUG")
    logger.addHandler(ours)
    logging.getLogger().addHandler(theirs)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(theirs)
        logger._logger.removeHandler(ours)
        logger.setLevel(level)


def work_everything(world: World, user: Any, ids: dict[str, str] | None = None) -> list[Answer]:
    """Ask for everything there is, as it should be asked for; last for what ends the account's tokens."""
    client = world.client(user.token)
    ids = ids or world.things(user)
    last = ("/auth/password", "/auth/logout", "/auth/logout-all", "/users/me")
    ordered = sorted(OPERATIONS, key=lambda o: (o.path.endswith(last), o.method == "DELETE"))
    return [client(o.method, o.address(ids), contract.sample(o)) for o in ordered]


def assert_unsaid(secrets: set[str], texts: list[str]) -> None:
    for text in texts:
        said = [secret[:6] for secret in secrets if secret in text]
        assert not said, f"{said}… in {text[:300]}"
