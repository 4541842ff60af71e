"""When every word of a text is heard, from what an engine tells and from the sound itself.

Engines tell where in the text they are at some moments, not always at every word: eSpeak NG says "of the" in one go and
a number digit by digit, Polly tells no ends. The words are ours, the moments are theirs, silences decide the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.speech import sound, wording
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono, Word

PIECE = 4  # characters of an unspaced script that are shown together where the engine tells nothing in between
EARLY_SECONDS = 0.04  # eSpeak NG's marks come up to so much after the sound


@dataclass(frozen=True, slots=True)
class Mark:
    """At `seconds` the engine begins to say what stands at `at`."""

    at: int
    seconds: float


def words(text: str, said: str, marks: Sequence[Mark], samples: Mono) -> tuple[Word, ...]:
    """The words of `text` with their times.

    A word begins at the first mark inside it, moved over silence; one without a mark shares the time since the word
    before by its length. It ends where its sound ends, at the latest when the next begins.

    Args:
        said: what the engine was given, as long as `text`.
        marks: in order.
        samples: the speech, trimmed; marks are on its clock.
    """
    spans = list(_spans(said, marks))
    if not spans or not len(samples):
        return ()
    heard = sound.voiced(samples)
    starts = _onsets(_starts(spans, marks, len(heard) * sound.FRAME_SECONDS), heard)
    frames = np.flatnonzero(heard)
    found = []
    for (at, until), start, limit in zip(spans, starts, [*starts[1:], len(samples) / RATE_HZ], strict=True):
        last = int(np.searchsorted(frames, round(limit / sound.FRAME_SECONDS))) - 1
        silent_from = float(frames[last] + 1) * sound.FRAME_SECONDS if last >= 0 else limit
        found.append(Word(text[at:until], at, start, silent_from if start < silent_from < limit else limit))
    return tuple(found)


def _onsets(starts: Sequence[float], heard: NDArray[np.bool_]) -> list[float]:
    """`starts`, each moved to where sound begins: over the silence after it, or back by at most `EARLY_SECONDS`."""
    early = round(EARLY_SECONDS / sound.FRAME_SECONDS)
    moved: list[float] = []
    for start, limit in zip(starts, [*starts[1:], len(heard) * sound.FRAME_SECONDS], strict=True):
        frame = min(int(start / sound.FRAME_SECONDS), len(heard) - 1)
        onset = start
        if heard[frame]:
            first = max(0, frame - early)
            silent = np.flatnonzero(~heard[first:frame])
            if len(silent):
                onset = (first + int(silent[-1]) + 1) * sound.FRAME_SECONDS
        else:
            after = heard[frame : int(limit / sound.FRAME_SECONDS)]
            if after.any():
                onset = (frame + int(np.argmax(after))) * sound.FRAME_SECONDS
        moved.append(onset if not moved or onset > moved[-1] else start)
    return moved


def _spans(said: str, marks: Sequence[Mark]) -> Iterator[tuple[int, int]]:
    """Words; those of unspaced scripts cut wherever a mark stands, and into pieces where none does."""
    at = sorted({mark.at for mark in marks})
    for start, end in wording.words(said):
        if not wording.is_unspaced(said[start:end]):
            yield start, end
            continue
        borders = [start, *(place for place in at[bisect_left(at, start + 1) :] if place < end), end]
        for left, right in pairwise(borders):
            if right - left <= 2 * PIECE:
                yield left, right
            else:
                edges = [*range(left, right - PIECE // 2, PIECE), right]
                yield from pairwise(edges)


def _starts(spans: Sequence[tuple[int, int]], marks: Sequence[Mark], seconds: float) -> list[float]:
    """Strictly rising, one for each span."""
    told: list[tuple[int, float]] = []
    left = iter(marks)
    mark = next(left, None)
    for number, (start, end) in enumerate(spans):
        moment, before = (
            None,
            True,
        )  # of the first mark inside, or else of the last one in what stands before, a quotation mark say
        while mark is not None and mark.at < end:
            if moment is None or before:
                moment, before = mark.seconds, mark.at < start
            mark = next(left, None)
        if moment is not None and moment < seconds and (not told or moment > told[-1][1]):
            told.append((number, max(0.0, moment)))
    if not told or told[0][0] != 0:
        told.insert(0, (0, 0.0))
        told = [told[0], *(one for one in told[1:] if one[1] > 0)]
    # Between two told words time passes in step with the characters.
    ends = np.cumsum([end - start for start, end in spans])
    where = [float(ends[number] - (spans[number][1] - spans[number][0])) for number, _ in told]
    here = [float(end - (span[1] - span[0])) for end, span in zip(ends, spans, strict=True)]
    return [float(t) for t in np.interp(here, [*where, float(ends[-1])], [*(t for _, t in told), seconds])]
