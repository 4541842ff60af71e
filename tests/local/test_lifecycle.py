"""Deadlines, limits, priority and retention on the deployed studio, under the rights of its functions."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from infra.local.studio import LocalStudio
from tests.local.conftest import LEASE_SECONDS, ORDER, SUBMIT, User, at_once, wait_for

LIMIT = 10


def test_sixteen_racing_submits_with_one_place_left_get_exactly_that_one(user):
    for _ in range(LIMIT - 1):
        user.submit()
    before = user.credits()
    answers = at_once(user, lambda _: user.http.post(SUBMIT, json=ORDER))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(202), statuses.count(429)) == (1, 15), statuses
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["code"], refused.json()["limit"]) == ("too_many_active_jobs", LIMIT)
    assert user.credits() == (before[0] - 2, before[1] + 2)
    assert [entry["kind"] for entry in user.ledger()].count("hold") == LIMIT
    _cancel_everything(user)


def test_places_that_cancels_free_are_taken_as_often_as_they_were_freed(studio, user):
    submitted = [user.submit() for _ in range(LIMIT)]

    def cancel_or_submit(number: int) -> httpx.Response:
        if number % 2:
            return user.http.post(SUBMIT, json=ORDER)
        return user.http.delete(submitted[number // 2]["urls"]["self"])

    statuses = [answer.status_code for answer in at_once(user, cancel_or_submit)]
    taken = LIMIT - 8 + statuses.count(202)
    assert statuses.count(200) == 8, statuses
    assert _balance(studio, user.id)["active"] == taken
    assert user.credits()[1] == 2 * taken
    while user.http.post(SUBMIT, json=ORDER).status_code == 202:
        taken += 1
    assert taken == LIMIT
    _cancel_everything(user)
    assert _balance(studio, user.id)["active"] == 0


def test_the_sweeper_cancels_what_took_longer_than_its_customer_gives_it(studio, user, scripted, tmp_path):
    scripted("wait")
    job = user.http.post(SUBMIT, json=ORDER | {"seed": 1}, headers={"Cancel-After": "5s"}).json()
    next_one = user.submit(seed=2)
    wait_for((tmp_path / "steps-1").exists)
    deadline = time.time() + 6
    wait_for(lambda: time.time() > deadline)
    _invoke(studio, "Sweeper")
    ended = user.job(job)
    assert (ended["status"], ended["error"]["code"]) == ("cancelled", "cancel_after")
    assert ended["credits"] == {"held": 0, "charged": 0, "refunded": 2}
    wait_for((tmp_path / "steps-2").exists)  # the worker has stopped by itself
    (tmp_path / "go").touch()
    assert user.wait(next_one)["status"] == "completed"
    assert user.credits() == (48, 0)


def test_a_job_much_longer_than_its_lease_is_worked_on_once(studio, user, scripted, tmp_path):
    scripted("wait")
    job = user.submit(seed=1)
    wait_for((tmp_path / "steps-1").exists)
    scripted("wait")  # would get the message, and could take the job, if either ran out
    enough = time.time() + 3 * LEASE_SECONDS
    wait_for(lambda: time.time() > enough)
    (tmp_path / "go").touch()
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 1)
    assert [attempt["outcome"] for attempt in done["attemptLog"]] == ["succeeded"]
    assert len((tmp_path / "started").read_text().split()) == 1
    assert user.credits() == (48, 0)


def test_low_priority_comes_last_and_comes(studio, user, scripted, tmp_path):
    # What tests before this one left behind counts: of every four messages one may be of low priority.
    studio.session().client("sqs", endpoint_url=studio.emulator.url).purge_queue(
        QueueUrl=studio.deployment.outputs["JobsQueueUrl"]
    )
    low = user.submit(priority="low", seed=1)
    normal = [user.submit(seed=seed) for seed in (2, 3)]
    (tmp_path / "go").touch()
    scripted("wait")
    ended = [user.wait(job) for job in (low, *normal)]
    assert [job["status"] for job in ended] == ["completed"] * 3
    assert max(job["startedAt"] for job in ended[1:]) < ended[0]["startedAt"]


def test_a_waiting_job_knows_its_place_and_a_guess_once_something_is_known(user, worker):
    user.wait(user.submit())
    worker.stop()
    jobs = [user.submit() for _ in range(3)]
    assert [user.job(job)["queue"]["position"] for job in jobs] == [1, 2, 3]
    for job in jobs:
        user.http.delete(job["urls"]["self"]).raise_for_status()


def test_asking_for_a_job_may_wait_for_its_end(user, worker):
    job = user.submit()
    answer = user.http.get(job["urls"]["self"], headers={"Prefer": "wait=20"})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert answer.headers["preference-applied"] == "wait=20"


def test_a_job_can_be_run_again_and_deleted_with_its_files(studio, user, worker):
    first = user.wait(user.submit(seed=1))
    second = user.http.post(f"{first['urls']['self']}/rerun", json={"seed": 2}).json()
    assert user.wait(second)["input"] == first["input"] | {"seed": 2}
    (file,) = user.http.get(first["urls"]["download"]).json()["files"]
    assert httpx.get(file["url"], trust_env=False).status_code == 200
    assert user.http.delete(first["urls"]["self"]).status_code == 409, "it has only just ended"
    _change(studio, first, "endedAt", "2020-01-01T00:00:00.000Z")
    assert user.http.delete(first["urls"]["self"]).status_code == 204
    assert user.http.get(first["urls"]["self"]).status_code == 404
    assert httpx.get(file["url"], trust_env=False).status_code == 404
    assert [job["id"] for job in user.http.get("/api/v1/jobs").json()["data"]] == [second["id"]]
    assert user.credits() == (46, 0)


def test_the_sweeper_erases_expired_jobs_under_its_own_role(studio, user, worker):
    job = user.wait(user.submit())
    (file,) = user.http.get(job["urls"]["download"]).json()["files"]
    _change(studio, job, "expiresEpoch", 1)
    answer = user.http.get(job["urls"]["download"])
    assert (answer.status_code, answer.json()["code"]) == (410, "expired")
    assert _invoke(studio, "Sweeper")["erased"] == 1
    assert httpx.get(file["url"], trust_env=False).status_code == 404
    assert user.http.get(job["urls"]["self"]).status_code == 410
    assert user.credits() == (48, 0)


def _cancel_everything(user: User) -> None:
    """Leave nothing to the workers of the next test."""
    for job in user.http.get("/api/v1/jobs", params={"status": "pending"}).json()["data"]:
        user.http.delete(job["urls"]["self"]).raise_for_status()


def _table(studio: LocalStudio, name: str) -> Any:
    resource: Any = studio.session().resource("dynamodb", endpoint_url=studio.emulator.url)
    return resource.Table(studio.deployment.settings[name])


def _balance(studio: LocalStudio, user_id: str) -> dict[str, Any]:
    return _table(studio, "BALANCES_TABLE").get_item(Key={"userId": user_id}, ConsistentRead=True)["Item"]


def _change(studio: LocalStudio, job: dict[str, Any], name: str, value: Any) -> None:
    _table(studio, "JOBS_TABLE").update_item(
        Key={"id": job["id"]}, UpdateExpression=f"SET {name} = :v", ExpressionAttributeValues={":v": value}
    )


def _invoke(studio: LocalStudio, function: str) -> dict[str, int]:
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    names = [found["FunctionName"] for found in functions.list_functions()["Functions"]]
    (name,) = [name for name in names if function in name]
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())
