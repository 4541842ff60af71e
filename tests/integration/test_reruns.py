"""The same order once more: changed where asked, charged like any other, only one's own."""

from __future__ import annotations

import pytest

from studio import catalog, jobs, storage, uploads
from studio.errors import InvalidOrder
from tests.integration import samples
from tests.integration.conftest import ORDER
from tests.integration.test_api import Client, assert_problem


@pytest.fixture
def user(studio):
    return studio.user()


@pytest.fixture
def http(context, user) -> Client:
    return Client(context, user.token)


def again(job) -> str:
    return f"/api/v1/jobs/{job.id}/rerun"


def test_a_rerun_is_the_same_order_as_a_new_job(studio, http, user):
    first = user.submit(seed=7, numImages=2, style="anime")
    jobs.claim(first.id)
    studio.finish(first)
    answer = http("POST", again(first))
    assert (answer.status, answer.headers["Location"]) == (202, f"/api/v1/jobs/{answer.json['id']}")
    assert answer.json["id"] != first.id
    assert answer.json["input"] == first.order
    assert (user.balance(), user.held()) == (42, 4)
    assert studio.job(first).status == "completed"


def test_fields_can_be_changed_added_and_taken_out(http, user):
    first = user.submit(seed=7, negativePrompt="fog")
    changed = http("POST", again(first), {"seed": 8, "style": "anime", "negativePrompt": None}).json["input"]
    assert changed == first.order | {"seed": 8, "style": "anime", "negativePrompt": ""}
    assert "seed" not in http("POST", again(first), {"seed": None}).json["input"]


def test_price_is_that_of_the_changed_order_today(http, user, monkeypatch):
    first = user.submit()
    monkeypatch.setattr(catalog.ImageGeneration, "credits_per_unit", 3)
    assert http("POST", again(first), {"numImages": 2}).json["credits"]["held"] == 6
    assert http("POST", again(first), {"quality": "draft"}).json["credits"]["held"] == 0


def test_priority_is_kept_unless_changed_and_a_callback_is_not(http, user):
    order = catalog.parse("image-generation", ORDER | {"priority": "low"})
    first = jobs.submit(user.id, order).job
    assert http("POST", again(first)).json["priority"] == "low"
    assert http("POST", again(first), {"priority": "normal"}).json["priority"] == "normal"


@pytest.mark.parametrize(
    ("changes", "pointer"), [({"width": 3}, "/width"), ({"foo": 1}, "/foo"), ({"prompt": None}, "/prompt")]
)
def test_a_rerun_is_checked_like_any_order(studio, http, user, changes, pointer):
    first = user.submit()
    problem = assert_problem(http("POST", again(first), changes), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer
    assert user.held() == 2


@pytest.mark.parametrize("body", ["[]", "[{}]", '"seed"', "7"])
def test_changes_are_an_object(http, user, body):
    assert_problem(http("POST", again(user.submit()), body), 422, "invalid_request")


def test_the_same_key_reruns_once(studio, http, user):
    first = user.submit()
    one, two = (http("POST", again(first), {"seed": 1}, Idempotency_Key="again") for _ in range(2))
    assert one.text == two.text
    assert two.headers["Idempotency-Replayed"] == "true"
    assert user.held() == 4
    assert_problem(http("POST", again(first), {"seed": 2}, Idempotency_Key="again"), 422, "idempotency_key_reuse")


def test_a_repeat_is_answered_also_when_the_first_job_is_gone(http, user, later):
    first = user.submit()
    once = http("POST", again(first), {"seed": 1}, Idempotency_Key="again")
    user.cancel(first)
    later(60)  # a late cancel deletes nothing
    assert http("DELETE", f"/api/v1/jobs/{first.id}").status == 204
    assert_problem(http("POST", again(first), {"seed": 1}), 404, "not_found")
    repeat = http("POST", again(first), {"seed": 1}, Idempotency_Key="again")
    assert (repeat.status, repeat.text, repeat.headers["Idempotency-Replayed"]) == (202, once.text, "true")
    assert user.held() == 2


def test_a_rerun_has_a_deadline_of_its_own(http, user):
    answer = http("POST", again(user.submit()), None, Cancel_After="1s")
    assert_problem(answer, 422, "invalid_request")


def test_another_users_job_cannot_be_run_again(studio, http):
    theirs = studio.user().submit()
    assert_problem(http("POST", again(theirs)), 404, "not_found")


def test_pictures_that_are_gone_are_named(studio, http, user):
    person, cloth = uploads.accept(user.id, samples.photo()), uploads.accept(user.id, samples.photo(300, 300))
    order = {"person": person, "cloth": cloth, "consent": True}
    first = jobs.submit(user.id, catalog.parse("cloth-swap", order)).job
    assert http("POST", again(first)).status == 202
    storage.delete(storage.input_key(user.id, cloth))
    problem = assert_problem(http("POST", again(first)), 410, "expired")
    assert problem["detail"] == "The uploads of /cloth are no longer kept; upload them again and name their ids."
    held = user.held()
    new = uploads.accept(user.id, samples.photo(400, 400))
    assert http("POST", again(first), {"cloth": new}).status == 202
    assert user.held() == held + 3


def test_a_new_picture_must_be_there(studio, user):
    from studio import reruns

    person, cloth = uploads.accept(user.id, samples.photo()), uploads.accept(user.id, samples.photo(300, 300))
    order = {"person": person, "cloth": cloth, "consent": True}
    first = jobs.submit(user.id, catalog.parse("cloth-swap", order)).job
    with pytest.raises(InvalidOrder):
        reruns.rerun(user.id, first.id, {"cloth": "upl_" + "a" * 26})
