"""Which small picture stands for a few words."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.sketch import subjects
from gpu_handlers.stages.whiteboard import icons


@pytest.mark.parametrize(("text", "name"), [("Cats", "cat"), ("a train", "train"), ("sunlight", "sun")])
def test_words_for_things_have_a_picture(text, name):
    assert icons.named(text) == name


@pytest.mark.parametrize("text", ["", "71 %", "oxygen", "however quickly", "…"])
def test_words_that_name_no_thing_have_none(text):
    assert icons.named(text) is None


def test_without_the_vector_set_there_are_no_pictures(monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_SUBJECTS_DIR", str(tmp_path))
    subjects._icons.cache_clear()
    try:
        assert icons.named("a train") is None
    finally:
        subjects._icons.cache_clear()


def test_a_picture_lies_within_white():
    image = icons.picture("cat", 120)
    assert image.shape == (120, 120, 3)
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (border == 255).all()
    assert (image < 90).all(axis=2).any()
