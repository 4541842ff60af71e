"""Accounts: passwords, mails, and what is left of an account that was closed."""

from __future__ import annotations

import hashlib
import json
import re
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher

from errands.handler import handler as run_errands
from studio import (
    accounts,
    api_keys,
    attempts,
    callback_secrets,
    catalog,
    clock,
    credits,
    endpoints,
    exports,
    grants,
    jobs,
    mail,
    passwords,
    proofs,
    signing_keys,
    storage,
    tables,
    uploads,
)
from studio.proofs import Purpose
from studio.tables import (
    ApiKey,
    Balance,
    CallbackSecret,
    Email,
    Endpoint,
    Entry,
    JobRow,
    Limit,
    Proof,
    Session,
    Upload,
    User,
    Welcome,
)
from tests.integration import samples
from tests.integration.conftest import PASSWORD, client
from tests.integration.test_api import Client, assert_problem
from tests.invariants.calls import conflicting, counted

LOGIN, REGISTER, PROFILE = "/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/users/profile"
FORGOT, RESET, VERIFY = "/api/v1/auth/forgot", "/api/v1/auth/reset", "/api/v1/auth/verify"
STRONG = passwords._hasher
NEW_PASSWORD = "a new horse and battery"
MAILED = {"status": "check_your_mail"}


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


class Post:
    """The errands function, and the mails it wrote."""

    def __init__(self, studio, context, monkeypatch) -> None:
        self._studio, self._context = studio, context
        self.sent: list[SimpleNamespace] = []
        monkeypatch.setattr(mail, "send", self._take)

    def deliver(self) -> list[SimpleNamespace]:
        """Run what is left to do; returns the mails that were written on the way."""
        before = len(self.sent)
        for number, errand in enumerate(self._studio.errands()):
            record = {"messageId": str(number), "eventSource": "aws:sqs", "body": json.dumps(errand)}
            assert run_errands({"Records": [record]}, self._context) == {"batchItemFailures": []}
        return self.sent[before:]

    def token(self) -> str:
        """What the one mail that is written now holds."""
        (letter,) = self.deliver()
        return re.search(r"#\w+=(\S+)", letter.text)[1]

    def _take(self, to: str, subject: str, text: str) -> None:
        self.sent.append(SimpleNamespace(to=to, subject=subject, text=text))


@pytest.fixture
def post(studio, context, monkeypatch) -> Post:
    return Post(studio, context, monkeypatch)


@pytest.fixture
def verified(studio, monkeypatch) -> None:
    """The operator wants addresses to be proven."""
    monkeypatch.setenv("VERIFY_ADDRESSES", "true")


@pytest.fixture
def strong(studio, monkeypatch) -> None:
    """Passwords are hashed with what the product hashes them with; other tests do it in less time."""
    monkeypatch.setattr(passwords, "_hasher", STRONG)


def login(http, password=PASSWORD, email="user1@example.com"):
    return http("POST", LOGIN, {"email": email, "password": password})


def stored_hash(user) -> str:
    return User.get(user.id).password_hash


# ---- Passwords -------------------------------------------------------------------------------------------------------


def test_a_bcrypt_hash_of_former_times_signs_in_once_and_is_argon2id_from_then_on(strong, http, user):
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    User(user.id).update(actions=[User.password_hash.set(old)])
    assert login(http, "wrong password").status == 401
    assert stored_hash(user) == old
    assert login(http).status == 200
    assert stored_hash(user).startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    assert login(http).status == 200


def test_a_password_longer_than_bcrypt_can_take_signs_in_and_counts_whole_afterwards(http, user):
    long = "p" * 100
    old = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    User(user.id).update(actions=[User.password_hash.set(old)])
    assert login(http, long).status == 200
    assert login(http, "p" * 72).status == 401
    assert login(http, long).status == 200


@pytest.mark.parametrize("password", ["é" * 60, "x" * 1000, "with\0zero", "\U0001f98a" * 30])
def test_no_password_breaks_the_comparison_with_a_bcrypt_hash(http, user, password):
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    User(user.id).update(actions=[User.password_hash.set(old)])
    assert_problem(login(http, password), 401, "wrong_credentials")


def test_a_weaker_argon2_hash_is_renewed_at_sign_in(strong, http, user):
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    User(user.id).update(actions=[User.password_hash.set(weak)])
    assert login(http).status == 200
    assert stored_hash(user).startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    renewed = stored_hash(user)
    assert login(http).status == 200
    assert stored_hash(user) == renewed


def test_an_unknown_address_costs_the_same_work_as_a_known_one(strong, http, user, monkeypatch):
    done = []
    really = passwords._hasher

    def verify(stored: str, password: str) -> bool:
        done.append(stored.rpartition("$")[0].rpartition("$")[0])  # algorithm and parameters
        return really.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify, hash=really.hash))
    known = login(http, "wrong password")
    unknown = login(http, "wrong password", "nobody@example.com")
    assert len(done) == 2
    assert set(done) == {"$argon2id$v=19$m=19456,t=3,p=1"}
    assert known.text == unknown.text


