"""Live updates through the whole stack: tickets, sockets, the bus, and functions with their own rights."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.local.studio import LocalStudio
from studio import connections, tickets
from tests.local.conftest import User, registered, wait_for

TICKET = "/api/v1/realtime/ticket"
PATIENCE_SECONDS = 60
NOBODYS_JOB = "job_" + "0" * 26


class Listener:
    """A client with a socket; messages about jobs are gathered, everything else is an answer."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def say(self, **what: Any) -> None:
        self._socket.send(json.dumps(what))

    def hear(self) -> dict[str, Any]:
        return json.loads(self._socket.recv(timeout=PATIENCE_SECONDS))

    def subscribe(self, job: str, **more: Any) -> None:
        self.say(action="subscribe", job=job, **more)
        assert self.hear() == {"type": "subscribed", "job": job}

    def jobs_until(self, enough: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The snapshots up to the first that is enough."""
        heard = []
        while not heard or not enough(heard[-1]):
            message = self.hear()
            assert message["type"] == "job", message
            heard.append(message["job"])
        return heard

    def until_closed(self) -> list[str]:
        """What is said until the other side ends the connection."""
        heard = []
        with suppress(ConnectionClosed):
            while True:
                heard.append(str(self._socket.recv(timeout=PATIENCE_SECONDS)))
        return heard

    def quiet(self) -> None:
        """Make sure that nothing else was on its way: answers keep their order."""
        self.say(action="ping")
        assert self.hear() == {"type": "pong"}


@pytest.fixture
def other(studio: LocalStudio) -> Iterator[User]:
    with registered(studio) as other:
        yield other


def ticket_of(user: User) -> dict[str, Any]:
    return user.http.post(TICKET).raise_for_status().json()


@contextmanager
def listening(user: User) -> Iterator[Listener]:
    with connect(ticket_of(user)["url"], proxy=None) as socket:
        yield Listener(socket)


def refusal(url: str) -> int:
    """The status that a connection is refused with."""
    with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None):
        pass
    return refused.value.response.status_code


def test_a_job_is_followed_from_its_submit_to_its_end(user, worker):
    with listening(user) as listener:
        listener.subscribe("*")
        job = user.submit(seed=7)
        heard = listener.jobs_until(lambda now: now["status"] == "completed")
        assert {now["id"] for now in heard} == {job["id"]}
        assert [now["sequence"] for now in heard] == sorted(now["sequence"] for now in heard)
        assert heard[0]["status"] in ("pending", "processing")
        assert heard[-1] == user.job(job)


def test_progress_is_pushed_while_the_work_goes_on_without_links(user, scripted, tmp_path):
    scripted("wait")
    with listening(user) as listener:
        listener.subscribe("*")
        job = user.submit()
        heard = listener.jobs_until(lambda now: now["progress"]["step"] > 1)
        assert heard[-1]["status"] == "processing"
        assert heard[-1]["progress"]["previews"] == []
        (tmp_path / "go").touch()
        assert listener.jobs_until(lambda now: now["status"] == "completed")[-1]["id"] == job["id"]


def test_a_client_that_comes_back_gets_the_job_as_it_is_and_only_what_is_new(user):
    job = user.submit()
    with listening(user) as listener:
        listener.subscribe(job["id"])
        (before,) = listener.jobs_until(lambda now: True)
        assert (before["id"], before["status"]) == (job["id"], "pending")
    cancelled = user.http.delete(job["urls"]["self"]).raise_for_status().json()
    with listening(user) as listener:
        listener.subscribe(job["id"], after=before["sequence"])
        (now,) = listener.jobs_until(lambda now: True)
        assert (now["status"], now["sequence"]) == ("cancelled", cancelled["sequence"])
    with listening(user) as listener:
        listener.subscribe(job["id"], after=now["sequence"])
        listener.quiet()
        listener.subscribe("*")
        listener.quiet()
        listener.subscribe("*", since=job["createdAt"])
        assert [now["id"] for now in listener.jobs_until(lambda now: True)] == [job["id"]]


def test_jobs_of_others_are_invisible(user, other):
    theirs = other.submit()
    with listening(user) as listener:
        for job_id in (theirs["id"], NOBODYS_JOB):
            listener.say(action="subscribe", job=job_id)
            assert listener.hear() == {
                "type": "error", "code": "not_found", "detail": "There is no such job.", "job": job_id
            }  # fmt: skip
        listener.subscribe("*")
        other.http.delete(theirs["urls"]["self"]).raise_for_status()
        mine = user.submit()
        assert [now["id"] for now in listener.jobs_until(lambda now: True)] == [mine["id"]]


def test_what_is_not_understood_is_said_and_the_connection_stays(user):
    with listening(user) as listener:
        for said in ("no json", "[]", '{"action": "subscribe"}', '{"action": "subscribe", "job": "*", "extra": 1}'):
            listener._socket.send(said)
            assert listener.hear()["code"] == "malformed_message"
        listener.quiet()


def test_an_unsubscribed_job_is_not_told_any_more(user):
    job = user.submit()
    with listening(user) as listener:
        listener.subscribe(job["id"])
        listener.jobs_until(lambda now: True)
        listener.say(action="unsubscribe", job=job["id"])
        assert listener.hear() == {"type": "unsubscribed", "job": job["id"]}
        user.http.delete(job["urls"]["self"]).raise_for_status()
        other = user.submit()
        listener.subscribe(other["id"])
        assert [now["id"] for now in listener.jobs_until(lambda now: True)] == [other["id"]]


def test_a_ticket_opens_one_connection_however_many_try(user):
    url = ticket_of(user)["url"]
    outcomes: Counter[str] = Counter()
    barrier = threading.Barrier(4)

    def attempt() -> None:
        barrier.wait()
        try:
            with connect(url, proxy=None):
                outcomes["in"] += 1
        except InvalidStatus as refused:
            outcomes[str(refused.response.status_code)] += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: attempt(), range(4)))
    assert outcomes["in"] == 1
    assert sum(outcomes.values()) == 4
    assert refusal(url) in (401, 403)


def test_without_a_good_ticket_nobody_gets_in(studio, user):
    address = ticket_of(user)["url"].partition("?")[0]
    for query in ("", "?ticket=", "?ticket=guessed", f"?ticket={user.http.headers['Authorization'].split()[1]}"):
        assert refusal(address + query) in (401, 403), query
    old = ticket_of(user)
    table = studio.session().resource("dynamodb", endpoint_url=studio.emulator.url).Table(
        studio.deployment.settings["TICKETS_TABLE"]
    )  # fmt: skip
    table.update_item(
        Key={"hash": tickets._hash(old["ticket"])},
        UpdateExpression="SET expiresAt = expiresAt - :age",
        ExpressionAttributeValues={":age": tickets.TICKET_SECONDS + 1},
    )
    assert refusal(old["url"]) in (401, 403)


def test_a_user_has_five_connections_of_twenty_that_come_at_once(studio, user):
    urls = [ticket_of(user)["url"] for _ in range(20)]
    with ExitStack() as opened, ThreadPoolExecutor(20) as pool:

        def attempt(url: str) -> ClientConnection | int:
            try:
                return connect(url, proxy=None, open_timeout=PATIENCE_SECONDS).__enter__()
            except InvalidStatus as refused:
                return refused.response.status_code

        sockets: list[ClientConnection] = []

        def open_more(urls: list[str]) -> int:
            results = list(pool.map(attempt, urls))
            sockets.extend(opened.enter_context(result) for result in results if not isinstance(result, int))
            return len(sockets)

        assert open_more(urls) <= connections.MAX_CONNECTIONS
        # A gateway with too much to do gives up on some, whose places are free again.
        wait_for(lambda: open_more([ticket_of(user)["url"]]), lambda count: count >= connections.MAX_CONNECTIONS)
        assert open_more([ticket_of(user)["url"] for _ in range(3)]) == connections.MAX_CONNECTIONS
        assert len(places(studio, user)) == connections.MAX_CONNECTIONS
        for socket in sockets:
            Listener(socket).quiet()
    wait_for(lambda: places(studio, user), lambda left: not left)
    with listening(user) as listener:
        listener.quiet()


def test_twenty_connections_at_once_hear_of_their_own_users_jobs_and_of_no_others(studio):
    with ExitStack() as opened:
        users = [opened.enter_context(registered(studio)) for _ in range(4)]
        listeners = [(user, opened.enter_context(listening(user))) for user in users * connections.MAX_CONNECTIONS]
        for _, listener in listeners:
            listener.subscribe("*")
        job_of = {user.id: user.submit() for user in users}
        for user, listener in listeners:
            assert listener.jobs_until(lambda now: True)[-1]["id"] == job_of[user.id]["id"]
            listener.quiet()


def test_a_connection_that_died_silently_is_cleaned_up_by_the_next_push(studio, user):
    rows = connections_table(studio)
    with listening(user) as listener:
        listener.subscribe("*")
        (alive,) = rows_of(studio, user)
        opened = {name: alive[name] for name in ("sessionId", "ver")}
        dead = place(rows, user, "gone0123456789ab", number=4, **opened)
        user.submit()
        listener.jobs_until(lambda now: True)
        wait_for(lambda: places(studio, user), lambda left: dead not in left and len(left) == 1)


def test_sockets_are_closed_unheard_once_their_user_has_signed_out_everywhere(studio, user):
    """By its own next word, or by the next news; and no ticket from before opens another."""
    pending = ticket_of(user)["url"]
    with listening(user) as hears, listening(user) as speaks:
        hears.subscribe("*")
        speaks.quiet()
        user.http.post("/api/v1/auth/logout-all").raise_for_status()
        assert refusal(pending) in (401, 403)
        speaks.say(action="subscribe", job="*")
        assert speaks.until_closed() == []
        assert len(places(studio, user)) == 1, "of the one that has said nothing since"
        signed_in = user.http.post("/api/v1/auth/login", json=user.account).raise_for_status().json()
        user.http.headers["Authorization"] = f"Bearer {signed_in['token']}"
        user.submit()
        assert hears.until_closed() == []
        wait_for(lambda: places(studio, user), lambda left: not left)


def test_closing_an_account_closes_its_sockets(studio, user):
    with listening(user) as listener:
        listener.quiet()
        farewell = {"password": user.account["password"]}
        user.http.request("DELETE", "/api/v1/users/me", json=farewell).raise_for_status()
        assert listener.until_closed() == []
    wait_for(lambda: places(studio, user), lambda left: not left)


def test_dead_connections_give_their_places_to_the_living(studio, user):
    rows = connections_table(studio)
    with listening(user):
        (alive,) = rows_of(studio, user)
    opened = {name: alive[name] for name in ("sessionId", "ver")}
    for number in range(connections.MAX_CONNECTIONS):
        more = {} if number == 1 else opened  # without a session it counts as one that has ended
        place(rows, user, f"gone0123456789a{number}", number=number, **more)
    with listening(user) as listener:
        listener.quiet()
        assert len(places(studio, user)) == 1


def test_the_emulated_api_itself_takes_connections_too(studio, user):
    ticket = ticket_of(user)["ticket"]
    with connect(f"{studio.realtime_url}?ticket={ticket}", proxy=None) as socket:
        Listener(socket).quiet()


def connections_table(studio) -> Any:
    resource = studio.session().resource("dynamodb", endpoint_url=studio.emulator.url)
    return resource.Table(studio.deployment.settings["CONNECTIONS_TABLE"])


def places(studio, user: User) -> list[str]:
    """Ids of the connections that have a place."""
    return [row["connectionId"] for row in rows_of(studio, user)]


def rows_of(studio, user: User) -> list[dict[str, Any]]:
    found = connections_table(studio).query(
        KeyConditionExpression="userId = :user", ExpressionAttributeValues={":user": user.id}, ConsistentRead=True
    )
    return found["Items"]


def place(rows: Any, user: User, connection_id: str, *, number: int, **opened: Any) -> str:
    """A connection whose end nobody told us of."""
    rows.put_item(
        Item={
            "userId": user.id,
            "place": number,
            "connectionId": connection_id,
            "jobs": {"*"},
            "sent": {},
            "expiresAt": 4_000_000_000,
            **opened,
        }
    )
    return connection_id
