from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from gpu_handlers.engines.music import composer
from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono

SECONDS = 40.0
SEED = 3
FEW = ("epic", "calm")
"""Loud and soft: what only these two are asked for in every run, the others are by `make soak`."""
ALL = [pytest.param(mood, marks=[] if mood in FEW else pytest.mark.soak) for mood in MOODS]


@cache
def music(mood: str, seconds: float = SECONDS, seed: int = SEED, changes: Sequence[float] = (13.0, 27.0)) -> Stereo:
    return composer.piece(mood, seconds, seed=seed, changes=changes)


def talk(spans: Sequence[tuple[float, float]], seconds: float) -> Mono:
    """A buzz through a vowel, in syllables: as peaky as speech."""
    voice = np.zeros(round(seconds * RATE_HZ), np.float32)
    rng = np.random.default_rng(0)
    for start, end in spans:
        time = np.arange(round((end - start) * RATE_HZ)) / RATE_HZ
        phase = 2 * np.pi * np.cumsum(125 + 20 * np.sin(8 * time)) / RATE_HZ
        buzz = sum(np.cos(k * phase + 0.03 * k * k) / k**0.8 / (1 + ((k * 125 - 600) / 500) ** 2) for k in range(1, 30))
        buzz = buzz * np.abs(np.sin(4 * np.pi * time)) ** 1.5 + 0.01 * rng.normal(size=len(time))
        first = round(start * RATE_HZ)
        voice[first : first + len(time)] += 0.1 * buzz
    return voice
