"""Links of the OpenAPI document lead somewhere: an id that an answer has is taken where its link says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration import contract
from tests.integration.contract import OPERATIONS

BY_ID = {operation.described["operationId"]: operation for operation in OPERATIONS}
LINKED = [
    (operation, status, links)
    for operation in OPERATIONS
    for status, response in operation.described["responses"].items()
    if (links := response.get("links"))
]


@pytest.mark.parametrize(("operation", "status", "links"), LINKED, ids=[str(linked[0]) for linked in LINKED])
def test_what_an_answer_names_is_found_where_its_links_lead(world, operation, status, links):
    user = world.someone()
    client = world.client(user.token)
    body = {} if operation.path.endswith("/rerun") else contract.sample(operation, lambda: world.picture(user))
    if operation.method == "GET":
        world.things(user)  # or there is nothing to list
    answer = client(operation.method, operation.address(world.things(user, operation.names)), body)
    assert str(answer.status) == status, answer.text
    # Deleting comes last, and what a link does may be refused, as long as the thing is found.
    for link in sorted(links.values(), key=lambda link: BY_ID[link["operationId"]].method == "DELETE"):
        use = BY_ID[link["operationId"]]
        ids = {name: found(answer.json, where) for name, where in link["parameters"].items()}
        assert set(ids) == set(use.names)
        assert client(use.method, use.address(ids), contract.sample(use)).status != 404, f"{operation} → {use}"


def found(body: Any, expression: str) -> str:
    """What a runtime expression of OpenAPI names in the body of an answer."""
    for step in expression.removeprefix("$response.body#/").split("/"):
        body = body[int(step) if isinstance(body, list) else step]
    assert isinstance(body, str)
    return body


def test_everything_that_takes_an_id_can_be_reached_by_links_from_what_takes_none():
    reached = {str(o) for o in OPERATIONS if not o.names}

    def spread() -> set[str]:
        links = [link for o, _, found in LINKED if str(o) in reached for link in found.values()]
        return reached | {str(BY_ID[link["operationId"]]) for link in links}

    while (more := spread()) != reached:
        reached = more
    assert {str(o) for o in OPERATIONS} == reached


def test_ids_look_as_the_document_says(world):
    ids = world.things(world.user())
    for operation in OPERATIONS:
        for parameter in operation.described.get("parameters", []):
            if parameter["in"] == "path":
                assert re.fullmatch(parameter["schema"]["pattern"], ids[parameter["name"]])
