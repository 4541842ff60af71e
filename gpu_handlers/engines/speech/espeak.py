"""The offline voice: eSpeak NG, robotic but always there, in about a hundred languages.

One process for each text (see `espeak_process`), 40 ms to start. A process that stayed would save those and cost two
promises: the library keeps state from text to text, so the same scene could sound different after another one, and a
text that breaks it would take the rest of the film along.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from gpu_handlers.engines.speech import sound, timing, wording
from gpu_handlers.engines.speech.speaker import MAX_SECONDS, SpeechUnavailable, Stopped, TooLong
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono, Speech
from gpu_handlers.engines.speech.timing import Mark
from gpu_handlers.engines.speech.voices import EspeakVoice, VoiceStyle, espeak_voice

ENGINE = "espeak-ng"
FALLBACK_LANGUAGE = "en"
RATES = (80, 450)  # what the library takes
TIMEOUT_SECONDS = 90
LOOK_SECONDS = 0.2  # from one look at the stop sign to the next
_PROGRAM = Path(__file__).with_name("espeak_process.py")


class _NoSuchVoice(SpeechUnavailable):
    """The library has nobody for the language."""


class EspeakSpeaker:
    """One style in one language."""

    at_once = 2  # the work is in processes of their own, and machines have two cores at least

    def __init__(self, style: VoiceStyle, language: str) -> None:
        self._style = style
        self._language = language

    def speak(self, text: str, *, pace: float = 1.0, stop: Event | None = None) -> Speech:
        """Say `text`; see `Speaker.speak`."""
        said = wording.spoken(text)
        voice = espeak_voice(self._style, self._language if speaks(self._language) else FALLBACK_LANGUAGE)
        if not any(wording.words(said)):
            return Speech(np.zeros(0, np.float32), (), ENGINE, voice.name)
        raw, marks = _said(voice, said, pace, stop)
        samples = sound.coloured(
            sound.doubled(raw),
            warmth_db=voice.warmth_db,
            presence_db=voice.presence_db,
            air_db=voice.air_db,
        )
        start, end = sound.bounds(samples)
        samples = sound.ramped(sound.levelled(samples[start:end]))
        marks = [Mark(mark.at, mark.seconds - start / RATE_HZ) for mark in marks]
        return Speech(samples, timing.words(text, said, marks, samples), ENGINE, voice.name)


@cache
def speaks(language: str) -> bool:
    """Whether the library has a voice for `language` (ISO 639-1).

    Raises:
        SpeechUnavailable: it cannot be asked.
    """
    try:
        _asked(espeak_voice("male-warm", language), "", 1.0)
    except _NoSuchVoice:
        return False
    return True


def _said(voice: EspeakVoice, said: str, pace: float, stop: Event | None) -> tuple[Mono, list[Mark]]:
    header, content = _asked(voice, said, pace, stop)
    if header["rate_hz"] * 2 != RATE_HZ:
        raise SpeechUnavailable(f"{header['rate_hz']} Hz is not half of {RATE_HZ} Hz")
    raw = np.frombuffer(content, np.int16)
    if len(raw) > MAX_SECONDS * header["rate_hz"]:
        raise TooLong(f"{len(said)} characters take more than {MAX_SECONDS} s")
    marks = [Mark(at, sample / header["rate_hz"]) for at, _, sample in header["marks"]]
    return raw.astype(np.float32) / np.float32(2**15), marks


def _asked(
    voice: EspeakVoice, said: str, pace: float, stop: Event | None = None
) -> tuple[dict[str, Any], bytes]:  # fmt: skip
    """One run of the program."""
    least, most = RATES
    order = {
        "voice": voice.name,
        "rate": min(max(round(voice.rate * pace), least), most),
        "pitch": voice.pitch,
        "range": voice.range,
        "gap": voice.gap,
        "text": said,
        "max_samples": MAX_SECONDS * RATE_HZ // 2,
    }
    done = _run(json.dumps(order).encode() + b"\n", stop)
    line, _, content = done.stdout.partition(b"\n")
    if done.returncode != 0 or not line:
        words = done.stderr.decode(errors="replace").strip()[-300:]
        raise SpeechUnavailable(f"eSpeak NG ended with {done.returncode}: {words}")
    header: dict[str, Any] = json.loads(line)
    if header.get("voice") == "unknown":
        raise _NoSuchVoice(f"eSpeak NG has no voice {voice.name}")
    if "error" in header:
        raise SpeechUnavailable(f"eSpeak NG: {header['error']}")
    return header, content


def _run(order: bytes, stop: Event | None) -> subprocess.CompletedProcess[bytes]:
    """The program, ended when it takes too long or nobody waits for it."""
    command = [sys.executable, "-I", str(_PROGRAM)]  # by path: it must not load anything of ours
    give_up_at = time.monotonic() + TIMEOUT_SECONDS
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            waiting: bytes | None = order
            while True:
                try:
                    out, err = process.communicate(waiting, timeout=LOOK_SECONDS)
                    return subprocess.CompletedProcess(command, process.returncode, out, err)
                except subprocess.TimeoutExpired:
                    waiting = None  # it is on its way
                if stop is not None and stop.is_set():
                    raise Stopped
                if time.monotonic() > give_up_at:
                    raise SpeechUnavailable(f"eSpeak NG took more than {TIMEOUT_SECONDS} s")
        except BaseException:
            process.kill()
            raise
