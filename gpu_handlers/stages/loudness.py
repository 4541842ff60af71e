"""How loud sound is: integrated loudness and true peak after ITU-R BS.1770-4, the measure that platforms go by."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, log10, pi, tan

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ

BLOCK_SECONDS = 0.4
HOP_SECONDS = 0.1
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OVERSAMPLING = 4
TRANSFORM = 2**16  # samples a turn
# The filters' answers to a click: after 4096 samples even the 38 Hz high-pass is below −130 dB.
ANSWER = 4096
INTERPOLATION = 512  # samples on either side that a value between two samples is drawn from
# The standard tabulates its filters for 48 kHz only. These are the analogue prototypes behind the tables (B. De Man,
# "Evaluation of Implementations of the EBU R128 Loudness Measurement", AES 145, 2018): a shelf for the head, then a
# high-pass.
SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773

Floats = NDArray[np.float64]
Factors = Callable[[int, int], NDArray[np.float32]]
"""One factor for each sample from a first one up to a last one."""
Tick = Callable[[], None]


def integrated(sound: Stereo, *, factors: Factors | None = None, tick: Tick = lambda: None) -> float:
    """Loudness of the whole, in LUFS; −inf for silence and for anything shorter than a block of 0.4 s.

    Args:
        factors: what the sound would be multiplied by; it is left as it is.
        tick: called for every second or two of the sound; what it raises stops the work.
    """
    power = _block_power(sound, factors, tick)
    loud = power[_lufs(power) > ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return -inf
    gated = loud[_lufs(loud) > float(_lufs(loud.mean(keepdims=True))[0]) + RELATIVE_GATE_LU]
    return float(_lufs(gated.mean(keepdims=True))[0])


def true_peak(sound: Stereo) -> float:
    """The highest value between the samples, in dBTP; −inf for silence."""
    highest = float(crests(sound, 1).max(initial=0.0))
    return 20 * log10(highest) if highest > 0 else -inf


def crests(sound: Stereo, width: int, *, tick: Tick = lambda: None) -> NDArray[np.float32]:
    """The highest absolute value in every `width` samples, both channels, seen four times as closely.

    `tick` as for `integrated`.
    """
    count = sound.shape[1]
    step = (TRANSFORM - 2 * INTERPOLATION) // width * width
    highest = np.zeros(-(-count // width), np.float32)
    for start in range(0, count, step):
        tick()
        # Band-limited interpolation of a stretch and its surroundings, which are then left out.
        stretch = np.zeros((2, TRANSFORM), np.float32)
        low, high = max(0, start - INTERPOLATION), min(count, start - INTERPOLATION + TRANSFORM)
        stretch[:, low - start + INTERPOLATION : high - start + INTERPOLATION] = sound[:, low:high]
        finer = np.fft.irfft(np.fft.rfft(stretch), TRANSFORM * OVERSAMPLING) * np.float32(OVERSAMPLING)
        peaks = np.abs(finer).max(axis=0).reshape(TRANSFORM, OVERSAMPLING).max(axis=1)
        first = start // width
        here = highest[first : first + step // width]
        here[:] = peaks[INTERPOLATION : INTERPOLATION + len(here) * width].reshape(-1, width).max(axis=1)
    return highest


def _lufs(power: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return -0.691 + 10 * np.log10(power)


def _block_power(sound: Stereo, factors: Factors | None, tick: Tick) -> Floats:
    """Mean square of both channels after weighting, summed, for every block of 0.4 s, one a tenth of a second."""
    hop = round(HOP_SECONDS * RATE_HZ)
    per_block = round(BLOCK_SECONDS / HOP_SECONDS)
    count = sound.shape[1]
    power = np.zeros(count // hop)  # what is left after the last hop is not in any block
    weighting = _weighting()
    step = (TRANSFORM - ANSWER) // hop * hop
    for start in range(0, len(power) * hop, step):
        tick()
        low, high = start - ANSWER, min(len(power) * hop, start + step)
        first = max(0, low)
        stretch = np.zeros((2, TRANSFORM), np.float32)
        stretch[:, first - low : high - low] = sound[:, first:high]
        if factors is not None:
            stretch[:, first - low : high - low] *= factors(first, high)
        weighted = np.fft.irfft(np.fft.rfft(stretch) * weighting, TRANSFORM)[:, ANSWER : ANSWER + high - start]
        both = np.sum(np.square(weighted, dtype=np.float64), axis=0)
        power[start // hop : high // hop] = both.reshape(-1, hop).mean(axis=1)
    if len(power) < per_block:
        return np.zeros(0)
    return np.convolve(power, np.full(per_block, 1 / per_block), "valid")


@cache
def _weighting() -> NDArray[np.complex64]:
    """Both filters at the transform's frequencies."""
    z = np.exp(-2j * pi * np.arange(TRANSFORM // 2 + 1) / TRANSFORM)
    answer = np.ones(len(z), np.complex128)
    for over, under in (_shelf(), _high_pass()):
        answer *= np.polyval(over[::-1], z) / np.polyval(under[::-1], z)
    return answer.astype(np.complex64)


def _shelf() -> tuple[Floats, Floats]:
    k = tan(pi * SHELF_HZ / RATE_HZ)
    high = 10 ** (SHELF_DB / 20)
    band = high**0.4996667741545416
    over = np.array([high + band * k / SHELF_Q + k * k, 2 * (k * k - high), high - band * k / SHELF_Q + k * k])
    return over, np.array([1 + k / SHELF_Q + k * k, 2 * (k * k - 1), 1 - k / SHELF_Q + k * k])


def _high_pass() -> tuple[Floats, Floats]:
    k = tan(pi * PASS_HZ / RATE_HZ)
    under = np.array([1 + k / PASS_Q + k * k, 2 * (k * k - 1), 1 - k / PASS_Q + k * k])
    # The tables leave the numerator at 1, −2, 1 where the transform would scale it.
    return np.array([1.0, -2.0, 1.0]) * under[0], under
