"""The tune: a motif of two bars, repeated over new chords, answered, and left for a bridge of its own.

On strong beats stand tones of the chord; between them the tune walks by step, so nothing grates against the harmony.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gpu_handlers.engines.music.mood import Mood, Rhythm
from gpu_handlers.engines.music.score import BEATS, Bar, Note
from gpu_handlers.engines.music.sheet import Sheet

CONTOURS = ((0, 1, 2, 1, 3, 2), (0, 2, 1, 3, 2, 0), (2, 1, 0, 1, 2, 4), (0, -1, 1, 2, 1, 0), (3, 2, 1, 2, 0, 1))
ARCH = (0, 1, 2, 0)  # a phrase rises until its third bar, in scale steps
CLOSE: Rhythm = ((0.0, 3.0),)
HALF_CLOSE: Rhythm = ((0.0, 2.0), (2.0, 2.0))
LEAP = 7  # scale steps: an octave at most
LONG_BEATS = 1.5  # a note this long is heard as harmony wherever it stands
LEGATO = 0.96  # of its length that a note is held
PAN = 0.08


@dataclass(frozen=True, slots=True)
class Motif:
    """Two bars of rhythm and the shape of the line in them, in scale steps."""

    cells: tuple[Rhythm, Rhythm]
    contour: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    bar: Bar
    beat: float
    beats: float
    target: int

    @property
    def strong(self) -> bool:
        return self.beat in {0.0, 2.0} or self.beats >= LONG_BEATS


def tune(mood: Mood, sheet: Sheet) -> Iterator[Note]:
    """The melody of the whole piece; silent in the opening and wherever the mood pauses it."""
    theme = Motif((sheet.pick(mood.cells), sheet.pick(mood.rests)), sheet.pick(CONTOURS))
    other = Motif((sheet.pick(mood.rests), sheet.pick(mood.cells)), sheet.pick(CONTOURS))
    home = sheet.key.step(mood.centre)
    last: int | None = None
    for phrase in _phrases(sheet.bars):
        first = phrase[0]
        role = mood.tune(first.level)
        if first.section == "intro" or role is None:
            continue
        instrument, velocity = role
        slots = _slots(phrase, other if first.section == "bridge" else theme, home)
        steps = _steps(slots, last)
        last = steps[-1]
        for slot, step in zip(slots, steps, strict=True):
            start, end = slot.bar.beat(slot.beat), slot.bar.beat(slot.beat + slot.beats)
            accent = 1.0 if slot.strong else 0.86
            yield Note(
                instrument,
                sheet.late(start),
                LEGATO * (end - start),
                sheet.key.pitch(step),
                sheet.touch(velocity * accent * (0.7 + 0.3 * slot.bar.level)),
                PAN,
            )


def _phrases(bars: tuple[Bar, ...]) -> Iterator[list[Bar]]:
    """Runs of bars of one section; the cadence and the last chord belong together."""
    run: list[Bar] = []
    for bar in bars:
        if run and bar.step == 0 and bar.section != "final":
            yield run
            run = []
        run.append(bar)
    yield run


def _slots(phrase: list[Bar], motif: Motif, home: int) -> list[_Slot]:
    slots = []
    for number, bar in enumerate(phrase):
        rhythm = motif.cells[number % 2]
        if bar.section == "final":
            rhythm = ((0.0, float(BEATS)),)
        elif bar.section == "cadence":
            rhythm = HALF_CLOSE
        elif bar is phrase[-1]:
            rhythm = CLOSE if bar.section == "answer" else HALF_CLOSE
        rise = ARCH[number % len(ARCH)] + (2 if bar.section == "bridge" else 0)
        # The second bar goes on in the contour where the first left it.
        offset = len(motif.cells[0]) if number % 2 else 0
        for index, (beat, beats) in enumerate(rhythm):
            shape = motif.contour[(offset + index) % len(motif.contour)]
            slots.append(_Slot(bar, beat, beats, home + rise + shape))
    return slots


def _steps(slots: list[_Slot], last: int | None) -> list[int]:
    """Scale steps for all slots: strong ones first, then the way between them."""
    strong: dict[int, int] = {}
    before = last
    for index, slot in enumerate(slots):
        if not slot.strong:
            continue
        degrees: tuple[int, ...] = slot.bar.chord.degrees
        if index == len(slots) - 1 and slot.bar.section in {"answer", "final"}:
            degrees = degrees[:1]
        strong[index] = before = _nearest(slot.target, degrees, before)
    steps: list[int] = []
    for index, slot in enumerate(slots):
        if index in strong:
            steps.append(strong[index])
            continue
        here = steps[-1] if steps else _nearest(slot.target, slot.bar.chord.degrees, last)
        there = next((strong[later] for later in range(index + 1, len(slots)) if later in strong), here)
        steps.append(_between(here, there, slot.target))
    return steps


def _nearest(target: int, degrees: tuple[int, ...], before: int | None) -> int:
    options = [step for step in range(target - LEAP, target + LEAP + 1) if step % 7 in degrees]
    within = [step for step in options if before is None or abs(step - before) <= LEAP]
    return min(within or options, key=lambda step: (abs(step - target), abs(step - (before or target))))


def _between(here: int, there: int, target: int) -> int:
    """A passing note on the way, or the neighbour on the side where the contour points."""
    if abs(there - here) > 1:
        return here + (1 if there > here else -1)
    return here + (1 if target >= here else -1) if there == here else here
