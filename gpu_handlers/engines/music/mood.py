"""What a mood is to the composer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

Rhythm = tuple[tuple[float, float], ...]
"""One bar of a tune: beat and length in beats of every note."""


@dataclass(frozen=True, slots=True)
class Mood:
    """A mood.

    Attributes:
        bpm: slowest and fastest.
        mode, tonics: of the keys it may stand in.
        verses, bridges: progressions of four bars to choose from.
        opening: three chords for bars that are left over before the first phrase.
        cadence: two chords that lead home.
        cells: rhythms of moving bars of the tune.
        rests: rhythms of its calmer bars.
        centre: note around which the tune lies.
        reverb_seconds: until the room has lost 60 dB.
        reverb: loudness of the room against what is sent into it.
        arrange: everything but the tune.
        tune: instrument and velocity of the tune at a level; None where it pauses.
        lift: what marks a change of scene.
    """

    bpm: tuple[float, float]
    mode: str
    tonics: tuple[int, ...]
    verses: tuple[str, ...]
    bridges: tuple[str, ...]
    opening: str
    cadence: str
    cells: tuple[Rhythm, ...]
    rests: tuple[Rhythm, ...]
    centre: int
    reverb_seconds: float
    reverb: float
    arrange: Callable[[Sheet], Iterator[Note]]
    tune: Callable[[float], tuple[str, float] | None]
    lift: Callable[[Sheet, float], Iterator[Note]]
