"""Tickets, connections and what is sent to them, handler by handler. The sockets themselves are in `tests/local`."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from botocore.exceptions import EndpointConnectionError

from benchmarks.api import aws_watched
from realtime import admit, connect, disconnect, message, peer, push, snapshots
from studio import accounts, api_keys, aws, clock, connections, erasure, jobs, limits, tickets, tokens
from studio.api_keys import Scope
from studio.credentials import Credential
from studio.errors import NotAuthenticated, TooManyRequests
from studio.jobs import Progress
from studio.tables import ApiKey, Connection, JobRow, Limit, Session, Ticket, User
from tests.integration.conftest import PASSWORD, Customer, signed_in
from tests.integration.test_functions import sqs_event


class Gone(Exception):
    pass


class Sockets:
    """The other ends of connections; API Gateway would take the bytes."""

    exceptions = SimpleNamespace(GoneException=Gone)

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.gone: set[str] = set()
        self.closed: list[str] = []
        self.broken = False

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803  # as boto3 has them
        if self.broken:
            raise EndpointConnectionError(endpoint_url="https://live")
        if ConnectionId in self.gone:
            raise Gone
        self.sent.append((ConnectionId, json.loads(Data)))

    def get_connection(self, *, ConnectionId: str) -> dict[str, Any]:  # noqa: N803
        if ConnectionId in self.gone:
            raise Gone
        return {}

    def delete_connection(self, *, ConnectionId: str) -> None:  # noqa: N803
        if self.broken:
            raise EndpointConnectionError(endpoint_url="https://live")
        if ConnectionId in self.gone:
            raise Gone
        self.closed.append(ConnectionId)

    def heard(self) -> list[dict[str, Any]]:
        heard, self.sent = [what for _, what in self.sent], []
        return heard


@pytest.fixture
def sockets(studio, monkeypatch) -> Sockets:
    sockets = Sockets()
    monkeypatch.setattr(aws, "connections", lambda url: sockets)
    return sockets


@pytest.fixture
def moment(monkeypatch) -> SimpleNamespace:
    """The time by which messages are paced."""
    moment = SimpleNamespace(ns=10**18)
    monkeypatch.setattr(connections, "time", SimpleNamespace(time_ns=lambda: moment.ns))
    return moment


def event_of(user: Customer, connection_id: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
    """What API Gateway sends; it keeps what the ticket was asked for with, whatever becomes of that."""
    said = jwt.decode(token or user.token, options={"verify_signature": False})
    kept = peer.told(Credential(user.id, said["ver"], said["sid"]))
    request = {"connectionId": connection_id, "authorizer": kept}
    return {"requestContext": request, "body": body if isinstance(body, str) else json.dumps(body)}


def connected(user: Customer, connection_id: str, context: Any) -> int:
    return connect.handler(event_of(user, connection_id), context)["statusCode"]


def say(user: Customer, connection_id: str, context: Any, **what: Any) -> int:
    return message.handler(event_of(user, connection_id, what), context)["statusCode"]


def news_of(job: JobRow) -> dict[str, Any]:
    return sqs_event(json.dumps({"detail": {"jobId": job.id, "userId": job.user_id}}))


def attempt_ticket(value: str | None, context: Any) -> tuple[str, str]:
    query = None if value is None else {"ticket": value}
    answer = admit.handler({"methodArn": "arn:x", "queryStringParameters": query}, context)
    return answer["policyDocument"]["Statement"][0]["Effect"], answer["context"]["userId"]


def test_a_ticket_lets_its_user_in_once(studio, context):
    user = studio.user()
    ticket = tickets.issue(tokens.verify(user.token))
    assert (ticket.url, ticket.expires_in) == (f"wss://studio.test/realtime?ticket={ticket.value}", 60)
    assert attempt_ticket(ticket.value, context) == ("Allow", user.id)
    assert attempt_ticket(ticket.value, context) == ("Deny", "nobody")


def test_tickets_are_kept_as_hashes_only(studio):
    ticket = tickets.issue(tokens.verify(studio.user().token))
    (row,) = Ticket.scan()
    assert ticket.value not in json.dumps(row.attribute_values, default=str)


def test_an_expired_ticket_is_refused_although_its_row_is_there(studio, monkeypatch):
    ticket = tickets.issue(tokens.verify(studio.user().token))
    later = clock.from_epoch(clock.epoch() + 61)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(NotAuthenticated):
        tickets.redeem(ticket.value)


@pytest.mark.parametrize("value", [None, "", "guessed", "x" * 5_000, "🦊"])
def test_what_is_no_ticket_is_refused(studio, context, value):
    assert attempt_ticket(value, context) == ("Deny", "nobody")


def test_tickets_have_a_quota(studio, monkeypatch):
    user = studio.user()
    monkeypatch.setattr(limits, "TICKETS", limits.Bucket("tickets", quota=1, window_seconds=900))
    tickets.issue(tokens.verify(user.token))
    with pytest.raises(TooManyRequests):
        tickets.issue(tokens.verify(user.token))


def test_a_sixth_connection_is_refused_unless_one_is_dead(sockets, studio, context):
    user = studio.user()
    assert [connected(user, f"c{n}", context) for n in range(5)] == [200] * 5
    assert connected(user, "c5", context) == 429
    assert connected(studio.user(), "other", context) == 200
    sockets.gone = {"c1", "c3"}
    assert connected(user, "c5", context) == 200
    assert {row.connection_id for row in connections.of_user(user.id)} == {"c0", "c2", "c4", "c5"}


def test_a_disconnect_frees_the_place_even_if_told_twice(sockets, studio, context):
    user = studio.user()
    for n in range(5):
        connected(user, f"c{n}", context)
    for _ in range(2):
        assert disconnect.handler(event_of(user, "c2"), context) == {"statusCode": 200}
    assert connected(user, "c5", context) == 200
    assert disconnect.handler(event_of(user, "c2"), context) == {"statusCode": 200}
    assert len(connections.of_user(user.id)) == 5


def test_after_two_hours_a_connection_is_gone_although_its_row_is_there(sockets, studio, context, monkeypatch):
    user = studio.user()
    for n in range(5):
        connected(user, f"c{n}", context)
    later = clock.epoch() + connections.LIFE_SECONDS
    monkeypatch.setattr(clock, "epoch", lambda: later)
    monkeypatch.setattr(clock, "now", lambda: clock.from_epoch(later))
    assert connections.of_user(user.id) == []
    assert connected(user, "new", context) == 200


def test_subscribing_answers_with_the_job_as_the_api_shows_it(sockets, studio, context):
    from edge.job_views import JobView

    user = studio.user()
    job = user.submit()
    connected(user, "c", context)
    assert say(user, "c", context, action="subscribe", job=job.id) == 200
    subscribed, snapshot = sockets.heard()
    assert subscribed == {"type": "subscribed", "job": job.id}
    shown = JobView.of(studio.job(job), links=False).model_dump(mode="json", by_alias=True)
    assert snapshot == {"type": "job", "job": shown}


def test_all_jobs_are_those_that_have_not_ended_or_did_since_then_and_are_kept(sockets, studio, context, moment):
    user = studio.user()
    before, during, running, waiting = (user.submit() for _ in range(4))
    user.cancel(before)
    since = clock.iso(clock.now())
    user.cancel(during)
    jobs.claim(running.id)
    JobRow(during.id).update([JobRow.ended_at.set(since)])
    JobRow(before.id).update([JobRow.ended_at.set("2020-01-01T00:00:00.000Z")])
    connected(user, "c", context)
    say(user, "c", context, action="subscribe", job="*")
    assert [what["job"]["id"] for what in sockets.heard()[1:]] == [running.id, waiting.id]
    moment.ns += 10**9
    say(user, "c", context, action="subscribe", job="*", since=since)
    assert [what["job"]["id"] for what in sockets.heard()[1:]] == [during.id, running.id, waiting.id]


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "{", "[]", '"ping"', '{"action":"dance"}', '{"action":"subscribe"}',
        '{"action":"subscribe","job":"../etc"}', '{"action":"subscribe","job":"*","after":"1"}',
        '{"action":"subscribe","job":"*","since":"yesterday"}', '{"action":"ping","x":1}', "[" * 5_000,
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_answered(sockets, studio, context, body):
    user = studio.user()
    connected(user, "c", context)
    assert message.handler(event_of(user, "c", body), context) == {"statusCode": 200}
    assert [what["code"] for what in sockets.heard()] == ["malformed_message"]


def test_a_connection_without_a_place_is_told_nothing(sockets, studio, context):
    user = studio.user()
    assert say(user, "stranger", context, action="ping") == 410
    assert sockets.heard() == []


def test_a_connection_listens_to_so_many_jobs_and_no_more(sockets, studio, context, monkeypatch):
    monkeypatch.setattr(connections, "MAX_SUBSCRIPTIONS", 2)
    user = studio.user()
    submitted = [user.submit() for _ in range(3)]
    connected(user, "c", context)
    for job in (*submitted, submitted[0]):
        say(user, "c", context, action="subscribe", job=job.id)
    told = [what.get("code", what["type"]) for what in sockets.heard() if what["type"] != "job"]
    assert told == ["subscribed", "subscribed", "too_many_subscriptions", "subscribed"]


def test_news_reach_those_who_listen_and_nobody_else(sockets, studio, context, moment):
    user, stranger = studio.user(), studio.user()
    job, another = user.submit(), user.submit()
    for who, name, wish in (
        (user, "all", "*"),
        (user, "one", job.id),
        (user, "other", another.id),
        (stranger, "s", "*"),
    ):
        connected(who, name, context)
        say(who, name, context, action="subscribe", job=wish)
    connected(user, "silent", context)
    moment.ns += 10**9
    sockets.sent.clear()
    jobs.claim(job.id)
    assert push.handler(news_of(job), context) == {"batchItemFailures": []}
    assert sorted(name for name, _ in sockets.sent) == ["all", "one"]
    assert {what["job"]["status"] for _, what in sockets.sent} == {"processing"}


def test_a_forged_owner_in_an_event_shows_nobody_anything(sockets, studio, context):
    user, thief = studio.user(), studio.user()
    job = user.submit()
    connected(thief, "t", context)
    say(thief, "t", context, action="subscribe", job="*")
    sockets.sent.clear()
    push.handler(sqs_event(json.dumps({"detail": {"jobId": job.id, "userId": thief.id}})), context)
    assert sockets.sent == []


def test_late_and_repeated_events_never_show_an_older_state(sockets, studio, context, moment):
    user = studio.user()
    job = user.submit()
    connected(user, "c", context)
    (connection,) = connections.of_user(user.id)
    connections.subscribe(connection, job.id)
    jobs.claim(job.id)
    old = studio.job(job)
    jobs.report(job.id, 1, Progress(0.5, "illustrate", 1, 2))
    push.handler(news_of(job), context)
    moment.ns += 10**9
    snapshots.send(connection, old)  # a function that read the job before the other one and comes after it
    assert [what["job"]["progress"]["value"] for what in sockets.heard()] == [0.5]


def test_progress_is_sent_at_most_twice_a_second_but_a_new_status_at_once(sockets, studio, context, moment):
    user = studio.user()
    job = user.submit()
    connected(user, "c", context)
    say(user, "c", context, action="subscribe", job=job.id)
    sockets.sent.clear()
    jobs.claim(job.id)
    push.handler(news_of(job), context)
    assert [what["job"]["status"] for what in sockets.heard()] == ["processing"]
    for step in range(1, 41):
        moment.ns += 50 * 10**6
        jobs.report(job.id, 1, Progress(step / 50, "illustrate", step, 50))
        push.handler(news_of(job), context)
    assert len(sockets.heard()) == 4, "forty reports in two seconds"
    user.cancel(job)
    push.handler(news_of(job), context)
    assert [what["job"]["status"] for what in sockets.heard()] == ["cancelled"]


def test_a_push_that_failed_is_made_again(sockets, studio, context, moment):
    user = studio.user()
    job = user.submit()
    connected(user, "c", context)
    connections.subscribe(connections.of_user(user.id)[0], "*")
    sockets.broken = True
    assert push.handler(news_of(job), context) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    sockets.broken = False
    moment.ns += 10**9
    assert push.handler(news_of(job), context) == {"batchItemFailures": []}
    assert [what["job"]["id"] for what in sockets.heard()] == [job.id]


def test_a_stale_connection_loses_its_place_and_holds_up_no_other(sockets, studio, context):
    user = studio.user()
    for name in ("stale", "alive"):
        connected(user, name, context)
        say(user, name, context, action="subscribe", job="*")
    sockets.gone, sockets.sent = {"stale"}, []
    job = user.submit()
    assert push.handler(news_of(job), context) == {"batchItemFailures": []}
    assert [name for name, _ in sockets.sent] == ["alive"]
    assert [row.connection_id for row in connections.of_user(user.id)] == ["alive"]


def test_the_place_of_a_stale_connection_is_not_taken_from_its_successor(sockets, studio, context):
    user = studio.user()
    connected(user, "old", context)
    (old,) = connections.of_user(user.id)
    connections.close(user.id, "old")
    connected(user, "new", context)
    connections.remove(old)
    assert not connections.may_send(old, "job_" + "0" * 26, 1)
    assert [row.connection_id for row in connections.of_user(user.id)] == ["new"]


def test_links_and_erased_jobs_are_not_sent(sockets, studio, context, moment):
    user = studio.user()
    job = user.submit()
    connected(user, "c", context)
    connections.subscribe(connections.of_user(user.id)[0], "*")
    jobs.claim(job.id)
    jobs.report(job.id, 1, Progress(0.5, "illustrate", 1, 2, previews=("outputs/preview.jpg",)))
    push.handler(news_of(job), context)
    (shown,) = sockets.heard()
    assert "http" not in json.dumps(shown)
    moment.ns += 10**9
    JobRow(job.id).update([JobRow.erased.set("deleted")])
    push.handler(news_of(job), context)
    assert sockets.heard() == []


def test_a_job_too_long_for_one_message_is_sent_without_its_order(sockets, studio, context, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_MESSAGE_BYTES", 1_500)
    user = studio.user()
    job = user.submit(prompt="A fox. " * 400)
    connected(user, "c", context)
    say(user, "c", context, action="subscribe", job=job.id)
    shown = sockets.heard()[-1]["job"]
    assert (shown["id"], shown["input"]) == (job.id, {})


def test_rows_of_connections_know_when_they_end(sockets, studio, context):
    user = studio.user()
    connected(user, "c", context)
    (row,) = Connection.query(user.id)
    assert 0 <= clock.epoch() + connections.LIFE_SECONDS - row.expires_at.timestamp() <= 5


def test_messages_have_a_quota(studio, sockets, context, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES", limits.Bucket("messages", quota=1, window_seconds=900))
    user = studio.user()
    connected(user, "c1", context)
    event = event_of(user, "c1", {"action": "ping"})
    for _ in range(2):
        assert message.handler(event, context) == {"statusCode": 200}
    assert [heard.get("code", heard["type"]) for heard in sockets.heard()] == ["pong", "too_many_requests"]


# ---- After what it was opened with has ended -------------------------------------------------------------------------

NEW_PASSWORD = "another horse battery"


def signed_out(user: Customer) -> None:
    tokens.revoke(tokens.verify(user.token))


def signed_out_everywhere(user: Customer) -> None:
    accounts.logout_everywhere(user.id)


def new_password(user: Customer) -> None:
    accounts.change_password(user.id, PASSWORD, NEW_PASSWORD)


def session_over(user: Customer) -> None:
    (row,) = Session.scan()
    row.update([Session.expires_at.set(clock.from_epoch(clock.epoch() - 1))])


def account_closed(user: Customer) -> None:
    accounts.close(user.id, PASSWORD)


ENDS = [signed_out, signed_out_everywhere, new_password, session_over, account_closed]


@pytest.mark.parametrize("end", ENDS)
def test_a_connection_hears_no_more_once_its_session_has_ended(sockets, studio, context, end):
    user = studio.user()
    connected(user, "c", context)
    say(user, "c", context, action="subscribe", job="*")
    job = user.submit(prompt="what nobody else may read")
    sockets.sent.clear()
    end(user)
    assert push.handler(news_of(job), context) == {"batchItemFailures": []}
    assert (sockets.sent, sockets.closed) == ([], ["c"])
    assert list(Connection.scan()) == []


@pytest.mark.parametrize("end", ENDS)
def test_a_connection_may_ask_no_more_once_its_session_has_ended(sockets, studio, context, end):
    user = studio.user()
    user.submit()
    connected(user, "c", context)
    end(user)
    taken = {row.key: row.attribute_values for row in Limit.scan()}
    assert say(user, "c", context, action="subscribe", job="*") == 410
    assert (sockets.sent, sockets.closed) == ([], ["c"])
    assert list(Connection.scan()) == []
    assert {row.key: row.attribute_values for row in Limit.scan()} == taken, "nor does it use up what its user may say"


@pytest.mark.parametrize("end", ENDS)
def test_a_ticket_is_worth_nothing_once_the_session_that_asked_for_it_has_ended(studio, context, end):
    user = studio.user()
    ticket = tickets.issue(tokens.verify(user.token))
    end(user)
    assert attempt_ticket(ticket.value, context) == ("Deny", "nobody")


def key_deleted(user: Customer, row: Any) -> None:
    api_keys.delete(user.id, row.id)


def key_expired(user: Customer, row: Any) -> None:
    row.update([ApiKey.expires_epoch.set(clock.epoch())])


def account_of_key_closed(user: Customer, row: Any) -> None:
    accounts.close(user.id, PASSWORD)


def key_left_by_a_reset(user: Customer, row: Any) -> None:
    User(user.id).update([User.reset_at.set(clock.iso(clock.now()))])


@pytest.mark.parametrize("end", [key_deleted, key_expired, account_of_key_closed, key_left_by_a_reset])
def test_a_connection_and_a_ticket_of_an_api_key_end_with_it(sockets, studio, context, end):
    user = studio.user()
    made = api_keys.create(signed_in(user.id), "listens", [Scope.JOBS_READ], expires_in_days=1)
    caller = api_keys.verify(made.secret)
    pending = tickets.issue(caller)
    for name in ("heard", "asks"):
        credential = tickets.redeem(tickets.issue(caller).value)
        authorizer = peer.told(credential)
        event = {"requestContext": {"connectionId": name, "authorizer": authorizer}, "body": '{"action": "ping"}'}
        assert connect.handler(event, context) == {"statusCode": 200}
        connections.subscribe(connections.find(user.id, name), "*")
    job = user.submit()
    assert message.handler(event, context) == {"statusCode": 200}
    accounts.logout_everywhere(user.id)
    push.handler(news_of(job), context)
    assert [what["type"] for what in sockets.heard()] == ["pong", "job", "job"], "keys outlive sessions"
    end(user, made.row)
    assert message.handler(event, context) == {"statusCode": 410}
    push.handler(news_of(job), context)
    assert (sockets.heard(), sorted(sockets.closed)) == ([], ["asks", "heard"])
    assert attempt_ticket(pending.value, context) == ("Deny", "nobody")


def test_what_was_opened_with_another_session_goes_on(sockets, studio, context):
    user = studio.user()
    other = accounts.login("user1@example.com", PASSWORD).value
    connected(user, "ended", context)
    assert connect.handler(event_of(user, "goes on", token=other), context) == {"statusCode": 200}
    for connection in connections.of_user(user.id):
        connections.subscribe(connection, "*")
    job = user.submit()
    signed_out(user)
    push.handler(news_of(job), context)
    assert ([name for name, _ in sockets.sent], sockets.closed) == (["goes on"], ["ended"])
    assert [row.connection_id for row in connections.of_user(user.id)] == ["goes on"]


def test_connections_whose_session_has_ended_keep_no_place_from_a_newcomer(sockets, studio, context):
    user = studio.user()
    for number in range(connections.MAX_CONNECTIONS):
        connected(user, f"c{number}", context)
    accounts.logout_everywhere(user.id)
    token = accounts.login("user1@example.com", PASSWORD).value
    assert connect.handler(event_of(user, "new", token=token), context) == {"statusCode": 200}
    assert sockets.closed == [f"c{number}" for number in range(connections.MAX_CONNECTIONS)]
    assert [row.connection_id for row in connections.of_user(user.id)] == ["new"]


def test_whether_five_connections_still_count_costs_one_batch_a_table(sockets, studio, context):
    user = studio.user()
    for name in "abcde":
        token = accounts.login("user1@example.com", PASSWORD).value
        connect.handler(event_of(user, name, token=token), context)
    job = user.submit()
    with aws_watched() as unheard:
        push.handler(news_of(job), context)
    assert unheard.calls == {"Query": 1}, "where nobody listens nothing is asked"
    for connection in connections.of_user(user.id):
        connections.subscribe(connection, "*")
    with aws_watched() as heard:
        push.handler(news_of(job), context)
    assert heard.calls == {"Query": 1, "GetItem": 1, "BatchGetItem": 2, "UpdateItem": 5}
    assert len(sockets.sent) == 5


def test_a_connection_that_cannot_be_closed_keeps_its_place_and_is_tried_again(sockets, studio, context):
    user = studio.user()
    connected(user, "c", context)
    connections.subscribe(connections.of_user(user.id)[0], "*")
    job = user.submit()
    signed_out(user)
    sockets.broken = True
    assert push.handler(news_of(job), context) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(connections.of_user(user.id)) == 1
    sockets.broken, sockets.gone = False, {"c"}
    assert push.handler(news_of(job), context) == {"batchItemFailures": []}
    assert connections.of_user(user.id) == []


def test_the_number_of_the_account_is_that_of_the_request_not_of_the_moment(studio, context):
    """A ticket that is asked for while everybody is signed out is asked for with what has ended."""
    user = studio.user()
    caller = tokens.verify(user.token)
    accounts.logout_everywhere(user.id)
    assert attempt_ticket(tickets.issue(caller).value, context) == ("Deny", "nobody")


def test_nothing_that_opens_or_is_open_is_left_of_a_closed_account(sockets, studio, context):
    user, other = studio.user(), studio.user()
    for name, who in (("one", user), ("two", user), ("theirs", other)):
        connected(who, name, context)
        tickets.issue(tokens.verify(who.token))
    accounts.close(user.id, PASSWORD)
    erasure.erase(user.id)
    erasure.erase(user.id)
    assert sockets.closed == ["one", "two"]
    assert {row.user_id for row in Connection.scan()} == {row.user_id for row in Ticket.scan()} == {other.id}
