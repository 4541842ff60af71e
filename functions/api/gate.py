"""Which routes of the API need no token, what an API key needs for the others, and which takes forms."""

from __future__ import annotations

from edge.gate import Gate
from operators import gate as operators
from payments import gate as payments
from studio import catalog
from studio.api_keys import Scope

SUBMIT_ROUTE = "POST /api/v1/jobs/{feature}"
REFERENCE_ROUTES = frozenset({"GET /api/v1/openapi.json", "GET /api/v1/docs"})
OPEN_ROUTES = frozenset(
    {
        "GET /health",
        "GET /.well-known/jwks.json",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/verify",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/forgot",
        "POST /api/v1/auth/reset",
        "GET /api/v1/features",
        *REFERENCE_ROUTES,
        "$default",  # unknown addresses: everybody gets the same 404
    }
)
SCOPES = {
    "GET /api/v1/users/profile": Scope.ACCOUNT_READ,
    "GET /api/v1/users/credits": Scope.BILLING_READ,
    "GET /api/v1/users/transactions": Scope.BILLING_READ,
    SUBMIT_ROUTE: Scope.JOBS_WRITE,
    "GET /api/v1/jobs": Scope.JOBS_READ,
    "GET /api/v1/jobs/{job_id}": Scope.JOBS_READ,
    "DELETE /api/v1/jobs/{job_id}": Scope.JOBS_WRITE,
    "GET /api/v1/jobs/{job_id}/download": Scope.JOBS_READ,
    "POST /api/v1/jobs/{job_id}/rerun": Scope.JOBS_WRITE,
    "POST /api/v1/realtime/ticket": Scope.JOBS_READ,
    "POST /api/v1/uploads": Scope.UPLOADS_WRITE,
    "GET /api/v1/uploads/{upload_id}": Scope.UPLOADS_WRITE,
    "POST /api/v1/webhooks/endpoints": Scope.WEBHOOKS_MANAGE,
    "GET /api/v1/webhooks/endpoints": Scope.WEBHOOKS_MANAGE,
    "GET /api/v1/webhooks/endpoints/{endpoint_id}": Scope.WEBHOOKS_MANAGE,
    "PATCH /api/v1/webhooks/endpoints/{endpoint_id}": Scope.WEBHOOKS_MANAGE,
    "DELETE /api/v1/webhooks/endpoints/{endpoint_id}": Scope.WEBHOOKS_MANAGE,
    "POST /api/v1/webhooks/endpoints/{endpoint_id}/rotate": Scope.WEBHOOKS_MANAGE,
    "POST /api/v1/webhooks/endpoints/{endpoint_id}/test": Scope.WEBHOOKS_MANAGE,
    "GET /api/v1/webhooks/secret": Scope.WEBHOOKS_MANAGE,
    "POST /api/v1/webhooks/secret/rotate": Scope.WEBHOOKS_MANAGE,
    "GET /api/v1/webhooks/deliveries": Scope.WEBHOOKS_MANAGE,
    "GET /api/v1/webhooks/deliveries/{delivery_id}": Scope.WEBHOOKS_MANAGE,
    "POST /api/v1/webhooks/deliveries/{delivery_id}/replay": Scope.WEBHOOKS_MANAGE,
}
PARAMETERS = {
    SUBMIT_ROUTE: ("dryRun",),
    "GET /api/v1/jobs": ("limit", "cursor", "status", "feature", "createdAfter", "createdBefore"),
    "GET /api/v1/jobs/{job_id}/download": ("file",),
    "GET /api/v1/users/transactions": ("limit", "cursor", "kind"),
    "GET /api/v1/webhooks/deliveries": ("limit", "cursor", "state", "endpointId", "jobId"),
}
SESSION_ROUTES = frozenset(
    {
        "POST /api/v1/auth/logout",
        "POST /api/v1/auth/logout-all",
        "POST /api/v1/auth/password",
        "PATCH /api/v1/users/profile",
        "GET /api/v1/users/export",
        "DELETE /api/v1/users/me",
        "POST /api/v1/users/keys",
        "GET /api/v1/users/keys",
        "DELETE /api/v1/users/keys/{key_id}",
    }
)
"""Not for API keys: a stolen key must not be able to make itself at home. Neither is a route that nobody listed."""
REVALIDATED_ROUTES = REFERENCE_ROUTES | {"GET /api/v1/jobs/{job_id}", "GET /api/v1/features"}
SUBMIT_ROUTES = frozenset(SUBMIT_ROUTE.replace("{feature}", name) for name in catalog.ORDERS)
_OTHERS = payments.ADDRESSES | operators.ADDRESSES
ADDRESSES = OPEN_ROUTES.union(SCOPES, SESSION_ROUTES, SUBMIT_ROUTES, _OTHERS) - {SUBMIT_ROUTE}
GATE = Gate(
    OPEN_ROUTES,
    SCOPES,
    PARAMETERS,
    form_routes=frozenset({SUBMIT_ROUTE}),
    addresses=ADDRESSES,
    revalidated_routes=REVALIDATED_ROUTES,
)
