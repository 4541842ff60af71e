"""Every picture feature by diffusion through the whole stack: tiny random weights, the real code path."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image

from infra.local.stack import ROOT

pytestmark = pytest.mark.soak  # the same code runs without the stack around it in tests/integration
SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def tiny(studio):
    worker = studio.worker(extra_env={"STUDIO_PROFILE": "tiny"})
    worker.start()
    yield worker
    worker.stop()


def pictures(user, job) -> list[tuple[str, Image.Image]]:
    files = user.http.get(job["urls"]["download"]).raise_for_status().json()["files"]
    return [
        (file["name"], Image.open(io.BytesIO(httpx.get(file["url"], trust_env=False).raise_for_status().content)))
        for file in files
    ]


def ordered(user, feature: str, **request) -> dict:
    answer = user.http.post(f"/api/v1/jobs/{feature}", **request)
    assert answer.status_code == 202, answer.text
    done = user.wait(answer.json())
    assert done["status"] == "completed", done["error"]
    assert done["result"]["engine"] == "tiny"
    return done


def test_image_generation(user, tiny):
    done = ordered(user, "image-generation", json={"prompt": "a fox", "width": 512, "height": 512, "steps": 2})
    assert done["result"]["models"]
    assert [(name, picture.size) for name, picture in pictures(user, done)] == [("image-1.png", (512, 512))]


def test_cloth_swap(user, tiny):
    files = {
        name: (f"{name}.jpg", (SAMPLES / file).read_bytes(), "image/jpeg")
        for name, file in (("person", "person.jpg"), ("cloth", "garment.jpg"))
    }
    options = {"category": "casual", "preserveFace": "true", "consent": "true"}
    done = ordered(user, "cloth-swap", data=options, files=files)
    assert done["result"]["method"] != "geometric"
    assert {name for name, _ in pictures(user, done)} == {"tryon.png", "before-after.png"}


def test_influencer_creation(user, tiny):
    who = {"gender": "male", "ethnicity": "indian", "ageRange": "26-35", "poses": 1}
    done = ordered(user, "influencer-creation", json=who)
    assert done["result"]["personaId"] == done["input"]["personaId"]
    assert len(pictures(user, done)) == 1
