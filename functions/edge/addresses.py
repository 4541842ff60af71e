"""What there is at an address, whichever function serves it: API Gateway sends what it has no route for to the API."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import cache
from typing import TYPE_CHECKING

from studio.errors import MethodNotAllowed
from studio.measures import NO_ROUTE

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

_PARAMETER = re.compile(r"\{\w+\}")


def check_method(event: APIGatewayProxyEventV2, routes: AbstractSet[str]) -> None:
    """Refuse a method that an address does not take.

    Args:
        event: the request.
        routes: all that there are, such as ``GET /health``.

    Raises:
        MethodNotAllowed: there is something at this address, for other methods.
    """
    allowed = methods(event.path, frozenset(routes), named_too=event.route_key == NO_ROUTE)
    if allowed and event.http_method not in allowed:
        raise MethodNotAllowed(f"This address takes {', '.join(allowed)}.", allow=", ".join(allowed))


def methods(path: str, routes: frozenset[str], *, named_too: bool = True) -> list[str]:
    """The methods that an address takes; none where there is nothing.

    `named_too` looks at routes with parameters as well. A request that has such a route is for that to judge: nobody
    but it knows whether there is something of this name.
    """
    plain, named = _addresses(routes)
    fitting = (taken for pattern, taken in named if named_too and pattern.fullmatch(path))
    return sorted(plain.get(path) or next(fitting, ()))


@cache
def _addresses(routes: frozenset[str]) -> tuple[dict[str, set[str]], list[tuple[re.Pattern[str], set[str]]]]:
    """Methods by address, and by the pattern of addresses that name something."""
    found: dict[str, set[str]] = {}
    for route in routes - {NO_ROUTE}:
        method, _, path = route.partition(" ")
        found.setdefault(path, set()).add(method)
    plain = {path: taken for path, taken in found.items() if "{" not in path}
    named = [(re.compile(_PARAMETER.sub("[^/]+", path)), taken) for path, taken in found.items() if "{" in path]
    return plain, named
