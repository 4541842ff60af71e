"""Tokens that must not let anybody in: each is refused with 401, and none breaks anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from studio import accounts, clock, signing_keys, tokens
from studio.tables import Session
from tests.integration.test_api import Client, assert_problem

CREDITS = "/api/v1/users/credits"


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


class Forger:
    """Knows everything but what it takes: signs with the studio's own key where the claims are what is wrong."""

    def __init__(self, user: Any, stranger: Any) -> None:
        now = clock.epoch()
        self.key, self.stranger = signing_keys.current(), stranger
        self.good = jwt.decode(user.token, options={"verify_signature": False})
        self.theirs = jwt.decode(stranger.token, options={"verify_signature": False})
        self.now = now
        self.header = {"kid": self.key.id, "typ": "at+jwt"}

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None, **how: Any) -> str:
        key = how.get("key", self.key.private)
        return jwt.encode(claims, key, algorithm=how.get("alg", "ES256"), headers=header or self.header)

    def changed(self, **claims: Any) -> str:
        return self.sign(self.good | claims)

    def without(self, name: str) -> str:
        return self.sign({k: v for k, v in self.good.items() if k != name})

    def handmade(self, header: Any, claims: Any, sign: bytes = b"") -> str:
        return f"{_part(header)}.{_part(claims)}.{_b64(sign)}"

    def signed_raw(self, header: Any, claims: Any) -> str:
        """A true signature over whatever this is."""
        signer = jwt.get_algorithm_by_name("ES256")
        signed = f"{_part(header)}.{_part(claims)}"
        return f"{signed}.{_b64(signer.sign(signed.encode(), self.key.private))}"

    def hmac_with_public_key(self) -> str:
        """The classic swap: the public key, which anybody may have, used as the secret of HS256."""
        public = self.key.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        signed = f"{_part({'alg': 'HS256', **self.header})}.{_part(self.good)}"
        return f"{signed}.{_b64(hmac.digest(public, signed.encode(), hashlib.sha256))}"


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _part(content: Any) -> str:
    return _b64(content if isinstance(content, bytes) else json.dumps(content).encode())


def _closed(user: Any) -> str:
    session = Session("ses_" + "0" * 26, user_id=user.id, expires_at=clock.from_epoch(clock.epoch() - 1))
    session.save()
    return session.id


def _other_public(forger: Forger) -> dict[str, str]:
    return signing_keys.SigningKey("x", ec.generate_private_key(ec.SECP256R1())).jwk


