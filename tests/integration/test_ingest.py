"""Pictures that arrive in the bucket or are named by URL: looked at apart, refused in words, never a way inside."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Any

import pytest
from PIL import Image

from ingest import arrived
from studio import catalog, clock, decoding, ingest, jobs, limits, pictures, receivers, storage, uploads
from studio.errors import BadPicture, Busy, Fault, InvalidOrder
from studio.outbound import Outbound, Unreachable
from studio.replies import Reply
from studio.tables import Limit, Upload
from tests.integration.conftest import TEMPLATE
from tests.integration.samples import photo
from tests.integration.test_api import Client, assert_problem
from tests.unit.test_outbound import HOSTILE_ADDRESSES, HOSTILE_URLS

SWAP = "/api/v1/jobs/cloth-swap"
DRY = {"dryRun": "true"}
HERE = "https://pictures.example.com/person.jpg"


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


@pytest.fixture(autouse=True)
def decoded_here(request, monkeypatch):
    """Decoding starts a process; the tests that are about that say so."""
    if "apart" not in request.fixturenames:
        monkeypatch.setattr(decoding, "cleaned_apart", pictures.cleaned)


@pytest.fixture
def apart() -> None:
    """Pictures are decoded in a process of their own, as in production."""


@pytest.fixture
def calls(monkeypatch) -> list[tuple[str, int]]:
    """Every connection that anybody tries to open; none succeeds."""
    opened: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *args: object) -> None:
        opened.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return opened


def begun(http: Client, content: bytes | None = None) -> str:
    """An upload, and what its owner has sent to its place."""
    target = http("POST", "/api/v1/uploads", {"contentType": "image/jpeg"}).json
    if content is not None:
        storage.put(target["fields"]["key"], content, "image/jpeg")
    return target["id"]


def tell(context, *keys: str) -> list[dict[str, str]]:
    """The bucket tells of new files; what comes back is to be tried again."""
    records = [
        {
            "messageId": str(number),
            "body": json.dumps({"detail-type": "Object Created", "detail": {"object": {"key": key}}}),
        }
        for number, key in enumerate(keys)
    ]
    return arrived.handler({"Records": records}, context)["batchItemFailures"]


def state(http: Client, upload_id: str) -> dict[str, Any]:
    answer = http("GET", f"/api/v1/uploads/{upload_id}")
    assert answer.status == 200, answer.text
    return answer.json


def swap(http: Client, person: str, cloth: str, **more: Any):
    return http("POST", SWAP, {"person": person, "cloth": cloth, "consent": True} | more)


# ---- Files that arrive -----------------------------------------------------------------------------------------------


def test_a_file_that_arrives_is_cleaned_and_ready_before_any_order(http, user, context, apart):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    upload = begun(http, photo(400, 300, exif=exif))
    assert state(http, upload) == {"id": upload, "state": "waiting", "reason": None}
    assert tell(context, storage.incoming_key(user.id, upload)) == []
    assert state(http, upload) == {"id": upload, "state": "ready", "reason": None}
    stored = storage.read(storage.input_key(user.id, upload), max_bytes=10**7)
    assert b"taken at home" not in stored
    assert Image.open(io.BytesIO(stored)).size == (400, 300)
    assert not storage.exists(storage.incoming_key(user.id, upload)), "the original is gone"


def test_a_file_that_is_refused_tells_its_owner_why_and_so_does_an_order_that_names_it(http, user, studio, context):
    upload = begun(http, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    assert tell(context, storage.incoming_key(user.id, upload)) == [], "a hostile file is not our failure"
    words = "must be a JPEG, PNG or WebP picture"
    assert state(http, upload) == {"id": upload, "state": "refused", "reason": words}
    sound = uploads.accept(user.id, photo())
    problem = assert_problem(swap(http, sound, upload), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/cloth", "detail": words}]
    dry = http("POST", SWAP, {"person": sound, "cloth": upload, "consent": True}, query=DRY)
    assert dry.json["errors"] == problem["errors"]
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}
    assert studio.queued_jobs() == []


def test_an_order_does_not_wait_for_a_file_nobody_has_looked_at(http, user):
    upload, cloth = begun(http, photo()), uploads.accept(user.id, photo(300, 300))
    assert swap(http, upload, cloth).status == 202
    assert state(http, upload)["state"] == "ready"


def test_a_refused_file_may_be_replaced_and_a_ready_one_may_not(http, user, context):
    upload = begun(http, b"nonsense")
    key = storage.incoming_key(user.id, upload)
    tell(context, key)
    storage.put(key, photo(300, 300), "image/jpeg")
    tell(context, key)
    assert state(http, upload)["state"] == "ready"
    first = storage.read(storage.input_key(user.id, upload), max_bytes=10**7)
    for late in (photo(600, 600), b"nonsense"):
        storage.put(key, late, "image/jpeg")
        tell(context, key)
        assert state(http, upload)["state"] == "ready"
        assert storage.read(storage.input_key(user.id, upload), max_bytes=10**7) == first
        assert not storage.exists(key)


@pytest.fixture
def decoded(monkeypatch) -> list[bytes]:
    """Every file that a decoder gets to see."""
    seen: list[bytes] = []
    monkeypatch.setattr(decoding, "cleaned_apart", lambda content: seen.append(content) or pictures.cleaned(content))
    return seen


def test_what_is_refused_is_deleted(http, user, context, decoded):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    upload = begun(http, photo(400, 300, exif=exif)[:-4000])
    key = storage.incoming_key(user.id, upload)
    assert tell(context, key) == []
    assert state(http, upload)["reason"] == pictures.DAMAGED
    assert not storage.exists(key)
    assert_problem(swap(http, upload, upload), 422, "invalid_request")
    assert tell(context, key, key) == [], "news that are repeated find nothing to look at"
    assert (len(decoded), Upload.get(upload).looks) == (1, 1)
    assert state(http, upload)["reason"] == pictures.DAMAGED


def test_one_upload_is_looked_at_only_so_often(http, user, context, decoded):
    upload = begun(http)
    key = storage.incoming_key(user.id, upload)
    for number in range(uploads.MAX_LOOKS + 2):
        storage.put(key, b"nonsense %d" % number, "image/jpeg")
        tell(context, key)
        assert not storage.exists(key)
    assert len(decoded) == uploads.MAX_LOOKS
    assert state(http, upload) == {"id": upload, "state": "refused", "reason": uploads.LOOKED_AT_ENOUGH}
    storage.put(key, photo(), "image/jpeg")
    tell(context, key)
    assert (len(decoded), state(http, upload)["state"]) == (uploads.MAX_LOOKS, "refused")


def test_news_that_are_repeated_use_up_no_looks_and_what_is_ready_stays_so(http, user, context, decoded):
    upload = begun(http, photo())
    key = storage.incoming_key(user.id, upload)
    for _ in range(uploads.MAX_LOOKS + 2):
        assert tell(context, key) == []
    for _ in range(uploads.MAX_LOOKS + 2):
        storage.put(key, b"nonsense", "image/jpeg")
        assert tell(context, key) == []
        assert not storage.exists(key)
    assert state(http, upload)["state"] == "ready"
    assert (len(decoded), Upload.get(upload).looks) == (1, 1)


def test_a_look_that_we_fail_at_is_counted_and_the_file_is_there_for_the_next(http, user, context, monkeypatch):
    """A file that brings down whatever decodes it must not be tried for ever."""
    upload = begun(http, photo())
    key = storage.incoming_key(user.id, upload)
    with monkeypatch.context() as broken:
        broken.setattr(decoding, "cleaned_apart", lambda content: 1 / 0)
        assert [tell(context, key) for _ in range(5)] == [[{"itemIdentifier": "0"}]] * 5
    assert (Upload.get(upload).looks, state(http, upload)["state"]) == (5, "waiting")
    assert tell(context, key) == []
    assert state(http, upload)["state"] == "ready"


def test_one_user_has_only_so_many_files_looked_at_and_others_go_on(http, user, studio, context, decoded, monkeypatch):
    target = storage.incoming_key
    named = [begun(http) for _ in range(4)]
    monkeypatch.setattr(limits, "looks", lambda: limits.Bucket("looks at uploads", quota=3, window_seconds=900))
    for upload in named[:3]:
        storage.put(target(user.id, upload), b"nonsense", "image/jpeg")
    assert tell(context, *[target(user.id, upload) for upload in named[:3]]) == []
    storage.put(target(user.id, named[3]), photo(), "image/jpeg")
    problem = assert_problem(swap(http, named[3], named[3]), 422, "invalid_request")
    assert {error["detail"] for error in problem["errors"]} == {uploads.TOO_SOON}
    assert state(http, named[3]) == {"id": named[3], "state": "refused", "reason": uploads.TOO_SOON}
    assert not storage.exists(target(user.id, named[3]))
    assert len(decoded) == 3
    other = studio.user()
    http.token = other.token
    upload = begun(http, photo())
    tell(context, target(other.id, upload))
    assert state(http, upload)["state"] == "ready"


def test_a_user_may_have_as_many_files_looked_at_as_uploads_begun_and_no_right_reaches_another_count(
    http, user, context
):
    assert limits.looks().quota == limits.requests("POST").quota
    upload = begun(http, photo())
    before = {row.key for row in Limit.scan()}
    tell(context, storage.incoming_key(user.id, upload))
    (counted,) = {row.key for row in Limit.scan()} - before
    for name in ("ArrivedFunction", "IngestFunction"):
        told = TEMPLATE["Resources"][name]["Properties"]["Policies"][0]["Statement"]
        ((pattern,),) = [s["Condition"]["ForAllValues:StringLike"].values() for s in told if "Condition" in s]
        assert [fnmatch(counted, one) for one in pattern] == [True]


def test_whoever_comes_after_a_refusal_hears_its_reason(http, user, context, monkeypatch):
    """An order and the queue may look at the same file, and the slower one finds it deleted."""
    upload = begun(http, b"nonsense")
    key, look = storage.incoming_key(user.id, upload), uploads.begin_look

    def slowly(user_id: str, upload_id: str) -> None:
        monkeypatch.setattr(uploads, "begin_look", look)
        tell(context, key)
        look(user_id, upload_id)

    monkeypatch.setattr(uploads, "begin_look", slowly)
    problem = assert_problem(swap(http, upload, uploads.accept(user.id, photo())), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/person", "detail": "must be a JPEG, PNG or WebP picture"}]


def test_news_that_come_twice_or_too_late_or_from_odd_places_change_nothing(http, user, context):
    upload = begun(http, photo())
    key = storage.incoming_key(user.id, upload)
    odd = [f"incoming/{user.id}/x", f"inputs/{user.id}/{upload}", f"incoming/../{upload}", "incoming/", f"{key}/more"]
    assert tell(context, key, key, *odd) == []
    assert state(http, upload)["state"] == "ready"
    assert tell(context, storage.incoming_key(user.id, begun(http))) == [], "gone before anybody looked"


def test_an_upload_is_its_owners_alone(http, user, studio):
    upload = begun(http, photo())
    http.token = studio.user().token
    assert_problem(http("GET", f"/api/v1/uploads/{upload}"), 404, "not_found")
    own = begun(http, photo())
    problem = assert_problem(swap(http, own, upload), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/cloth", "detail": "is not one of your uploads"}]
    for unknown in ("upl_" + "0" * 26, "upl_x", "x" * 300):
        assert_problem(http("GET", f"/api/v1/uploads/{unknown}"), 404, "not_found")


def test_an_upload_is_forgotten_after_a_week(http, user, later):
    upload = begun(http)
    later(uploads.KEPT_SECONDS + 1)
    with pytest.raises(uploads.NotFound):
        uploads.standing(user.id, upload)


def test_the_row_of_an_upload_ends_with_its_pictures(http, user):
    row = Upload.get(begun(http))
    assert 0 <= row.expires_at.timestamp() - clock.epoch() <= uploads.KEPT_SECONDS == 7 * 86_400


def test_when_nobody_can_look_the_order_is_not_taken_and_may_be_repeated(http, user, studio, monkeypatch):
    upload = begun(http, photo())

    def broken(task: dict[str, str]) -> dict[str, str]:
        raise RuntimeError("the ingest function failed")

    monkeypatch.setattr(uploads, "_invoked", broken)
    with pytest.raises(Busy):
        uploads._ask({"userId": user.id, "uploadId": upload})
    assert_problem(swap(http, upload, upload), 503, "busy")
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_a_photo_with_another_picture_behind_it_is_a_photo():
    """Phones write such files (MPO)."""
    first, second = Image.new("RGB", (400, 300), "red"), Image.new("RGB", (300, 300), "blue")
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=[second])
    clean = pictures.cleaned(buffer.getvalue())
    assert (clean.width, clean.height, clean.content_type) == (400, 300, "image/jpeg")


# ---- Pictures by URL -------------------------------------------------------------------------------------------------


@pytest.fixture
def answering(monkeypatch) -> Callable[..., list[str]]:
    """The internet, as one host that says what the test wants. The way there is tested by itself."""

    def answer(status: int = 200, body: bytes = b"", error: Exception | None = None) -> list[str]:
        asked: list[str] = []

        def send(self: Outbound, method: str, url: str, *, seconds: float, max_bytes: int, headers: object) -> Reply:
            assert (method, seconds) == ("GET", ingest.FETCH_SECONDS)
            self.target(url)
            asked.append(url)
            if error:
                raise error
            return Reply(status, {}, body[:max_bytes])

        monkeypatch.setattr(Outbound, "send", send)
        return asked

    return answer


def test_a_picture_by_url_becomes_an_upload_of_its_user(http, user, answering, apart):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    asked = answering(body=photo(400, 300, exif=exif))
    answer = swap(http, HERE, uploads.accept(user.id, photo(300, 300)))
    assert answer.status == 202, answer.text
    upload = answer.json["input"]["person"]
    assert asked == [HERE]
    assert uploads.UPLOAD_ID.fullmatch(upload), "workers see uploads only"
    assert b"taken at home" not in storage.read(storage.input_key(user.id, upload), max_bytes=10**7)
    assert state(http, upload)["state"] == "ready"


def test_the_same_request_with_the_same_key_is_one_job_and_one_fetch(http, user, answering):
    asked = answering(body=photo())
    order = {"prompt": "a fox", "reference": HERE, "consent": True}
    path = "/api/v1/jobs/image-generation"
    answers = [http("POST", path, order, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert asked == [HERE]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 302}, "must be the final address: redirects are not followed"),
        ({"status": 404}, "cannot be fetched: the host answered 404"),
        ({"status": 206, "body": b"part"}, "cannot be fetched: the host answered 206"),
        ({"body": b"<html>not here</html>"}, "must be a JPEG, PNG or WebP picture"),
        ({"body": b""}, "must be a JPEG, PNG or WebP picture"),
        ({"body": b"\xff\xd8\xff" + b"x" * uploads.MAX_UPLOAD_BYTES}, "must have at most 20 MiB"),
        ({"error": Unreachable("the answer took too long")}, "cannot be fetched: the answer took too long"),
    ],
    ids=["redirect", "missing", "part", "html", "empty", "too large", "slow"],
)
def test_what_cannot_be_had_names_the_field_and_costs_nothing(http, user, studio, answering, reply, words):
    answering(**reply)
    problem = assert_problem(swap(http, HERE, uploads.accept(user.id, photo())), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/person", "detail": words}]
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}
    assert studio.queued_jobs() == []


def test_hostile_urls_open_no_connection_name_their_field_and_cost_nothing(http, user, studio, calls, monkeypatch):
    """All of the corpus, in each place, next to a URL that is fine: nobody is called, not even its host."""
    monkeypatch.setenv("REQUEST_QUOTA", "100000")
    uploads.settings.cache_clear()
    resolved: list[str] = []
    monkeypatch.setattr(receivers, "resolve", lambda host, port: resolved.append(host) or ["93.184.215.14"])
    assert len(set(HOSTILE_URLS)) >= 60
    for url in HOSTILE_URLS:
        problem = assert_problem(swap(http, HERE, url), 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == ["/cloth"], url
    reference = {"prompt": "a fox", "reference": HOSTILE_URLS[30], "consent": True}
    problem = assert_problem(http("POST", "/api/v1/jobs/image-generation", reference), 422, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == ["/reference"]
    assert (resolved, calls) == ([], [])
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}
    assert studio.queued_jobs() == []


def test_names_that_lead_inside_open_no_connection_and_cost_nothing(http, user, studio, calls, monkeypatch):
    monkeypatch.setattr(limits, "FETCHES", limits.Bucket("pictures by URL", quota=1000, window_seconds=900))
    cloth, told = uploads.accept(user.id, photo()), "the host leads to an address that is not public"
    order = catalog.parse("cloth-swap", {"person": HERE, "cloth": cloth, "consent": True})
    for number, address in enumerate(HOSTILE_ADDRESSES):
        found = [address] if number % 2 else ["93.184.215.14", address]
        monkeypatch.setattr(receivers, "resolve", lambda host, port, found=found: found)
        with pytest.raises(InvalidOrder) as refused:
            jobs.submit(user.id, order)
        assert refused.value.faults == (Fault("/person", told),), address
    problem = assert_problem(swap(http, HERE, cloth), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/person", "detail": told}]
    assert calls == []
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}


def test_a_dry_run_judges_a_url_and_calls_nobody(http, user, calls, monkeypatch):
    monkeypatch.setattr(receivers, "resolve", lambda host, port: pytest.fail("nobody is to be looked up"))
    cloth = uploads.accept(user.id, photo())
    order = {"person": HERE, "cloth": cloth, "consent": True}
    assert http("POST", SWAP, order, query=DRY).status == 200
    bad = http("POST", SWAP, order | {"person": "https://127.0.0.1/x.jpg"}, query=DRY)
    assert assert_problem(bad, 422, "invalid_request")["errors"][0]["pointer"] == "/person"
    assert calls == []


def test_fetching_has_a_quota_of_its_own(http, user, answering, monkeypatch):
    monkeypatch.setattr(limits, "FETCHES", limits.Bucket("pictures by URL", quota=2, window_seconds=900))
    asked = answering(status=404)
    cloth = uploads.accept(user.id, photo())
    for _ in range(2):
        assert_problem(swap(http, HERE, cloth), 422, "invalid_request")
    assert_problem(swap(http, HERE, cloth), 429, "too_many_requests")
    assert len(asked) == 2


def test_a_rerun_takes_the_picture_that_was_fetched_and_does_not_fetch_again(http, user, studio, answering):
    asked = answering(body=photo())
    job = http("POST", "/api/v1/jobs/image-generation", {"prompt": "a fox", "reference": HERE, "consent": True}).json
    again = http("POST", f"/api/v1/jobs/{job['id']}/rerun", {"prompt": "a wolf"})
    assert again.status == 202, again.text
    assert again.json["input"]["reference"] == job["input"]["reference"]
    assert asked == [HERE]


def test_a_form_may_name_a_url_beside_its_files(http, user, answering):
    from tests.integration.test_uploads import SEED_FORM, send

    asked = answering(body=photo())
    answer = send(http, person=photo(), cloth=HERE, **SEED_FORM)
    assert answer.status == 202, answer.text
    assert (asked, answer.json["input"]["cloth"][:4]) == ([HERE], "upl_")


# ---- The process that decodes ----------------------------------------------------------------------------------------


def test_the_process_says_the_same_as_decoding_here(apart):
    content = photo(500, 400)
    assert decoding.cleaned_apart(content) == decoding.cleaned(content)
    with pytest.raises(BadPicture, match="at least 256"):
        decoding.cleaned_apart(photo(100, 100))


def test_a_picture_that_takes_for_ever_is_refused(apart, monkeypatch):
    monkeypatch.setattr(decoding, "MODULE", "tests.integration.endless_decoder")
    with pytest.raises(BadPicture, match="too much time"):
        decoding.cleaned_apart(photo())


def test_a_failure_of_ours_is_not_blamed_on_the_picture(apart, monkeypatch):
    with monkeypatch.context() as slow:
        slow.setattr(decoding, "WALL_SECONDS", 0.001)
        with pytest.raises(RuntimeError, match="not given its time"):
            decoding.cleaned_apart(photo())
    monkeypatch.setattr(decoding, "MODULE", "studio.no_such_module")
    with pytest.raises(RuntimeError, match="no_such_module"):
        decoding.cleaned_apart(photo())


def test_the_process_gets_no_credentials(apart, monkeypatch):
    seen: dict[str, Any] = {}

    def run(command: list[str], *, env: dict[str, str], **options: Any):
        seen.update(env)
        raise decoding.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(decoding.subprocess, "run", run)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(RuntimeError):
        decoding.cleaned_apart(photo())
    assert set(seen) <= {"PYTHONPATH", "PATH", "LD_LIBRARY_PATH"}
