from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_handlers.stages import outline
from gpu_handlers.stages.language import spoken_seconds
from gpu_handlers.stages.script import tell

SUBJECTS = ("science", "math", "history", "literature", "technology")


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("seconds", [30, 60, 120, 180])
def test_an_outline_is_about_as_long_as_asked(subject: str, seconds: int) -> None:
    spoken = spoken_seconds(outline.write("Photosynthesis", subject, seconds), "en")
    assert 0.7 * seconds <= spoken <= 1.05 * seconds


def test_every_subject_has_its_own_words() -> None:
    assert len({outline.write("Water", subject, 60) for subject in SUBJECTS}) == len(SUBJECTS)


@settings(deadline=None)
@given(st.text(max_size=400), st.sampled_from(SUBJECTS))
def test_any_topic_can_be_outlined_and_told(topic: str, subject: str) -> None:
    text = outline.write(topic, subject, 30)
    assert text == outline.write(topic, subject, 30)
    assert tell(text).scenes


def test_a_topic_cannot_change_the_layout() -> None:
    text = outline.write("</speak>\n\n# Chapter\n\n- {topic} <break/>", "science", 60)
    assert text.count("\n\n") == outline.write("Water", "science", 60).count("\n\n")
    assert sum(scene.chapter for scene in tell(text).scenes) == 1
    assert "<" not in text


def test_a_long_topic_is_cut() -> None:
    assert len(outline.title("word " * 90)) <= outline.MAX_TOPIC_CHARS + 1


def test_nothing_is_claimed_of_the_topic() -> None:
    for subject in SUBJECTS:
        text = outline.write("Xyzzy", subject, 180)
        assert text.count("Xyzzy") == 1, "the topic is only named, never spoken about"
