"""Who comes too often waits, is told how long, and harms nobody else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pynamodb.exceptions import UpdateError

from edge.caller import network
from studio import accounts, api_keys, attempts, aws, clock, limits, proxies
from studio.api_keys import Scope
from studio.errors import TooManyRequests, WrongCredentials
from studio.settings import settings
from studio.tables import Limit, Proof
from tests.integration.conftest import ORDER, PASSWORD, PROXY_SECRET, signed_in
from tests.integration.test_api import SUBMIT, Client, assert_problem

CREDITS, LOGIN, REGISTER = "/api/v1/users/credits", "/api/v1/auth/login", "/api/v1/auth/register"
LOGOUT = "/api/v1/auth/logout"


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture
def clockwork(monkeypatch):
    """A clock that stands still until it is moved."""

    class Clockwork:
        now = clock.epoch() // 900 * 900

        def advance(self, seconds: int) -> None:
            self.now += seconds

    clockwork = Clockwork()
    monkeypatch.setattr(clock, "epoch", lambda: clockwork.now)
    monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(clockwork.now))
    return clockwork


@pytest.fixture
def few(studio, monkeypatch):
    """Small quotas."""
    monkeypatch.setenv("REQUEST_QUOTA", "3")
    monkeypatch.setenv("READ_QUOTA", "5")
    monkeypatch.setenv("SIGNUP_QUOTA", "4")
    settings.cache_clear()


def wrong_login(http, email="user1@example.com"):
    return http("POST", LOGIN, {"email": email, "password": "not it at all"})


# ---- Requests --------------------------------------------------------------------------------------------------------


def test_a_hundred_requests_go_through_and_the_next_waits_for_the_window(http, user, clockwork):
    codes = [limits.take(limits.requests("POST"), user.id).remaining for _ in range(100)]
    assert codes == list(range(99, -1, -1))
    answer = http("POST", SUBMIT, ORDER)
    problem = assert_problem(answer, 429, "too_many_requests")
    wait = int(answer.headers["Retry-After"])
    assert (problem["retryAfter"], problem["quota"], problem["windowSeconds"]) == (wait, 100, 900)
    assert answer.headers["RateLimit-Policy"] == '"requests";q=100;w=900'
    assert answer.headers["RateLimit"] == f'"requests";r=0;t={wait}'
    clockwork.advance(wait - 1)
    assert http("POST", SUBMIT, ORDER).status == 429
    clockwork.advance(1)
    assert http("POST", SUBMIT, ORDER).status == 202


def test_every_answer_to_a_caller_says_what_is_left(http, user, clockwork):
    answer = http("GET", CREDITS)
    assert answer.headers["RateLimit-Policy"] == '"reads";q=600;w=900'
    assert answer.headers["RateLimit"].startswith('"reads";r=599;t=')
    for bad in (
        http("POST", SUBMIT, {}),
        http("POST", SUBMIT, "{"),
        http("POST", SUBMIT, "x", content_type="text/plain"),
    ):
        assert 400 <= bad.status < 500
        assert bad.headers["RateLimit-Policy"] == '"requests";q=100;w=900'
    assert http("GET", "/api/v1/jobs/job_1").headers["RateLimit"].startswith('"reads";r=598')


def test_reads_have_a_quota_of_their_own(http, user, few, clockwork):
    assert [http("POST", SUBMIT, {}).status for _ in range(4)] == [422, 422, 422, 429]
    assert [http("GET", CREDITS).status for _ in range(6)] == [200] * 5 + [429]


def test_another_account_is_not_held_up(http, user, few, studio, clockwork):
    while http("GET", CREDITS).status == 200:
        pass
    http.token = studio.user().token
    assert http("GET", CREDITS).status == 200


def test_keys_and_tokens_of_an_account_share_its_quota(http, user, few, clockwork):
    key = api_keys.create(signed_in(user.id), "CI", [Scope.BILLING_READ]).secret
    statuses = []
    for number in range(7):
        http.token = (key, user.token)[number % 2]
        statuses.append(http("GET", CREDITS).status)
    assert statuses == [200] * 5 + [429] * 2


def test_nothing_is_done_for_a_request_too_many(http, user, few, studio, clockwork):
    for _ in range(5):
        http("POST", SUBMIT, ORDER)
    assert len(studio.queued_jobs()) == 3
    assert user.balance() == 50 - 3 * 2


def test_whoever_has_no_token_is_not_counted_and_health_never_is(http, user, few, clockwork):
    http.token = None
    for path in ("/health", "/api/v1/features", CREDITS):
        for _ in range(8):
            answer = http("GET", path)
            assert answer.status in (200, 401)
            assert "RateLimit" not in answer.headers
    http.token = user.token
    assert http("GET", CREDITS).headers["RateLimit"].startswith('"reads";r=4')


def test_reads_go_on_when_they_cannot_be_counted_and_changes_and_sign_ins_do_not(http, user, monkeypatch):
    def away(*args, **kwargs):
        raise UpdateError("the table is away")

    monkeypatch.setattr(Limit, "update", away)
    answer = http("GET", CREDITS)
    assert (answer.status, "RateLimit" in answer.headers) == (200, False)
    assert_problem(http("POST", SUBMIT, ORDER), 503, "busy")
    assert http("POST", LOGIN, {"email": "user1@example.com", "password": PASSWORD}).status == 500
    assert user.balance() == 50


def test_stripes_webhook_is_not_counted(http, user, few, clockwork):
    http.token = None
    statuses = {http("POST", "/api/v1/payments/webhook", "{}").status for _ in range(8)}
    assert statuses == {400}


# ---- Signing in ------------------------------------------------------------------------------------------------------


def test_after_five_failures_each_further_try_waits_longer_and_never_for_ever(http, user, clockwork):
    assert [wrong_login(http).status for _ in range(6)] == [401] * 5 + [429]
    waits = []
    for _ in range(8):
        answer = wrong_login(http)
        assert_problem(answer, 429, "too_many_requests")
        waits.append(int(answer.headers["Retry-After"]))
        clockwork.advance(waits[-1])
        assert wrong_login(http).status == 401
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_right_password_waits_too_and_then_wipes_the_slate(http, user, clockwork):
    for _ in range(5):
        wrong_login(http)
    right = {"email": "user1@example.com", "password": PASSWORD}
    assert http("POST", LOGIN, right).status == 429
    clockwork.advance(30)
    assert http("POST", LOGIN, right).status == 200
    assert [wrong_login(http).status for _ in range(6)] == [401] * 5 + [429]


def test_failures_are_forgotten_a_window_after_the_last(http, user, clockwork):
    for _ in range(4):
        wrong_login(http)
    clockwork.advance(900)
    assert [wrong_login(http).status for _ in range(5)] == [401] * 5


def test_an_unknown_address_is_throttled_exactly_like_a_known_one(http, user, clockwork):
    known, unknown = ([wrong_login(http, e) for _ in range(7)] for e in ("user1@example.com", "nobody@example.com"))
    assert [(a.status, a.text) for a in known] == [(a.status, a.text) for a in unknown]


def test_an_address_cannot_be_tried_more_often_by_writing_it_differently(http, user, clockwork):
    spellings = [
        "user1@example.com",
        "USER1@example.com",
        "User1@EXAMPLE.com",
        "uSer1@example.com",
        "useR1@example.com",
    ]
    assert [wrong_login(http, email).status for email in [*spellings, "user1@Example.com"]] == [401] * 5 + [429]


def test_one_network_cannot_try_many_accounts(http, user, clockwork):
    statuses = [wrong_login(http, f"somebody{number}@example.com").status for number in range(21)]
    assert statuses == [401] * 20 + [429]
    assert http("POST", LOGIN, {"email": "user1@example.com", "password": PASSWORD}).status == 429
    assert accounts.login("user1@example.com", PASSWORD, network="198.51.100.7")


def test_customers_who_sign_in_do_not_use_up_the_quota_of_their_network(http, user, clockwork):
    right = {"email": "user1@example.com", "password": PASSWORD}
    assert {http("POST", LOGIN, right).status for _ in range(30)} == {200}


def test_the_table_of_failures_names_nobody(http, user, clockwork):
    wrong_login(http)
    assert not [row.key for row in Limit.scan() if "user1" in row.key or "203.0.113" in row.key]


def test_wrong_passwords_of_a_signed_in_caller_count_as_failures_too(http, user, clockwork):
    change = {"currentPassword": "not it at all", "newPassword": "a new horse and battery"}
    statuses = [http("POST", "/api/v1/auth/password", change).status for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    assert http("DELETE", "/api/v1/users/me", {"password": PASSWORD}).status == 429


def test_attempts_that_come_at_once_do_not_slip_past_each_other(studio, clockwork, monkeypatch):
    """Between the reading and the writing of one attempt another one comes."""
    really, nested = Limit.update, []

    def update(self, *args, **kwargs):
        if not nested:
            nested.append(True)
            attempts.begin(attempts.PER_ACCOUNT, "a@example.com")
        return really(self, *args, **kwargs)

    monkeypatch.setattr(Limit, "update", update)
    attempts.begin(attempts.PER_ACCOUNT, "a@example.com")
    (row,) = Limit.scan()
    assert row.used == 2


# ---- Signing up ------------------------------------------------------------------------------------------------------


def test_one_network_registers_only_so_often(http, studio, few, clockwork):
    statuses = [
        http("POST", REGISTER, {"email": f"n{number}@example.com", "password": PASSWORD}).status for number in range(6)
    ]
    assert statuses == [201] * 4 + [429] * 2
    clockwork.advance(900)
    assert http("POST", REGISTER, {"email": "later@example.com", "password": PASSWORD}).status == 201


OURS = {"x-studio-proxy": PROXY_SECRET}


def network_of(forwarded: str = "", source: str = "203.0.113.9", **headers: str) -> str:
    """The network that a request is counted by."""
    http = SimpleNamespace(source_ip=source)
    headers = headers | ({"x-forwarded-for": forwarded} if forwarded else {})
    event = SimpleNamespace(headers=headers, request_context=SimpleNamespace(http=http))
    return network(SimpleNamespace(current_event=event))


@pytest.mark.parametrize(
    ("count", "forwarded", "source", "found"),
    [
        ("0", "1.2.3.4", "203.0.113.9", "203.0.113.9"),
        ("1", "198.51.100.1, 203.0.113.9", "203.0.113.9", "198.51.100.1"),
        ("1", "6.6.6.6, 198.51.100.1, 203.0.113.9", "203.0.113.9", "198.51.100.1"),
        ("1", "", "203.0.113.9", "203.0.113.9"),
        ("1", "<script>, 203.0.113.9", "203.0.113.9", "unknown"),
        ("0", "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ],
)
def test_a_network_is_what_our_own_proxies_say(studio, monkeypatch, count, forwarded, source, found):
    monkeypatch.setenv("PROXIES", count)
    assert network_of(forwarded, source, **OURS) == found


@pytest.mark.parametrize("shown", [None, "", "p", "p" * 63, "p" * 65, "P" * 64, f"{'p' * 64},{'p' * 64}", "\ud800"])
def test_who_calls_api_gateway_directly_cannot_choose_their_network(studio, monkeypatch, shown):
    monkeypatch.setenv("PROXIES", "1")
    headers = {} if shown is None else {"x-studio-proxy": shown}
    assert network_of("198.51.100.1, 203.0.113.9", **headers) == "203.0.113.9"


def test_a_fresh_address_per_request_brings_no_fresh_quota(http, few, monkeypatch):
    """Sixteen registrations that say they come from elsewhere each time, without CloudFront's word for it."""
    monkeypatch.setenv("PROXIES", "1")
    settings.cache_clear()
    statuses = []
    for number in range(16):
        account = {"email": f"n{number}@example.com", "password": PASSWORD}
        statuses.append(http("POST", REGISTER, account, x_forwarded_for=f"198.51.100.{number}, 203.0.113.9").status)
    assert statuses == [201] * 4 + [429] * 12
    account = {"email": "honest@example.com", "password": PASSWORD}
    answer = http("POST", REGISTER, account, x_forwarded_for="198.51.100.7, 203.0.113.9", x_studio_proxy=PROXY_SECRET)
    assert answer.status == 201, "nobody's network was used up in their name"


