"""The orchestra. Every instrument makes one tone for a note and a touch, and then shapes it to the note's length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sin
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.music import tones
from gpu_handlers.engines.music.score import Note
from gpu_handlers.engines.music.tones import Floats
from gpu_handlers.engines.speech.speech import RATE_HZ

Tone = NDArray[np.float32]
"""n samples, or channels×n."""

TOUCHES = 3  # hardnesses an instrument is made in
SWEEP_SECONDS = 23.0  # of the slow wave that opens and closes the colour of held sounds
SWEEP_DEPTH = 0.22


class Instrument(Protocol):
    """What the renderer asks of an instrument."""

    @property
    def send(self) -> float:
        """How much of it goes into the room, 0 … 1."""

    def tone(self, pitch: int, touch: int) -> Tone:
        """The raw tone; the renderer keeps it while notes of the same pitch and touch follow."""

    def shape(self, tone: Tone, note: Note) -> Tone:
        """A tone made as long, loud and bright as the note: n samples, or 2×n."""


@dataclass(frozen=True, slots=True)
class Struck:
    """Strings and bars that are hit or plucked, and ring.

    Attributes:
        partials: for a frequency and a hardness 0 … 1, the partials' frequencies, amplitudes and decays.
        seconds: longest ring.
        release: seconds until a note that ends is damped.
        attack_ms: softness of the stroke.
    """

    partials: Callable[[float, float], tuple[Floats, Floats, Floats]]
    gain: float
    send: float
    seconds: float = 4.0
    release: float = 0.25
    attack_ms: float = 2.0

    def tone(self, pitch: int, touch: int) -> Tone:
        """All partials at once."""
        hz, amplitudes, decays = self.partials(tones.hertz(pitch), touch / (TOUCHES - 1))
        seconds = min(self.seconds, 0.1 + float(decays.max()))
        return self.gain * tones.ring(hz, amplitudes, decays, seconds, attack_ms=self.attack_ms)

    def shape(self, tone: Tone, note: Note) -> Tone:
        """Let it ring until the note ends, then damp it."""
        held = round(note.seconds * RATE_HZ)
        fade = round(self.release * RATE_HZ)
        samples = note.velocity * tone[: held + fade]
        fade = min(fade, len(samples))
        samples[len(samples) - fade :] *= tones.rise(fade)[::-1]
        return samples


@dataclass(frozen=True, slots=True)
class Bowed:
    """Sections that hold a note: strings, horns, voices.

    Attributes:
        strength: amplitude of partials by frequency in hertz.
        cents: how far the players are apart.
        dark_hz: where the muted colour begins to fall.
        attack, release: seconds.
        bright: how much of the open colour a velocity of 1 brings.
        decay: seconds to −60 dB for short strokes; None holds the note.
    """

    strength: Callable[[Floats], Floats]
    gain: float
    send: float
    cents: float = 14.0
    dark_hz: float = 900.0
    attack: float = 0.35
    release: float = 0.5
    bright: float = 0.8
    decay: float | None = None

    def tone(self, pitch: int, touch: int) -> Tone:  # noqa: ARG002
        """One loop for all touches: the colours are mixed when the note is shaped."""
        return self.gain * tones.ensemble(tones.hertz(pitch), self.strength, self.cents, self.dark_hz, 1)

    def shape(self, tone: Tone, note: Note) -> Tone:
        """A stretch of the loop from somewhere, under an envelope; the colour drifts as the piece goes on."""
        held = round(note.seconds * RATE_HZ)
        attack = min(round(self.attack * RATE_HZ), max(1, held * 2 // 3))
        release = round(self.release * RATE_HZ)
        count = max(held, attack) + release
        # The place in the loop follows from the time: never the same twice in a row, always the same for a score.
        start = round(note.at * RATE_HZ * 0.618) % tones.LOOP
        places = [(start, min(count, tones.LOOP - start))]
        while (done := sum(length for _, length in places)) < count:
            places.append((0, min(count - done, tones.LOOP)))
        loop = np.concatenate([tone[:, at : at + length] for at, length in places], axis=1)
        opening, closing = (
            self.bright * note.velocity * (1 + SWEEP_DEPTH * sin(2 * pi * time / SWEEP_SECONDS))
            for time in (note.at, note.at + note.seconds)
        )
        samples: Tone = loop[:2] + np.linspace(opening, closing, count, dtype=np.float32) * loop[2:]
        samples *= np.float32(note.velocity)
        samples[:, :attack] *= tones.rise(attack)
        samples[:, count - release :] *= tones.rise(release)[::-1]
        if self.decay is not None:
            samples *= np.exp(tones.DAMPED / self.decay * np.arange(count, dtype=np.float32) / RATE_HZ)
        return samples


@dataclass(frozen=True, slots=True)
class Drum:
    """Things that are hit, shaken or breathed, each in a few variants.

    Attributes:
        make: the sound of a kind; chance makes each stroke a little different.
    """

    make: Callable[[int, np.random.Generator], Tone]
    gain: float
    send: float

    def tone(self, pitch: int, touch: int) -> Tone:
        """Made once per kind and touch."""
        return self.gain * self.make(pitch, np.random.default_rng([pitch, touch]))

    def shape(self, tone: Tone, note: Note) -> Tone:
        """As it is, only softer or louder."""
        return note.velocity * tone


def _piano(hz: float, hardness: float) -> tuple[Floats, Floats, Floats]:
    number = np.arange(1.0, 25.0)
    stiffness = 3e-4 * (hz / 262) ** 1.2
    series = number * hz * np.sqrt(1 + stiffness * number**2)
    # A hammer at an eighth of the string leaves out every eighth partial; felt takes the top, harder felt less.
    amplitudes = number**-0.7 * np.abs(np.sin(np.pi * number / 8)) * np.exp(-series / (1300 + 2600 * hardness))
    decays = 9.0 * (262 / hz) ** 0.6 / (1 + 0.35 * number)
    # Two strings a third of a cent apart: one dies early, the other sings on, and together they beat slowly.
    return (
        np.concatenate([series, series * 1.0004]),
        np.concatenate([0.75 * amplitudes, 0.3 * amplitudes]),
        np.concatenate([0.45 * decays, decays]),
    )


def _plucked(
    decay: float, place: float, soft_hz: float, hard_hz: float
) -> Callable[[float, float], tuple[Floats, Floats, Floats]]:
    def partials(hz: float, hardness: float) -> tuple[Floats, Floats, Floats]:
        number = np.arange(1.0, 31.0)
        series = number * hz * np.sqrt(1 + 6e-5 * number**2)
        roll = np.exp(-series / (soft_hz + (hard_hz - soft_hz) * hardness))
        amplitudes = np.abs(np.sin(np.pi * number * place)) / number * roll
        decays = decay * (262 / hz) ** 0.5 / (1 + 0.22 * (number - 1))
        return series, amplitudes, decays

    return partials


def _bar(
    ratios: tuple[float, ...], levels: tuple[float, ...], decay: float
) -> Callable[[float, float], tuple[Floats, Floats, Floats]]:
    def partials(hz: float, hardness: float) -> tuple[Floats, Floats, Floats]:
        ratio = np.array(ratios)
        amplitudes = np.array(levels) * np.where(ratio > 1.5, 0.4 + 0.6 * hardness, 1.0)
        return hz * ratio, amplitudes, decay * (523 / hz) ** 0.4 / ratio**0.8

    return partials


def _electric_piano(hz: float, hardness: float) -> tuple[Floats, Floats, Floats]:
    number = np.array([1.0, 1.002, 2.0, 3.0, 4.0, 7.1])
    amplitudes = np.array([1.0, 0.5, 0.3 + 0.3 * hardness, 0.15, 0.05 + 0.1 * hardness, 0.05 + 0.15 * hardness])
    return hz * number, amplitudes, np.array([5.0, 5.0, 2.5, 1.8, 1.2, 0.25]) * (262 / hz) ** 0.4


def _strings(hz: Floats) -> Floats:
    return (1 + 0.6 * np.exp(-0.5 * ((hz - 500) / 200) ** 2)) / np.sqrt(1 + (hz / 4200) ** 4)


def _low_strings(hz: Floats) -> Floats:
    return (1 + 0.8 * np.exp(-0.5 * ((hz - 250) / 120) ** 2)) / np.sqrt(1 + (hz / 2400) ** 4)


def _horn(hz: Floats) -> Floats:
    return (0.5 + np.exp(-0.5 * ((hz - 420) / 260) ** 2)) / (1 + (hz / 1300) ** 4)


def _formants(*peaks: tuple[float, float, float]) -> Callable[[Floats], Floats]:
    """A vowel: centre, width and height of its formants."""

    def strength(hz: Floats) -> Floats:
        body = 0.12 / (1 + (hz / 5000) ** 4)
        for centre, width, height in peaks:
            body = body + height * np.exp(-0.5 * ((hz - centre) / width) ** 2)
        return body

    return strength


def _warm(hz: Floats) -> Floats:
    return 1 / (1 + (hz / 1800) ** 2)


def _sub(hz: Floats) -> Floats:
    return 1 / (1 + (hz / 130) ** 4)


def _tom(kind: int, rng: np.random.Generator) -> Tone:
    hz = (62.0, 82.0, 108.0)[kind] * rng.uniform(0.99, 1.01)
    skin = tones.drop(hz * 1.7, hz, 0.05, 1.1 - 0.15 * kind, 1.3)
    skin[: 441 * 12] += 0.9 * _burst(0.12, 120, 1400, 0.09, rng)
    return skin


def _kick(_kind: int, _rng: np.random.Generator) -> Tone:
    return tones.drop(150.0, 48.0, 0.03, 0.42, 0.5)


def _boom(_kind: int, _rng: np.random.Generator) -> Tone:
    return tones.drop(58.0, 34.0, 0.35, 3.2, 3.4)


def _clap(_kind: int, rng: np.random.Generator) -> Tone:
    return _burst(0.3, 700, 4200, 0.24, rng)


def _hat(kind: int, rng: np.random.Generator) -> Tone:
    return _burst((0.09, 0.4)[kind], 5200, 11000, (0.06, 0.3)[kind], rng)


def _shaker(_kind: int, rng: np.random.Generator) -> Tone:
    grains = tones.noise(0.12, 3800, 9000, rng)
    grains *= np.interp(np.arange(len(grains)), [0, len(grains) * 0.35, len(grains)], [0, 1, 0]).astype(np.float32) ** 2
    return grains


def _cymbal(_kind: int, rng: np.random.Generator) -> Tone:
    return np.stack([_burst(3.0, 2500, 9500, 2.6, rng) for _ in range(2)])


def _breath(_kind: int, rng: np.random.Generator) -> Tone:
    """A swell that stops as it is fullest; its last hundredths fall so that it does not click."""
    air = np.stack([tones.noise(1.4, 700, 9000, rng, slope=-2) for _ in range(2)])
    count = air.shape[1]
    air *= (np.linspace(0, 1, count, dtype=np.float32) ** 3) / np.float32(2)
    fall = round(0.06 * RATE_HZ)
    air[:, count - fall :] *= tones.rise(fall)[::-1]
    return air


def _burst(seconds: float, low_hz: float, high_hz: float, decay: float, rng: np.random.Generator) -> Tone:
    samples = tones.noise(seconds, low_hz, high_hz, rng)
    samples *= np.exp(tones.DAMPED * np.arange(len(samples), dtype=np.float32) / (decay * RATE_HZ))
    for edge in (samples, samples[::-1]):
        edge[:66] *= tones.rise(66)
    return samples


INSTRUMENTS: dict[str, Instrument] = {
    "piano": Struck(_piano, gain=1.0, send=0.3, seconds=6.0, release=0.35, attack_ms=6),
    "harp": Struck(_plucked(4.0, 0.23, 1800, 4500), gain=1.0, send=0.45, seconds=4.0, release=0.6),
    "guitar": Struck(_plucked(2.6, 0.17, 2500, 6000), gain=1.3, send=0.2, seconds=2.5, release=0.12),
    "bass guitar": Struck(_plucked(2.2, 0.23, 450, 1400), gain=1.5, send=0.0, seconds=3.0, release=0.08, attack_ms=5),
    "glockenspiel": Struck(_bar((1, 2.76, 5.4), (1, 0.3, 0.12), 1.8), gain=0.9, send=0.45, seconds=2.5, release=0.5),
    "celesta": Struck(_bar((1, 2, 4, 6.8), (1, 0.2, 0.16, 0.06), 1.6), gain=1.5, send=0.4, seconds=2.5, release=0.5),
    "glass": Struck(
        _bar((1, 1.003, 2.32, 4.25), (1, 0.7, 0.25, 0.14), 4.5), gain=1.5, send=0.6, seconds=4.5, release=1.0,
        attack_ms=12,
    ),
    "marimba": Struck(_bar((1, 3.98, 9.2), (1, 0.4, 0.12), 0.9), gain=1.4, send=0.25, seconds=1.5, release=0.3),
    "electric piano": Struck(_electric_piano, gain=2.0, send=0.25, seconds=5.0, release=0.3, attack_ms=8),
    "strings": Bowed(_strings, gain=0.55, send=0.4, dark_hz=1500, bright=1.3, attack=0.45, release=0.7),
    "spiccato": Bowed(
        _low_strings, gain=4.0, send=0.3, dark_hz=1200, cents=10, attack=0.018, release=0.1, decay=0.6, bright=1.0
    ),
    "cellos": Bowed(_low_strings, gain=0.9, send=0.3, cents=9, dark_hz=1100, attack=0.25, release=0.5),
    "horns": Bowed(_horn, gain=1.15, send=0.45, cents=5, dark_hz=800, attack=0.12, release=0.35, bright=1.0),
    "aah": Bowed(
        _formants((650, 160, 1.0), (1080, 180, 0.55), (2650, 400, 0.3)), gain=0.55, send=0.5, cents=16, dark_hz=1500,
        attack=0.5, release=0.9,
    ),
    "ooh": Bowed(
        _formants((330, 120, 1.0), (780, 160, 0.35), (2500, 500, 0.16)), gain=0.42, send=0.5, cents=16, dark_hz=1600,
        attack=0.8, release=1.2,
    ),
    "warm pad": Bowed(_warm, gain=0.5, send=0.35, cents=12, dark_hz=1100, attack=0.7, release=1.0, bright=1.2),
    "drone": Bowed(_sub, gain=1.0, send=0.2, cents=6, dark_hz=200, attack=1.2, release=1.5, bright=0.4),
    "sub": Bowed(_sub, gain=1.0, send=0.0, cents=3, dark_hz=200, attack=0.05, release=0.25, bright=0.5),
    "tom": Drum(_tom, gain=0.45, send=0.4),
    "kick": Drum(_kick, gain=0.5, send=0.0),
    "boom": Drum(_boom, gain=0.5, send=0.3),
    "clap": Drum(_clap, gain=2.6, send=0.3),
    "hat": Drum(_hat, gain=2.6, send=0.05),
    "shaker": Drum(_shaker, gain=1.9, send=0.1),
    "cymbal": Drum(_cymbal, gain=2.0, send=0.4),
    "breath": Drum(_breath, gain=2.4, send=0.4),
}  # fmt: skip