def test_a_new_password_ends_every_other_session_and_needs_the_old_one(http, user):
    other = login(http).json["token"]
    wrong = http("POST", "/api/v1/auth/password", {"currentPassword": "not it at all", "newPassword": NEW_PASSWORD})
    assert_problem(wrong, 403, "wrong_password")
    assert http("GET", PROFILE).status == 200
    changed = http("POST", "/api/v1/auth/password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    for ended in (user.token, other):
        http.token = ended
        assert http("GET", PROFILE).status == 401
    http.token = changed.json["token"]
    assert http("GET", PROFILE).status == 200
    assert login(http).status == 401
    assert login(http, NEW_PASSWORD).status == 200


def test_signing_out_everywhere_ends_all_sessions_and_none_that_begins_later(http, user):
    other = login(http).json["token"]
    assert http("POST", "/api/v1/auth/logout-all").status == 204
    for ended in (user.token, other):
        http.token = ended
        assert http("GET", PROFILE).status == 401
    http.token = login(http).json["token"]
    assert http("GET", PROFILE).status == 200


def test_the_name_can_be_changed_and_taken_away(http, user):
    assert http("PATCH", PROFILE, {"name": "Ada"}).json["name"] == "Ada"
    assert http("GET", PROFILE).json["name"] == "Ada"
    assert http("PATCH", PROFILE, {"name": None}).json["name"] is None
    for bad in ({}, {"name": ""}, {"name": "x" * 101}, {"email": "x@example.com"}, {"name": "x", "credits": 9}):
        assert_problem(http("PATCH", PROFILE, bad), 422, "invalid_request")


# ---- Forgotten passwords ---------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_reset_with_what_was_mailed_once(http, user, post):
    assert http("POST", FORGOT, {"email": "USER1@example.com"}).json == MAILED
    token = post.token()
    assert post.sent[0].to == "user1@example.com"
    assert http("POST", RESET, {"token": token, "password": NEW_PASSWORD}).status == 204
    assert http("GET", PROFILE).status == 401, "every session ends"
    assert login(http).status == 401
    assert login(http, NEW_PASSWORD).status == 200
    assert_problem(http("POST", RESET, {"token": token, "password": PASSWORD}), 422, "invalid_request")


def test_a_reset_by_mail_leaves_nothing_of_whoever_had_the_account_before(http, user, post):
    """Addresses are not verified by default, so somebody may have registered one before its owner."""
    keys = [http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["jobs:read"]}).json["secret"] for _ in "12"]
    http("POST", "/api/v1/webhooks/endpoints", {"url": "https://example.com/hook"})
    secret = http("GET", "/api/v1/webhooks/secret").json["secret"]
    http("POST", FORGOT, {"email": "user1@example.com"})
    token = post.token()
    assert "API keys" in post.sent[0].text
    assert http("POST", RESET, {"token": token, "password": NEW_PASSWORD}).status == 204
    for key in keys:
        http.token = key
        assert http("GET", "/api/v1/jobs").status == 401
    http.token = login(http, NEW_PASSWORD).json["token"]
    assert http("GET", "/api/v1/users/keys").json["data"] == []
    assert http("GET", "/api/v1/webhooks/endpoints").json["data"] == []
    assert http("GET", "/api/v1/webhooks/secret").json["secret"] != secret


def test_a_key_that_a_reset_did_not_find_has_ended_with_it_all_the_same(http, user, post, later, monkeypatch):
    monkeypatch.setattr(accounts, "_clear_access", lambda user_id: None)  # the index is late, or we died before
    key = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["jobs:read"]}).json["secret"]
    http("POST", FORGOT, {"email": "user1@example.com"})
    http("POST", RESET, {"token": post.token(), "password": NEW_PASSWORD})
    http.token = login(http, NEW_PASSWORD).json["token"]
    later(1)
    fresh = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["jobs:read"]}).json["secret"]
    statuses = []
    for http.token in (key, fresh):
        statuses.append(http("GET", "/api/v1/jobs").status)
    assert statuses == [401, 200]


@pytest.fixture
def overtaken(post, later, monkeypatch) -> Callable[[Any, str], None]:
    """Lets a reset by mail, from its request to the new password, come right after a step of whatever follows."""

    def overtake(module: Any, name: str) -> None:
        step, ahead = getattr(module, name), [True]

        def followed(*args: Any) -> Any:
            found = step(*args)
            if ahead:
                ahead.clear()
                accounts.forgot("user1@example.com")
                accounts.reset_password(post.token(), NEW_PASSWORD)
                later(1)  # so that no time of a row tells that it is of before
            return found

        monkeypatch.setattr(module, name, followed)

    return overtake


