"""Pictures from customers: forms as the seed writes them, presigned uploads, hostile files, personas."""

from __future__ import annotations

import io
import json
import struct
import time
import uuid
import zlib
from typing import Any

import boto3
import jsonschema
import pytest
from PIL import Image

from studio import catalog, jobs, pictures, storage, uploads
from studio.errors import BadPicture
from studio.tables import Persona
from tests.integration.samples import photo
from tests.integration.test_api import Client, assert_problem

SWAP = "/api/v1/jobs/cloth-swap"
PERSONA = "/api/v1/jobs/influencer-creation"
WHO = {"gender": "female", "ethnicity": "asian", "ageRange": "26-35"}


@pytest.fixture
def http(studio, context) -> Client:
    return Client(context)


@pytest.fixture
def user(studio, http):
    user = studio.user()
    http.token = user.token
    return user


def form(**fields: Any) -> tuple[bytes, str]:
    """A multipart body as curl sends it, and its content type."""
    boundary = uuid.uuid5(uuid.NAMESPACE_OID, repr(sorted(fields))).hex
    body = b""
    for name, value in fields.items():
        file = isinstance(value, bytes)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"' + (
            f'; filename="{name}.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' if file else "\r\n\r\n"
        )
        body += head.encode() + (value if file else str(value).encode()) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def send(http: Client, path: str = SWAP, *, headers: dict[str, str] | None = None, **fields: Any):
    body, content_type = form(**fields)
    return http("POST", path, body, content_type=content_type, **(headers or {}))


SEED_FORM = {"category": "formal", "preserveFace": "true", "consent": "true"}


def test_the_form_of_the_seed_makes_a_job(http, user, studio):
    answer = send(http, person=photo(), cloth=photo(300, 300), **SEED_FORM)
    assert answer.status == 202, answer.text
    order = answer.json["input"]
    assert (order["category"], order["preserveFace"], answer.json["credits"]["held"]) == ("formal", True, 3)
    for name in ("person", "cloth"):
        stored = storage.read(storage.input_key(user.id, order[name]), max_bytes=10**7)
        assert Image.open(io.BytesIO(stored)).format == "JPEG"


@pytest.mark.parametrize("kind", catalog.ORDERS.values(), ids=catalog.ORDERS)
def test_every_feature_takes_its_example_as_the_form_that_the_reference_describes(http, user, kind):
    document = http("GET", "/api/v1/openapi.json").json
    content = document["paths"][f"/api/v1/jobs/{kind.feature}"]["post"]["requestBody"]["content"]
    described = document["components"]["schemas"][content["multipart/form-data"]["schema"]["$ref"].rpartition("/")[2]]
    example = kind.example | {"quality": "draft"} | ({"loras": []} if "loras" in kind.model_fields else {})
    text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in example.items()}
    fields = text | dict.fromkeys(kind.picture_fields() & example.keys(), photo())
    for name, schema in described["properties"].items():
        if schema.get("contentMediaType") == "application/json" and name in fields:
            jsonschema.validate(json.loads(fields[name]), schema["contentSchema"])
    assert set(described.get("required", [])) <= fields.keys() <= set(described["properties"])
    answer = send(http, f"/api/v1/jobs/{kind.feature}", **fields)
    assert answer.status == 202, answer.text
    assert answer.json["input"].keys() >= example.keys() - {"loras"}


def test_the_same_form_with_the_same_key_is_one_job(http, user):
    headers = {"Idempotency_Key": "once"}
    answers = [send(http, headers=headers, person=photo(), cloth=photo(300, 300), **SEED_FORM) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert http("GET", "/api/v1/users/credits").json["held"] == 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"consent": "false"}, "/consent"),
        ({"consent": None}, "/consent"),
        ({"category": "beach"}, "/category"),
        ({"preserveFace": "perhaps"}, "/preserveFace"),
        ({"seed": "null"}, "/seed"),
        ({"person": "a name"}, "/person"),
        ({"person": None}, "/person"),
        ({"person": b"GIF89a not a picture"}, "/person"),
        ({"cloth": b"<svg onload=alert(1)>"}, "/cloth"),
        ({"cloth": b""}, "/cloth"),
        ({"extra": "1"}, "/extra"),
        ({"extra": photo()}, "/extra"),
    ],
)
def test_bad_forms_name_the_field_and_cost_nothing(http, user, studio, change, pointer):
    fields = {"person": photo(), "cloth": photo(), **SEED_FORM} | change
    answer = send(http, **{name: value for name, value in fields.items() if value is not None})
    problem = assert_problem(answer, 422, "invalid_request")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50, "held": 0}
    assert studio.queued_jobs() == []


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"]
)
def test_forms_that_cannot_be_read(http, user, body):
    answer = http("POST", SWAP, body, content_type="multipart/form-data; boundary=x")
    assert answer.status in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_form_stores_no_picture(http, user):
    send(http, person=photo(), cloth=photo(300, 300), category="formal")  # no consent
    send(http, "/api/v1/jobs/image-generation", prompt="x", picture=photo(400, 400))
    stored = boto3.client("s3").list_objects_v2(Bucket="media", Prefix=f"inputs/{user.id}/")
    assert stored["KeyCount"] == 0


