"""Measures the peer of `benchmarks.api` in its own environment: ours with FastAPI and Mangum on top. Prints JSON."""

from __future__ import annotations

import json
import os

from cryptography.hazmat.primitives import serialization

from benchmarks.api import ORDER, SUBMIT, Request, measured, studio_on_moto


def main() -> None:
    """Submit as often as the original was asked to."""
    with studio_on_moto() as token:
        from studio import signing_keys, tokens

        public = signing_keys.current().private.public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        os.environ |= {"PEER_PUBLIC_KEY": pem.decode(), "PEER_AUDIENCE": tokens.AUDIENCE}
        os.environ["PEER_ISSUER"] = f"studio-{os.environ['STAGE']}"
        from benchmarks.peer_fastapi_app import handler

        found = measured(handler, Request("POST", SUBMIT, ORDER), token)
        print(json.dumps({"own_ms": found.own_ms, "calls": found.calls}))


if __name__ == "__main__":
    main()
