"""Jobs end to end: what a customer sees, whatever happens to the worker."""

from __future__ import annotations

import base64
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor

import httpx
from PIL import Image

from infra.local import gaps
from infra.local.stack import template
from tests.integration.samples import photo
from tests.local.conftest import LEASE_SECONDS, ORDER, SUBMIT, at_once, wait_for


def test_a_job_becomes_pictures_that_can_be_downloaded(studio, user, worker):
    job = user.wait(user.submit(numImages=2, seed=7))
    assert (job["status"], job["progress"]["value"], job["result"]["engine"]) == ("completed", 1, "sketch")
    assert user.credits() == (46, 0)
    files = user.http.get(job["urls"]["download"]).json()["files"]
    assert [file["name"] for file in files] == ["image-1.png", "image-2.png"]
    for file in files:
        content = httpx.get(file["url"], trust_env=False).raise_for_status().content
        assert len(content) == file["sizeBytes"]
        assert Image.open(io.BytesIO(content)).size == (512, 512)
    redirect = user.http.get(job["urls"]["download"], params={"file": "image-2.png"})
    assert redirect.status_code == 302
    assert httpx.get(redirect.headers["location"], trust_env=False).content == content


def test_a_client_may_wait_for_the_end(user, worker):
    answer = user.http.post(SUBMIT, json=ORDER, headers={"Prefer": "respond-async, wait=20"})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert answer.headers["preference-applied"] == "wait=20"


def test_a_wait_that_is_too_short_answers_like_any_submit(user):
    answer = user.http.post(SUBMIT, json=ORDER, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    user.http.delete(answer.json()["urls"]["self"]).raise_for_status()


def test_links_cannot_be_bent(studio, user, worker):
    job = user.wait(user.submit())
    (file,) = user.http.get(job["urls"]["download"]).json()["files"]
    for bent in (file["url"].replace("image-1", "image-2"), file["url"].split("?")[0], file["url"] + "0"):
        assert httpx.get(bent, trust_env=False).status_code in (403, 404), bent


def test_a_picture_is_uploaded_with_the_form_the_api_hands_out(studio, user):
    def upload(content: bytes, **change: str) -> tuple[int, str]:
        target = user.http.post("/api/v1/uploads", json={"contentType": "image/jpeg"}).raise_for_status().json()
        answer = httpx.post(target["url"], data=target["fields"] | change, files={"file": content}, trust_env=False)
        return answer.status_code, target["id"]

    (person_status, person), (cloth_status, cloth) = upload(photo()), upload(photo(300, 300))
    assert (person_status, cloth_status) == (204, 204)
    order = {"person": person, "cloth": cloth, "category": "formal", "consent": True}
    job = user.http.post("/api/v1/jobs/cloth-swap", json=order)
    assert job.status_code == 202, job.text
    user.http.delete(job.json()["urls"]["self"]).raise_for_status()
    assert upload(photo(), key="incoming/somebody/else")[0] == 403
    assert upload(photo(), **{"Content-Type": "text/html"})[0] == 403
    assert upload(b"x" * (20 * 1024 * 1024 + 1))[0] in (400, 403)


def test_a_failed_job_says_why_and_is_refunded(user, scripted):
    scripted("fail")
    job = user.wait(user.submit(numImages=3))
    assert job["error"] == {"code": "content_rejected", "message": "This prompt is not allowed."}
    assert job["credits"] == {"held": 0, "charged": 0, "refunded": 6}
    assert user.credits() == (50, 0)
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "hold", "refund"]


def test_an_engine_that_keeps_breaking_ends_in_one_refund(user, scripted, tmp_path):
    scripted("break")
    job = user.wait(user.submit())
    assert (job["status"], job["error"]["code"], job["attempts"]) == ("failed", "internal", 3)
    assert len((tmp_path / "started").read_text().split()) == 3
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "hold", "refund"]


def test_cancelling_a_waiting_job_refunds_at_once(user):
    job = user.submit(numImages=4)
    assert user.credits() == (42, 8)
    cancelled = user.http.delete(job["urls"]["self"]).json()
    assert (cancelled["status"], cancelled["credits"]["refunded"]) == ("cancelled", 8)
    assert user.credits() == (50, 0)