def send_field(http: Client, content: bytes, *, charset: str = "", name: str = "prompt"):
    """One field of a form, with the charset that its part names."""
    kind = f"\r\nContent-Type: text/plain; charset={charset}" if charset else ""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'.encode()
    path, form_type = "/api/v1/jobs/image-generation", "multipart/form-data; boundary=x"
    return http("POST", path, head + content + b"\r\n--x--\r\n", content_type=form_type)


@pytest.mark.parametrize("charset", ["", "utf-8", "latin-1", "foo"])
def test_a_field_that_is_not_utf_8_is_named_and_refused(http, user, charset):
    problem = assert_problem(send_field(http, "déjà vu".encode("latin-1"), charset=charset), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/prompt", "detail": "is not text in UTF-8"}]


@pytest.mark.parametrize("charset", ["punycode", "hex", "unicode_escape", "utf-7", "undefined", "x"])
def test_a_part_does_not_pick_the_codec_of_its_text(http, user, studio, charset):
    text = r"\x41 \ud800 +2AA- été"
    job = send_field(http, text.encode(), charset=charset).json
    assert jobs.find(job["id"]).order["prompt"] == text


def test_a_field_in_a_slow_codec_costs_what_others_do(http, user):
    began = time.process_time()
    assert_problem(send_field(http, b"a" * 400_000 + b"-" + b"b" * 400_000, charset="punycode"), 422, "invalid_request")
    assert time.process_time() - began < 2  # seconds; punycode took four times as many


def test_many_faults_of_a_form_are_named_in_part(http, user):
    fields = {f"{number}{'x' * 1_000}": "" for number in range(30)}
    answer = send(http, "/api/v1/jobs/image-generation", prompt="a fox", **fields)
    assert len(assert_problem(answer, 422, "invalid_request")["errors"]) == 21
    assert len(answer.text) < 10_000


def test_other_routes_ignore_a_form_content_type(http, user):
    form_type = "multipart/form-data; boundary=x"
    assert http("POST", "/api/v1/auth/logout", content_type=form_type).status == 204
    assert_problem(http("GET", "/api/v1/users/credits"), 401, "unauthorized")


def test_a_form_too_large_is_told_about_uploads(http, user):
    answer = send(http, person=b"x" * 4_500_000, cloth=photo(), **SEED_FORM)
    assert "/api/v1/uploads" in assert_problem(answer, 413, "body_too_large")["detail"]


def test_a_form_without_a_token_stores_nothing(http, studio):
    assert_problem(send(http, person=photo(), cloth=photo(), **SEED_FORM), 401, "unauthorized")


def test_an_upload_is_ordered_with_its_id(http, user, studio):
    target = http("POST", "/api/v1/uploads", {"contentType": "image/jpeg"}).json
    assert target["fields"]["key"] == f"incoming/{user.id}/{target['id']}"
    storage.put(target["fields"]["key"], photo(), "image/jpeg")  # moto does not check the form itself; MiniStack does
    cloth = uploads.accept(user.id, photo(300, 300))
    order = {"person": target["id"], "cloth": cloth, "category": "casual", "consent": True}
    assert http("POST", SWAP, order).status == 202
    assert not storage.exists(target["fields"]["key"]), "the original, with its metadata, is gone"
    assert http("POST", SWAP, order | {"seed": 1}).status == 202, "the upload can be used again"


def test_uploads_that_are_missing_foreign_or_no_picture_are_named(http, user, studio):
    foreign = uploads.accept(studio.user().id, photo())
    target = http("POST", "/api/v1/uploads", {"contentType": "image/png"}).json
    storage.put(target["fields"]["key"], b"not a picture at all", "image/png")
    problem = assert_problem(
        http("POST", SWAP, {"person": foreign, "cloth": target["id"], "consent": True}), 422, "invalid_request"
    )
    assert {error["pointer"]: error["detail"] for error in problem["errors"]} == {
        "/person": "is not one of your uploads",
        "/cloth": "must be a JPEG, PNG or WebP picture",
    }


def test_metadata_and_everything_after_the_picture_is_gone():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    original = photo(400, 300, exif=exif) + b"<script>alert(1)</script>"
    clean = pictures.cleaned(original)
    assert (clean.width, clean.height) == (300, 400), "turned upright"
    assert b"taken at home" not in clean.content
    assert b"script" not in clean.content
    assert not Image.open(io.BytesIO(clean.content)).getexif()


def test_transparency_is_kept_and_huge_pictures_shrink():
    assert pictures.cleaned(photo(mode="RGBA", kind="PNG")).content_type == "image/png"
    clean = pictures.cleaned(photo(3000, 1500))
    assert (clean.width, clean.height) == (2048, 1024)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims and holds `width` × `height` black pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0" * ((width // 8 + 1) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bomb(5000, 5000), "megapixels"),
        (bomb(9000, 9000), "megapixels"),
        (bomb(30_000, 30_000), "megapixels"),
        (photo(255, 400), "at least 256"),
        (photo()[:400], "damaged"),
        (photo(kind="GIF"), "JPEG, PNG or WebP"),
        (photo(kind="TIFF"), "JPEG, PNG or WebP"),
        (b"", "JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "JPEG, PNG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "JPEG, PNG or WebP"),
    ],
    ids=["small bomb", "bomb", "big bomb", "small", "cut", "gif", "tiff", "empty", "svg", "fake png"],
)
def test_hostile_files_are_refused_in_words(content, words):
    with pytest.raises(BadPicture, match=words):
        pictures.cleaned(content)


