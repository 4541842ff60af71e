"""The mark in the pixels: there, unseen, and still there after what pictures go through."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages import mark, watermark
from gpu_handlers.stages.watermark import Payload

PAYLOAD = Payload(trained=True, seed=3_141_592_653)


@pytest.fixture(scope="module", params=["photograph", "drawing", "white", "night"])
def picture(request, portrait):
    if request.param == "photograph":
        return np.asarray(Image.fromarray(portrait).resize((896, 896), Image.Resampling.LANCZOS))
    if request.param == "drawing":
        return SketchEngine().illustrate("a fox in the city", style="anime", size=Size(640, 896), seed=1).image
    return np.full((512, 768, 3), 255 if request.param == "white" else 6, np.uint8)


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def test_it_is_read_back(picture):
    assert watermark.read_watermark(watermark.mark(picture, PAYLOAD)) == PAYLOAD


def test_it_survives_jpeg_at_quality_85(picture):
    assert watermark.read_watermark(as_jpeg(watermark.mark(picture, PAYLOAD), 85)) == PAYLOAD


def test_it_survives_scaling_by_half(picture):
    marked = Image.fromarray(watermark.mark(picture, PAYLOAD))
    half = marked.resize((marked.width // 2, marked.height // 2), Image.Resampling.LANCZOS)
    assert watermark.read_watermark(np.asarray(half)) == PAYLOAD


def test_it_survives_the_corner_mark_of_a_draft(picture):
    assert watermark.read_watermark(mark.draft(watermark.mark(picture, PAYLOAD))) == PAYLOAD


def test_nobody_sees_it(picture):
    difference = watermark.mark(picture, PAYLOAD).astype(float) - picture
    psnr = 10 * np.log10(255**2 / (difference**2).mean())
    assert psnr > 44  # decibels; differences are said to be invisible from 40 on


def test_an_unmarked_picture_carries_none(picture):
    assert watermark.read_watermark(picture) is None


def test_tiny_pictures_come_back_as_they_are():
    tiny = np.zeros((128, 128, 3), np.uint8)
    assert watermark.mark(tiny, PAYLOAD) is tiny
    assert watermark.read_watermark(tiny) is None


def test_the_same_picture_is_marked_the_same_way(portrait):
    assert np.array_equal(watermark.mark(portrait, PAYLOAD), watermark.mark(portrait, PAYLOAD))
