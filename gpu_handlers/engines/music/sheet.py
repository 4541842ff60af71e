"""The lead sheet: everything the parts of a piece agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from gpu_handlers.engines.music.score import Bar
from gpu_handlers.engines.music.theory import Chord, Key, voicings

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Bars, key, and the chance that all choices are drawn from."""

    key: Key
    bars: tuple[Bar, ...]
    rng: np.random.Generator

    @property
    def end(self) -> float:
        """Seconds of the piece."""
        return self.bars[-1].at + self.bars[-1].seconds

    def voicings(self, low: int, high: int, voices: int) -> list[tuple[int, ...]]:
        """One layout a bar, led smoothly from bar to bar."""
        return voicings([bar.chord for bar in self.bars], self.key, low=low, high=high, voices=voices)

    def bass(self, bar: Bar, low: int) -> int:
        """The chord's lowest note, in the octave from `low` upwards."""
        return low + (self.key.pitch(bar.chord.bass) - low) % 12

    def bar_at(self, seconds: float) -> Bar:
        """The bar that sounds just after a time."""
        return next(bar for bar in reversed(self.bars) if bar.at <= seconds + 0.15 or bar is self.bars[0])

    def tones(self, chord: Chord, low: int, high: int) -> list[int]:
        """The chord's notes from `low` to `high`, rising."""
        classes = chord.classes(self.key)
        return [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]

    def late(self, seconds: float, spread_ms: float = 7.0) -> float:
        """A time as a player would hit it: a few milliseconds off, never before the first bar."""
        return max(
            self.bars[0].at,
            seconds + float(np.clip(self.rng.normal(0, spread_ms), -2 * spread_ms, 2 * spread_ms)) / 1000,
        )

    def touch(self, velocity: float) -> float:
        """A velocity as a player would strike it."""
        return float(np.clip(velocity * (1 + self.rng.normal(0, 0.07)), 0.02, 1.0))

    def pick(self, options: Sequence[T]) -> T:
        """One of several, by chance."""
        return options[int(self.rng.integers(len(options)))]
