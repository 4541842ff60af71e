"""Comparing faces: the calls into OpenCV are the real ones; only the weights behind them are made here."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from gpu_handlers.engines.people import likeness
from gpu_handlers.engines.people.likeness import Likeness
from tests.unit.people import tiny_onnx


@pytest.fixture
def installed(monkeypatch, tmp_path):
    folder = tmp_path / "opencv-zoo"
    folder.mkdir()
    tiny_onnx.detector(folder / likeness.DETECTOR)
    tiny_onnx.recogniser(folder / likeness.RECOGNISER)
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))


def portrait(skin: int, *, at: tuple[int, int] = (64, 64), size: tuple[int, int] = (224, 192)):
    """A face of random patches with a white mark in its middle, which is what the tiny detector sees."""
    picture = np.zeros((*size, 3), np.uint8)
    patches = np.random.default_rng(skin).integers(0, 200, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    top, left = at[0] - 28, at[1] - 28
    picture[top : top + 64, left : left + 64] = patches
    picture[at[0] : at[0] + 8, at[1] : at[1] + 8] = 255
    return picture


def test_a_face_is_itself_wherever_it_is_in_the_picture(installed):
    here, there = portrait(1), portrait(1, at=(128, 96), size=(256, 320))
    assert likeness.compare(here, here) == Likeness(1.0)
    moved = likeness.compare(here, there)
    assert moved.score > 0.99
    assert moved.same


def test_another_face_is_less_alike(installed):
    one, other = portrait(1), portrait(2)
    assert likeness.compare(one, other).score < 0.95
    assert likeness.compare(one, other) == likeness.compare(other, one)


def test_without_a_face_there_is_nothing_to_compare(installed):
    nobody = np.zeros((64, 64, 3), np.uint8)
    for pair in ((nobody, portrait(1)), (portrait(1), nobody)):
        assert likeness.compare(*pair) == Likeness(None, "no face was found to compare")


def test_without_weights_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    assert likeness.folder() is None
    assert likeness.compare(portrait(1), portrait(1)) == Likeness(
        None, "face comparison is not installed here", installed=False
    )
    assert likeness.compare(portrait(1), portrait(1)).same, "nothing speaks against it"


@pytest.mark.parametrize(("score", "same"), [(0.9, True), (0.363, True), (0.362, False), (-1.0, False), (None, False)])
def test_the_threshold_is_opencvs_for_one_person(score, same):
    assert Likeness(score).same is same
