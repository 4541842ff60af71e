"""The course of a piece: how many bars fit, what each of them is for, and how much goes on in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.score import BEATS, Bar, Section
from gpu_handlers.engines.music.sheet import Sheet
from gpu_handlers.engines.music.theory import Chord, Key, progression

PHRASE = 4  # bars
LEAD_SECONDS = 0.12  # of silence: AAC encoders overshoot by decibels when a stroke falls into their first block
HOLD_SECONDS = 3.4  # of the last chord: a moment to arrive and two seconds to fade
STRETCH = 0.06  # how far the tempo may leave the mood's to make whole bars fit; nobody hears 6 %
ARC = ((0.0, 0.12, 0.4, 0.72, 0.86, 1.0), (0.3, 0.4, 0.65, 1.0, 0.8, 0.45))  # share of the piece, level
SHORT_PHRASES = 2  # a piece this short starts inside the arc: there is no time to build
LONG_PHRASES = 6  # a piece this long opens with a phrase of its own, and rests between two rounds
ROUNDS: dict[int, tuple[Section, ...]] = {
    1: ("answer",),
    2: ("statement", "answer"),
    3: ("statement", "bridge", "answer"),
    4: ("statement", "answer", "bridge", "answer"),
    5: ("intro", "statement", "answer", "bridge", "answer"),
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A bar before it has a place in time."""

    chord: Chord
    section: Section
    step: int
    cycle: int


def lay_out(mood: Mood, seconds: float, rng: np.random.Generator) -> Sheet:
    """Bars that end, with a held tonic, exactly at `seconds`."""
    key = Key(mood.tonics[int(rng.integers(len(mood.tonics)))], mood.mode)
    wanted = BEATS * 60 / rng.uniform(*mood.bpm)
    moving = seconds - LEAD_SECONDS - HOLD_SECONDS
    count = max(1, round((seconds - LEAD_SECONDS - max(HOLD_SECONDS, wanted)) / wanted))
    bar = float(np.clip(moving / count, wanted * (1 - STRETCH), wanted * (1 + STRETCH)))
    plans = _plans(mood, count, rng)
    short = count <= SHORT_PHRASES * PHRASE + 2
    bars = [
        Bar(
            LEAD_SECONDS + number * bar,
            bar,
            plan.chord,
            plan.section,
            plan.step,
            plan.cycle,
            _level(plan, number / count, short),
        )
        for number, plan in enumerate(plans)
    ]
    tonic = Chord.parse("1")
    home = LEAD_SECONDS + count * bar
    bars.append(Bar(home, seconds - home, tonic, "final", 0, plans[-1].cycle, bars[-1].level))
    return Sheet(key, tuple(bars), rng)


def bpm(sheet: Sheet) -> float:
    """Beats a minute."""
    return BEATS * 60 / sheet.bars[0].seconds


def _plans(mood: Mood, count: int, rng: np.random.Generator) -> list[_Plan]:
    """What every bar but the last is for: leftover bars, phrases, and two that lead home."""

    def pick(options: Sequence[str]) -> tuple[Chord, ...]:
        return progression(options[int(rng.integers(len(options)))])

    verse, bridge = pick(mood.verses), pick(mood.bridges)
    cadence = progression(mood.cadence)[-min(2, count // 2) :] if count > 1 else ()
    phrases, rest = divmod(count - len(cadence), PHRASE)
    lead_in: Section = "intro" if phrases else "statement"
    lead_in_chords = progression(mood.opening) if phrases else verse
    plans = [_Plan(lead_in_chords[step], lead_in, step, 0) for step in range(rest)]
    for number, section in enumerate(_sections(phrases)):
        chords = bridge if section == "bridge" else verse
        plans += [_Plan(chords[step], section, step, number // 5) for step in range(PHRASE)]
    cycle = plans[-1].cycle if plans else 0
    return plans + [_Plan(chord, "cadence", step, cycle) for step, chord in enumerate(cadence)]


def _sections(phrases: int) -> tuple[Section, ...]:
    if phrases < LONG_PHRASES:
        return ROUNDS.get(phrases, ())
    rounds, rest = divmod(phrases, 5)
    # A remainder comes last, so that the piece ends with its theme and never with half of an opening.
    return ROUNDS[5] * rounds + ROUNDS.get(rest, ())


def _level(plan: _Plan, place: float, short: bool) -> float:
    level = float(np.interp(0.2 + 0.8 * place if short else place, *ARC))
    if plan.section == "intro" and plan.cycle:
        level -= 0.25
    if plan.section == "bridge":
        level += 0.08
    return float(np.clip(level + 0.02 * plan.step, 0.2, 1.0))