def test_a_key_that_is_being_made_while_a_reset_comes_is_not_made(http, user, overtaken):
    overtaken(api_keys, "all_of")
    assert_problem(http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["jobs:read"]}), 401, "unauthorized")
    assert list(ApiKey.scan()) == []


@pytest.mark.parametrize("program", [False, True], ids=["signed in", "with a key"])
def test_an_endpoint_that_is_being_made_while_a_reset_comes_is_not_made(http, user, overtaken, program):
    if program:
        http.token = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["webhooks:manage"]}).json["secret"]
    overtaken(endpoints, "all_of")
    answer = http("POST", "/api/v1/webhooks/endpoints", {"url": "https://example.com/hook"})
    assert_problem(answer, 401, "unauthorized")
    assert list(Endpoint.scan()) == []


@pytest.mark.parametrize("known", [False, True], ids=["made then", "there before"])
@pytest.mark.parametrize("program", [False, True], ids=["signed in", "with a key"])
@pytest.mark.parametrize("path", ["/api/v1/webhooks/secret", "/api/v1/webhooks/secret/rotate"])
def test_no_secret_is_shown_or_rolled_once_a_reset_has_come(http, user, overtaken, path, program, known):
    if program:
        http.token = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["webhooks:manage"]}).json["secret"]
    if known:
        callback_secrets.of(user.id)
    overtaken(callback_secrets, "of")
    assert_problem(http("POST" if path.endswith("rotate") else "GET", path), 401, "unauthorized")
    assert list(CallbackSecret.scan()) == []


def test_a_key_goes_on_making_endpoints_when_sessions_end_and_after_a_reset_before_it(http, user, post, later):
    http("POST", FORGOT, {"email": "user1@example.com"})
    http("POST", RESET, {"token": post.token(), "password": NEW_PASSWORD})
    http.token = login(http, NEW_PASSWORD).json["token"]
    later(1)
    http.token = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["webhooks:manage"]}).json["secret"]
    accounts.logout_everywhere(user.id)
    assert http("POST", "/api/v1/webhooks/endpoints", {"url": "https://example.com/hook"}).status == 201
    assert http("GET", "/api/v1/webhooks/secret").status == 200
    assert http("POST", "/api/v1/webhooks/secret/rotate").status == 200


