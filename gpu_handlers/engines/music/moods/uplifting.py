"""Uplifting: major, plucked chords, a bass that walks, a light kit, bells on top."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.parts import arpeggio, bass, chime, drums, pad, swell
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

PICKING = ((0, 1, 2, 1, 3, 1, 2, 1), (0, 2, 1, 3, 2, 1, 3, 2), (0, 1, 3, 1, 2, 1, 3, 2))
KICKS = ("X... ..x. X... ....", "X... .... X.x. ....", "X... X... X... X...")
BASSES = (
    ((0, 1.4, 0), (1.5, 0.4, 0), (2, 1.4, 0), (3.5, 0.45, 5)),
    ((0, 1.9, 0), (2, 0.9, 5), (3, 0.9, 8)),
    ((0, 0.9, 0), (1.5, 0.9, 0), (2.5, 0.45, 5), (3, 0.9, 0)),
)


def _arrange(sheet: Sheet) -> Iterator[Note]:
    yield from arpeggio(sheet, "guitar", sheet.pick(PICKING), low=55, high=74, voices=3, velocity=0.5, ring=1.2)
    yield from arpeggio(sheet, "marimba", (3, -1, 2, 4, -1, 2, 3, -1), low=60, high=74, voices=3, velocity=0.36,
                        above=0.7, ring=1, width=0.6)  # fmt: skip
    yield from pad(sheet, "warm pad", low=52, high=72, voices=4, velocity=0.4)
    yield from pad(sheet, "strings", low=64, high=81, voices=3, velocity=0.3, above=0.72)
    yield from bass(sheet, "bass guitar", ((0, 3.8, 0),), low=33, velocity=0.55, above=0.35, below=0.5)
    yield from bass(sheet, "bass guitar", sheet.pick(BASSES), low=33, velocity=0.62, above=0.5)
    yield from drums(sheet, "kick", sheet.pick(KICKS), velocity=0.62, above=0.5)
    yield from drums(sheet, "clap", ".... X... .... X...", velocity=0.3, pan=0.05, above=0.6,
                     fill=".... X... .... X.xx")  # fmt: skip
    yield from drums(sheet, "shaker", "x.o. x.o. x.o. x.oo", velocity=0.3, pan=-0.35, above=0.4)
    yield from drums(sheet, "hat", "..X. ..X. ..X. ..X.", velocity=0.22, pan=0.3, above=0.7)


def _tune(level: float) -> tuple[str, float] | None:
    if level < 0.38:
        return None
    return ("glockenspiel", 0.42) if level < 0.75 else ("piano", 0.62)


def _lift(sheet: Sheet, at: float) -> Iterator[Note]:
    yield from swell("breath", at, velocity=0.2)
    yield Note("cymbal", at, 3.0, 0, 0.14)
    yield from chime(sheet, "glockenspiel", at, low=79, notes=3, velocity=0.24)


UPLIFTING = Mood(
    bpm=(106, 116),
    mode="major",
    tonics=(7, 0, 2, 9),
    verses=("1 5 6:7 4", "1:9 4 6:7 5", "1 4 1/3 5", "6:7 4 1 5"),
    bridges=("6:7 4 1 5", "4 5 6:7 1/3", "2:7 4 6:7 5:4"),
    opening="1 4 1",
    cadence="4 5",
    cells=(
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0, 0.5), (0.5, 0.5), (1, 1), (2, 1.5), (3.5, 0.5)),
        ((0, 1.5), (1.5, 0.5), (2, 1), (3, 0.5), (3.5, 0.5)),
    ),
    rests=(((0, 2), (2, 2)), ((0, 3), (3, 1)), ((0, 2), (2, 1), (3, 1))),
    centre=78,
    reverb_seconds=1.6,
    reverb=0.5,
    arrange=_arrange,
    tune=_tune,
    lift=_lift,
)
