"""Where your own receivers of callbacks may listen on this machine: the only private addresses that are called."""

from __future__ import annotations

from infra.local.ports import HOST

PORTS = range(8900, 8910)
ALLOWED = ",".join(f"{host}:{port}" for host in ("localhost", HOST) for port in PORTS)
"""Value of the template's parameter PrivateReceivers."""
