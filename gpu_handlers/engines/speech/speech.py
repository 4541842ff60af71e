"""What every voice gives back: samples, and when each word is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 44_100
"""Of all sound in the house: twice what espeak-ng speaks at, and what every player takes."""

Mono = NDArray[np.float32]
"""Samples at `RATE_HZ`, −1 … 1."""


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word.

    Attributes:
        text: as it stands in the text.
        at: where in the text it begins, in characters.
        start, end: seconds from the start of the speech.
    """

    text: str
    at: int
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A spoken text.

    Attributes:
        samples: with a few hundredths of silence at both ends at most.
        words: in the order they are said; they do not overlap.
        engine: who spoke, for example ``espeak-ng`` or ``polly-neural``.
        voice: that engine's name of the voice.
    """

    samples: Mono
    words: tuple[Word, ...]
    engine: str
    voice: str

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE_HZ
