"""From an engine's raw sound to a voice as it goes into a film: double rate, colour, even loudness, clean ends."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.speech.speech import RATE_HZ, Mono

PEAK = 10 ** (-3 / 20)  # leaves room for music and for what AAC adds
LOUDNESS = 10 ** (-18.5 / 20)  # RMS of the loud parts; the loudest vowels then come close to the peak
FRAME = 220
FRAME_SECONDS = FRAME / RATE_HZ  # 5 ms: shorter than any speech sound, longer than a low voice's half period
SILENCE = 10 ** (-42 / 20)  # beside the loud parts of the same speech
KEPT_SECONDS = 0.03
RAMP_SECONDS = 0.005

_HALF_TAPS = 32
_COLOUR_TAPS = 1023  # 43 Hz resolution, enough to cut rumble under a voice
_BLOCK = 2**16


def doubled(samples: Mono) -> Mono:
    """Twice the sampling rate. The given samples stay as they are; those in between come from a half-band filter.

    Images above the old Nyquist frequency are 70 dB down, up to 90 % of it the response is flat within 0.1 dB.
    """
    output = np.empty(2 * len(samples), np.float32)
    output[0::2] = samples
    output[1::2] = _convolved(samples, _half_band())[_HALF_TAPS:][: len(samples)]
    return output


def coloured(samples: Mono, *, warmth_db: float, presence_db: float, air_db: float) -> Mono:
    """Linear phase tone control: nothing moves in time. Below 60 Hz there is no voice, so that goes.

    Args:
        warmth_db: below 250 Hz.
        presence_db: 2–5 kHz, where a synthetic voice buzzes.
        air_db: above 7 kHz.
    """
    taps = _colour(warmth_db, presence_db, air_db)
    return _convolved(samples, taps)[len(taps) // 2 :][: len(samples)]


def levelled(samples: Mono) -> Mono:
    """Every speech equally loud, no peak above `PEAK`. Silence stays silence."""
    power = np.mean(np.square(_frames(samples)), axis=1)
    heard = power[voiced(samples)]
    if not len(heard):
        return samples
    # Gated as in ITU-R BS.1770: a whispered sound between loud ones does not make the rest louder.
    mean = float(np.mean(heard[heard > heard.mean() / 10], dtype=np.float64))
    return _limited(samples * np.float32(LOUDNESS / mean**0.5))


def bounds(samples: Mono) -> tuple[int, int]:
    """First and last sample worth keeping: the voice and `KEPT_SECONDS` around it. Equal when there is none."""
    heard = np.flatnonzero(voiced(samples))
    if not len(heard):
        return 0, 0
    kept = round(KEPT_SECONDS * RATE_HZ)
    return max(0, int(heard[0]) * FRAME - kept), min(len(samples), (int(heard[-1]) + 1) * FRAME + kept)


def ramped(samples: Mono) -> Mono:
    """Both ends begin and end at nothing, so that nothing clicks."""
    length = min(round(RAMP_SECONDS * RATE_HZ), len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)
    output = samples.copy()
    output[:length] *= ramp
    output[len(samples) - length :] *= ramp[::-1]
    return output


def voiced(samples: Mono) -> NDArray[np.bool_]:
    """For each frame of `FRAME_SECONDS` whether something is heard."""
    level = np.sqrt(np.mean(np.square(_frames(samples)), axis=1))
    loud = float(np.percentile(level, 95)) if len(level) else 0.0
    return np.asarray(level > max(loud * SILENCE, 1e-5))


def _frames(samples: Mono) -> Mono:
    padded = np.zeros(-(-len(samples) // FRAME) * FRAME, np.float32)
    padded[: len(samples)] = samples
    return padded.reshape(-1, FRAME)


def _limited(samples: Mono) -> Mono:
    """Turned down around what is too loud, over a few frames, so that it is not heard."""
    frames = _frames(samples)
    allowed = np.minimum(1.0, PEAK / np.maximum(np.abs(frames).max(axis=1), PEAK))
    reach = 3
    window = np.lib.stride_tricks.sliding_window_view
    least = window(np.pad(allowed, 2 * reach, constant_values=1.0), 2 * reach + 1).min(axis=1)
    gain = window(least, 2 * reach - 1).mean(axis=1)  # narrower than the minimum: at any sample at or below `allowed`
    gain = gain[(len(gain) - len(frames)) // 2 :][: len(frames)]
    middles = (np.arange(len(frames)) + 0.5) * FRAME
    curve = np.interp(np.arange(len(samples)), middles, gain)
    return np.asarray(samples * curve, np.float32)


def _convolved(samples: Mono, taps: NDArray[np.float64]) -> Mono:
    """Full convolution, block by block, so that a long speech does not need a long transform."""
    output = np.zeros(len(samples) + len(taps) - 1, np.float32)
    size = 1 << (_BLOCK + len(taps) - 2).bit_length()
    response = np.fft.rfft(taps, size)
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK]
        result = np.fft.irfft(np.fft.rfft(block, size) * response, size)
        length = len(block) + len(taps) - 1
        output[start : start + length] += result[:length].astype(np.float32)
    return output


@cache
def _half_band() -> NDArray[np.float64]:
    """Values half way between samples: a sinc under a Kaiser window, summing to one."""
    place = np.arange(-_HALF_TAPS, _HALF_TAPS) + 0.5
    taps = np.sinc(place) * np.kaiser(2 * _HALF_TAPS, 7.0)
    return np.asarray(taps / taps.sum())


@cache
def _colour(warmth_db: float, presence_db: float, air_db: float) -> NDArray[np.float64]:
    curve_hz = [20, 45, 80, 250, 600, 1500, 2500, 5000, 7000, 11000, RATE_HZ / 2]
    curve_db = [-40, -24, warmth_db, warmth_db, 0, 0, presence_db, presence_db, air_db, air_db, air_db]
    frequencies = np.fft.rfftfreq(8192, 1 / RATE_HZ)
    decibels = np.interp(np.log(np.maximum(frequencies, 1)), np.log(curve_hz), curve_db)
    impulse = np.roll(np.fft.irfft(10 ** (decibels / 20)), _COLOUR_TAPS // 2)[:_COLOUR_TAPS]
    return np.asarray(impulse * np.hanning(_COLOUR_TAPS + 2)[1:-1])
