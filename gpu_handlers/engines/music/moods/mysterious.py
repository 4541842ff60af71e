"""Mysterious: phrygian, voices over a drone, harp and glass far apart, no drums."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.parts import arpeggio, bass, chime, pad, swell
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

SPARSE = ((0, -1, 1, -1, -1, 2, -1, -1), (-1, 0, -1, 2, -1, -1, 1, -1), (0, -1, -1, 1, -1, 3, -1, -1))
FLOW = ((0, 1, 2, 3, -1, 2, 1, -1), (0, 2, 1, -1, 3, 2, -1, 1), (-1, 0, 1, 3, 2, -1, 4, 3))


def _arrange(sheet: Sheet) -> Iterator[Note]:
    yield from pad(sheet, "ooh", low=52, high=71, voices=4, velocity=0.6)
    yield from pad(sheet, "strings", low=64, high=81, voices=2, velocity=0.36, above=0.6, width=0.6)
    yield from bass(sheet, "drone", ((0, 4.2, 0),), low=33, velocity=0.42)
    yield from bass(sheet, "cellos", ((0, 4, 0),), low=40, velocity=0.32, above=0.6)
    yield from arpeggio(sheet, "harp", sheet.pick(SPARSE), low=57, high=76, voices=3, velocity=0.5, below=0.5,
                        ring=4, width=0.6)  # fmt: skip
    yield from arpeggio(sheet, "harp", sheet.pick(FLOW), low=57, high=76, voices=3, velocity=0.55, above=0.5,
                        ring=3, width=0.6)  # fmt: skip
    for bar in sheet.bars:
        if bar.step == 3 and bar.section == "bridge":
            yield from swell("breath", bar.at + bar.seconds, velocity=0.14)
        if bar.step == 0 and bar.level > 0.6:
            yield Note("boom", bar.at, 3.0, 0, 0.22)


def _tune(level: float) -> tuple[str, float] | None:
    return ("glass", 0.34) if level > 0.33 else None


def _lift(sheet: Sheet, at: float) -> Iterator[Note]:
    yield from swell("breath", at, velocity=0.18)
    yield from chime(sheet, "glass", at, low=71, notes=2, velocity=0.26)
    yield Note("boom", at, 3.0, 0, 0.25)


MYSTERIOUS = Mood(
    bpm=(70, 80),
    mode="phrygian",
    tonics=(4, 2, 6, 9),
    verses=("1 2:7 1 7", "1 6:7 2:7 1", "1 4 2:7 1", "1 7 6:7 2:7"),
    bridges=("6:7 4 2:7 5", "4 5 6:7 2:7", "6 2:7 5 7"),
    opening="1 2:7 1",
    cadence="2:7 7",
    cells=(
        ((0, 1.5), (1.5, 0.5), (2, 2)),
        ((0, 0.5), (0.5, 0.5), (1, 3)),
        ((0, 2), (2, 0.5), (2.5, 1.5)),
    ),
    rests=(((0, 4),), ((0, 3), (3, 1)), ((1, 3),)),
    centre=76,
    reverb_seconds=3.4,
    reverb=0.75,
    arrange=_arrange,
    tune=_tune,
    lift=_lift,
)
