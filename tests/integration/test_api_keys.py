"""API keys: shown once, good for what they were made for, and worth nothing to whoever steals our tables."""

from __future__ import annotations

import re

import pytest

from studio import api_keys, clock
from studio.api_keys import Scope
from studio.errors import NotAuthenticated, TooManyKeys
from studio.tables import ApiKey
from tests.integration.conftest import ORDER, signed_in
from tests.integration.test_api import ROUTE_KEYS, SUBMIT, Client, assert_problem

KEYS = "/api/v1/users/keys"
EVERYTHING = [scope.value for scope in Scope]


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture
def key(http, user):
    """Makes a key, and lets the client use it from then on."""

    def make(*scopes: str, **more):
        http.token = user.token
        made = http("POST", KEYS, {"name": "CI", "scopes": list(scopes), **more})
        assert made.status == 201, made.text
        http.token = made.json["secret"]
        return made.json

    return make


def test_a_key_is_shown_once_and_works_as_a_bearer_token(http, user, key):
    made = key("jobs:read", "jobs:write")
    assert re.fullmatch(r"acs_live_[0-9A-Za-z]{36}", made["secret"])
    assert http("POST", SUBMIT, ORDER).status == 202
    assert [job["feature"] for job in http("GET", "/api/v1/jobs").json["data"]] == ["image-generation"]
    http.token = user.token
    (listed,) = http("GET", KEYS).json["data"]
    assert "secret" not in listed
    assert listed["hint"] == f"acs_live_…{made['secret'][-4:]}"
    assert listed["scopes"] == ["jobs:read", "jobs:write"]
    assert listed["lastUsedAt"] is not None


def test_the_table_has_only_the_hash(user, key):
    made = key("jobs:read")
    (row,) = ApiKey.scan()
    assert made["secret"] not in str(row.serialize())
    assert made["secret"][len("acs_live_") : -4] not in str(row.serialize())


def test_a_mistyped_key_is_refused_without_asking_the_database(user, key, monkeypatch):
    secret = key("jobs:read")["secret"]

    def asked(*args, **kwargs):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(ApiKey, "get", asked)
    for wrong in (secret[:-1] + ("a" if secret[-1] != "a" else "b"), secret[:20] + "x" * 25, secret[:-1], secret + "a"):
        if wrong != secret:
            with pytest.raises(NotAuthenticated):
                api_keys.verify(wrong)


def test_every_wrong_character_shows_in_the_checksum(user, key):
    secret = key("jobs:read")["secret"]
    assert api_keys.well_formed(secret)
    for place in range(len("acs_live_"), len(secret)):
        for other in "aZ5":
            if secret[place] != other:
                assert not api_keys.well_formed(secret[:place] + other + secret[place + 1 :])


def _example(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, re.sub(r"\{\w+\}", "x_1", path.replace("{feature}", "image-generation"))


def _closed_routes() -> list[str]:
    from api.gate import OPEN_ROUTES
    from payments.gate import OPEN_ROUTES as OPEN_PAYMENT_ROUTES

    others = {"POST /api/v1/internal/runpod/{job_id}/{token}", *(key for key in ROUTE_KEYS if key.startswith("$"))}
    return sorted(set(ROUTE_KEYS) - OPEN_ROUTES - OPEN_PAYMENT_ROUTES - others)


def test_every_closed_route_says_which_scope_it_needs_or_that_none_is_enough():
    from api import gate as api
    from operators import gate as operators
    from payments import gate as payments

    declared = [*api.SCOPES, *api.SESSION_ROUTES, *payments.SCOPES, *payments.SESSION_ROUTES, *operators.ADDRESSES]
    assert sorted(declared) == _closed_routes()


@pytest.mark.parametrize("route", _closed_routes())
def test_a_key_without_the_scope_of_a_route_is_refused_there(http, key, route):
    from api.gate import SCOPES
    from payments.gate import SCOPES as PAYMENT_SCOPES

    needed = (SCOPES | PAYMENT_SCOPES).get(route)
    others = [scope for scope in EVERYTHING if scope != needed]
    key(*others)
    method, path = _example(route)
    problem = assert_problem(http(method, path, {} if method in ("POST", "PATCH") else None), 403, "missing_scope")
    assert problem.get("scope") == needed


def test_a_key_with_every_scope_cannot_make_itself_at_home(http, key):
    from api.gate import SESSION_ROUTES

    key(*EVERYTHING)
    for route in sorted(SESSION_ROUTES):
        assert_problem(http(*_example(route), {}), 403, "missing_scope")


def test_a_deleted_key_stops_working_at_once(http, user, key):
    made = key("billing:read")
    assert http("GET", "/api/v1/users/credits").status == 200
    http.token = user.token
    assert http("DELETE", f"{KEYS}/{made['id']}").status == 204
    assert_problem(http("DELETE", f"{KEYS}/{made['id']}"), 404, "not_found")
    http.token = made["secret"]
    assert_problem(http("GET", "/api/v1/users/credits"), 401, "unauthorized")


def test_another_users_key_is_as_if_it_were_not_there(http, studio, key):
    made = key("billing:read")
    http.token = studio.user().token
    assert http("GET", KEYS).json == {"data": []}
    assert_problem(http("DELETE", f"{KEYS}/{made['id']}"), 404, "not_found")
    http.token = made["secret"]
    assert http("GET", "/api/v1/users/credits").status == 200


def test_a_key_expires(http, key, monkeypatch):
    key("billing:read", expiresInDays=1)
    assert http("GET", "/api/v1/users/credits").status == 200
    tomorrow = clock.epoch() + 24 * 3600
    monkeypatch.setattr(clock, "epoch", lambda: tomorrow)
    assert_problem(http("GET", "/api/v1/users/credits"), 401, "unauthorized")


def test_signing_out_everywhere_leaves_keys_alone(http, user, key):
    secret = key("billing:read")["secret"]
    http.token = user.token
    http("POST", "/api/v1/auth/logout-all")
    http.token = secret
    assert http("GET", "/api/v1/users/credits").status == 200


def test_the_last_use_is_noted_once_in_five_minutes(http, user, key, monkeypatch):
    key("billing:read")
    start = clock.epoch()
    noted = []
    for later in (0, 10, 299, 301):
        monkeypatch.setattr(clock, "epoch", lambda later=later: start + later)
        http("GET", "/api/v1/users/credits")
        noted.append(int(next(iter(ApiKey.scan())).last_used_epoch) - start)
    assert noted == [0, 0, 0, 301]


def test_there_are_only_so_many_keys(user):
    for number in range(api_keys.MAX_KEYS):
        api_keys.create(signed_in(user.id), f"key {number}", [Scope.JOBS_READ])
    with pytest.raises(TooManyKeys):
        api_keys.create(signed_in(user.id), "one more", [Scope.JOBS_READ])


@pytest.mark.parametrize(
    "order",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["admin"]},
        {"name": "", "scopes": ["jobs:read"]},
        {"name": "x", "scopes": ["jobs:read"], "expiresInDays": 0},
        {"name": "x", "scopes": ["jobs:read"], "userId": "usr_1"},
        {"name": "x"},
    ],
    ids=str,
)
def test_bad_orders_of_keys(http, user, order):
    assert_problem(http("POST", KEYS, order), 422, "invalid_request")
