"""How accompaniment moves: held chords, bass lines, broken chords, drums, and a lift where the scene changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpu_handlers.engines.music.score import BEATS, Bar, Note
from gpu_handlers.engines.music.sheet import Sheet

SIXTEENTH = 0.25  # beats
STROKES = {"X": 1.0, "x": 0.72, "o": 0.42}
OVERLAP = 0.12  # seconds one chord sounds on into the next, so that they melt
LONGEST_TIE = 2  # bars a common tone is held before the bow turns


def pad(
    sheet: Sheet, instrument: str, *, low: int, high: int, voices: int, velocity: float, above: float = 0.0,
    width: float = 0.35,
) -> Iterator[Note]:  # fmt: skip
    """Held chords; a tone that the next chord shares is held over.

    Args:
        low, high: the range, MIDI.
        above: the level from which the part plays.
        width: how far the voices sit apart, low left, high right.
    """
    layouts = sheet.voicings(low, high, voices)
    for voice in range(voices):
        pan = width * (2 * voice / max(1, voices - 1) - 1)
        index = 0
        while index < len(sheet.bars):
            bar, pitch = sheet.bars[index], layouts[index][voice]
            tied = 1
            while (
                tied < LONGEST_TIE
                and index + tied < len(sheet.bars)
                and layouts[index + tied][voice] == pitch
                and sheet.bars[index + tied].level >= above
            ):
                tied += 1
            last = sheet.bars[index + tied - 1]
            if bar.level >= above:
                end = min(last.at + last.seconds + OVERLAP, sheet.end)
                strength = sheet.touch(velocity * (0.5 + 0.5 * bar.level))
                at = sheet.late(bar.at, 12)
                yield Note(instrument, at, end - at, pitch, strength, pan)
                index += tied
            else:
                index += 1


def bass(
    sheet: Sheet, instrument: str, pattern: Sequence[tuple[float, float, int]], *, low: int, velocity: float,
    above: float = 0.0, below: float = 2.0,
) -> Iterator[Note]:  # fmt: skip
    """A bass line.

    Args:
        pattern: beat, length in beats, and 0 for the chord's bass, 5 for the nearest other chord tone above it, 8 for
            its octave. The last chord gets one long note.
        low: lowest note, MIDI.
        above, below: the levels between which it plays.
    """
    for bar in sheet.bars:
        if not above <= bar.level < below:
            continue
        root = sheet.bass(bar, low)
        if bar.section == "final":
            yield Note(instrument, bar.at, bar.seconds, root, sheet.touch(velocity * 0.9))
            continue
        for beat, beats, kind in pattern:
            pitch = root + 12 if kind == 8 else root
            if kind == 5:
                pitch = next(tone for tone in sheet.tones(bar.chord, root + 4, root + 12) if tone - root >= 5)
            at = sheet.late(bar.beat(beat), 5)
            strength = sheet.touch(velocity * (0.65 + 0.35 * bar.level) * (1.0 if beat == 0 else 0.85))
            yield Note(instrument, at, bar.beat(beat + beats) - bar.beat(beat), pitch, strength)


def arpeggio(
    sheet: Sheet, instrument: str, order: Sequence[int], *, low: int, high: int, voices: int, velocity: float,
    step: float = 0.5, above: float = 0.0, below: float = 2.0, ring: float = 2.0, width: float = 0.4,
) -> Iterator[Note]:  # fmt: skip
    """A broken chord.

    Args:
        order: which voice of the layout sounds at each step, from 0; −1 is a rest, and voices beyond the layout are
            those of the octave above.
        step: beats from one note to the next.
        ring: beats a note goes on; never beyond its bar.
        width: how far high and low notes sit apart.
    """
    for bar, layout in zip(sheet.bars, sheet.voicings(low, high, voices), strict=True):
        if not above <= bar.level < below:
            continue
        if bar.section == "final":
            yield from _rolled(sheet, instrument, bar, layout, velocity)
            continue
        for index in range(round(BEATS / step)):
            voice = order[index % len(order)]
            if voice < 0:
                continue
            octave, place = divmod(voice, voices)
            beat = index * step
            end = bar.beat(min(beat + ring, BEATS + 0.25))
            at = sheet.late(bar.beat(beat))
            accent = 1.0 if beat == 0 else 0.9 if beat == BEATS / 2 else 0.76
            strength = sheet.touch(velocity * accent * (0.6 + 0.4 * bar.level))
            pan = width * (2 * voice / max(1, *order) - 1)
            yield Note(instrument, at, end - at, layout[place] + 12 * octave, strength, pan)


def _rolled(sheet: Sheet, instrument: str, bar: Bar, layout: Sequence[int], velocity: float) -> Iterator[Note]:
    """The last chord, from the bottom up."""
    for place, pitch in enumerate(layout):
        at = bar.at + 0.07 * place
        yield Note(instrument, at, sheet.end - at, pitch, sheet.touch(velocity * 0.9), 0.25 * (place % 2 * 2 - 1))


def drums(
    sheet: Sheet, instrument: str, pattern: str, *, velocity: float, kind: int = 0, pan: float = 0.0,
    above: float = 0.0, below: float = 2.0, fill: str = "",
) -> Iterator[Note]:  # fmt: skip
    """One drum.

    Args:
        pattern: sixteen strokes a bar: ``X`` loud, ``x`` plain, ``o`` soft, ``.`` none; spaces are for the reader.
        kind: which of its kind, for drums that come in sizes.
        fill: plays instead in the last bar of a phrase.
    """
    for bar in sheet.bars:
        if not above <= bar.level < below:
            continue
        strokes = fill if fill and bar.step == 3 else pattern
        if bar.section == "final":
            strokes = "X" if "X" in pattern[:1] else ""
        for index, stroke in enumerate(strokes.replace(" ", "")):
            if stroke in STROKES:
                at = sheet.late(bar.beat(index * SIXTEENTH) if bar.section != "final" else bar.at, 3)
                strength = sheet.touch(velocity * STROKES[stroke] * (0.6 + 0.4 * bar.level))
                yield Note(instrument, at, 1.0, kind, strength, pan)


def chime(sheet: Sheet, instrument: str, at: float, *, low: int, notes: int, velocity: float) -> Iterator[Note]:
    """A few rising tones of the chord that sounds at a time, one after the other."""
    tones = sheet.tones(sheet.bar_at(at).chord, low, low + 36)
    for place, pitch in enumerate(tones[:notes]):
        start = at + 0.055 * place
        yield Note(instrument, start, 2.5, pitch, sheet.touch(velocity * (1 - 0.08 * place)), 0.5 * (place % 2 * 2 - 1))


def swell(instrument: str, at: float, *, velocity: float, seconds: float = 1.4) -> Iterator[Note]:
    """A breath that grows until a time."""
    if at >= seconds:
        yield Note(instrument, at - seconds, seconds, 0, velocity)
