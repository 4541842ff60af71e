"""Epic: minor, strings and horns over marching low strings, drums that grow, voices at the height."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.parts import arpeggio, bass, chime, drums, pad, swell
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.sheet import Sheet

MARCH = (0, -1, 0, 0, 0, -1, 0, 0)
MARCHES = (MARCH, (0, 0, 0, 1, 0, 0, 0, 2), (0, 1, 0, 2, 0, 1, 0, 2))
LOW_TOMS = ("X... ..x. X... ....", "X..x ..x. X..x ....", "X... x..x ..x. X...")
HIGH_TOMS = (".... ..o. .... o.oo", "..o. .o.. ..o. .oox", ".... o... .o.. o.ox")


def _arrange(sheet: Sheet) -> Iterator[Note]:
    yield from pad(sheet, "strings", low=50, high=72, voices=4, velocity=0.75)
    yield from pad(sheet, "aah", low=62, high=79, voices=3, velocity=0.48, above=0.78)
    yield from bass(sheet, "cellos", ((0, 4, 0),), low=36, velocity=0.6)
    yield from bass(sheet, "sub", ((0, 3.8, 0),), low=28, velocity=0.5, above=0.6)
    march = sheet.pick(MARCHES)
    yield from arpeggio(sheet, "spiccato", march, low=43, high=58, voices=3, velocity=0.6, above=0.42, ring=0.5)
    low, high = sheet.pick(LOW_TOMS), sheet.pick(HIGH_TOMS)
    yield from drums(sheet, "tom", "X... .... .... ....", velocity=0.55, above=0.35, below=0.55)
    yield from drums(sheet, "tom", low, velocity=0.75, above=0.55, fill="X..x ..x. X.x. x.xx")
    yield from drums(sheet, "tom", high, velocity=0.6, kind=1, pan=-0.3, above=0.7, fill=".... .x.x .x.x xxxX")
    yield from drums(sheet, "tom", "..o. o... ..o. o.o.", velocity=0.5, kind=2, pan=0.35, above=0.85)
    for bar in sheet.bars:
        if bar.step == 0 and bar.level > 0.9:
            yield Note("cymbal", bar.at, 3.0, 0, 0.4)


def _tune(level: float) -> tuple[str, float] | None:
    return ("horns", 0.7) if level > 0.4 else None


def _lift(sheet: Sheet, at: float) -> Iterator[Note]:
    yield from swell("breath", at, velocity=0.3)
    yield Note("boom", at, 3.0, 0, 0.5)
    yield from chime(sheet, "harp", at, low=62, notes=3, velocity=0.3)


EPIC = Mood(
    bpm=(86, 96),
    mode="minor",
    tonics=(0, 2, 4, 11),
    verses=("1 6 3 7", "1 6 4 7", "1 3 7 4", "1 7 6 7"),
    bridges=("6 7 1 3", "4 6 1 7", "6 3 4 7"),
    opening="1 6 1",
    cadence="6 7",
    cells=(
        ((0, 1.5), (1.5, 0.5), (2, 2)),
        ((0, 2), (2, 1), (3, 1)),
        ((0, 1), (1, 1), (2, 1.5), (3.5, 0.5)),
    ),
    rests=(((0, 3), (3, 1)), ((0, 4),), ((0, 2), (2, 2))),
    centre=64,
    reverb_seconds=2.8,
    reverb=0.75,
    arrange=_arrange,
    tune=_tune,
    lift=_lift,
)
