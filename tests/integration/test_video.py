"""A 3D video from order to files, on the real worker; cancelled, refused, drafted."""

from __future__ import annotations

import importlib
import io
import json
import tempfile
import time
from typing import Any

import boto3
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.tiny import TinyEngine
from gpu_handlers.stages import manifest, provenance
from gpu_handlers.worker import Verdict, Worker
from studio import catalog, events, jobs
from studio.catalog import Video3d
from studio.errors import InvalidOrder
from studio.events import Finished
from tests.integration import contract

feature = importlib.import_module("gpu_handlers.features.3d_video")

ORDER: dict[str, Any] = {
    "prompt": "A dragon flying over snow-capped mountains",
    "cameraMovement": "orbit",
    "style": "cinematic",
    "seed": 7,
}


@pytest.fixture
def small(monkeypatch):
    """Clips of 15 seconds at a size and rate that a test can afford."""
    small = {"landscape": Size(320, 180), "portrait": Size(180, 320)}
    for name in ("SIZES", "DRAFT_SIZES"):
        monkeypatch.setattr(feature, name, small)
    for name in ("FPS", "DRAFT_FPS"):
        monkeypatch.setattr(feature, name, 6)


@pytest.fixture
def worker() -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="sketch")
    worker._illustrator = SketchEngine()
    return worker


def submit(user, **options):
    return jobs.submit(user.id, catalog.parse("3d-video", ORDER | options)).job


def settle_what_was_reported(studio) -> None:
    for event in studio.news():
        if event["detail-type"] == events.JOB_FINISHED:
            jobs.settle(Finished.parse(event["detail"]))


def files_of(job) -> dict[str, bytes]:
    client = boto3.client("s3")
    return {
        file["name"]: client.get_object(Bucket="media", Key=file["key"])["Body"].read() for file in job.result["files"]
    }


@pytest.mark.parametrize("aspect", ["landscape", "portrait"])
def test_an_order_becomes_a_clip_a_poster_and_a_storyboard(studio, worker, small, tmp_path, aspect):
    user = studio.user()
    job = submit(user, aspect=aspect)
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    done = studio.job(job)
    assert (done.status, user.balance()) == ("completed", 42)
    files = files_of(done)
    assert list(files) == ["video.mp4", "poster.jpg", "storyboard.json"]
    (tmp_path / "video.mp4").write_bytes(files["video.mp4"])
    assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "video.mp4"))[0] == 15 * 6
    size = feature.SIZES[aspect]
    poster = Image.open(io.BytesIO(files["poster.jpg"]))
    assert poster.size == (size.width, size.height)
    assert np.asarray(poster).std() > 10
    board = json.loads(files["storyboard.json"])
    assert [shot["seed"] for shot in board["shots"]] == [7, 8, 9] == done.result["metadata"]["seeds"]
    assert board["shots"][-1]["start"] + board["shots"][-1]["seconds"] == pytest.approx(15, abs=0.01)
    assert done.result["metadata"]["video"]["depth"] == ["drawn"]
    assert done.result["metadata"]["engine"] == "sketch"
    contract.assert_result(done.result["metadata"])


def test_the_same_order_gives_the_same_film(studio, worker, small, monkeypatch):
    monkeypatch.setattr(manifest, "available", lambda: False)  # signatures carry their time
    made = []
    for _ in range(2):
        job = submit(studio.user())
        worker.run_job(job.id)
        settle_what_was_reported(studio)
        made.append(files_of(studio.job(job)))
    assert made[0] == made[1]


def test_the_clip_says_how_it_was_made(studio, worker, small):
    job = submit(studio.user())
    worker.run_job(job.id)
    settle_what_was_reported(studio)
    files = files_of(studio.job(job))
    for name, kind in (("video.mp4", "video/mp4"), ("poster.jpg", "image/jpeg")):
        statement = manifest.read(files[name], kind)
        assert statement is not None
        assert (statement.intact, statement.source_type) == (True, provenance.COMPUTER_DRAWN_SOURCE_TYPE)


def test_progress_names_the_shot_and_only_grows(studio, worker, small, monkeypatch):
    seen = []
    report = jobs.report

    def watch(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        report(job_id, attempt, progress)
        seen.append(progress)

    monkeypatch.setattr(jobs, "report", watch)
    worker.run_job(submit(studio.user()).id)
    values = [progress.value for progress in seen]
    assert values == sorted(values)
    assert {(p.step, p.steps) for p in seen if p.stage == "shot" and p.steps > 1} == {(1, 3), (2, 3), (3, 3)}


def test_a_cancel_stops_the_film_within_a_second_and_leaves_no_file(studio, worker, small, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(feature, "FPS", 30)  # long enough to be cancelled in the middle
    user = studio.user()
    job = submit(user, duration=60)
    cancelled = []
    report = jobs.report

    def cancel_in_the_second_shot(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        if progress.step == 2 and progress.steps == 10 and not cancelled:
            user.cancel(job)
            cancelled.append(time.monotonic())
        report(job_id, attempt, progress)

    monkeypatch.setattr(jobs, "report", cancel_in_the_second_shot)
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert time.monotonic() - cancelled[0] < 1
    assert (studio.job(job).status, user.balance()) == ("cancelled", 50)
    assert not list(tmp_path.iterdir())


def test_a_draft_is_free_and_marked(studio, worker, small):
    user = studio.user()
    job = submit(user, quality="draft")
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert (studio.job(job).status, user.balance()) == ("completed", 50)
    assert len(studio.job(job).result["metadata"]["seeds"]) == 2


def test_what_is_not_made_here_is_refused_and_refunded(studio, worker, small):
    user = studio.user()
    job = submit(user, prompt="porn video")
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert (studio.job(job).error["code"], user.balance()) == ("content_rejected", 50)


def test_a_diffusion_engine_films_with_an_assumed_depth(studio, worker, small, monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(feature, "SIZES", {"landscape": Size(96, 64)})
    worker._illustrator = TinyEngine()
    job = submit(studio.user())
    assert worker.run_job(job.id) is Verdict.DONE
    settle_what_was_reported(studio)
    assert studio.job(job).result["metadata"]["video"]["depth"] == ["assumed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("duration", 20), ("duration", "30"), ("cameraMovement", "fly"), ("style", "anime"), ("aspect", "square")],
)
def test_what_is_not_on_sale_is_refused(field, value):
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse("3d-video", ORDER | {field: value})
    assert [fault.pointer for fault in refused.value.faults] == [f"/{field}"]


def test_the_price_is_that_of_the_list():
    assert catalog.parse("3d-video", Video3d.example).cost == 8
    assert catalog.parse("3d-video", Video3d.example | {"duration": 60}).cost == 8
    assert catalog.parse("3d-video", Video3d.example | {"quality": "draft"}).cost == 0
