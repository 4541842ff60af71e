"""A paid order on an engine that denoises, from claim to settlement: its options, its record, its refusals."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from edge.job_views import JobView
from gpu_handlers.worker import Verdict, Worker
from studio import events, jobs, storage, uploads
from studio.events import Finished
from tests.integration import contract
from tests.integration.samples import photo


@pytest.fixture(scope="module")
def worker() -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="tiny")
    worker.setup()
    return worker


def settle(studio) -> None:
    for event in studio.news():
        if event["detail-type"] == events.JOB_FINISHED:
            jobs.settle(Finished.parse(event["detail"]))


def test_the_result_says_how_the_pictures_came_about(studio, worker):
    job = studio.user().submit(numImages=2, seed=1, steps=11, scheduler="euler-a", negativePrompt="fur")
    assert worker.run_job(job.id) is Verdict.DONE
    settle(studio)
    metadata = studio.job(job).result["metadata"]
    assert (metadata["engine"], metadata["pace"], metadata["steps"]) == ("tiny", "quality", 11)
    assert (metadata["scheduler"], metadata["guidance"], metadata["seeds"]) == ("euler-a", 5.0, [1, 2])
    assert metadata["memory"]["peakGib"] > 0
    contract.assert_result(metadata)
    assert len(json.dumps(metadata)) < 4_000


def test_a_lora_that_is_not_on_the_list_is_refunded_in_words(studio, worker):
    user = studio.user()
    job = user.submit(loras=[{"id": "unheard-of", "weight": 0.5}])
    assert worker.run_job(job.id) is Verdict.DONE
    settle(studio)
    assert studio.job(job).error["code"] == "unknown_lora"
    assert user.balance() == 50


@pytest.mark.parametrize("mode", ["composition", "style"])
def test_a_reference_changes_the_picture_and_stands_in_the_record(studio, worker, mode):
    user = studio.user()
    reference = uploads.accept(user.id, photo(512, 512))

    def drawn(**options: object) -> tuple[bytes, dict]:
        job = user.submit(seed=1, steps=2, **options)
        assert worker.run_job(job.id) is Verdict.DONE
        settle(studio)
        result = studio.job(job).result
        return storage.read(result["files"][0]["key"], max_bytes=10**7), result["metadata"]

    without, _ = drawn()
    guided, metadata = drawn(reference=reference, referenceMode=mode, strength=0.5, consent=True)
    assert guided != without
    assert metadata["reference"] == {"mode": mode, "strength": 0.5}


def test_previews_can_be_looked_at_while_the_picture_is_made(studio, worker, monkeypatch):
    monkeypatch.setattr("gpu_handlers.previews.EVERY_SECONDS", 0)
    user = studio.user()
    job = user.submit(seed=1, steps=6)
    seen = []
    report = jobs.report

    def watch(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        report(job_id, attempt, progress)
        seen.append(JobView.of(studio.job(job)).progress.previews)

    monkeypatch.setattr(jobs, "report", watch)
    assert worker.run_job(job.id) is Verdict.DONE
    (link,) = seen[-1]
    assert "/preview-1.jpg?" in link
    assert "X-Amz-Signature" in link
    key = storage.output_prefix(user.id, job.id, 1) + "preview-1.jpg"
    settle(studio)
    assert JobView.of(studio.job(job)).progress.previews == [], "only shown while it is being made"
    preview = Image.open(io.BytesIO(storage.read(key, max_bytes=10**6)))
    assert (preview.format, max(preview.size)) == ("JPEG", 320)