def test_a_new_password_with_the_old_one_leaves_keys_and_receivers(http, user):
    key = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["webhooks:manage"]}).json["secret"]
    http("POST", "/api/v1/webhooks/endpoints", {"url": "https://example.com/hook"})
    http("POST", "/api/v1/auth/password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    http.token = key
    assert len(http("GET", "/api/v1/webhooks/endpoints").json["data"]) == 1


def test_asking_says_and_does_the_same_whether_or_not_there_is_an_account(http, user, post, monkeypatch):
    calls = []
    session = boto_events(monkeypatch, calls)
    known = http("POST", FORGOT, {"email": "user1@example.com"})
    first = calls[:]
    calls.clear()
    unknown = http("POST", FORGOT, {"email": "nobody@example.com"})
    session()
    assert (
        (known.status, known.text) == (unknown.status, unknown.text) == (202, json.dumps(MAILED, separators=(",", ":")))
    )
    assert known.headers == unknown.headers
    assert calls == first, "the same calls in the same order"
    assert [letter.to for letter in post.deliver()] == ["user1@example.com"]
    assert len(list(Proof.scan())) == 1


def boto_events(monkeypatch, calls: list[str]):
    """Write down every call to AWS."""
    from botocore.client import BaseClient

    really = BaseClient._make_api_call

    def noted(self, operation, arguments):
        calls.append(operation)
        return really(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return lambda: monkeypatch.setattr(BaseClient, "_make_api_call", really)


def test_what_was_mailed_is_void_after_half_an_hour_another_change_or_another_mail(http, user, post, monkeypatch):
    http("POST", FORGOT, {"email": "user1@example.com"})
    token = post.token()
    accounts.logout_everywhere(user.id)
    assert_problem(http("POST", RESET, {"token": token, "password": NEW_PASSWORD}), 422, "invalid_request")
    http("POST", FORGOT, {"email": "user1@example.com"})
    token = post.token()
    later = clock.epoch() + 30 * 60
    monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(later))
    assert_problem(http("POST", RESET, {"token": token, "password": NEW_PASSWORD}), 422, "invalid_request")
    assert login(http).status == 200, "the password stayed"


@pytest.mark.parametrize("token", ["", "x", "prf_" + "0" * 26 + "." + "A" * 43, "é" * 50, "prf_.", "\ud800", "x" * 200])
def test_what_was_never_mailed_resets_nothing(http, user, token):
    answer = http("POST", RESET, {"token": token, "password": NEW_PASSWORD})
    assert_problem(answer, 422, "invalid_request")


def test_a_guess_does_not_use_up_what_was_mailed(http, user, post):
    http("POST", FORGOT, {"email": "user1@example.com"})
    token = post.token()
    guess = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert http("POST", RESET, {"token": guess, "password": NEW_PASSWORD}).status == 422
    assert http("POST", RESET, {"token": token, "password": NEW_PASSWORD}).status == 204


def test_a_mail_that_is_sent_twice_leaves_only_the_second_valid(http, user, post):
    http("POST", FORGOT, {"email": "user1@example.com"})
    (errand,) = post._studio.errands()
    first, second = (tokens_of(post, errand) for _ in range(2))
    assert http("POST", RESET, {"token": first, "password": NEW_PASSWORD}).status == 422
    assert http("POST", RESET, {"token": second, "password": NEW_PASSWORD}).status == 204


def tokens_of(post: Post, errand: dict[str, str]) -> str:
    record = {"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(errand)}
    run_errands({"Records": [record]}, post._context)
    return re.search(r"#\w+=(\S+)", post.sent[-1].text)[1]


def test_the_table_of_proofs_does_not_help_whoever_steals_it(http, user, post):
    http("POST", FORGOT, {"email": "user1@example.com"})
    secret = post.token().partition(".")[2]
    (proof,) = Proof.scan()
    assert secret not in str(proof.serialize())


def test_one_address_gets_only_so_many_mails(http, user, post):
    statuses = [http("POST", FORGOT, {"email": "user1@example.com"}).status for _ in range(6)]
    assert statuses == [202] * 5 + [429]


# ---- Proven addresses ------------------------------------------------------------------------------------------------


def registration(email="new@example.com", **more):
    return {"email": email, "password": PASSWORD} | more


def test_where_addresses_are_proven_the_account_and_its_credits_begin_with_the_mail(http, verified, post):
    asked = http("POST", REGISTER, registration(name="Ada"))
    assert (asked.status, asked.json) == (202, MAILED)
    assert login(http, email="new@example.com").status == 401, "there is no account yet"
    assert list(User.scan()) == list(Entry.scan()) == []
    token = post.token()
    begun = http("POST", VERIFY, {"token": token, "password": PASSWORD})
    assert begun.status == 201
    http.token = begun.json["token"]
    assert http("GET", PROFILE).json["name"] == "Ada"
    assert http("GET", "/api/v1/users/credits").json["balance"] == 50
    assert_problem(http("POST", VERIFY, {"token": token, "password": PASSWORD}), 422, "invalid_request")
    assert login(http, email="new@example.com").status == 200


def test_where_addresses_are_proven_registering_never_tells_who_has_an_account(http, verified, post, monkeypatch):
    accounts.register("old@example.com", PASSWORD)
    calls = []
    boto_events(monkeypatch, calls)
    known, first = http("POST", REGISTER, registration("old@example.com")), calls[:]
    calls.clear()
    unknown = http("POST", REGISTER, registration("new@example.com"))
    assert (known.status, known.text, known.headers) == (unknown.status, unknown.text, unknown.headers)
    assert calls == first, "the same calls in the same order"
    told, confirmed = post.deliver()
    assert (told.to, told.subject) == ("old@example.com", "You have an account already")
    assert "#" not in told.text
    assert (confirmed.to, confirmed.subject) == ("new@example.com", "Confirm your address")


def test_whoever_registers_somebody_elses_address_gains_nothing(http, verified, post):
    """The mails look alike, so the owner of the address may well open the link that a stranger asked for."""
    http("POST", REGISTER, registration("victim@example.com", password="the attacker knows"))
    strangers = post.token()
    http("POST", REGISTER, registration("victim@example.com"))
    own = post.token()
    opened = http("POST", VERIFY, {"token": strangers, "password": PASSWORD})
    assert_problem(opened, 401, "wrong_credentials")
    assert list(User.scan()) == list(Entry.scan()) == [], "nothing is opened"
    assert http("POST", VERIFY, {"token": own, "password": PASSWORD}).status == 201
    assert login(http, "the attacker knows", "victim@example.com").status == 401
    assert login(http, email="victim@example.com").status == 200


def test_a_link_without_the_password_opens_nothing(http, verified, post):
    http("POST", REGISTER, registration())
    assert_problem(http("POST", VERIFY, {"token": post.token()}), 422, "invalid_request")
    assert list(User.scan()) == []


def test_a_wrong_password_leaves_what_was_mailed_usable_and_waits_after_five(http, verified, post, later):
    http("POST", REGISTER, registration())
    token = post.token()
    tried = [http("POST", VERIFY, {"token": token, "password": "not it at all"}).status for _ in range(6)]
    assert tried == [401] * 5 + [429]
    assert http("POST", VERIFY, {"token": token, "password": PASSWORD}).status == 429
    later(30)
    assert http("POST", VERIFY, {"token": token, "password": PASSWORD}).status == 201


def test_a_confirmation_costs_the_same_work_whether_or_not_the_password_is_right(
    strong, http, verified, post, monkeypatch
):
    http("POST", REGISTER, registration())
    token, done, really = post.token(), [], passwords._hasher

    def verify(stored: str, password: str) -> bool:
        done.append(stored.rpartition("$")[0].rpartition("$")[0])
        return really.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify, hash=really.hash))
    for password in ("not it at all", PASSWORD):
        http("POST", VERIFY, {"token": token, "password": password})
    assert done == ["$argon2id$v=19$m=19456,t=3,p=1"] * 2


