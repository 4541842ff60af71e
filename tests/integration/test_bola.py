"""Who may do what, for every operation that the OpenAPI document has: nobody reaches what is somebody else's.

Nothing here names a route. An operation that is new is tested at once; one with a path parameter of a new kind fails
until `World.THINGS` says how such a thing comes into being.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from api.gate import GATE as API_GATE
from operators.gate import GATE as OPERATORS_GATE
from payments.gate import GATE as PAYMENTS_GATE
from studio.api_keys import Scope
from tests.integration import contract
from tests.integration.conftest import Customer
from tests.integration.contract import OPERATIONS, Operation, World
from tests.integration.test_api import ROUTE_KEYS, Answer, Client, route_key

EVERY_SCOPE = [scope.value for scope in Scope]
DESCRIBES_ITSELF = {"GET /api/v1/openapi.json", "GET /api/v1/docs"}
READ_BY_ANYBODY = {str(operation) for operation in OPERATIONS if operation.open and operation.method == "GET"}
NOT_FOR_CUSTOMERS = {"POST /api/v1/internal/runpod/{job_id}/{token}"}
OF_A_CALLER = [operation for operation in OPERATIONS if not operation.open]
OF_A_THING = [operation for operation in OPERATIONS if operation.names]


@pytest.fixture(scope="module")
def shared(world):
    """An owner for whom nothing is ever done."""
    owner = world.user()
    return SimpleNamespace(
        owner=owner, ids=world.things(owner), picture=world.picture(owner), persona=world.persona(owner)
    )


def ask(client: Client, operation: Operation, ids: dict[str, str], body: Any = None) -> Answer:
    answer = client(operation.method, operation.address(ids), body)
    assert str(answer.status) in operation.described["responses"], f"{answer.status} is not described: {answer.text}"
    return answer


def belongings(world: World, user: Customer, ids: dict[str, str]) -> dict[str, str]:
    """All that a user can see of what is theirs, as the API shows it."""
    client = world.client(user.token)
    seen = {}
    for operation in OPERATIONS:
        # Looks at a purchase have a quota, an export is made for whoever asks, and what operators see is of nobody.
        nobodys = operation.role or operation.path == "/api/v1/users/export"
        if operation.method == "GET" and not operation.open and not nobodys:
            answer = client("GET", operation.address(ids))
            assert answer.status == 200, f"{operation}: {answer.text}"
            # Links are signed anew each time.
            seen[str(operation)] = answer.text.partition("X-Amz-")[0]
    return seen


def test_every_route_is_in_the_document():
    described = {route_key(o.method, o.address(dict.fromkeys(o.names, "x"))) for o in OPERATIONS}
    undescribed = {key for key in ROUTE_KEYS if not key.startswith("$")} - described
    assert undescribed == DESCRIBES_ITSELF | NOT_FOR_CUSTOMERS


def test_every_path_parameter_names_a_thing_that_we_can_make():
    assert {name for operation in OPERATIONS for name in operation.names} <= set(World.THINGS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_the_owner_gets_through_and_is_told_nothing_of_anybody_else(world, shared, operation):
    """With the least that it takes: a key of just this scope where keys are taken. Filters name another's things."""
    user = world.appointed(world.user()) if operation.role else world.someone()
    ids = world.things(user, operation.names)
    body = {} if operation.path.endswith("/rerun") else contract.sample(operation, lambda: world.picture(user))
    token = world.key(user, operation.scope) if operation.scope else user.token
    theirs = {parameter: shared.ids[name] for name, parameter in _filters(operation).items()}
    client = world.client(None if operation.open else token)
    answer = client(operation.method, operation.address(ids), body, query=theirs, X_User_Id=shared.owner.id)
    assert str(answer.status) in operation.described["responses"], f"{answer.status} is not described: {answer.text}"
    _require_nothing_of(shared, answer)
    refusals = ("unauthorized", "missing_scope", "not_found", "wrong_password")
    assert answer.status < 400 or answer.json["code"] not in refusals, answer.text


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nobody_is_who_a_query_says_they_are_and_what_is_not_known_is_refused(world, shared, operation):
    user = world.appointed(world.user()) if operation.role else world.someone()
    ids = world.things(user, operation.names)
    client = world.client(None if operation.open else user.token)
    before = client("GET", "/api/v1/users/credits").text
    claims = {"userId": shared.owner.id, "dryrun": "true"}
    answer = client(operation.method, operation.address(ids), contract.sample(operation), query=claims)
    _require_nothing_of(shared, answer)
    if str(operation) in READ_BY_ANYBODY:
        assert answer.status == 200
    elif str(operation) == "POST /api/v1/payments/webhook":
        assert answer.json["code"] == "bad_signature"
    else:
        assert answer.status == 422, answer.text
        assert [fault["pointer"] for fault in answer.json["errors"]] == ["?dryrun", "?userId"]
    assert client("GET", "/api/v1/users/credits").text == before


def test_query_parameters_that_the_gates_know_are_those_of_the_document():
    known = API_GATE.parameters | OPERATORS_GATE.parameters | PAYMENTS_GATE.parameters
    described = {route_key(o.method, o.address(dict.fromkeys(o.names, "x"))): o.query for o in OPERATIONS}
    assert {route: names for route, names in described.items() if names} == known


