"""The studio's voice service: Amazon Polly, neural voices, standard ones in regions that have no others.

A text is spoken by two calls with the same SSML, one for the sound and one for the moments of its words.
`AWS_ENDPOINT_URL` decides what is called, as everywhere; what an emulator answers is no speech, which shows when it is
decoded. A service that failed is left alone for a while, so that it costs one job some seconds and the next ones none;
a text that it cannot say costs nobody else anything.
"""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, TypeVar, cast
from xml.sax.saxutils import escape

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ResponseStreamingError
from botocore.exceptions import ConnectionError as NoConnection

from gpu_handlers.engines.speech import sound, timing, wording
from gpu_handlers.engines.speech.speaker import MAX_SECONDS, SpeechUnavailable, Stopped, TooLong
from gpu_handlers.engines.speech.speech import RATE_HZ, Mono, Speech
from gpu_handlers.engines.speech.timing import Mark
from gpu_handlers.engines.speech.voices import PollyVoice
from studio import aws

if TYPE_CHECKING:
    from mypy_boto3_polly.literals import LanguageCodeType, VoiceIdType
    from mypy_boto3_polly.type_defs import SynthesizeSpeechInputTypeDef

Kind = Literal["neural", "standard"]
Answer = TypeVar("Answer")

# A request takes 3,000 billed characters and 6,000 with markup; an escaped sign is up to five.
PIECE_CHARACTERS = 2_400
ESCAPED_CHARACTERS = 5_600
TURNS = 3  # on top of the client's own retry, which does not cover an answer that breaks off
PAUSE_SECONDS = 0.8  # doubled every turn, with full jitter
REST_SECONDS = 600
DECODE_SECONDS = 60
LEAST_SECONDS = 0.05  # shorter than any word
LATE_SECONDS = 0.5  # a mark so far behind the end does not belong to this sound

_PASSING = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded",
                      "ServiceFailureException", "ServiceUnavailable", "InternalFailure"})  # fmt: skip
_ABOUT_THE_TEXT = frozenset({"InvalidSsmlException", "TextLengthExceededException", "ValidationException"})

_resting_until = 0.0
_lock = threading.Lock()


class PollySpeaker:
    """One voice."""

    at_once = 4  # half of the eight neural requests a second that an account has to begin with

    def __init__(self, voice: PollyVoice, *, patient: bool = False) -> None:
        """`patient` asks also when Polly failed a moment ago, because nobody else may speak."""
        self._voice = voice
        self._patient = patient
        self._kind: Kind = "neural"

    def speak(self, text: str, *, pace: float = 1.0, stop: threading.Event | None = None) -> Speech:
        """Say `text`; see `Speaker.speak`."""
        said = wording.spoken(text)
        if not any(wording.words(said)):
            return self._nothing()
        if not self._patient and time.monotonic() < _resting_until:
            raise SpeechUnavailable("Polly failed a short while ago")
        parts: list[Mono] = []
        marks: list[Mark] = []
        for start, end in _pieces(said):
            if not any(wording.words(said[start:end])):
                continue
            spoken, told = self._piece(said[start:end], pace, stop or threading.Event())
            before = sum(map(len, parts)) / RATE_HZ
            marks += [Mark(start + mark.at, before + mark.seconds) for mark in told]
            parts.append(spoken)
            if before + len(spoken) / RATE_HZ > MAX_SECONDS:
                raise TooLong(f"{len(said)} characters take more than {MAX_SECONDS} s")
        samples = np.concatenate(parts)
        start, end = sound.bounds(samples)
        if start == end:
            if not marks and not any(map(str.isalnum, said)):
                return self._nothing()  # a scene of nothing but signs, which it passes over
            raise _failed("Polly answered with silence", rest=False)
        samples = sound.ramped(sound.levelled(samples[start:end]))
        marks = [Mark(mark.at, mark.seconds - start / RATE_HZ) for mark in marks]
        return Speech(samples, timing.words(text, said, marks, samples), self._engine, self._voice_id)

    def _nothing(self) -> Speech:
        return Speech(np.zeros(0, np.float32), (), self._engine, self._voice_id)

    @property
    def _engine(self) -> str:
        return f"polly-{self._kind}"

    @property
    def _voice_id(self) -> str:
        return self._voice.neural if self._kind == "neural" else str(self._voice.standard)

    def _piece(self, said: str, pace: float, stop: threading.Event) -> tuple[Mono, list[Mark]]:
        opening = f'<speak><prosody rate="{round(100 * self._voice.rate * pace)}%">'
        sound_and_marks = self._both(f"{opening}{escape(said)}</prosody></speak>", self._kind, stop)
        samples = _decoded(sound_and_marks[0])
        marks = _marks(sound_and_marks[1], said, len(opening.encode()))
        seconds = len(samples) / RATE_HZ
        has_words = any(map(str.isalnum, said))
        late = bool(marks) and marks[-1].seconds > seconds + LATE_SECONDS
        if late or (has_words and (seconds < LEAST_SECONDS or not marks)):
            # Letters that the voice cannot read are the text's fault.
            reason = f"Polly answered {len(said)} characters with {seconds:.2f} s and {len(marks)} words"
            raise _failed(reason, rest=False)
        return samples, marks

    def _both(self, ssml: str, kind: Kind, stop: threading.Event) -> tuple[bytes, bytes]:
        """Sound and marks."""
        try:
            # Vorbis and not MP3, whose encoder shifts the sound by some hundredths; PCM has 16 kHz at most.
            return (
                _tried(lambda: self._request(ssml, kind, "ogg_vorbis"), stop),
                _tried(lambda: self._request(ssml, kind, "json"), stop),
            )
        except ClientError as error:
            if kind == "standard" or self._voice.standard is None or not _lacks_neural(error):
                raise _failed(f"Polly refused: {error}", rest=_code(error) not in _ABOUT_THE_TEXT) from error
        except BotoCoreError as error:
            raise _failed(f"Polly cannot be reached: {error}") from error
        self._kind = "standard"
        return self._both(ssml, "standard", stop)

    def _request(self, ssml: str, kind: Kind, form: Literal["ogg_vorbis", "json"]) -> bytes:
        # The ids are plain text to us; a test looks them up in botocore's list.
        request: SynthesizeSpeechInputTypeDef = {
            "Engine": kind,
            "VoiceId": cast("VoiceIdType", self._voice.neural if kind == "neural" else self._voice.standard),
            "LanguageCode": cast("LanguageCodeType", self._voice.code),
            "Text": ssml,
            "TextType": "ssml",
            "OutputFormat": form,
        }
        if form == "json":
            request["SpeechMarkTypes"] = ["word"]
        answer = aws.polly().synthesize_speech(**request)
        with closing(answer["AudioStream"]) as stream:
            return bytes(stream.read())


