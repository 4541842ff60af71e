"""A score becomes sound."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np

from gpu_handlers.engines.music import room, tones
from gpu_handlers.engines.music.instruments import INSTRUMENTS, TOUCHES, Instrument, Tone
from gpu_handlers.engines.music.score import Note, Score
from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono

FADE_SECONDS = 2.0
EDGE_SECONDS = 0.01  # fade at the very start
PEAK = 0.7  # −3 dBFS: what comes after decides how loud it is


def play(
    score: Score, *, reverb_seconds: float, reverb: float, tick: Callable[[], None] = lambda: None
) -> Stereo:  # fmt: skip
    """Play a score in a room.

    Args:
        reverb_seconds: until the room has lost 60 dB.
        reverb: its loudness against what is sent into it.
        tick: called for every note and for every few seconds of the room; what it raises stops the work.
    Returns:
        Exactly the score's length, faded out over its last two seconds, peak at −3 dBFS.
    """
    count = round(score.seconds * RATE_HZ)
    mix: Stereo = np.zeros((2, count), np.float32)
    sent: Mono = np.zeros(count, np.float32)
    # Together by instrument and pitch, so that only one tone is kept at a time.
    notes = sorted(score.notes, key=lambda note: (INSTRUMENTS[note.instrument].send, *_tone_of(note), note.at))
    for (name, pitch, touch), same in groupby(notes, key=_tone_of):
        instrument = INSTRUMENTS[name]
        tone = instrument.tone(pitch, touch)
        for note in same:
            tick()
            _place(mix, sent, instrument, tone, note)
    room.reverberate(sent, room.echo(reverb_seconds), into=mix, level=reverb, tick=tick)
    return _finished(mix)


def _tone_of(note: Note) -> tuple[str, int, int]:
    return note.instrument, note.pitch, min(TOUCHES - 1, int(note.velocity * TOUCHES))


def _place(mix: Stereo, sent: Mono, instrument: Instrument, tone: Tone, note: Note) -> None:
    """Add a note to what is heard, and to what the room hears of it."""
    start = round(note.at * RATE_HZ)
    samples = instrument.shape(tone, note)[..., : mix.shape[1] - start]
    end = start + samples.shape[-1]
    # Constant power for a point, balance for what is stereo already.
    angle = (note.pan + 1) * np.pi / 4
    gains = np.float32(np.sqrt(2) * np.cos(angle)), np.float32(np.sqrt(2) * np.sin(angle))
    for ear, gain in enumerate(gains):
        heard = gain * (samples if samples.ndim == 1 else samples[ear])
        mix[ear, start:end] += heard
        heard *= np.float32(instrument.send / 2)
        sent[start:end] += heard


def _finished(mix: Stereo) -> Stereo:
    count = mix.shape[1]
    fade, edge = min(count, round(FADE_SECONDS * RATE_HZ)), min(count, round(EDGE_SECONDS * RATE_HZ))
    mix -= mix.mean(axis=1, keepdims=True)  # drumheads push outwards first
    mix *= np.float32(PEAK / max(float(mix.max()), -float(mix.min()), 1e-9))
    mix[:, count - fade :] *= tones.rise(fade)[::-1]
    mix[:, :edge] *= tones.rise(edge)
    return mix
