"""What is played: bars with their chords, and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpu_handlers.engines.music.theory import Chord, Key

BEATS = 4  # in a bar, in every mood

Section = Literal["intro", "statement", "answer", "bridge", "cadence", "final"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        at: seconds from the start.
        seconds: its length; the final bar lasts until the end of the piece.
        step: its place in the phrase, from 0.
        cycle: how often the theme has come round before.
        level: how much is going on, 0 … 1.
    """

    at: float
    seconds: float
    chord: Chord
    section: Section
    step: int
    cycle: int
    level: float

    def beat(self, beat: float) -> float:
        """When a beat of this bar falls, seconds from the start. The final bar has no pulse of its own."""
        return self.at + beat * self.seconds / BEATS


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Attributes:
        instrument: a name in `instruments.INSTRUMENTS`.
        at: seconds from the start.
        seconds: how long it is held.
        pitch: MIDI number; drums take it as which of their kind.
        velocity: 0 … 1, amplitude and hardness.
        pan: −1 left … 1 right.
    """

    instrument: str
    at: float
    seconds: float
    pitch: int
    velocity: float
    pan: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """A piece.

    Attributes:
        melody: the notes of the tune among `notes`.
        seconds: its length.
    """

    mood: str
    key: Key
    bpm: float
    seconds: float
    bars: tuple[Bar, ...]
    notes: tuple[Note, ...]
    melody: tuple[Note, ...]