def test_the_mail_says_that_the_password_is_needed_too(http, verified, post):
    http("POST", REGISTER, registration())
    (letter,) = post.deliver()
    assert "enter the password that you chose" in letter.text


def test_a_reset_is_not_a_confirmation(http, user, post):
    http("POST", FORGOT, {"email": "user1@example.com"})
    shown = {"token": post.token(), "password": PASSWORD}
    assert_problem(http("POST", VERIFY, shown), 422, "invalid_request")


def test_a_taken_address_is_said_where_accounts_begin_at_once(http, user):
    assert_problem(http("POST", REGISTER, registration("user1@example.com")), 409, "email_taken")


# ---- Addresses beyond ASCII ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "more"), [(REGISTER, {"password": PASSWORD}), (FORGOT, {})])
@pytest.mark.parametrize("verify", ["true", "false"])
def test_an_address_that_no_mail_reaches_is_refused_before_anything_is_stored(http, monkeypatch, verify, path, more):
    monkeypatch.setenv("VERIFY_ADDRESSES", verify)
    problem = assert_problem(http("POST", path, {"email": "jürgen@example.com"} | more), 422, "invalid_request")
    (fault,) = problem["errors"]
    assert fault["pointer"] == "/email"
    assert "before the @-sign" in fault["detail"]
    assert list(User.scan()) == list(Proof.scan()) == list(Email.scan()) == []


def test_a_mail_to_a_domain_beyond_ascii_goes_to_its_punycode(http, verified, studio, context, monkeypatch):
    from studio import aws

    sent = []
    really = aws.client
    ses = SimpleNamespace(send_email=lambda **mail: sent.append(mail["Destination"]))
    monkeypatch.setattr(aws, "client", lambda name: ses if name == "sesv2" else really(name))
    assert http("POST", REGISTER, registration("ada@bücher.example.com")).status == 202
    Post.deliver(SimpleNamespace(sent=sent, _studio=studio, _context=context))
    assert sent == [{"ToAddresses": ["ada@xn--bcher-kva.example.com"]}]


def test_an_account_of_former_times_with_other_letters_still_signs_in(http, user, monkeypatch, caplog):
    User(user.id).update(actions=[User.email.set("Jürgen@example.com")])
    Email("jürgen@example.com", user_id=user.id).save()
    assert login(http, email="JÜRGEN@example.com").status == 200
    mail.send("Jürgen@example.com", "Hello", "SES would refuse this, again and again")


TWINS = [
    pytest.param("ada@straße.de", "ada@strasse.de", id="sharp s"),
    pytest.param("ada@βόλος.com", "ada@βόλοσ.com", id="final sigma"),
]
"""Addresses at two domains each, of which folding the case makes one."""


@pytest.mark.parametrize(("first", "second"), TWINS)
def test_domains_that_differ_in_a_letter_are_of_different_people(http, studio, first, second):
    owed = accounts.register(first, PASSWORD).user
    Balance(owed.id).update(actions=[Balance.credits.set(-30)])
    accounts.close(owed.id, PASSWORD)
    begun = [http("POST", REGISTER, registration(email)) for email in (second, first)]
    assert [answer.status for answer in begun] == [201, 201]
    balances = []
    for answer in begun:
        http.token = answer.json["token"]
        balances.append(http("GET", "/api/v1/users/credits").json["balance"])
    assert balances == [50, -30], "each address has the credits of its own past"
    assert login(http, email=first).status == login(http, email=second).status == 200
    assert accounts.id_of(first) != accounts.id_of(second)


@pytest.mark.parametrize(("first", "second"), TWINS)
def test_mails_and_failures_of_one_domain_are_not_those_of_the_other(http, studio, post, first, second):
    owner, other = (accounts.register(email, PASSWORD).user for email in (first, second))
    assert [http("POST", FORGOT, {"email": first}).status for _ in range(6)] == [202] * 5 + [429]
    assert http("POST", FORGOT, {"email": second}).status == 202
    assert [login(http, "wrong password", first).status for _ in range(6)] == [401] * 5 + [429]
    assert login(http, email=second).status == 200
    accounts.close(other.id, PASSWORD)
    (mailed,) = {proof.address for proof in Proof.scan()}
    assert mailed == first, "closing the one account leaves what was mailed to the other"
    http("POST", RESET, {"token": re.search(r"#\w+=(\S+)", post.deliver()[-1].text)[1], "password": NEW_PASSWORD})
    assert login(http, NEW_PASSWORD, first).status == 200, "the reset forgives failures"
    assert accounts.id_of(first) == owner.id