def test_animations_are_refused():
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(BadPicture, match="still"):
        pictures.cleaned(buffer.getvalue())


def test_a_persona_can_be_shown_again(http, user):
    first = http("POST", PERSONA, WHO | {"poses": 2}).json["input"]
    assert first["personaId"].startswith("psn_")
    again = http("POST", PERSONA, {"personaId": first["personaId"], "style": "fashion"}).json["input"]
    assert {name: again[name] for name in WHO} == WHO
    assert again["personaId"] == first["personaId"]


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({}, ""),
        ({"gender": "female"}, ""),
        (WHO | {"poses": 0}, "/poses"),
        (WHO | {"poses": 11}, "/poses"),
        (WHO | {"ageRange": "12-17"}, "/ageRange"),
        ({"personaId": "psn_unknown"}, "/personaId"),
    ],
)
def test_bad_personas_are_refused(http, user, order, pointer):
    problem = assert_problem(http("POST", PERSONA, order), 422, "invalid_request")
    assert problem["errors"][0]["pointer"] == pointer


def test_an_order_that_is_not_taken_leaves_no_persona(http, user):
    for _ in range(10):
        assert http("POST", PERSONA, WHO).status == 202
    assert_problem(http("POST", PERSONA, WHO), 402, "insufficient_credits")
    assert Persona.count() == 10


def test_a_persona_stays_who_it_is_and_whose_it_is(http, user, studio):
    persona = http("POST", PERSONA, WHO).json["input"]["personaId"]
    other = assert_problem(http("POST", PERSONA, {"personaId": persona, "gender": "male"}), 422, "invalid_request")
    assert other["errors"][0]["pointer"] == "/gender"
    http.token = studio.user().token
    assert_problem(http("POST", PERSONA, {"personaId": persona}), 422, "invalid_request")


def test_a_reference_goes_with_any_order_of_pictures(http, user):
    path = "/api/v1/jobs/image-generation"
    options = {"prompt": "a fox", "numImages": "2", "strength": "0.4", "loras": "[]", "reference": photo()}
    assert_problem(send(http, path, **options), 422, "invalid_request")
    answer = send(http, path, **options, consent="true")
    assert answer.status == 202, answer.text
    order = answer.json["input"]
    assert (order["numImages"], order["strength"], order["reference"][:4]) == (2, 0.4, "upl_")
    missing = {"prompt": "a fox", "reference": "upl_" + "0" * 26, "consent": True}
    problem = assert_problem(http("POST", path, missing), 422, "invalid_request")
    assert problem["errors"] == [{"pointer": "/reference", "detail": "is not one of your uploads"}]