def test_cancelling_a_running_job_refunds_and_stops_the_work(user, scripted, tmp_path):
    scripted("wait")
    job, next_one = user.submit(seed=1), user.submit(seed=2)
    wait_for((tmp_path / "steps-1").exists)
    user.http.delete(job["urls"]["self"]).raise_for_status()
    at_cancel = int((tmp_path / "steps-1").read_text() or 0)
    wait_for((tmp_path / "steps-2").exists)  # the worker has stopped the first and taken up the second
    assert int((tmp_path / "steps-1").read_text() or 0) <= at_cancel + 2
    (tmp_path / "go").touch()
    assert user.wait(next_one)["status"] == "completed"
    assert user.job(job)["status"] == "cancelled"
    assert user.credits() == (48, 0)
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "hold", "hold", "refund"]


def test_a_message_delivered_twice_is_worked_once(studio, user, worker):
    sqs = studio.session().client("sqs", endpoint_url=studio.emulator.url)
    job = user.submit(numImages=4)
    for _ in range(3):
        sqs.send_message(
            QueueUrl=studio.deployment.outputs["JobsQueueUrl"], MessageBody=json.dumps({"jobId": job["id"]})
        )
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 1)
    after = user.wait(user.submit())  # by now the worker has seen the duplicates
    assert after["status"] == "completed"
    assert user.job(job)["attempts"] == 1
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "hold", "hold"]


def test_a_job_survives_the_death_of_its_worker(user, scripted, tmp_path):
    victim = scripted("wait")
    job = user.submit()
    wait_for((tmp_path / "started").exists)
    victim.child.kill()
    assert user.job(job)["status"] == "processing"
    (tmp_path / "go").touch()
    scripted("wait")
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 2)
    assert user.credits() == (48, 0)
    assert [entry["kind"] for entry in user.ledger()] == ["signup", "hold"]


def test_a_frozen_worker_that_wakes_up_late_changes_nothing(user, scripted, tmp_path):
    frozen = scripted("wait")
    job = user.submit()
    wait_for((tmp_path / "started").exists)
    os.kill(frozen.child.pid, 19)  # SIGSTOP: alive, holding its lease, doing nothing
    scripted("wait")
    wait_for(lambda: len((tmp_path / "started").read_text().split()) == 2, seconds=10 * LEASE_SECONDS)
    os.kill(frozen.child.pid, 18)  # SIGCONT
    (tmp_path / "go").touch()
    done = user.wait(job)
    assert (done["status"], done["attempts"]) == ("completed", 2)
    files = user.http.get(done["urls"]["download"]).json()["files"]
    assert all("/2/" in file["url"] for file in files)
    assert user.credits() == (48, 0)


def test_a_draft_does_not_wait_for_paid_work(studio, user, scripted, tmp_path):
    scripted("wait")
    paid = user.submit()
    wait_for((tmp_path / "started").exists)
    drafts = studio.worker(queue="drafts")
    drafts.start()
    try:
        draft = user.wait(user.submit(quality="draft"))
    finally:
        drafts.stop()
    assert (draft["status"], draft["result"]["engine"], draft["result"]["quality"]) == ("completed", "sketch", "draft")
    assert draft["credits"] == {"held": 0, "charged": 0, "refunded": 0}
    assert user.job(paid)["status"] == "processing"
    assert user.credits() == (48, 2)
    user.http.delete(paid["urls"]["self"]).raise_for_status()


def test_an_idle_worker_of_paid_jobs_sketches_a_draft_between_them(user, scripted, tmp_path):
    (tmp_path / "go").touch()
    scripted("wait")
    draft = user.wait(user.submit(quality="draft"))
    paid = user.wait(user.submit())
    assert (draft["status"], draft["result"]["engine"]) == ("completed", "sketch")
    assert (paid["status"], paid["result"]["engine"]) == ("completed", "scripted")
    assert user.credits() == (48, 0)


def test_health_names_the_workers_and_forgets_those_that_left(studio, worker):
    def crews() -> list[tuple[str, str]]:
        health = httpx.get(f"{studio.url}/health", trust_env=False).json()
        return [(crew["queue"], crew["profile"]) for crew in health["workers"] if crew["profile"] == "sketch"]

    wait_for(crews, lambda seen: seen == [("jobs", "sketch")])
    worker.stop()
    wait_for(crews, lambda seen: seen == [])