def test_what_proxies_show_is_rolled_without_an_hour_in_which_nothing_is_believed(studio, monkeypatch, clockwork):
    monkeypatch.setenv("PROXIES", "1")
    new, newest = "n" * 64, "m" * 64
    through = "198.51.100.1, 203.0.113.9"
    believed = [{"x-studio-proxy": shown} for shown in (PROXY_SECRET, new, newest)]

    def put(value: str) -> None:
        aws.client("secretsmanager").put_secret_value(SecretId=settings().proxy_secret_arn, SecretString=value)
        clockwork.advance(proxies.REREAD_SECONDS)

    def known() -> list[bool]:
        return [network_of(through, **shown) == "198.51.100.1" for shown in believed]

    assert known() == [True, False, False]
    put(new)
    assert known() == [True, True, False], "CloudFront sends the one before until it is told"
    put(newest)
    assert known() == [False, True, True]


def test_what_proxies_show_is_read_once_in_five_minutes_and_not_at_all_without_proxies(studio, monkeypatch, clockwork):
    read = []
    find = proxies.aws.secret_version
    monkeypatch.setattr(proxies.aws, "secret_version", lambda name, stage: read.append(stage) or find(name, stage))
    network_of("198.51.100.1, 203.0.113.9", **OURS)
    assert read == []
    monkeypatch.setenv("PROXIES", "1")
    settings.cache_clear()
    for shown in ("guess", PROXY_SECRET, "guess"):
        network_of("198.51.100.1, 203.0.113.9", **{"x-studio-proxy": shown})
    assert read == ["AWSCURRENT", "AWSPREVIOUS"]
    clockwork.advance(proxies.REREAD_SECONDS)
    network_of("198.51.100.1, 203.0.113.9", **OURS)
    assert len(read) == 4