@pytest.mark.parametrize(
    "email", ["Ada@BÜCHER.example.com", "ada@xn--bcher-kva.example.com", "ADA@XN--BCHER-KVA.Example.com"]
)
def test_one_domain_is_one_however_it_is_written(http, studio, email):
    accounts.register("ada@bücher.example.com", PASSWORD)
    assert login(http, email=email).status == 200
    assert_problem(http("POST", REGISTER, registration(email)), 409, "email_taken")


def test_an_address_in_ascii_is_found_by_itself_in_small_letters(studio):
    user = accounts.register("Ada.B+c@Mail.Example.COM", PASSWORD).user
    assert user.email == "Ada.B+c@mail.example.com", "kept as it was written"
    assert [row.address for row in Email.scan()] == ["ada.b+c@mail.example.com"]
    hashed = hashlib.sha256(b"ada.b+c@mail.example.com").hexdigest()
    assert [row.hash for row in Welcome.scan()] == [hashed]


# ---- Keys of tokens --------------------------------------------------------------------------------------------------


def rotate(secret: str) -> None:
    client("secretsmanager").put_secret_value(SecretId="signing", SecretString=secret * 64)


def test_rotation_logs_nobody_out_and_the_one_after_it_only_those_before(http, user):
    old = user.token
    rotate("t")
    signing_keys.forget()
    new = login(http).json["token"]
    for token in (old, new):
        http.token = token
        assert http("GET", PROFILE).status == 200
    assert len(http("GET", "/.well-known/jwks.json").json["keys"]) == 2
    rotate("u")
    signing_keys.forget()
    http.token = new
    assert http("GET", PROFILE).status == 200
    http.token = old
    assert http("GET", PROFILE).status == 401


def test_a_process_that_has_not_heard_of_a_rotation_accepts_tokens_of_the_new_key(http, user, monkeypatch):
    started = clock.epoch() // 300 * 300
    monkeypatch.setattr(clock, "epoch", lambda: started)
    assert http("GET", PROFILE).status == 200
    rotate("t")
    signing_keys.forget()
    fresh = login(http).json["token"]
    signing_keys.forget()
    rotate("s")  # this process reads the key of before …
    http.token = login(http).json["token"]
    rotate("t")  # … and does not notice that there is another one
    monkeypatch.setattr(clock, "epoch", lambda: started + 100)
    http.token = fresh
    assert http("GET", PROFILE).status == 200


def test_published_keys_verify_tokens_and_hold_nothing_secret(http, user):
    import jwt

    answer = http("GET", "/.well-known/jwks.json")
    (key,) = answer.json["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert jwt.get_unverified_header(user.token)["kid"] == key["kid"]
    claims = jwt.decode(user.token, jwt.PyJWK(key), algorithms=["ES256"], audience="studio-api", issuer="studio-dev")
    assert claims["sub"] == user.id


# ---- Taking everything away ------------------------------------------------------------------------------------------


def finished_job(studio, user):
    job = user.submit()
    jobs.claim(job.id)
    key = storage.output_prefix(user.id, job.id, 1) + "image-1.png"
    storage.put(key, b"png", "image/png")
    studio.finish(studio.job(job))
    return job


def objects() -> set[str]:
    return {found["Key"] for found in client("s3").list_objects_v2(Bucket="media").get("Contents", [])}


def test_an_export_has_everything_of_the_account_and_nothing_of_others(http, user, studio):
    job, other = finished_job(studio, user), studio.user().submit()
    http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["jobs:read"]})
    file = http("GET", "/api/v1/users/export").json
    assert (file["contentType"], "X-Amz-Signature" in file["url"]) == ("application/json", True)
    (key,) = [key for key in objects() if key.startswith(f"exports/{user.id}/")]
    text = storage.read(key, max_bytes=10**7).decode()
    document = json.loads(text)
    assert document["user"]["email"] == "user1@example.com"
    assert document["credits"] == {"balance": 48, "held": 0}
    assert [entry["kind"] for entry in document["transactions"]] == ["signup", "hold"]
    assert document["jobs"][0]["id"] == job.id
    assert "X-Amz-Signature" in document["jobs"][0]["files"][0]["url"]
    assert document["apiKeys"][0]["name"] == "CI"
    for secret in (stored_hash(user), other.id, ApiKey.scan().next().hash):
        assert secret not in text