def test_sixteen_clients_racing_for_the_last_credits(user):
    for _ in range(5):
        user.submit(numImages=4)  # 50 − 40 = 10 credits left: five single pictures
    answers = [answer.status_code for answer in at_once(user, lambda _: user.http.post(SUBMIT, json=ORDER))]
    assert (answers.count(202), answers.count(402)) == (5, 11), answers
    assert user.credits() == (0, 50)
    ledger = user.ledger()
    assert sum(entry["amount"] for entry in ledger) == 0
    running = 0
    for entry in ledger:
        running += entry["amount"]
        assert entry["balanceAfter"] == running >= 0


def test_sixteen_identical_requests_make_one_job(user):
    headers = {"Idempotency-Key": "one-job"}
    answers = at_once(user, lambda _: user.http.post(SUBMIT, json=ORDER, headers=headers))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert user.credits() == (48, 2)


def test_many_cancels_at_once_all_answer_and_refund_once(user):
    submitted = [user.submit(numImages=2) for _ in range(4)]
    for job in submitted:
        with ThreadPoolExecutor(4) as clients:
            answers = list(clients.map(lambda _, job=job: user.http.delete(job["urls"]["self"]), range(4)))
        assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert user.credits() == (50, 0)
    kinds = [entry["kind"] for entry in user.ledger()]
    assert (kinds.count("hold"), kinds.count("refund")) == (4, 4)


def test_a_job_in_the_dead_letters_is_refunded(studio, user):
    job = user.submit(numImages=2)
    sqs = studio.session().client("sqs", endpoint_url=studio.emulator.url)
    (dead_letters,) = [url for url in sqs.list_queues()["QueueUrls"] if "JobsDeadLetters" in url]
    sqs.send_message(QueueUrl=dead_letters, MessageBody=json.dumps({"jobId": job["id"]}))
    ended = user.wait(job)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "worker_lost")
    assert user.credits() == (50, 0)


def test_the_sweeper_ends_overdue_jobs_under_its_own_role(studio, user):
    job = user.submit(numImages=2)
    table = (
        studio.session()
        .resource("dynamodb", endpoint_url=studio.emulator.url)
        .Table(studio.deployment.settings["JOBS_TABLE"])
    )
    table.update_item(
        Key={"id": job["id"]}, UpdateExpression="SET deadline = :past", ExpressionAttributeValues={":past": 1}
    )
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    (sweeper,) = [f["FunctionName"] for f in functions.list_functions()["Functions"] if "Sweeper" in f["FunctionName"]]
    answer = functions.invoke(FunctionName=sweeper, Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()
    ended = user.job(job)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "deadline_exceeded")
    assert user.credits() == (50, 0)


def test_the_sweeper_measures_with_its_own_rights_for_whom_nobody_works(studio, user):
    job = user.submit()
    functions = studio.session().client("lambda", endpoint_url=studio.emulator.url)
    (sweeper,) = [f["FunctionName"] for f in functions.list_functions()["Functions"] if "Sweeper" in f["FunctionName"]]

    def unattended() -> bool:  # the workers of the test before are remembered for a few seconds
        answer = functions.invoke(FunctionName=sweeper, Payload=b"{}", LogType="Tail")
        said = base64.b64decode(answer["LogResult"]).decode()
        assert "stock could not be taken" not in said
        return '"QueuesUnattended":[1.0]' in said

    wait_for(unattended)
    user.http.delete(job["urls"]["self"]).raise_for_status()


def test_the_alarms_of_the_template_are_there(studio):
    watch = studio.session().client("cloudwatch", endpoint_url=studio.emulator.url)
    alarms = [a for page in watch.get_paginator("describe_alarms").paginate() for a in page["MetricAlarms"]]
    resources = template()["Resources"].values()
    kept = [r for r in resources if r["Type"] == "AWS::CloudWatch::Alarm" and not gaps.missing(r)]
    always = [r for r in kept if "Condition" not in r]
    assert len(alarms) == len(always) > 25
    assert {alarm["AlarmDescription"] for alarm in alarms} == {r["Properties"]["AlarmDescription"] for r in always}


def test_cancel_and_completion_racing_have_one_winner(user, worker):
    for _ in range(5):
        job = user.submit()
        wait_for(lambda job=job: user.job(job)["status"] != "pending")
        answer = user.http.delete(job["urls"]["self"])
        ended = user.wait(job)
        assert (answer.status_code, ended["status"]) in ((200, "cancelled"), (409, "completed"))
        assert ended["credits"]["charged"] + ended["credits"]["refunded"] == 2
    kinds = [entry["kind"] for entry in user.ledger()]
    assert user.credits() == (50 - 2 * (kinds.count("hold") - kinds.count("refund")), 0)
