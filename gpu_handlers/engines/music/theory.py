"""Keys, chords and how one chord moves to the next. Notes are MIDI numbers: 60 is middle C, 12 make an octave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

MODES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
CLOSE_LOW = 55  # below this note intervals under a fourth turn to mud
FOURTH = 5


@dataclass(frozen=True, slots=True)
class Key:
    """A scale on a tonic.

    Attributes:
        tonic: pitch class, 0 is C.
        mode: one of `MODES`.
    """

    tonic: int
    mode: str

    @property
    def classes(self) -> frozenset[int]:
        """Pitch classes of the scale."""
        return frozenset((self.tonic + step) % 12 for step in MODES[self.mode])

    def pitch(self, step: int) -> int:
        """The note `step` scale steps above the tonic of the lowest octave."""
        octave, degree = divmod(step, 7)
        return self.tonic + 12 * octave + MODES[self.mode][degree]

    def step(self, pitch: int) -> int:
        """The scale step nearest to a note, the lower of two."""
        return min(range(7 * 11), key=lambda step: abs(self.pitch(step) - pitch))


@dataclass(frozen=True, slots=True)
class Chord:
    """Thirds stacked on a degree of the scale.

    Attributes:
        root: degree, 0 is the tonic.
        degrees: of its tones, root first, each 0 … 6.
        bass: degree of the lowest note.
    """

    root: int
    degrees: tuple[int, ...]
    bass: int

    @classmethod
    def parse(cls, token: str) -> Chord:
        """Read ``degree[:added][/bass]``, degrees from 1: ``6``, ``4:7`` with a seventh, ``1/3`` over its third.

        ``:4`` puts the fourth in the third's place.
        """
        body, _, bass = token.partition("/")
        degree, _, added = body.partition(":")
        root = int(degree) - 1
        over = {"": (0, 2, 4), "4": (0, 3, 4), "7": (0, 2, 4, 6), "9": (0, 2, 4, 8)}[added]
        return cls(root, tuple((root + third) % 7 for third in over), (int(bass) - 1) % 7 if bass else root)

    def classes(self, key: Key) -> frozenset[int]:
        """Pitch classes of its tones."""
        return frozenset(key.pitch(degree) % 12 for degree in self.degrees)


def progression(text: str) -> tuple[Chord, ...]:
    """The chords of ``"1 6 3 7"``, one a bar."""
    return tuple(Chord.parse(token) for token in text.split())


def voicings(chords: Iterable[Chord], key: Key, *, low: int, high: int, voices: int) -> list[tuple[int, ...]]:
    """Lay chords out for `voices` singers between two notes, each moving as little as it can.

    Every chord keeps its third and its added tone; the fifth goes first when voices are few.
    """
    laid: list[tuple[int, ...]] = []
    centre = (low + high) / 2
    for chord in chords:
        classes = chord.classes(key)
        needed = classes - {key.pitch(chord.degrees[2]) % 12} if voices < len(classes) else classes
        tones = [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
        choices = [
            choice
            for choice in combinations(tones, voices)
            if len({pitch % 12 for pitch in choice} & needed) >= min(voices, len(needed)) and _clear(choice)
        ] or list(combinations(tones, voices))
        before = laid[-1] if laid else None
        laid.append(min(choices, key=lambda choice: _effort(choice, before, centre)))
    return laid


def _clear(choice: Sequence[int]) -> bool:
    return all(
        upper - lower > 1 and (lower >= CLOSE_LOW or upper - lower >= FOURTH) for lower, upper in pairwise(choice)
    )


def _effort(choice: Sequence[int], before: Sequence[int] | None, centre: float) -> float:
    drift = abs(sum(choice) / len(choice) - centre)
    if before is None:
        return drift
    moves = [abs(now - then) for now, then in zip(choice, before, strict=True)]
    return sum(moves) + 0.5 * max(moves) + 0.4 * drift
