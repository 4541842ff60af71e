"""Which routes are for operators: all of them. None takes an API key, and for everybody else there is nothing here."""

from __future__ import annotations

from edge.gate import Gate

ADDRESSES = frozenset({"GET /api/v1/operator/overview"})
PARAMETERS = {"GET /api/v1/operator/overview": ("days",)}
GATE = Gate(frozenset(), parameters=PARAMETERS, addresses=ADDRESSES, operator_routes=ADDRESSES)