def _require_nothing_of(shared: SimpleNamespace, answer: Answer) -> None:
    told = answer.text + str(answer.headers)
    for secret in (*shared.ids.values(), shared.owner.id, shared.owner.token):
        assert secret not in told


def test_another_user_finds_nothing_and_changes_nothing(world):
    owner, other = world.user(), world.user()
    ids = world.things(owner)
    before = belongings(world, owner, ids)
    client = world.client(other.token)
    for operation in OF_A_THING:
        body = contract.sample(operation)
        theirs = ask(client, operation, ids, body)
        assert (theirs.status, theirs.json["code"]) == (404, "not_found"), f"{operation}: {theirs.text}"
        nobodys = ask(client, operation, {name: id_[:4] + "0" * 26 for name, id_ in ids.items()}, body)
        assert theirs.text == nobodys.text, f"{operation} tells that there is such a thing"
    assert belongings(world, owner, ids) == before


def _filters(operation: Operation) -> dict[str, str]:
    """Query parameters that name things, by the path parameter for the same: `jobId` is what `job_id` is."""
    return {name[:-2].lower() + "_id": name for name in operation.query if name.endswith("Id")}


def test_filters_by_things_are_among_what_was_tried():
    assert [str(o) for o in OPERATIONS if _filters(o)] == ["GET /api/v1/webhooks/deliveries"]


def test_without_a_token_nothing_but_open_routes_answers(world, shared):
    before = belongings(world, shared.owner, shared.ids)
    for operation in OF_A_CALLER:
        for token in (None, "acs_live_" + "0" * 36, shared.owner.token[:-4] + "AAAA"):
            answer = ask(world.client(token), operation, shared.ids, contract.sample(operation))
            assert (answer.status, answer.json["code"]) == (401, "unauthorized"), f"{operation} with {token}"
    assert belongings(world, shared.owner, shared.ids) == before


def test_a_key_without_the_scope_does_nothing(world, shared):
    """Every other scope is not enough, and for what belongs to a person none is."""
    before = belongings(world, shared.owner, shared.ids)
    keys = {
        wanted: world.key(shared.owner, *(s for s in EVERY_SCOPE if s != wanted)) for wanted in (*EVERY_SCOPE, None)
    }
    listed = "GET /api/v1/users/keys"
    for operation in OF_A_CALLER:
        answer = ask(world.client(keys[operation.scope]), operation, shared.ids, contract.sample(operation))
        assert (answer.status, answer.json["code"]) == (403, "missing_scope"), f"{operation}: {answer.text}"
        assert answer.json.get("scope") == operation.scope
    after = belongings(world, shared.owner, shared.ids)
    assert {k: v for k, v in after.items() if k != listed} == {k: v for k, v in before.items() if k != listed}


def test_what_is_for_operators_is_not_there_for_anybody_else(world, shared):
    for_operators = [operation for operation in OPERATIONS if operation.role]
    assert {operation.role for operation in for_operators} == {"operator"}
    nothing = world.client(shared.owner.token)("GET", "/api/v1/operator/nothing")
    for operation in for_operators:
        answer = ask(world.client(shared.owner.token), operation, shared.ids, contract.sample(operation))
        assert (answer.status, answer.text) == (404, nothing.text), f"{operation} tells that there is something"


def test_the_key_of_an_operator_is_no_operator(world):
    user = world.appointed(world.user())
    key = world.key(user, *EVERY_SCOPE)
    for operation in (operation for operation in OPERATIONS if operation.role):
        assert ask(world.client(user.token), operation, {}).status == 200
        answer = ask(world.client(key), operation, {})
        assert (answer.status, answer.json["code"]) == (403, "missing_scope"), answer.text
    profiles = [world.client(token)("GET", "/api/v1/users/profile").json["operator"] for token in (user.token, key)]
    assert profiles == [True, False]


def test_a_key_is_of_no_use_for_what_is_somebody_elses(world, shared):
    stranger = world.user()
    keys = {scope: world.key(stranger, scope) for scope in EVERY_SCOPE}
    for operation in OF_A_THING:
        if operation.scope:
            answer = ask(world.client(keys[operation.scope]), operation, shared.ids, contract.sample(operation))
            assert (answer.status, answer.json["code"]) == (404, "not_found"), f"{operation}: {answer.text}"


def test_pictures_and_people_of_others_cannot_be_ordered_with(world, shared):
    """Ids in bodies are ids too: `picture` fields, and everything that ends in `Id`."""
    other = world.user()
    client, own = world.client(other.token), lambda: world.picture(other)
    tried = []
    for operation in OPERATIONS:
        for name, id_ in _named_in_body(operation, shared).items():
            body = contract.sample(operation, own) | {name: id_}
            if "consent" in operation.fields:
                body["consent"] = True
            answer = ask(client, operation, {}, body)
            assert answer.status in (404, 422), answer.text
            assert name in answer.text
            tried.append(f"{operation.path.rpartition('/')[2]} {name}")
    assert {"cloth-swap person", "cloth-swap cloth", "image-generation reference"} < set(tried)
    assert client("GET", "/api/v1/users/credits").json["held"] == 0


def _named_in_body(operation: Operation, shared: Any) -> dict[str, str]:
    """Fields of the body that name things, each with the id of what is the owner's."""
    pictures = {name for name, field in operation.fields.items() if contract.is_picture(field)}
    return dict.fromkeys(pictures, shared.picture) | {
        name: shared.persona for name in operation.fields if name.endswith("Id")
    }
