"""Cloth swap and personas on an engine that denoises, from a paid order to settled files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("cv2")

from PIL import Image

from gpu_handlers.worker import Verdict, Worker
from studio import catalog, events, jobs, storage, uploads
from studio.events import Finished
from studio.tables import JobRow
from tests.integration import contract

torch.set_num_threads(1)  # the models are so small that a second thread only costs
SAMPLES = Path(__file__).parents[2] / "samples"
WHO = {"gender": "female", "ethnicity": "indian", "ageRange": "26-35", "style": "casual"}


@pytest.fixture(scope="module")
def worker() -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="tiny")
    worker.setup()
    return worker


def done(studio, worker: Worker, user, feature: str, **options: Any) -> JobRow:
    """The settled job of an order."""
    job = jobs.submit(user.id, catalog.parse(feature, options)).job
    assert worker.run_job(job.id) is Verdict.DONE
    for event in studio.news():
        if event["detail-type"] == events.JOB_FINISHED:
            jobs.settle(Finished.parse(event["detail"]))
    made = studio.job(job)
    contract.assert_result(made.result["metadata"])
    return made


def pictures(job: JobRow) -> list[np.ndarray]:
    keys = [file["key"] for file in job.result["files"]]
    return [np.asarray(Image.open(io.BytesIO(storage.read(key, max_bytes=10_000_000))).convert("RGB")) for key in keys]


def upload(user, name: str, width: int) -> str:
    picture = Image.open(SAMPLES / name).convert("RGB")
    buffer = io.BytesIO()
    picture.resize((width, round(picture.height * width / picture.width))).save(buffer, "PNG")
    return uploads.accept(user.id, buffer.getvalue())


def test_a_garment_is_put_on_by_the_model_and_paid_for(studio, worker):
    user = studio.user()
    person, cloth = upload(user, "person.jpg", 416), upload(user, "garment.jpg", 400)
    job = done(studio, worker, user, "cloth-swap", person=person, cloth=cloth, consent=True, seed=4)
    assert (job.status, user.balance()) == ("completed", 47)
    metadata = job.result["metadata"]
    assert (metadata["method"], metadata["engine"], metadata["seeds"]) == ("diffusion", "tiny", [4])
    assert {model["id"] for model in metadata["models"]} >= {"random-sdxl", "random-ip-adapter"}
    assert {"look", "wear", "fit", "encode", "upload"} <= set(metadata["timings"])
    tryon, both = pictures(job)
    assert tryon.shape[1] == 416
    assert both.shape[1] > 2 * tryon.shape[1]
    assert len(json.dumps(metadata)) < 4_000


def test_both_features_show_what_is_coming_about(studio, worker, monkeypatch):
    shown: list[int] = []
    monkeypatch.setattr("gpu_handlers.previews.Previews.show", lambda self, index, image: shown.append(index))
    user = studio.user()
    person, cloth = upload(user, "person.jpg", 416), upload(user, "garment.jpg", 400)
    done(studio, worker, user, "cloth-swap", person=person, cloth=cloth, consent=True, seed=4)
    assert set(shown) == {0}
    shown.clear()
    done(studio, worker, user, "influencer-creation", **WHO, poses=3, seed=4)
    assert set(shown) == {0, 1, 2}


def test_a_draft_is_drawn_without_the_model(studio, worker):
    user = studio.user()
    person, cloth = upload(user, "person.jpg", 416), upload(user, "garment.jpg", 400)
    job = done(studio, worker, user, "cloth-swap", person=person, cloth=cloth, consent=True, quality="draft")
    assert job.result["metadata"]["method"] == "geometric"
    assert "fit" not in job.result["metadata"]["timings"]


def test_a_persona_is_photographed_and_comes_back_by_its_id(studio, worker):
    user = studio.user()
    first = done(studio, worker, user, "influencer-creation", **WHO, poses=3, seed=8)
    metadata = first.result["metadata"]
    assert (metadata["method"], len(first.result["files"])) == ("diffusion", 3)
    assert [image["similarity"] for image in metadata["images"]] == [None] * 3
    assert all(image["similarityUnknown"] for image in metadata["images"])
    assert {model["id"] for model in metadata["models"]} >= {"random-ip-adapter-plus-face", "random-t2i-adapter"}
    assert len(json.dumps(metadata)) < 6_000
    order = {"personaId": metadata["personaId"], "style": "casual", "poses": 3}
    again = done(studio, worker, user, "influencer-creation", **order, seed=8)
    assert again.result["metadata"]["personaId"] == metadata["personaId"]
    assert all(np.array_equal(one, other) for one, other in zip(pictures(first), pictures(again), strict=True))
    other = done(studio, worker, user, "influencer-creation", **order, seed=9)
    assert not np.array_equal(pictures(first)[0], pictures(other)[0])
    somebody_else = done(studio, worker, user, "influencer-creation", **WHO, poses=3, seed=8)
    assert somebody_else.result["metadata"]["personaId"] != metadata["personaId"]
    assert not np.array_equal(pictures(first)[0], pictures(somebody_else)[0])
    assert user.balance() == 30


def test_a_cancelled_session_stops_and_gives_everything_back(studio, worker, monkeypatch):
    user = studio.user()
    job = jobs.submit(user.id, catalog.parse("influencer-creation", WHO | {"poses": 10})).job
    told = []
    original = jobs.report

    def report(job_id: str, attempt: int, progress) -> None:
        told.append(progress.value)
        if len(told) == 12:
            user.cancel(job)
        original(job_id, attempt, progress)

    monkeypatch.setattr(jobs, "report", report)
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert len(told) == 12
    assert (studio.job(job).status, user.balance()) == ("cancelled", 50)
