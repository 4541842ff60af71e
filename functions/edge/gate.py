"""What happens before any route: who is it, may they, how often have they been here, and can the body be one of ours.

A route that is not listed as open needs a token. A route without a scope is for people who signed in, not for API keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pynamodb.exceptions import PynamoDBException

from edge import bodies
from studio import api_keys, limits, operators, tokens
from studio.errors import (
    Busy,
    Fault,
    InvalidOrder,
    MalformedRequest,
    MissingScope,
    NotAuthenticated,
    TooLarge,
    UnsupportedContentType,
    first,
)
from studio.measures import NO_ROUTE
from studio.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from studio.api_keys import Scope
    from studio.limits import Standing

# The longest order is a prompt of 10,000 characters, at most 4 bytes each in UTF-8, or 12 as JSON escapes.
MAX_BODY_BYTES = 192 * 1024


@dataclass(frozen=True, slots=True)
class Gate:
    """What is special about the routes of one function, by their keys such as ``GET /health``."""

    open_routes: AbstractSet[str]
    """Need no token."""
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    """What an API key needs for a route."""
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The query parameters of a route, where it has any."""
    form_routes: AbstractSet[str] = frozenset()
    """Take a multipart form too, and read it themselves."""
    signed_routes: AbstractSet[str] = frozenset()
    """Take the body byte by byte, and check a signature over it themselves."""
    addresses: AbstractSet[str] = frozenset()
    """Every route that requests for other methods may come here for, as customers know them."""
    revalidated_routes: AbstractSet[str] = frozenset()
    """Are asked for again and again: their answers have an entity tag, and 304 says that nothing changed."""
    operator_routes: AbstractSet[str] = frozenset()
    """Are there for operators only."""

    def identify(self, event: APIGatewayProxyEventV2) -> tokens.Caller | None:
        """Who is calling; None on an open route.

        Raises:
            NotAuthenticated: no valid token or API key on a route that needs one.
            MissingScope: an API key that may not do this.
        """
        if event.route_key in self.open_routes:
            return None
        caller = _authenticated(event)
        if caller.scopes is not None:
            self._require_scope(event.route_key, caller.scopes)
        return caller

    def count(self, event: APIGatewayProxyEventV2, caller: tokens.Caller) -> Standing | None:
        """Count the request; None when a read could not be counted and goes through all the same.

        Raises:
            TooManyRequests: the quota of the account is used up.
            Busy: a request that changes something could not be counted.
        """
        bucket = limits.requests(event.http_method)
        try:
            return limits.take(bucket, caller.user_id)
        except PynamoDBException as error:
            logger.exception("request could not be counted")
            if event.http_method == "GET":
                return None
            raise Busy from error

    def check_role(self, event: APIGatewayProxyEventV2, caller: tokens.Caller | None) -> None:
        """Let operators through to what is theirs. Comes after counting: looking for it costs quota too.

        Raises:
            NotFound: for this caller there is nothing here.
        """
        if caller and event.route_key in self.operator_routes:
            operators.require(caller)

    def check_query(self, event: APIGatewayProxyEventV2) -> None:
        """Refuse parameters that a route does not have: a misspelt `dryRun` spends credits, a filter shows everything.

        What anybody may read is not asked in anybody's name, and caches and monitors add parameters of their own.

        Raises:
            InvalidOrder: names each.
        """
        route = event.route_key
        if route in self.signed_routes or route == NO_ROUTE or (route in self.open_routes and route.startswith("GET ")):
            return
        known = self.parameters.get(route, ())
        unknown = sorted(event.query_string_parameters.keys() - set(known))
        if unknown:
            there = f"there is {', '.join(known)}" if known else "there are none"
            faults = (Fault(f"?{name}", f"is not a parameter of this address; {there}") for name in unknown)
            raise InvalidOrder.naming(first(faults, len(unknown)))

    def check_body(self, event: APIGatewayProxyEventV2) -> None:
        """Refuse what no route could read.

        Raises:
            TooLarge, UnsupportedContentType, MalformedRequest: the body cannot be one of ours.
            InvalidOrder: it is no object; of a list, powertools would take the first element.
        """
        body = event.body
        if not body or event.route_key in self.signed_routes:
            return
        content_type = event.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if content_type == "multipart/form-data" and event.route_key in self.form_routes:
            return
        if content_type != "application/json":
            raise UnsupportedContentType(f"The body was sent as {content_type}; send it as application/json.")
        size = len(body) * 3 // 4 if event.is_base64_encoded else len(body.encode("utf-8", "surrogatepass"))
        if size > MAX_BODY_BYTES:
            raise TooLarge(f"The body has {size:,} bytes; at most {MAX_BODY_BYTES:,} are taken.")
        try:
            said = bodies.read(event.decoded_body or "")
        except ValueError as error:
            raise MalformedRequest(f"The body is not valid JSON: {error}.") from error
        if not isinstance(said, dict | None):
            raise InvalidOrder(faults=(Fault("", "must be an object"),))

    def _require_scope(self, route_key: str, scopes: frozenset[str]) -> None:
        needed = self.scopes.get(route_key)
        if needed is None:
            raise MissingScope("No API key may do this; sign in for it.")
        if needed not in scopes:
            raise MissingScope(f"This API key lacks the scope {needed}.", scope=needed.value)


def _authenticated(event: APIGatewayProxyEventV2) -> tokens.Caller:
    scheme, _, value = event.headers.get("authorization", "").partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value:
        raise NotAuthenticated("Send the token as `Authorization: Bearer <token>`.")
    return api_keys.verify(value) if value.startswith(api_keys.PREFIX) else tokens.verify(value)
