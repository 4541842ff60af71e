"""Calm: a light bed for lessons. Electric piano, a warm pad, a few marimba notes; nothing that asks to be heard."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.parts import arpeggio, bass, chime, drums, pad
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

COMPING = ((0, -1, 1, 2, -1, 1, 3, -1), (0, 1, -1, 2, 1, -1, 3, -1), (0, -1, 2, -1, 1, -1, 3, 2))
DOTS = ((3, -1, -1, 4, -1, -1, 2, -1), (-1, 3, -1, -1, 2, -1, -1, 4), (-1, -1, 3, -1, -1, 4, -1, 2))


def _arrange(sheet: Sheet) -> Iterator[Note]:
    yield from pad(sheet, "warm pad", low=52, high=72, voices=4, velocity=0.42)
    yield from arpeggio(sheet, "electric piano", sheet.pick(COMPING), low=55, high=72, voices=3, velocity=0.42, ring=2)
    yield from arpeggio(sheet, "marimba", sheet.pick(DOTS), low=60, high=76, voices=3, velocity=0.34, above=0.5,
                        ring=1, width=0.6)  # fmt: skip
    yield from bass(sheet, "bass guitar", ((0, 2.4, 0), (2.5, 1.3, 5)), low=36, velocity=0.5, above=0.38)
    yield from drums(sheet, "shaker", "o.o. x.o. o.o. x.o.", velocity=0.34, pan=-0.3, above=0.6)
    yield from drums(sheet, "kick", "x... .... x... ....", velocity=0.32, above=0.72)


def _tune(level: float) -> tuple[str, float] | None:
    return ("celesta", 0.34) if level > 0.6 else None


def _lift(sheet: Sheet, at: float) -> Iterator[Note]:
    yield from chime(sheet, "celesta", at, low=72, notes=2, velocity=0.26)


CALM = Mood(
    bpm=(80, 90),
    mode="major",
    tonics=(0, 5, 7, 10),
    verses=("1:9 4:7 1:9 4:9", "1:9 6:7 4:9 5:4", "4:7 1/3 2:7 5:4"),
    bridges=("6:7 4:7 1 5", "2:7 5:4 3:7 6:7", "4:7 3:7 2:7 5"),
    opening="1:9 4:7 1",
    cadence="4:9 5:4",
    cells=(((0, 1), (1, 1), (2, 2)), ((0, 1.5), (1.5, 0.5), (2, 2)), ((0, 2), (2, 1), (3, 1))),
    rests=(((0, 4),), ((0, 3),), ((0, 2), (2, 2))),
    centre=74,
    reverb_seconds=1.5,
    reverb=0.45,
    arrange=_arrange,
    tune=_tune,
    lift=_lift,
)
