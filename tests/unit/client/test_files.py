"""Files arrive whole or not at all, go on where they stopped, and the token goes to nobody else."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest

from ai_creative_studio.errors import DownloadFailed, NotAPicture, UploadFailed
from tests.unit.client.conftest import job, problem

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
CONTENT = bytes(range(256)) * 40
PART = ".video.mp4.job_1.part"


def links(name: str = "video.mp4", size: int = len(CONTENT), url: str = "https://s3.test/1") -> httpx.Response:
    file = {"name": name, "contentType": "video/mp4", "sizeBytes": size, "url": url}
    return httpx.Response(200, json={"files": [file | {"urlExpiresAt": "2026-11-20T10:30:00Z"}]})


def arriving(status: int, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


def ranged(request: httpx.Request) -> httpx.Response:
    start = int(request.headers["range"].removeprefix("bytes=").rstrip("-"))
    told = {"content-range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return arriving(206, CONTENT[start:], told)


class Broken(httpx.SyncByteStream):
    """A connection that ends in the middle."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self):
        yield self.content
        raise httpx.ReadError("connection reset")


def test_a_file_appears_under_its_name_once_it_is_whole(studio, tape, tmp_path):
    seen = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append((tmp_path / "new" / "video.mp4").exists())
        return arriving(200, CONTENT)

    tape.answers = [links(), look]
    (path,) = studio.jobs.download("job_1", tmp_path / "new")
    assert (path.read_bytes(), seen) == (CONTENT, [False])
    assert [each.name for each in path.parent.iterdir()] == ["video.mp4"]


def test_storage_is_not_shown_the_token(studio, tape, tmp_path):
    tape.answers = [links(), arriving(200, CONTENT)]
    studio.jobs.download("job_1", tmp_path)
    assert "authorization" in tape.requests[0].headers
    assert "authorization" not in tape.requests[1].headers


def test_a_broken_download_goes_on_where_it_stopped(studio, tape, tmp_path):
    tape.answers = [links(), httpx.Response(200, stream=Broken(CONTENT[:3000])), ranged]
    (path,) = studio.jobs.download("job_1", tmp_path)
    assert path.read_bytes() == CONTENT
    assert [request.headers.get("range") for request in tape.requests[1:]] == [None, "bytes=3000-"]


def test_another_process_goes_on_with_what_the_first_left(studio, tape, tmp_path):
    tape.answers = [links(), *[httpx.Response(200, stream=Broken(CONTENT[:100]))], *[httpx.ReadError("gone")] * 5]
    with pytest.raises(DownloadFailed, match=r"video\.mp4 of job_1"):
        studio.jobs.download("job_1", tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [PART]
    tape.answers = [links(), ranged]
    (path,) = studio.jobs.download("job_1", tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"wrong" * 9999, CONTENT[:7]])
def test_a_server_without_ranges_and_a_part_that_is_too_long_begin_anew(studio, tape, tmp_path, left):
    (tmp_path / PART).write_bytes(left)
    tape.answers = [links(), arriving(200, CONTENT)]
    (path,) = studio.jobs.download("job_1", tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_link_that_ran_out_is_renewed(studio, tape, tmp_path):
    tape.answers = [links(), httpx.Response(403), links(url="https://s3.test/2"), arriving(200, CONTENT)]
    studio.jobs.download("job_1", tmp_path)
    assert str(tape.requests[-1].url) == "https://s3.test/2"


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x"])
def test_a_file_of_another_length_is_never_taken_for_whole(studio, tape, tmp_path, content):
    tape.answers = [links(), *[lambda _: arriving(200, content), lambda _: links()] * 60]
    with pytest.raises(DownloadFailed, match="another length"):
        studio.jobs.download("job_1", tmp_path)
    assert not (tmp_path / "video.mp4").exists()


OTHER = CONTENT[::-1]


@pytest.mark.parametrize("before", [OTHER, CONTENT + b"x", b""])
def test_a_file_of_another_job_is_never_overwritten(studio, tape, tmp_path, before):
    (tmp_path / "video.mp4").write_bytes(before)
    for _ in range(2):
        tape.answers = [links(), arriving(200, CONTENT)]
        assert studio.jobs.download("job_1", tmp_path) == [tmp_path / "video-job_1.mp4"]
    held = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert held == {"video.mp4": before, "video-job_1.mp4": CONTENT}


def test_the_same_download_again_is_the_same_file(studio, tape, tmp_path):
    for _ in range(2):
        tape.answers = [links(), arriving(200, CONTENT)]
        assert studio.jobs.download("job_1", tmp_path) == [tmp_path / "video.mp4"]
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("video.mp4", CONTENT)]