def test_nobody_shuts_an_owner_out_from_another_network(studio, user, clockwork):
    """Six hours of wrong passwords, one a second, from one network."""
    theirs, ours = "198.51.100.1", "203.0.113.50"
    for _ in range(20):
        while tried("not it at all", theirs) == 401:
            pass
        assert tried(PASSWORD, ours) == 200
        clockwork.advance(1080)


def tried(password: str, network: str) -> int:
    """How an attempt to sign in goes."""
    try:
        accounts.login("user1@example.com", password, network=network)
    except (WrongCredentials, TooManyRequests) as error:
        return error.status
    return 200


def test_guessing_from_many_networks_is_bounded_all_together(studio, user, clockwork):
    networks = [f"198.51.100.{number}" for number in range(25)]
    answers = [tried("not it at all", network) for network in networks for _ in range(5)]
    assert answers.count(401) == 100
    assert answers[100:] == [429] * 25
    clockwork.advance(30)
    assert [tried("not it at all", network) for network in ("192.0.2.1", "192.0.2.2")] == [401, 429]


def test_whoever_is_refused_for_what_others_did_has_not_failed_themselves(studio, user, clockwork):
    for host in range(20):
        for _ in range(5):
            tried("not it at all", f"198.51.100.{host}")
    assert [tried(PASSWORD, "203.0.113.50") for _ in range(10)] == [429] * 10
    clockwork.advance(30)
    assert tried(PASSWORD, "203.0.113.50") == 200


