"""Voice and music become one sound: the music steps back for words, and the whole is as loud as platforms want it."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from functools import partial
from math import isinf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono, Speech
from gpu_handlers.stages import loudness
from gpu_handlers.stages.loudness import Tick
from gpu_handlers.stages.timeline import Timeline

TARGET_LUFS = -14.0  # what the large platforms play at
CLOSE_ENOUGH_LU = 0.1
TURNS = 8  # of gain and limiter until the target is met; two or three are usual
LEAST_ANSWER = 0.25  # dB that a decibel of gain is taken to bring at the least
# AAC at 160 kb/s (ffmpeg's `fast` coder) adds up to half a decibel to peaks; −1 dBTP is what may arrive.
CEILING_DBTP = -2.5

DUCKED_DB = -18.0  # of the music under words, against the voice
# In a long pause the music nearly takes the voice's place. Were it much softer, a film with few words would have to be
# turned up until the words distort.
OPEN_DB = -4.0
PAUSE_SECONDS = 0.8  # shorter ones are breaths: the music stays down
LONG_PAUSE_SECONDS = 4.0  # from here on it comes up all the way
SHORTEST_RISE = 0.35  # how far it comes up in the shortest pause, as a share of the whole way
ATTACK_SECONDS = 0.12  # it is down when the word begins
RELEASE_SECONDS = 0.7

CONTROL = 32  # samples from one value of an envelope to the next
LOOKAHEAD_DB = 2.0 * CONTROL / RATE_HZ * 1000  # the limiter closes by 2 dB a millisecond before a peak
RECOVERY_DB = 0.1 * CONTROL / RATE_HZ * 1000  # and opens by 100 dB a second after it
SMOOTHING = 9  # control values: 6 ms without corners

Span = tuple[float, float]
"""Start and end in seconds."""
Curve = NDArray[np.floating]


def track(speeches: Sequence[Speech | None], timeline: Timeline) -> Mono:
    """All narration where the timeline has it, exactly as long as the film.

    Args:
        speeches: one a beat, in their order; None where nothing is said.
    """
    voice: Mono = np.zeros(round(timeline.seconds * RATE_HZ), np.float32)
    for speech, beat in zip(speeches, timeline.beats, strict=True):
        if speech is not None:
            start = round((beat.start + beat.speech_at) * RATE_HZ)
            room = voice[start : start + len(speech.samples)]
            room += speech.samples[: len(room)]
    return voice


def spoken(timeline: Timeline) -> tuple[Span, ...]:
    """When every word is said, seconds from the start of the film."""
    return tuple((beat.start + word.start, beat.start + word.end) for beat in timeline.beats for word in beat.words)


def sound(
    voice: Mono | None,
    bed: Stereo | None,
    *,
    seconds: float,
    words: Sequence[Span] = (),
    tick: Tick = lambda: None,
) -> Stereo:
    """The sound of a film, −14 LUFS and −2.5 dBTP, so that AAC stays under −1.

    Args:
        voice: from `track`; None or silence in a film without words.
        bed: music; shorter than the film it ends early. It is mixed in place: its samples are not the music any more.
        seconds: of the film; the result has exactly as many samples.
        words: from `spoken`: the music is down for each of them.
        tick: called several times a second; what it raises stops the work.
    Returns:
        Silence stays silence: where neither speaks nor plays, samples are 0.
    """
    return mastered(balanced(voice, bed, seconds=seconds, words=words, tick=tick), tick=tick)


def balanced(
    voice: Mono | None,
    bed: Stereo | None,
    *,
    seconds: float,
    words: Sequence[Span] = (),
    tick: Tick = lambda: None,
) -> Stereo:
    """The voice as it is, and the music under it. Arguments as for `sound`."""
    count = round(seconds * RATE_HZ)
    speech = np.zeros(0, np.float32) if voice is None else voice[:count]
    mix = _as_long(bed, count)
    voice_lufs = loudness.integrated(np.broadcast_to(speech, (2, len(speech))), tick=tick)
    if bed is not None and not isinf(voice_lufs):
        under = ducking(words, count) + np.float32(voice_lufs - loudness.integrated(bed, tick=tick))
        _multiply(mix, under)
    mix[:, : len(speech)] += speech
    return mix


def ducking(words: Sequence[Span], count: int) -> Curve:
    """How far the music lies under the voice, in dB, one value for every `CONTROL` samples of `count`."""
    time = np.arange(-(-count // CONTROL) + 1) * (CONTROL / RATE_HZ)
    opening = np.ones(len(time))
    for start, end in _runs(words):
        opening[(time >= start) & (time <= end)] = 0
    ends = [-np.inf, *(end for _, end in _runs(words))]
    starts = [*(start for start, _ in _runs(words)), np.inf]
    for end, start in zip(ends, starts, strict=True):
        pause = (time > end) & (time < start)
        rising = _raised((time[pause] - end) / RELEASE_SECONDS)
        falling = _raised((start - time[pause]) / ATTACK_SECONDS)
        length = np.clip((start - end - PAUSE_SECONDS) / (LONG_PAUSE_SECONDS - PAUSE_SECONDS), 0, 1)
        opening[pause] = (SHORTEST_RISE + (1 - SHORTEST_RISE) * length) * rising * falling
    return (DUCKED_DB + (OPEN_DB - DUCKED_DB) * opening).astype(np.float32)


def mastered(mix: Stereo, *, tick: Tick = lambda: None) -> Stereo:
    """The mix at the target loudness and under the ceiling, changed in place; silence as it is."""
    gain_db = TARGET_LUFS - loudness.integrated(mix, tick=tick)
    if isinf(gain_db):
        return mix
    # Peaks grow with the gain, so they are looked for once.
    with np.errstate(divide="ignore"):
        peaks_db = 20 * np.log10(loudness.crests(mix, CONTROL, tick=tick))
    before: tuple[float, float] | None = None
    for _ in range(TURNS):
        curve = gain_db + _limiting(peaks_db + gain_db)
        short = TARGET_LUFS - loudness.integrated(mix, factors=partial(_between, curve), tick=tick)
        if abs(short) < CLOSE_ENOUGH_LU:
            break
        # Half of what is turned up may be taken back by the limiter: the last turn says how much.
        answer = (before[1] - short) / (gain_db - before[0]) if before else 1.0
        before = gain_db, short
        gain_db += short / min(1.0, max(LEAST_ANSWER, answer))
    _multiply(mix, curve)
    return mix


def wav(path: Path, sound: Stereo) -> None:
    """Write 16-bit PCM, dithered; digital silence stays so."""
    rng = np.random.default_rng(0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for start in range(0, sound.shape[1], RATE_HZ):
            part = sound[:, start : start + RATE_HZ].T
            # The sum of two even chances of half a step each hides the steps for good (TPDF).
            dither = rng.random(part.shape, np.float32) - rng.random(part.shape, np.float32)
            steps = np.where(part == 0, 0, np.rint(part * 32767 + dither))
            file.writeframes(np.clip(steps, -32768, 32767).astype("<i2").tobytes())


def _runs(words: Sequence[Span]) -> list[Span]:
    """Words without a pause between them, together."""
    runs: list[Span] = []
    for start, end in sorted(words):
        if runs and start - runs[-1][1] <= PAUSE_SECONDS:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return runs


def _raised(share: Curve) -> Curve:
    """A raised cosine from 0 to 1."""
    raised: Curve = 0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0, 1))
    return raised


def _limiting(peaks_db: Curve) -> Curve:
    """Gain in dB that keeps peaks under the ceiling: it falls before each, and comes back slowly."""
    need = np.minimum(0, CEILING_DBTP - peaks_db)
    need = np.append(need, need[-1])  # one more: samples between two values follow a line
    need = _lowest(need, 3)
    ramp = np.arange(len(need), dtype=np.float64)
    before = (np.minimum.accumulate((need - LOOKAHEAD_DB * ramp[::-1])[::-1]) + LOOKAHEAD_DB * ramp)[::-1]
    after = np.minimum.accumulate(before - RECOVERY_DB * ramp) + RECOVERY_DB * ramp
    window = np.hanning(SMOOTHING + 2)[1:-1]
    half = SMOOTHING // 2
    smooth = np.convolve(np.pad(_lowest(after, SMOOTHING), half, "edge"), window / window.sum(), "valid")
    return smooth.astype(np.float32)


def _lowest(values: Curve, width: int) -> Curve:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(values, width // 2, "edge"), width)
    lowest: Curve = windows.min(axis=1)
    return lowest


def _as_long(bed: Stereo | None, count: int) -> Stereo:
    """The bed cut or continued with silence; its own samples where it is long enough."""
    if bed is not None and bed.shape[1] >= count:
        return bed[:, :count]
    longer: Stereo = np.zeros((2, count), np.float32)
    if bed is not None:
        longer[:, : bed.shape[1]] = bed
    return longer


def _multiply(mix: Stereo, curve_db: Curve) -> None:
    """Turn the mix up and down in place, a second at a time: a long film's factors would take much memory."""
    for start in range(0, mix.shape[1], RATE_HZ):
        end = min(mix.shape[1], start + RATE_HZ)
        mix[:, start:end] *= _between(curve_db, start, end)


def _between(curve_db: Curve, start: int, end: int) -> Mono:
    """A curve in dB, one value for every `CONTROL` samples, as factors for the samples from `start` to `end`."""
    first, last = start // CONTROL, -(-end // CONTROL)
    factors = (10 ** (curve_db[first : last + 1] / 20)).astype(np.float32)
    between = np.arange(CONTROL, dtype=np.float32) / np.float32(CONTROL)
    lines: Mono = factors[:-1, None] + (factors[1:] - factors[:-1])[:, None] * between
    return lines.ravel()[start - first * CONTROL : end - first * CONTROL]
