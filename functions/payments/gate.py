"""Which routes of the payments function need no token."""

from __future__ import annotations

from edge.gate import Gate
from studio.api_keys import Scope

WEBHOOK_ROUTE = "POST /api/v1/payments/webhook"
OPEN_ROUTES = frozenset({"GET /api/v1/payments/packages", WEBHOOK_ROUTE})
SCOPES = {"GET /api/v1/payments/{purchase_id}": Scope.BILLING_READ}
SESSION_ROUTES = frozenset({"POST /api/v1/payments/create-checkout"})
"""Not for API keys: whoever pays sits in front of a browser."""
ADDRESSES = OPEN_ROUTES.union(SCOPES, SESSION_ROUTES)
GATE = Gate(OPEN_ROUTES, SCOPES, signed_routes=frozenset({WEBHOOK_ROUTE}), addresses=ADDRESSES)
