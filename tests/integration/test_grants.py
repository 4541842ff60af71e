"""Credits that an operator gives away: once, on the record, and only by the function that is for it."""

from __future__ import annotations

import pytest

from studio import grants
from studio.errors import InvalidOrder, KeyReused, NotFound

ASKED = {"requestId": "ticket-4711", "credits": 25, "reason": "A broken video", "operator": "ada"}


def test_a_grant_is_an_entry_that_says_who_and_why(studio, context):
    from grants.handler import handler

    user = studio.user()
    answer = handler(ASKED | {"userId": user.id}, context)
    assert answer == {"entry": "grant:ticket-4711", "userId": user.id, "amount": 25, "balanceAfter": 75}
    entry = studio.ledger(user)[-1]
    assert (entry.kind, entry.amount, entry.reason, entry.operator) == ("grant", 25, "A broken video", "ada")
    assert user.balance() == 75


def test_an_account_is_found_by_its_address_whatever_its_case(studio):
    user = studio.user()
    grants.give(grants.parse(ASKED | {"email": "USER1@example.com"}))
    assert user.balance() == 75


def test_the_same_request_gives_once(studio):
    user = studio.user()
    asked = grants.parse(ASKED | {"userId": user.id})
    first, second = grants.give(asked), grants.give(asked)
    assert (first.number, second.number, user.balance()) == (2, 2, 75)


def test_the_same_request_with_another_amount_is_refused(studio):
    user = studio.user()
    grants.give(grants.parse(ASKED | {"userId": user.id}))
    with pytest.raises(KeyReused):
        grants.give(grants.parse(ASKED | {"userId": user.id, "credits": 30}))
    assert user.balance() == 75


@pytest.mark.parametrize("who", [{"userId": "usr_nobody"}, {"email": "nobody@example.com"}, {"email": "nonsense"}])
def test_nobody_gets_nothing(studio, who):
    with pytest.raises(NotFound):
        grants.give(grants.parse(ASKED | who))


@pytest.mark.parametrize(
    "change",
    [
        {"credits": 0},
        {"credits": -5},
        {"credits": 100_001},
        {"credits": "25"},
        {"credits": True},
        {"reason": " "},
        {"operator": ""},
        {"requestId": "x"},
        {"requestId": "a#b#c#d#e"},
        {"email": "user1@example.com"},
        {"userId": None},
        {"note": "x"},
    ],
)
def test_a_grant_that_is_not_clear_is_refused(studio, change):
    with pytest.raises(InvalidOrder) as refused:
        grants.parse(ASKED | {"userId": studio.user().id} | change)
    assert refused.value.faults
