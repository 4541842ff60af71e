"""Emotional: major with sevenths, a soft piano, slow strings beneath it, no drums."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.parts import arpeggio, bass, chime, pad, swell
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

FLOW = ((0, 1, 2, 3, 4, 3, 2, 1), (0, 2, 1, 3, 2, 4, 3, 1), (0, 1, 2, 4, 3, 2, 1, 2))


def _arrange(sheet: Sheet) -> Iterator[Note]:
    flow = sheet.pick(FLOW)
    yield from arpeggio(sheet, "piano", (0, -1, 1, -1, 2, -1, 1, -1), low=52, high=69, voices=3, velocity=0.42,
                        below=0.45, ring=3)  # fmt: skip
    yield from arpeggio(sheet, "piano", flow, low=52, high=69, voices=3, velocity=0.42, above=0.45, ring=2.5)
    yield from bass(sheet, "piano", ((0, 4, 0),), low=38, velocity=0.45)
    yield from bass(sheet, "cellos", ((0, 4, 0),), low=38, velocity=0.42, above=0.5)
    yield from pad(sheet, "strings", low=52, high=74, voices=4, velocity=0.4, above=0.38)
    yield from pad(sheet, "strings", low=69, high=84, voices=2, velocity=0.26, above=0.85)


def _tune(level: float) -> tuple[str, float] | None:
    return ("piano", 0.72) if level > 0.33 else None


def _lift(sheet: Sheet, at: float) -> Iterator[Note]:
    yield from swell("breath", at, velocity=0.14)
    yield from chime(sheet, "harp", at, low=64, notes=4, velocity=0.34)


EMOTIONAL = Mood(
    bpm=(64, 72),
    mode="major",
    tonics=(9, 7, 2, 5),
    verses=("1:9 5/7 6:7 4:9", "1 3:7 6:7 4:7", "1:9 6:7 4:9 5:4", "6:7 4:7 1 5"),
    bridges=("4:7 5 3:7 6:7", "6:7 5 4:7 1/3", "2:7 5 1/3 4:7"),
    opening="1:9 4:9 1",
    cadence="2:7 5:4",
    cells=(
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 2)),
        ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0, 1), (1, 1), (2, 1.5), (3.5, 0.5)),
    ),
    rests=(((0, 3), (3, 1)), ((0, 2), (2, 2)), ((0, 4),)),
    centre=74,
    reverb_seconds=2.3,
    reverb=0.7,
    arrange=_arrange,
    tune=_tune,
    lift=_lift,
)
