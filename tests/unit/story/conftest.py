"""Speeches that nobody spoke: silence with words evenly spread over the time they would take."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from gpu_handlers.engines.speech.speech import RATE_HZ, Speech, Word
from gpu_handlers.stages.language import spoken_seconds
from gpu_handlers.stages.script import Story

FABLE = """The Fox and the Lantern

On the edge of a quiet forest lived a small red fox named Rusty. Every evening he watched the lights of the village.

One stormy night, Rusty found an old lantern in the snow. It glowed with a warm golden light. "Whose is it?" he \
whispered.

At last the fox reached the village. A little girl in a blue coat stood at the door of a cottage. Hana had lost her \
lantern, and she had cried all day. She hugged the fox and laughed.

In the morning, the girl and the fox climbed the hill together, and the sun rose over the valley."""


def speech_of(text: str, language: str = "en", pace: float = 1.0) -> Speech:
    seconds = max(0.3, spoken_seconds(text, language) / pace)
    spoken = list(re.finditer(r"\S+", text))
    letters = sum(len(word[0]) + 1 for word in spoken)
    words, at = [], 0.02
    for word in spoken:
        lasting = (seconds - 0.04) * (len(word[0]) + 1) / letters
        words.append(Word(word[0], word.start(), at, at + 0.92 * lasting))
        at += lasting
    return Speech(np.zeros(round(seconds * RATE_HZ), np.float32), tuple(words), "silence", "nobody")


@pytest.fixture
def fable() -> str:
    return FABLE


@pytest.fixture
def spoken() -> Callable[..., tuple[Speech, ...]]:
    """The speeches of a story, at a pace."""

    def speak(story: Story, pace: float = 1.0) -> tuple[Speech, ...]:
        return tuple(speech_of(scene.narration, story.language, pace) for scene in story.scenes)

    return speak