def test_a_file_that_was_changed_by_hand_stays_as_it_is(studio, tape, tmp_path):
    (tmp_path / "video.mp4").mkdir()
    (tmp_path / "video-job_1.mp4").write_bytes(OTHER)
    tape.answers = [links(), arriving(200, CONTENT)]
    assert studio.jobs.download("job_1", tmp_path) == [tmp_path / "video-job_1-2.mp4"]
    assert (tmp_path / "video-job_1.mp4").read_bytes() == OTHER


def test_a_file_system_without_links_keeps_both_files_too(studio, tape, tmp_path, monkeypatch):
    def refused(*_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refused)
    for job_id, content in (("job_1", CONTENT), ("job_2", OTHER), ("job_2", OTHER)):
        tape.answers = [links(), arriving(200, content)]
        studio.jobs.download(job_id, tmp_path)
    held = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert held == {"video.mp4": CONTENT, "video-job_2.mp4": OTHER}


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "..", "a\\b", "a\0b", "C:evil", ""])
def test_a_name_that_leaves_the_folder_is_refused(studio, tape, tmp_path, name):
    tape.answers = [links(name)]
    with pytest.raises(DownloadFailed, match="no name for a file"):
        studio.jobs.download("job_1", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_the_files_that_are_named_are_fetched(studio, tape, tmp_path):
    tape.answers = [links(), links()]
    with pytest.raises(DownloadFailed, match=r"no file called poster\.jpg"):
        studio.jobs.download("job_1", tmp_path, names=["poster.jpg"])
    assert studio.jobs.download("job_1", tmp_path, names=[]) == []


def target() -> httpx.Response:
    form = {"id": "upl_1", "url": "https://s3.test/bucket", "fields": {"key": "incoming/1", "policy": "p"}}
    return httpx.Response(201, json=form | {"expiresAt": "2026-11-20T10:30:00Z"})


@pytest.mark.parametrize("form", [bytes, Path, str])
def test_a_picture_is_sent_as_the_form_wants_it_fields_first(studio, tape, tmp_path, form):
    (tmp_path / "me.png").write_bytes(PNG)
    source = PNG if form is bytes else form(tmp_path / "me.png")
    tape.answers = [target(), httpx.Response(204)]
    assert studio.upload(source) == "upl_1"
    asked, sent = tape.requests
    assert asked.read() == b'{"contentType":"image/png"}'
    body = sent.read()
    assert body.index(b'name="key"') < body.index(b'name="policy"') < body.index(b'name="file"') < body.index(PNG)
    assert "authorization" not in sent.headers


def test_the_whole_picture_is_sent_again_after_a_failure(studio, tape):
    tape.answers = [target(), httpx.ReadError("reset"), httpx.Response(503), httpx.Response(204)]
    assert studio.upload(PNG) == "upl_1"
    assert {request.read().count(PNG) for request in tape.requests[1:]} == {1}


def test_what_storage_says_against_a_picture_is_passed_on(studio, tape):
    said = "<Error><Code>EntityTooLarge</Code><Message>Your upload is too large</Message></Error>"
    tape.answers = [target(), httpx.Response(400, text=said)]
    with pytest.raises(UploadFailed, match="EntityTooLarge Your upload is too large"):
        studio.upload(PNG)


def test_what_is_no_picture_is_not_even_asked_about(studio, tape):
    with pytest.raises(NotAPicture):
        studio.upload(b"GIF89a")
    assert tape.requests == []


def test_pictures_of_an_order_are_uploaded_first(studio, tape):
    tape.answers = [target(), httpx.Response(204), job()]
    studio.jobs.submit("cloth-swap", person=PNG, cloth="upl_0", consent=True)
    assert tape.requests[-1].read() == b'{"person":"upl_1","cloth":"upl_0","consent":true}'


def test_the_async_client_sends_and_fetches_alike(async_studio, tape, tmp_path):
    tape.answers = [target(), problem(503, "busy"), httpx.Response(204), links(), arriving(200, CONTENT)]

    async def both() -> list[Path]:
        async with async_studio:
            await async_studio.upload(PNG)
            return await async_studio.jobs.download("job_1", tmp_path)

    assert anyio.run(both)[0].read_bytes() == CONTENT
