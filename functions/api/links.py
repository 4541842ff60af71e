"""What can be done next with an answer: OpenAPI links from what makes a thing to everything that takes its id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_ULID = "[0-9a-z]{26}"
PATTERNS = {  # of path parameters; anything else names nothing and is answered with 404
    "job_id": f"^job_{_ULID}$",
    "endpoint_id": f"^whe_{_ULID}$",
    "delivery_id": f"^dlv_{_ULID}$",
    "key_id": f"^key_{_ULID}$",
    "purchase_id": f"^pur_{_ULID}$",
    "upload_id": f"^upl_{_ULID}$",
}
_ID, _PURCHASE_ID, _FIRST_ID = "$response.body#/id", "$response.body#/purchaseId", "$response.body#/data/0/id"
# Route, status of the answer, and where the id is in it.
_SOURCES = {
    "job_id": [
        (r"POST /api/v1/jobs/[^/{]+", "202", _ID),
        (r"POST /api/v1/jobs/\{job_id\}/rerun", "202", _ID),
        (r"GET /api/v1/jobs", "200", _FIRST_ID),
    ],
    "endpoint_id": [
        (r"POST /api/v1/webhooks/endpoints", "201", _ID),
        (r"GET /api/v1/webhooks/endpoints", "200", _FIRST_ID),
    ],
    "delivery_id": [
        (r"POST /api/v1/webhooks/endpoints/\{endpoint_id\}/test", "202", _ID),
        (r"GET /api/v1/webhooks/deliveries", "200", _FIRST_ID),
    ],
    "key_id": [(r"POST /api/v1/users/keys", "201", _ID), (r"GET /api/v1/users/keys", "200", _FIRST_ID)],
    "purchase_id": [(r"POST /api/v1/payments/create-checkout", "201", _PURCHASE_ID)],
    "upload_id": [(r"POST /api/v1/uploads", "201", _ID)],
}


def add(paths: dict[str, Any]) -> None:
    """Describe ids in the paths of a document, and link answers that have one to where it can be used."""
    operations = {f"{method.upper()} {path}": o for path, found in paths.items() for method, o in found.items()}
    for parameter in _path_parameters(operations.values()):
        parameter["schema"]["pattern"] = PATTERNS[parameter["name"]]
    for name, sources in _SOURCES.items():
        uses = [o for route, o in operations.items() if f"{{{name}}}" in route]
        for pattern, status, where in sources:
            for route, operation in operations.items():
                if re.fullmatch(pattern, route):
                    operation["responses"][status]["links"] = {_title(use): _link(use, name, where) for use in uses}


def _path_parameters(operations: Any) -> Iterator[dict[str, Any]]:
    return (p for operation in operations for p in operation.get("parameters", []) if p["in"] == "path")


def _link(use: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    return {"operationId": use["operationId"], "parameters": {name: where}, "description": use["summary"]}


def _title(use: dict[str, Any]) -> str:
    """The link's name: that of the function behind the route, with which its id begins."""
    return str(use["operationId"]).partition("_api_v1_")[0]
