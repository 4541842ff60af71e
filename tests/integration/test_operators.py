"""Operators: appointed on the record, by people with IAM rights and by nothing that customers can send."""

from __future__ import annotations

import pytest

from studio import operators
from studio.errors import InvalidOrder, KeyReused, NotFound
from studio.tables import OperatorRow
from tests.integration.conftest import PASSWORD
from tests.integration.test_api import Client, assert_problem

ASKED = {"requestId": "ticket-4711", "act": "appoint", "reason": "On duty in May", "operator": "grace"}
OVERVIEW = "/api/v1/operator/overview"


def perform(**asked: object) -> OperatorRow:
    return operators.perform(operators.parse(ASKED | asked))


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


def test_an_appointment_says_who_and_why_and_opens_the_overview(studio, http, context):
    from operators.appoint import handler

    user = studio.user()
    http.token = user.token
    assert_problem(http("GET", OVERVIEW), 404, "not_found")
    answer = handler(ASKED | {"userId": user.id}, context)
    assert (answer["userId"], answer["appointed"]) == (user.id, True)
    (act,) = answer["acts"]
    assert act.pop("at").endswith("Z")
    assert act == ASKED
    assert http("GET", OVERVIEW).status == 200
    assert http("GET", "/api/v1/users/profile").json["operator"] is True


def test_a_dismissal_works_at_once_and_stays_on_the_record(studio, http):
    user = studio.user()
    http.token = user.token
    perform(email="USER1@example.com")
    assert http("GET", OVERVIEW).status == 200
    row = perform(userId=user.id, requestId="ticket-4712", act="dismiss", reason="May is over")
    assert (row.appointed, [act["act"] for act in row.acts]) == (False, ["appoint", "dismiss"])
    assert_problem(http("GET", OVERVIEW), 404, "not_found")
    assert http("GET", "/api/v1/users/profile").json["operator"] is False


def test_who_was_appointed_finds_that_in_their_export_but_not_by_whom(studio):
    from studio import exports

    user = studio.user()
    perform(userId=user.id)
    (act,) = exports.collected(user.id)["operator"]
    assert (act["act"], act["reason"], "grace" in str(act)) == ("appoint", ASKED["reason"], False)


def test_the_same_request_acts_once_also_when_it_comes_late(studio):
    user = studio.user()
    perform(userId=user.id)
    perform(userId=user.id, requestId="ticket-4712", act="dismiss")
    late = perform(userId=user.id)
    assert (late.appointed, len(late.acts)) == (False, 2)


def test_the_same_request_with_something_else_is_refused(studio):
    user = studio.user()
    perform(userId=user.id)
    for change in ({"act": "dismiss"}, {"reason": "Because"}, {"operator": "eve"}):
        with pytest.raises(KeyReused):
            perform(userId=user.id, **change)
    assert OperatorRow.get(user.id).appointed


def test_of_two_acts_at_once_none_is_lost(studio, monkeypatch):
    """Somebody writes between our look and our write: we look again."""
    user, of = studio.user(), operators._of
    meanwhile = [lambda: perform(userId=user.id, requestId="ticket-0001", operator="eve")]

    def slow(user_id: str) -> OperatorRow | None:
        seen = of(user_id)
        if meanwhile:
            meanwhile.pop()()
        return seen

    monkeypatch.setattr(operators, "_of", slow)
    row = perform(userId=user.id)
    assert [act["requestId"] for act in row.acts] == ["ticket-0001", "ticket-4711"]


def test_who_is_not_there_is_not_appointed(studio):
    for act in ("appoint", "dismiss"):
        for who in ({"userId": "usr_nobody"}, {"email": "nobody@example.com"}, {"email": "nonsense"}):
            with pytest.raises(NotFound):
                perform(act=act, **who)
    assert OperatorRow.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"act": "crown"},
        {"reason": " "},
        {"operator": ""},
        {"requestId": "x"},
        {"userId": None},
        {"email": "a@b.c"},
        {"note": "x"},
    ],
)
def test_an_act_that_is_not_clear_is_refused(change):
    with pytest.raises(InvalidOrder) as refused:
        operators.parse(ASKED | {"userId": "usr_1"} | change)
    assert refused.value.faults


def test_nothing_that_a_customer_sends_makes_an_operator(studio, http):
    for more in ({"operator": True}, {"role": "operator"}, {"appointed": True}):
        body = {"email": "eve@example.com", "password": PASSWORD} | more
        assert_problem(http("POST", "/api/v1/auth/register", body), 422, "invalid_request")
    http.token = studio.user().token
    assert_problem(http("PATCH", "/api/v1/users/profile", {"name": "Eve", "operator": True}), 422, "invalid_request")
    assert http("GET", "/api/v1/users/profile").json["operator"] is False
    assert OperatorRow.count() == 0


def test_a_closed_account_sees_nothing_and_its_successor_is_nobody(studio, http):
    user = studio.user()
    perform(userId=user.id)
    http.token = user.token
    assert http("DELETE", "/api/v1/users/me", {"password": PASSWORD}).status == 204
    assert_problem(http("GET", OVERVIEW), 401, "unauthorized")
    again = http("POST", "/api/v1/auth/register", {"email": "user1@example.com", "password": PASSWORD}).json
    assert again["user"]["operator"] is False
    http.token = again["token"]
    assert_problem(http("GET", OVERVIEW), 404, "not_found")
    assert not perform(userId=user.id, requestId="ticket-4713", act="dismiss").appointed


def test_looking_for_it_costs_quota(studio, http, monkeypatch):
    monkeypatch.setenv("READ_QUOTA", "2")
    from studio import settings

    settings.settings.cache_clear()
    http.token = studio.user().token
    answers = [http("GET", OVERVIEW).status for _ in range(3)]
    assert answers == [404, 404, 429]