def _tried(request: Callable[[], Answer], stop: threading.Event) -> Answer:
    """`request`, repeated while its failure may pass."""
    if stop.is_set():
        raise Stopped
    for turn in range(1, TURNS):
        try:
            return request()
        except (ClientError, NoConnection, HTTPClientError, ResponseStreamingError) as error:
            if isinstance(error, ClientError) and not _may_pass(error):
                raise
        if stop.wait(random.uniform(0, PAUSE_SECONDS * 2**turn)):  # noqa: S311  # jitter, not a secret
            raise Stopped
    return request()


def _failed(reason: str, *, rest: bool = True) -> SpeechUnavailable:
    """The error to raise; from now on Polly is left alone for `REST_SECONDS`, unless only this text was at fault."""
    global _resting_until  # noqa: PLW0603  # what is known of the service is known to the process
    if rest:
        with _lock:
            _resting_until = time.monotonic() + REST_SECONDS
    return SpeechUnavailable(reason)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _may_pass(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _code(error) in _PASSING or status == 429 or status >= 500


def _lacks_neural(error: ClientError) -> bool:
    """Whether the region has the voice, but not as a neural one: Polly says so in one of two ways."""
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    return _code(error) == "EngineNotSupportedException" or (
        _code(error) == "ValidationException" and "engine" in message
    )


def _pieces(said: str) -> Iterator[tuple[int, int]]:
    """Pieces that fit into a request, however many of their signs are escaped."""
    for start, end in wording.cuts(said, PIECE_CHARACTERS):
        if len(escape(said[start:end])) <= ESCAPED_CHARACTERS:
            yield start, end
        else:
            for left, right in wording.cuts(said[start:end], ESCAPED_CHARACTERS // 5):
                yield start + left, start + right


def _marks(answer: bytes, said: str, offset: int) -> list[Mark]:
    """Polly's word marks. It counts bytes of the SSML; `offset` of them come before the text."""
    try:
        told = [json.loads(line) for line in answer.splitlines() if line.strip()]
        words = [(int(mark["start"]) - offset, int(mark["time"])) for mark in told if mark["type"] == "word"]
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(f"Polly's marks cannot be read: {error}") from error
    starts = list(accumulate((len(escape(sign).encode()) for sign in said), initial=0))
    return [
        Mark(bisect_right(starts, place) - 1, milliseconds / 1000)
        for place, milliseconds in words
        if 0 <= place < starts[-1]
    ]


def _decoded(content: bytes) -> Mono:
    """Samples at the house's rate."""
    try:
        done = subprocess.run(_decoder(), input=content, capture_output=True, timeout=DECODE_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        raise _failed(f"Polly's sound took more than {DECODE_SECONDS} s to decode") from late
    if done.returncode != 0:
        raise _failed(f"Polly's sound cannot be decoded: {done.stderr.decode(errors='replace').strip()[-200:]}")
    samples = np.frombuffer(done.stdout, "<f4").astype(np.float32)
    if not np.isfinite(samples).all():
        raise _failed("Polly's sound is not finite")
    return samples


def _decoder() -> list[str]:
    # By string: the package has no types and would be checked as if it were ours.
    program = str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    return [
        program, "-hide_banner", "-loglevel", "error", "-f", "ogg", "-i", "pipe:0", "-t", str(MAX_SECONDS + 1),
        "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "pipe:1",
    ]  # fmt: skip
