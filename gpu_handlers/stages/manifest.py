"""C2PA manifests: a signed statement inside the file of what made it (https://c2pa.org, specification 2.x).

Operators set `STUDIO_C2PA_CERTIFICATES` (PEM chain, leaf first) and `STUDIO_C2PA_KEY` (PEM, ES256). Without them every
process makes a chain of its own: the statement is then intact and checkable, but signed by nobody that others trust.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from typing import Any

GENERATOR = {"name": "AI Creative Studio", "version": "0.1.0"}
OWN_ORGANISATION = "AI Creative Studio (self-signed)"

# What a manifest does not need: a thumbnail (a fifth of the file) and the network (OCSP, remote manifests).
_SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"ocsp_fetch": False, "remote_manifest_fetch": False},
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What files are signed with: PEM certificates, leaf first, and the leaf's PEM key on P-256."""

    certificates: bytes
    key: bytes
    trusted: bool
    """Whether the operator brought them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a file's manifest says, read back and checked."""

    intact: bool
    """Signature and file hash match: nobody changed the file since."""
    issuer: str
    source_type: str | None
    """IPTC digital source type URI of how it was made."""
    software: str | None


def available() -> bool:
    """Whether this machine can sign; `c2pa-python` is optional."""
    return find_spec("c2pa") is not None


@cache
def credentials() -> Credentials:
    """The operator's certificates and key, or a self-signed chain for this process.

    Raises:
        ValueError: only one of the two is set.
    """
    chain, key = os.environ.get("STUDIO_C2PA_CERTIFICATES"), os.environ.get("STUDIO_C2PA_KEY")
    if bool(chain) != bool(key):
        raise ValueError("STUDIO_C2PA_CERTIFICATES and STUDIO_C2PA_KEY must be set together")
    if chain and key:
        return Credentials(chain.encode(), key.encode(), trusted=True)
    return self_signed()


def sign(content: bytes, content_type: str, *, title: str, source_type: str, software: str) -> bytes:
    """The file with a manifest that says it was created by this studio.

    Args:
        content: a PNG, JPEG, WebP, MP4 or WAV file.
        content_type: its MIME type.
        source_type: IPTC digital source type URI.
        software: engine and model.
    """
    import c2pa

    own = credentials()
    created = {"action": "c2pa.created", "digitalSourceType": source_type, "softwareAgent": {"name": software}}
    definition = {
        "claim_generator_info": [GENERATOR],
        "format": content_type,
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
    signed = io.BytesIO()
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=own.certificates, private_key=own.key, ta_url=None)
    with (
        c2pa.Context.from_dict(_SETTINGS) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder.from_json(json.dumps(definition), context) as builder,
    ):
        builder.sign(signer, content_type, io.BytesIO(content), signed)
    return signed.getvalue()


def read(content: bytes, content_type: str) -> Statement | None:
    """What the file's manifest says; None without one."""
    import c2pa

    try:
        with c2pa.Reader(content_type, io.BytesIO(content)) as reader:
            report = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    active = report["manifests"][report["active_manifest"]]
    actions = [
        action
        for assertion in active.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    created: dict[str, Any] = next((action for action in actions if action["action"] == "c2pa.created"), {})
    agent = created.get("softwareAgent")
    return Statement(
        intact=report.get("validation_state") in ("Valid", "Trusted"),
        issuer=active["signature_info"]["issuer"],
        source_type=created.get("digitalSourceType"),
        software=agent.get("name") if isinstance(agent, dict) else agent,
    )


def self_signed() -> Credentials:
    """A root and a signing certificate made here and now, valid for a year; for development and drafts."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, common),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, OWN_ORGANISATION),
            ]
        )

    def usage(*, signs: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=signs,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=not signs,
            crl_sign=not signs,
            encipher_only=False,
            decipher_only=False,
        )

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = datetime.now(UTC) - timedelta(hours=1)

    def begun(subject: str, public: ec.EllipticCurvePublicKey, *, root: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("Development root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=366))
            .add_extension(x509.BasicConstraints(ca=root, path_length=0 if root else None), critical=True)
            .add_extension(usage(signs=not root), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    root = begun("Development root", root_key.public_key(), root=True).sign(root_key, hashes.SHA256())
    # C2PA asks a signing certificate for this extended key usage (specification, "X.509 certificates").
    leaf = (
        begun("Development signer", key.public_key(), root=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return Credentials(
        leaf.public_bytes(pem) + root.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        trusted=False,
    )
