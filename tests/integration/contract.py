"""The API as its own OpenAPI document has it: every operation, a request for it, and a world to send that to.

What the document cannot say is written here by hand: how a thing comes into being that a path parameter names
(`World.THINGS`), and the few values that no schema describes (`VALUES`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar
from urllib.parse import quote

import jsonschema
import pytest

from infra.local.stack import ROOT
from studio import api_keys, callbacks, catalog, endpoints, jobs, operators, uploads
from studio.api_keys import Scope
from studio.callbacks import News
from studio.tables import Balance
from tests.integration import samples
from tests.integration.conftest import PASSWORD, Customer, Studio, running, signed_in
from tests.integration.payments import PAGE, Till, connected
from tests.integration.test_api import Client

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
METHODS = ("get", "put", "post", "patch", "delete", "head", "options", "trace")
USES_OF_A_USER = 7  # ten endpoints are all that one may have
RECEIVER = "https://hooks.example.com/studio"
VALUES: dict[str, Any] = {
    "email": "nobody@example.com",
    "password": PASSWORD,
    "currentPassword": PASSWORD,
    "newPassword": "another horse and battery",
    "url": RECEIVER,
    "successUrl": PAGE,
    "cancelUrl": PAGE,
    "prompt": "A lighthouse on a cliff at sunset",
    "script": "A fox finds a lantern in the wood.",
    "topic": "Photosynthesis",
    # One of three that are needed where a fourth is missing, which is a rule and not in the schema.
    "gender": "female",
    "ethnicity": "asian",
    "ageRange": "26-35",
}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str

    @property
    def described(self) -> dict[str, Any]:
        return DOCUMENT["paths"][self.path][self.method.lower()]

    @property
    def open(self) -> bool:
        return self.described["security"] == []

    @property
    def scope(self) -> str | None:
        """What an API key needs; None where no key is enough."""
        needed = [s["apiKey"] for s in self.described["security"] if "apiKey" in s]
        return needed[0][0] if needed else None

    @property
    def role(self) -> str | None:
        """What a person needs to be; None where everybody may who signed in."""
        named = [role for s in self.described["security"] for role in s.get("bearer", [])]
        return named[0] if named else None

    @property
    def names(self) -> list[str]:
        """Path parameters."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def query(self) -> tuple[str, ...]:
        """Query parameters."""
        return tuple(p["name"] for p in self.described.get("parameters", []) if p["in"] == "query")

    @property
    def body(self) -> dict[str, Any] | None:
        """Schema of the body; None where it takes none."""
        content = self.described.get("requestBody", {}).get("content", {})
        return resolved(content["application/json"]["schema"]) if content else None

    @property
    def fields(self) -> dict[str, Any]:
        """Schemas of the body's fields, as far as they are named."""
        return (self.body or {}).get("properties", {})

    def address(self, ids: dict[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: quote(ids[name[1]], safe=""), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


OPERATIONS = [
    Operation(method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method in METHODS
    if method in methods
]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its indirection, and the one that is not null of a choice."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return resolved(next(choice for choice in schema["anyOf"] if choice.get("type") != "null"))
    return schema


def assert_result(metadata: dict[str, Any]) -> None:
    """The result of a job has what every result has, and is what the document says of it."""
    assert {"engine", "model", "revision", "licence", "notes", "seeds", "timings", "provenance"} <= set(metadata)
    assert ("safety" in metadata) != ("images" in metadata), "where pictures have a record each, it is there"
    described = DOCUMENT["components"]["schemas"]["JobView"]["properties"]["result"]
    jsonschema.Draft202012Validator(described).validate(metadata)


def is_picture(field: dict[str, Any]) -> bool:
    """Whether a field takes the id of an upload."""
    return any(each.get("format") == "picture" for each in (field, *field.get("anyOf", ())))


def sample(operation: Operation, picture: Callable[[], str] = lambda: uploads.PLACEHOLDER) -> dict[str, Any] | None:
    """A body that the operation takes: what is required, and what `VALUES` knows."""
    if operation.body is None:
        return None
    required = operation.body.get("required", [])
    wanted = [name for name in operation.fields if name in required or name in VALUES]
    return {name: _value(name, operation.fields[name], picture) for name in wanted}


def _value(name: str, field: dict[str, Any], picture: Callable[[], str]) -> Any:
    schema = resolved(field)
    if name in VALUES:
        return VALUES[name]
    if is_picture(field):
        return picture()
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "array":
            return [_value("", schema["items"], picture)]
        case "string":
            return "x" * max(schema.get("minLength", 1), 1)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    raise LookupError(f"no value for {name}: {schema}")


@dataclass
class World:
    """A studio in one process, for many questions to it."""

    studio: Studio
    till: Till
    context: Any
    _user: Customer | None = None
    _uses: int = 0

    def client(self, token: str | None = None) -> Client:
        return Client(self.context, token)

    def user(self) -> Customer:
        user = self.studio.user()
        Balance(user.id).update(actions=[Balance.credits.set(10_000)])  # tests of money have books that balance
        return user

    def someone(self) -> Customer:
        """A user whose token works and who has room for more; a new one only now and then, since that takes longest."""
        self._uses += 1
        if self._user is None or self._uses % USES_OF_A_USER == 0 or not self._works(self._user):
            self._user = self.user()
        return self._user

    def appointed(self, user: Customer) -> Customer:
        """The user, an operator from now on."""
        why = {"requestId": f"appoint-{user.id}", "reason": "a test", "operator": "ada"}
        operators.perform(operators.parse({"act": "appoint", "userId": user.id} | why))
        return user

    def _works(self, user: Customer) -> bool:
        return self.client(user.token)("GET", "/api/v1/users/credits").status == 200

    def key(self, user: Customer, *scopes: str) -> str:
        return api_keys.create(signed_in(user.id), "key", [Scope(scope) for scope in scopes]).secret

    def picture(self, user: Customer) -> str:
        return uploads.accept(user.id, _photo())

    def persona(self, user: Customer) -> str:
        order = catalog.parse("influencer-creation", catalog.ORDERS["influencer-creation"].example)
        return jobs.submit(user.id, order).job.order["personaId"]

    def job(self, user: Customer) -> str:
        """One that is done and has a file."""
        job = user.submit()
        jobs.claim(job.id)
        self.studio.finish(job)
        return job.id

    def endpoint(self, user: Customer) -> str:
        return endpoints.create(signed_in(user.id), RECEIVER, list(News), "").id

    def delivery(self, user: Customer) -> str:
        return callbacks.test(user.id, self.endpoint(user)).id

    def key_id(self, user: Customer) -> str:
        return api_keys.create(signed_in(user.id), "key", [Scope.JOBS_READ]).row.id

    def purchase(self, user: Customer) -> str:
        return self.till.begin(user.id).id

    THINGS: ClassVar[dict[str, Callable[[World, Customer], str]]] = {
        "job_id": job,
        "endpoint_id": endpoint,
        "delivery_id": delivery,
        "key_id": key_id,
        "purchase_id": purchase,
        "upload_id": picture,
    }

    def things(self, user: Customer, names: list[str] | None = None) -> dict[str, str]:
        """Ids of things that the user has, by the path parameters they are for; of all kinds, or of these."""
        return {name: self.THINGS[name](self, user) for name in (self.THINGS if names is None else names)}


@contextmanager
def opened(context: Any) -> Iterator[World]:
    """A world of its own, for as long as a module of tests."""
    with pytest.MonkeyPatch.context() as monkeypatch, running(monkeypatch) as studio:
        for quota in ("SIGNUP_QUOTA", "REQUEST_QUOTA", "READ_QUOTA", "MAX_ACTIVE_JOBS"):
            monkeypatch.setenv(quota, "100000")
        yield World(studio, connected(monkeypatch), context)


@cache
def _photo() -> bytes:
    return samples.photo()