FORGERIES = {
    "alg none": lambda f: f.handmade({"alg": "none", **f.header}, f.good),
    "alg None": lambda f: f.handmade({"alg": "None", **f.header}, f.good),
    "alg none with our signature": lambda f: f.handmade({"alg": "none", **f.header}, f.good, b"x" * 64),
    "no alg": lambda f: f.signed_raw(f.header, f.good),
    "alg is a list": lambda f: f.signed_raw({"alg": ["ES256"], **f.header}, f.good),
    "hmac with the public key": lambda f: f.hmac_with_public_key(),
    "hmac with a guess": lambda f: f.sign(f.good, key="x" * 32, alg="HS256"),
    "another curve": lambda f: f.sign(f.good, key=ec.generate_private_key(ec.SECP384R1()), alg="ES384"),
    "rsa": lambda f: f.sign(f.good, key=rsa.generate_private_key(65537, 2048), alg="RS256"),
    "ed25519": lambda f: f.sign(f.good, key=ed25519.Ed25519PrivateKey.generate(), alg="EdDSA"),
    "another key": lambda f: f.sign(f.good, key=ec.generate_private_key(ec.SECP256R1())),
    "its own key along": lambda f: f.sign(
        f.good, f.header | {"jwk": _other_public(f)}, key=ec.generate_private_key(ec.SECP256R1())
    ),
    "a key elsewhere": lambda f: f.sign(
        f.good, f.header | {"jku": "https://evil.example/jwks.json"}, key=ec.generate_private_key(ec.SECP256R1())
    ),
    "empty signature": lambda f: f.changed().rpartition(".")[0] + ".",
    "signature of zeros": lambda f: f.handmade({"alg": "ES256", **f.header}, f.good, bytes(64)),
    "another audience": lambda f: f.changed(aud="other"),
    "another issuer": lambda f: f.changed(iss="studio-prod"),
    "another kind": lambda f: f.sign(f.good, {"kid": f.key.id, "typ": "JWT"}),
    "no kind": lambda f: f.signed_raw({"alg": "ES256", "kid": f.key.id}, f.good),
    "another key id": lambda f: f.sign(f.good, {"kid": "0", "typ": "at+jwt"}),
    "no key id": lambda f: f.signed_raw({"alg": "ES256", "typ": "at+jwt"}, f.good),
    "a path as key id": lambda f: f.sign(f.good, {"kid": "../../../dev/null", "typ": "at+jwt"}),
    "a number as key id": lambda f: f.signed_raw({"alg": "ES256", "kid": 7, "typ": "at+jwt"}, f.good),
    "critical extension": lambda f: f.sign(f.good, f.header | {"crit": ["x"], "x": 1}),
    "unencoded payload": lambda f: f.signed_raw({"alg": "ES256", "b64": False, "crit": ["b64"], **f.header}, f.good),
    "expired": lambda f: f.changed(exp=f.now - 1),
    "expires never": lambda f: f.without("exp"),
    "expires null": lambda f: f.changed(exp=None),
    "expires as text": lambda f: f.changed(exp="tomorrow"),
    "expires at infinity": lambda f: f.signed_raw(
        {"alg": "ES256", **f.header}, json.dumps(f.good).replace(str(f.good["exp"]), "Infinity").encode()
    ),
    "issued in the future": lambda f: f.changed(iat=f.now + 3600),
    "no issue time": lambda f: f.without("iat"),
    "no subject": lambda f: f.without("sub"),
    "subject is a number": lambda f: f.changed(sub=7),
    "no session": lambda f: f.without("sid"),
    "session is a list": lambda f: f.changed(sid=["ses_1"]),
    "session of 3,000 characters": lambda f: f.changed(sid="s" * 2500),
    "empty session": lambda f: f.changed(sid=""),
    "no version": lambda f: f.without("ver"),
    "version of tomorrow": lambda f: f.changed(ver=1),
    "version as text": lambda f: f.changed(ver="0"),
    "a session that never was": lambda f: f.changed(sid="ses_" + "0" * 26),
    "another user's session": lambda f: f.changed(sid=f.theirs["sid"]),
    "another user in our session": lambda f: f.changed(sub=f.theirs["sub"]),
    "a user that never was": lambda f: f.changed(sub="usr_" + "0" * 26),
    "changed payload": lambda f: _swapped(f.changed(), f.good | {"sub": f.theirs["sub"]}),
    "claims are a list": lambda f: f.signed_raw({"alg": "ES256", **f.header}, [1, 2]),
    "claims are no JSON": lambda f: f.signed_raw({"alg": "ES256", **f.header}, b"\xff\xfe"),
    "claims nested too deep": lambda f: f.signed_raw({"alg": "ES256", **f.header}, b"[" * 1400),
    "header nested too deep": lambda f: f.handmade(b"[" * 2000, f.good),
    "header is a list": lambda f: f.handmade([1], f.good),
    "two parts": lambda f: f.changed().rpartition(".")[0],
    "four parts": lambda f: f.changed() + ".x",
    "garbage": lambda f: "abc",
    "only dots": lambda f: "..",
    "no text": lambda f: "\ud800.\udfff.x",
    "not base64": lambda f: "é.é.é",
    "a megabyte": lambda f: "a" * 1_000_000,
    "a megabyte of dots": lambda f: "." * 1_000_000,
    "a huge claim": lambda f: f.changed(more="x" * 100_000),
    "a key of Stripe's": lambda f: "sk_live_" + "a" * 24,
    "an API key": lambda f: "acs_live_" + "a" * 36,
    "a huge API key": lambda f: "acs_live_" + "a" * 100_000,
    "an API key of no text": lambda f: "acs_live_" + "\ud800" * 36,
}


def _swapped(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims)}.{signature}"


@pytest.fixture
def forger(studio, user) -> Forger:
    return Forger(user, studio.user())


def test_what_the_forger_does_not_change_is_accepted(http, forger):
    for token in (forger.changed(), forger.signed_raw({"alg": "ES256", **forger.header}, forger.good)):
        http.token = token
        assert http("GET", CREDITS).status == 200


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_token_is_refused_and_breaks_nothing(http, forger, what):
    http.token = FORGERIES[what](forger)
    assert_problem(http("GET", CREDITS), 401, "unauthorized")


def test_a_token_ends_with_its_session_its_expiry_and_its_account(http, user, forger):
    http.token = forger.changed(sid=_closed(user))
    assert_problem(http("GET", CREDITS), 401, "unauthorized")
    tokens.revoke(tokens.verify(user.token))
    http.token = user.token
    assert_problem(http("GET", CREDITS), 401, "unauthorized")


def test_every_token_ends_when_the_version_of_the_account_rises(http, user):
    accounts.logout_everywhere(user.id)
    assert_problem(http("GET", CREDITS), 401, "unauthorized")


def test_forged_key_ids_do_not_make_us_ask_for_keys_each_time(http, forger, monkeypatch):
    asked = []
    really = signing_keys.aws.client
    monkeypatch.setattr(signing_keys.aws, "client", lambda service: asked.append(service) or really(service))
    monkeypatch.setattr(clock, "epoch", lambda: forger.now)
    for number in range(20):
        http.token = forger.sign(forger.good, {"kid": f"forged-{number}", "typ": "at+jwt"})
        assert http("GET", CREDITS).status == 401
    assert len(asked) <= 4  # two stages, as cached and as new