def test_an_export_leaves_out_nothing_that_its_owner_was_shown_or_sent(http, user, studio, till):
    till.begin(user.id)  # never paid for, so it has no entry
    asked = {
        "requestId": "ticket-4711",
        "credits": 25,
        "reason": "A broken video",
        "operator": "ada",
        "userId": user.id,
    }
    grants.give(grants.parse(asked))
    sent = uploads.accept(user.id, samples.photo())
    upload = http("POST", "/api/v1/uploads", {"contentType": "image/jpeg"}).json["id"]
    storage.put(storage.incoming_key(user.id, upload), b"jpeg", "image/jpeg")
    order = catalog.parse("influencer-creation", catalog.ORDERS["influencer-creation"].example)
    persona = jobs.submit(user.id, order).job.order["personaId"]
    uploads.accept(studio.user().id, samples.photo())
    document = exported(http)
    assert [(purchase["status"], purchase["paidAt"]) for purchase in document["purchases"]] == [("open", None)]
    assert [entry["reason"] for entry in document["transactions"]] == [None, "A broken video", None]
    assert [picture["id"] for picture in document["pictures"]] == [sent, upload]
    assert all("X-Amz-Signature" in picture["url"] for picture in document["pictures"])
    assert [(row["id"], row["state"]) for row in document["uploads"]] == [(upload, "waiting")]
    assert [row["id"] for row in document["personas"]] == [persona]
    assert "ada" not in json.dumps(document), "who gave it is not theirs to take away"


def exported(http) -> dict[str, Any]:
    name = http("GET", "/api/v1/users/export").json["name"]
    (key,) = [key for key in objects() if key.endswith(name)]
    return json.loads(storage.read(key, max_bytes=10**7))


def test_an_export_is_not_held_in_memory(studio, user, monkeypatch):
    """Neither as rows nor as text: an account may have more jobs than fit."""
    for _ in range(5):
        finished_job(studio, user)
    alive, most, job = weakref.WeakSet(), 0, exports._job

    def watched(row: JobRow) -> dict[str, Any]:
        nonlocal most
        shown = Shown(job(row))
        alive.add(shown)
        most = max(most, len(alive))
        return shown

    monkeypatch.setattr(exports, "_job", watched)
    stored = exports.write(user.id)
    assert (stored.size_bytes, most) == (client("s3").head_object(Bucket="media", Key=stored.key)["ContentLength"], 2)


class Shown(dict[str, Any]):
    """A job of an export, with somebody watching how long it lives."""

    __hash__ = object.__hash__


@pytest.mark.parametrize("contended", ["the last step", "cancelling"])
def test_closing_that_stops_half_way_says_so_and_goes_on_when_it_is_repeated(
    http, user, studio, monkeypatch, contended
):
    monkeypatch.setattr(tables, "CONFLICT_RETRY_SECONDS", 0.05)
    running = [user.submit(), user.submit()]
    with counted() as aws:
        after, writes = {"the last step": 2, "cancelling": 1}[contended], "TransactWriteItems"
        aws.arm_where(conflicting, lambda number, name: name == writes and aws.made[:number].count(writes) > after)
        problem = assert_problem(http("DELETE", "/api/v1/users/me", {"password": PASSWORD}), 504, "unanswered")
    assert "Send the request again" in problem["detail"]
    assert [studio.job(job).status for job in running].count("cancelled") == after
    assert accounts.exists(user.id)
    assert http("DELETE", "/api/v1/users/me", {"password": PASSWORD}).status == 204
    assert (user.balance(), user.held(), accounts.exists(user.id)) == (50, 0, False)


def test_closing_refunds_what_runs_ends_everything_and_leaves_a_ledger_of_nobody(http, user, studio, post):
    done, running = finished_job(studio, user), user.submit()
    key = http("POST", "/api/v1/users/keys", {"name": "CI", "scopes": ["billing:read"]}).json["secret"]
    http("POST", "/api/v1/webhooks/endpoints", {"url": "https://example.com/hook"})
    uploads.accept(user.id, samples.photo())
    http("GET", "/api/v1/users/export")
    assert_problem(http("DELETE", "/api/v1/users/me", {"password": "not it at all"}), 403, "wrong_password")
    assert http("DELETE", "/api/v1/users/me", {"password": PASSWORD}).status == 204
    for ended in (user.token, key):
        http.token = ended
        assert http("GET", "/api/v1/users/credits").status == 401
    assert login(http).status == 401
    assert list(User.scan()) == list(Email.scan()) == []
    assert studio.job(running).status == "cancelled"
    assert (user.balance(), user.held()) == (48, 0)
    post.deliver()
    assert objects() == set()
    assert list(ApiKey.scan()) == list(Endpoint.scan()) == []
    for job in (done, running):
        assert "lighthouse" not in str(studio.job(job).attribute_values)
    kinds = [entry.kind for entry in studio.ledger(user)]
    assert kinds == ["signup", "hold", "hold", "refund"]
    assert "user1@example.com" not in str([entry.serialize() for entry in Entry.scan()])


