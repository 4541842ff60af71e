"""A piece for a mood, a length and a seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from gpu_handlers.engines.music import form, melody, render
from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.music.score import Score
from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ

SHORTEST_SECONDS = 5.0  # a bar, and a chord to end on
LIFT_APART_SECONDS = 2.5  # changes that follow closer than this are not all marked
LIFT_MARGIN_SECONDS = 3.0  # nor is one while the last chord fades


def compose(mood: str, seconds: float, *, seed: int, changes: Sequence[float] = ()) -> Score:
    """Write a piece; the same four give the same piece.

    Args:
        mood: one of `MOODS`.
        seconds: its length.
        changes: times at which something new begins on the screen; each is marked by a small lift.
    Raises:
        KeyError: there is no such mood.
        ValueError: it is shorter than a bar and a last chord.
    """
    if seconds < SHORTEST_SECONDS:
        raise ValueError(f"music of {seconds:g} s; the shortest piece lasts {SHORTEST_SECONDS:g} s")
    plan = MOODS[mood]
    rng = np.random.default_rng([seed % 2**63, zlib.crc32(mood.encode())])
    sheet = form.lay_out(plan, seconds, rng)
    tune = tuple(melody.tune(plan, sheet))
    notes = [*tune, *plan.arrange(sheet)]
    for change in _marked(changes, seconds):
        notes += plan.lift(sheet, change)
    notes = [note for note in notes if note.at < seconds - 1 / RATE_HZ]
    return Score(mood, sheet.key, form.bpm(sheet), seconds, sheet.bars, tuple(notes), tune)


def piece(
    mood: str,
    seconds: float,
    *,
    seed: int,
    changes: Sequence[float] = (),
    tick: Callable[[], None] = lambda: None,
) -> Stereo:
    """Write a piece and play it. Arguments and errors as for `compose`; `tick` as for `render.play`."""
    plan = MOODS[mood]
    score = compose(mood, seconds, seed=seed, changes=changes)
    return render.play(score, reverb_seconds=plan.reverb_seconds, reverb=plan.reverb, tick=tick)


def _marked(changes: Sequence[float], seconds: float) -> list[float]:
    marked: list[float] = []
    for change in sorted(changes):
        apart = change - marked[-1] if marked else change
        if apart >= LIFT_APART_SECONDS and change <= seconds - LIFT_MARGIN_SECONDS:
            marked.append(change)
    return marked
