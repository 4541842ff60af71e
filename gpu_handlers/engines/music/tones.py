"""Where sound comes from: damped partials, ensembles, noise. All of it is made below 16 kHz, so nothing aliases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono

TOP_HZ = 16_000.0
LOOP = 2**17  # samples of an ensemble before it repeats: 3 s, longer than the ear compares noise
LOUDNESS = 0.1  # RMS of every tone before its instrument's gain
DAMPED = -np.log(1000.0)  # 60 dB, the measure of decay times

Floats = NDArray[np.floating]


def hertz(pitch: float) -> float:
    """Frequency of a MIDI note, equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def ring(hz: Floats, amplitudes: Floats, decays: Floats, seconds: float, *, attack_ms: float = 2.0) -> Mono:
    """A sum of damped sines, as a struck string or bar gives.

    A damped sine is a geometric series, so a block of it is a start value times a common row: all partials together
    are one matrix product.

    Args:
        hz, amplitudes, decays: per partial; decays in seconds to −60 dB.
        attack_ms: of a soft start, against the click.
    """
    heard = hz < TOP_HZ
    rate = DAMPED / decays[heard] + 2j * np.pi * hz[heard]
    width = 512
    rows = -(-round(seconds * RATE_HZ) // width)
    # Partials that all began at zero would add up to a crack; these begin all over the circle (Schroeder's phases).
    number = np.arange(np.count_nonzero(heard))
    starts = (
        amplitudes[heard]
        * np.exp(1j * np.pi * number**2 / max(1, len(number)))
        * np.exp(np.outer(np.arange(rows) * (width / RATE_HZ), rate))
    )
    row = np.exp(np.outer(rate, np.arange(width) / RATE_HZ))
    samples = (starts.real @ row.imag + starts.imag @ row.real).ravel()
    soft = min(len(samples), round(attack_ms / 1000 * RATE_HZ))
    samples[:soft] *= rise(soft)
    return levelled(samples)


def ensemble(hz: float, strength: Callable[[Floats], Floats], cents: float, dark_hz: float, seed: int) -> Stereo:
    """Many players on one note: every partial is a narrow band of noise instead of a line.

    The loop has no seam, because it is the inverse transform of its spectrum; after the PADsynth algorithm of
    Nasca O. Paul (2005, public domain).

    Args:
        hz: the note.
        strength: amplitude of partials at the given frequencies; the series' own 1/n comes on top.
        cents: how far the players are apart.
        dark_hz: where the muted colour begins to fall.
    Returns:
        4×`LOOP`: left and right muted, then left and right of what brightness adds.
    """
    rng = np.random.default_rng([seed, round(hz * 16)])
    spectrum = np.zeros((2, LOOP // 2 + 1), np.complex64)
    bin_hz = RATE_HZ / LOOP
    partials = np.arange(1, min(64, int(TOP_HZ / hz)) + 1)
    for number, amplitude in zip(partials, strength(partials * hz) / partials, strict=True):
        spread = max(number * hz * (2 ** (cents / 1200) - 1), 0.5)
        low = max(1, int((number * hz - 3 * spread) / bin_hz))
        bins = np.arange(low, min(LOOP // 2, int((number * hz + 3 * spread) / bin_hz) + 2))
        band = np.exp(-0.5 * ((bins * bin_hz - number * hz) / spread) ** 2)
        phases = rng.normal(size=(3, 2, len(bins)))
        common, left, right = phases[:, 0] + 1j * phases[:, 1]
        band *= amplitude / np.sqrt(np.sum(band**2))
        # Three quarters in common keep the middle filled on a single loudspeaker.
        spectrum[:, bins] += band * (0.87 * common + 0.5 * np.stack([left, right]))
    muted = 1 / np.sqrt(1 + (np.arange(LOOP // 2 + 1) * bin_hz / dark_hz) ** 4)
    dark = spectrum * muted.astype(np.float32)
    loops = np.concatenate([np.fft.irfft(dark, LOOP), np.fft.irfft(spectrum - dark, LOOP)])
    loudness = np.sqrt(np.mean((loops[:2] + 0.5 * loops[2:]) ** 2))
    even: Stereo = (loops * (LOUDNESS / loudness)).astype(np.float32)
    return even


def noise(seconds: float, low_hz: float, high_hz: float, rng: np.random.Generator, *, slope: float = 0.0) -> Mono:
    """A band of noise with soft edges.

    Args:
        slope: dB an octave; negative is darker.
    """
    count = round(seconds * RATE_HZ)
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 1.0)
    band = 1 / (1 + (low_hz / hz) ** 6) / (1 + (hz / min(high_hz, TOP_HZ)) ** 6)
    band *= (hz / low_hz) ** (slope / 6.02)
    band[hz > TOP_HZ] = 0
    return levelled(np.fft.irfft(np.fft.rfft(rng.normal(size=count)) * band, count))


def drop(start_hz: float, end_hz: float, fall_seconds: float, decay_seconds: float, seconds: float) -> Mono:
    """A drumhead: a sine that falls in pitch while it dies away."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    turns = end_hz * time + (start_hz - end_hz) * fall_seconds * (1 - np.exp(-time / fall_seconds))
    samples = np.sin(2 * np.pi * turns) * np.exp(DAMPED * time / decay_seconds)
    soft = round(0.0015 * RATE_HZ)
    samples[:soft] *= rise(soft)
    drum: Mono = samples.astype(np.float32)
    return drum


def rise(count: int) -> Mono:
    """Half a raised cosine, 0 → 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))).astype(np.float32)


def levelled(samples: Floats) -> Mono:
    """The samples at the common loudness, measured over their first 0.4 s."""
    loudness = np.sqrt(np.mean(samples[: round(0.4 * RATE_HZ)] ** 2))
    tone: Mono = (samples * (LOUDNESS / loudness)).astype(np.float32)
    return tone
