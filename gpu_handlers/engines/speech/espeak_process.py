"""The program around eSpeak NG: one text in, its sound out, end.

eSpeak NG is GPL-3 and keeps its state in globals, so it never lives in the worker's own process: this file is started
by its path, loads the library, speaks once and is gone. It imports nothing of ours, and nothing of ours imports it.

stdin: one JSON line {"voice", "rate", "pitch", "range", "gap", "text", "max_samples"}.
stdout: one JSON line {"rate_hz", "samples", "marks": [[at, length, sample], …]} and then the samples, 16 bit, this
machine's byte order. `at` and `length` are characters. Instead of both, {"voice": "unknown"} when there is no
such voice, {"error": "…"} when something else is wrong.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from array import array
from importlib import import_module
from typing import Any

CPU_SECONDS = 60  # ten minutes of speech take one; whatever takes longer has lost its way

SEED = 1  # of the breath in a voice: by default the time of day

# From speak_lib.h of eSpeak NG 1.52.
SYNCHRONOUS = 2
DONT_EXIT = 0x8000
CHARACTERS_ARE_UTF8 = 1  # and neither SSML (0x10) nor phonemes in brackets (0x100): text is text
END_PAUSE = 0x1000
POSITION_IN_CHARACTERS = 1
RATE, PITCH, RANGE, WORD_GAP = 1, 3, 4, 7
LIST_TERMINATED, WORD = 0, 1


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def main() -> None:
    """Answer the one request."""
    _end_with_parent()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints must not get between the samples
    try:
        header, samples = speak(**json.loads(sys.stdin.buffer.readline()))
    except (OSError, RuntimeError, ValueError) as error:
        header, samples = {"error": str(error)}, array("h")
    out.write(json.dumps(header).encode() + b"\n")
    out.write(samples.tobytes())
    out.close()


def speak(
    *,
    voice: str,
    rate: int,
    pitch: int,
    range: int,  # noqa: A002  # the parameter's own name
    gap: int,
    text: str,
    max_samples: int,
) -> tuple[dict[str, Any], array[int]]:
    """Say `text` in `voice`; stops after `max_samples`.

    Raises:
        RuntimeError: the library refuses.
    """
    # By string: the package has no types and would be checked as if it were ours.
    package = import_module("espeakng_loader")
    library = ctypes.CDLL(package.get_library_path())
    rate_hz = library.espeak_Initialize(SYNCHRONOUS, 200, package.get_data_path().encode(), DONT_EXIT)
    if rate_hz <= 0:
        raise RuntimeError("the library does not start")
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        return {"voice": "unknown"}, array("h")
    for parameter, value in ((RATE, rate), (PITCH, pitch), (RANGE, range), (WORD_GAP, gap)):
        if library.espeak_SetParameter(parameter, value, 0) != 0:
            raise RuntimeError(f"parameter {parameter} cannot be {value}")
    samples = array("h")
    marks: list[tuple[int, int, int]] = []

    def take(sound: Any, count: int, events: Any) -> int:
        if sound:
            samples.frombytes(ctypes.string_at(sound, count * 2))
        number = 0
        while events[number].type != LIST_TERMINATED:
            event = events[number]
            if event.type == WORD:
                marks.append((event.text_position - 1, event.length, event.sample))
            number += 1
        return int(len(samples) > max_samples)

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    content = text.encode() + b"\0"
    status = library.espeak_Synth(
        content, ctypes.c_size_t(len(content)), 0, POSITION_IN_CHARACTERS, 0,
        CHARACTERS_ARE_UTF8 | END_PAUSE, None, None,
    )  # fmt: skip
    if status != 0:
        raise RuntimeError(f"the text cannot be said: {status}")
    return {"rate_hz": rate_hz, "samples": len(samples), "marks": marks}, samples


def _end_with_parent() -> None:
    """Die with whoever started us, and never work longer than `CPU_SECONDS`."""
    if sys.platform != "linux":
        return
    import resource

    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


if __name__ == "__main__":
    main()