def test_strangers_do_not_keep_an_owner_from_changing_the_password_or_closing(http, user, clockwork):
    for host in range(21):
        for _ in range(5):
            tried("not it at all", f"198.51.100.{host}")
    change = {"currentPassword": PASSWORD, "newPassword": "a new horse and battery"}
    http.token = http("POST", "/api/v1/auth/password", change).json["token"]
    assert http("DELETE", "/api/v1/users/me", {"password": "a new horse and battery"}).status == 204


def test_a_reset_lets_in_at_once_whoever_failed_before(http, user, clockwork, monkeypatch):
    for _ in range(6):
        wrong_login(http)
    proof = Proof("prf_1", purpose="reset", address="user1@example.com", user_id=user.id, user_ver=0, secret_hash="x")
    proof.expires_at = clock.now()
    proof.save()
    monkeypatch.setattr(accounts.proofs, "shown", lambda *_: proof)
    reset = {"token": "x", "password": "a new horse and battery"}
    assert http("POST", "/api/v1/auth/reset", reset).status == 204
    right = {"email": "user1@example.com", "password": "a new horse and battery"}
    assert http("POST", LOGIN, right).status == 200


def test_login_from_code_counts_by_account_only(studio, user, clockwork):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            accounts.login("user1@example.com", "not it at all")
    with pytest.raises(TooManyRequests):
        accounts.login("user1@example.com", PASSWORD)