def test_closing_leaves_no_address_session_or_upload_and_takes_nothing_that_still_arrives(http, user, post, context):
    """A form to send a picture with works for ten minutes, also when its account ends meanwhile."""
    from ingest import arrived

    upload = http("POST", "/api/v1/uploads", {"contentType": "image/jpeg"}).json["id"]
    proofs.begin(Purpose.REGISTER, "USER1@example.com", password_hash="x")
    http("POST", FORGOT, {"email": "user1@example.com"})
    accounts.close(user.id, PASSWORD)
    assert list(Proof.scan()) == []
    post.deliver()
    assert list(Session.scan()) == list(Upload.scan()) == []
    key = storage.incoming_key(user.id, upload)
    storage.put(key, samples.photo(), "image/jpeg")
    record = {"messageId": "1", "body": json.dumps({"detail": {"object": {"key": key}}})}
    assert arrived.handler({"Records": [record]}, context) == {"batchItemFailures": []}
    assert objects() == set()


def test_a_picture_whose_owner_goes_while_it_is_looked_at_is_not_kept(http, user, monkeypatch):
    from studio import decoding, erasure, ingest, pictures

    def slowly(content: bytes) -> pictures.CleanPicture:
        accounts.close(user.id, PASSWORD)
        erasure.erase(user.id)
        return pictures.cleaned(content)

    monkeypatch.setattr(decoding, "cleaned_apart", slowly)
    upload = http("POST", "/api/v1/uploads", {"contentType": "image/jpeg"}).json["id"]
    storage.put(storage.incoming_key(user.id, upload), samples.photo(), "image/jpeg")
    ingest.arrived(storage.incoming_key(user.id, upload))
    assert objects() == set()


def test_clearing_runs_twice_without_harm_and_never_before_the_end(http, user, studio, post):
    from studio import erasure

    with pytest.raises(RuntimeError):
        erasure.erase(user.id)
    accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    erasure.erase(user.id)
    assert accounts.register("user1@example.com", PASSWORD).user.id != user.id


def test_an_unknown_errand_comes_back(context):
    record = {"messageId": "7", "eventSource": "aws:sqs", "body": '{"errand": "dance", "subject": "x"}'}
    assert run_errands({"Records": [record]}, context)["batchItemFailures"] == [{"itemIdentifier": "7"}]


def test_closing_and_registering_again_brings_no_second_signup_credits(studio):
    for expected in (50, 0, 0):
        again = accounts.register("Ada@example.com", PASSWORD).user
        assert credits.of(again.id).balance == expected
        accounts.close(again.id, PASSWORD)
    assert "ada" not in str([row.serialize() for row in Welcome.scan()]).casefold()


def test_a_debt_waits_for_whoever_registers_the_address_again(studio, user):
    Balance(user.id).update(actions=[Balance.credits.set(-30)])
    accounts.close(user.id, PASSWORD)
    again = accounts.register("user1@example.com", PASSWORD).user
    assert credits.of(again.id).balance == -30
    assert [entry.amount for entry in credits.entries(again.id, limit=5).entries] == [-30]


def test_a_proof_outlives_a_confirmation_that_failed(http, verified, post, monkeypatch):
    http("POST", REGISTER, registration())
    token = post.token()
    with monkeypatch.context() as broken:
        broken.setattr(accounts, "_create", raising(RuntimeError("the table is away")))
        assert http("POST", VERIFY, {"token": token, "password": PASSWORD}).status == 500
    assert http("POST", VERIFY, {"token": token, "password": PASSWORD}).status == 201
    assert http("POST", VERIFY, {"token": token, "password": PASSWORD}).status == 422


def test_a_proof_outlives_a_reset_that_failed(http, user, post, monkeypatch):
    http("POST", FORGOT, {"email": "user1@example.com"})
    token = post.token()
    with monkeypatch.context() as broken:
        broken.setattr(accounts, "_reset", raising(RuntimeError("the table is away")))
        assert http("POST", RESET, {"token": token, "password": NEW_PASSWORD}).status == 500
    assert http("POST", RESET, {"token": token, "password": NEW_PASSWORD}).status == 204


def test_quotas_of_mails_know_addresses_by_their_hash(http, user):
    http("POST", FORGOT, {"email": "user1@example.com"})
    assert "user1" not in str([row.key for row in Limit.scan()])


def test_a_sign_in_that_succeeds_leaves_no_wait_behind(studio):
    network = "203.0.113.7"
    for _ in range(attempts.PER_NETWORK.quota):
        attempts.begin(attempts.PER_NETWORK, network)
    attempts.take_back(attempts.PER_NETWORK, network)
    attempts.begin(attempts.PER_NETWORK, network)


def raising(error):
    def fail(*_, **__):
        raise error

    return fail
