"""The room the orchestra plays in: a decaying noise, different for each ear, by fast convolution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono

BANDS_HZ = (180.0, 700.0, 2200.0, 6000.0)
DECAY_SHARE = (0.85, 1.0, 0.9, 0.6, 0.35)  # of the room's decay in each band: air and curtains take the top first
BAND_LEVEL = (0.35, 1.0, 0.8, 0.4, 0.1)  # little bass in the tail, or it turns to mud
PREDELAY_SECONDS = 0.022
TRANSFORM = 2**18  # samples: large against the echo, small against the cache


def echo(seconds: float) -> Stereo:
    """The room's answer to a click; its energy is one in each ear.

    Args:
        seconds: until it has lost 60 dB.
    """
    rng = np.random.default_rng(round(seconds * 1000))
    count = round(seconds * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum = np.fft.rfft(rng.normal(size=(2, count)))
    answer = np.zeros((2, count))
    edges = (0.0, *BANDS_HZ, RATE_HZ / 2)
    for low, high, share, level in zip(edges, edges[1:], DECAY_SHARE, BAND_LEVEL, strict=False):
        band = np.fft.irfft(spectrum * ((hz >= low) & (hz < high)), count)
        answer += level * band * np.exp(-np.log(1000.0) * time / (seconds * share))
    answer *= np.minimum(1.0, time / 0.012) * np.minimum(1.0, (seconds - time) / 0.1)
    answer /= np.sqrt(np.sum(answer**2, axis=1, keepdims=True))
    silence = np.zeros((2, round(PREDELAY_SECONDS * RATE_HZ)))
    return np.concatenate([silence, answer], axis=1).astype(np.float32)


def reverberate(
    dry: Mono, room: Stereo, *, into: Stereo, level: float, tick: Callable[[], None] = lambda: None
) -> None:  # fmt: skip
    """Add what the room makes of `dry` to `into`, as far as it reaches; `tick` is called before every block."""
    count = into.shape[1]
    block = TRANSFORM - room.shape[1] + 1
    answer = np.fft.rfft(level * room, TRANSFORM)
    for start in range(0, count, block):
        tick()
        heard = np.fft.rfft(dry[start : start + block], TRANSFORM)
        end = min(count, start + TRANSFORM)
        for ear in range(2):
            into[ear, start:end] += np.fft.irfft(heard * answer[ear], TRANSFORM)[: end - start]
