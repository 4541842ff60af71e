"""Every scene's narration, spoken in one voice from the first to the last.

`STUDIO_VOICE` says who may speak: ``auto`` (the default) asks Polly and falls back to the offline voice, ``polly``
takes no other (a film that cannot be spoken so fails and is tried again), ``offline`` asks nobody.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread

from gpu_handlers.engines.speech.espeak import EspeakSpeaker, speaks
from gpu_handlers.engines.speech.polly import PollySpeaker
from gpu_handlers.engines.speech.speaker import Speaker, SpeechUnavailable, TooLong
from gpu_handlers.engines.speech.speech import Speech
from gpu_handlers.engines.speech.voices import STYLES, VoiceStyle, polly_voice
from gpu_handlers.failures import JobFailed
from studio.telemetry import logger

CHOICES = ("auto", "polly", "offline")
FALLBACK_LANGUAGE = "en"
PACES = (0.8, 1.25)  # beyond these a voice sounds hurried or drunk
REPORT_SECONDS = 0.4  # of waiting for a voice, after which is asked whether anybody still wants it

NO_ANSWER = "The studio's voice service did not answer; an offline voice speaks instead."
NO_SUCH_VOICE = "The studio's voice service has no voice of that kind for this language; another one speaks."
NO_KANJI = "The offline voice cannot read Japanese kanji; parts of the narration may be wrong."


@dataclass(frozen=True, slots=True)
class Narration:
    """A spoken film.

    Attributes:
        speeches: one for each text, of no length where there is nothing to say.
        engine, voice: who spoke, see `Speech`.
        notes: what the customer should know about the voice.
    """

    speeches: tuple[Speech, ...]
    engine: str
    voice: str
    notes: tuple[str, ...]


def narrate(
    texts: Sequence[str],
    *,
    style: str,
    language: str,
    pace: float = 1.0,
    on_step: Callable[[int, int], None] = lambda done, of: None,  # noqa: ARG005
) -> Narration:
    """Say all `texts`. When one cannot be said in a voice, all are said in the next one.

    Args:
        style: one of `STYLES`.
        language: ISO 639-1; what no engine speaks is read as English.
        pace: 1.1 for a tenth faster, so that a film keeps its length.
        on_step: told how many texts are spoken, also while none is ready; what it raises stops the work at once.
    Raises:
        ValueError: no such style, or a pace outside `PACES`.
        JobFailed: ``script_too_long``, one text alone takes longer than a film.
        SpeechUnavailable: nobody speaks.
    """
    least, most = PACES
    if not least <= pace <= most:
        raise ValueError(f"a pace of {pace} is not between {least} and {most}")
    notes: list[str] = []
    reached = 0
    failure = SpeechUnavailable("nobody was asked")

    def step(done: int) -> None:
        nonlocal reached
        reached = max(reached, done)  # a second voice begins anew, what the customer sees does not
        on_step(reached, len(texts))

    for speaker in speakers(language, style):
        try:
            speeches = _all(speaker, texts, pace, step)
        except TooLong as error:
            words = "The text takes longer to say than a film may last. Please shorten it."
            raise JobFailed("script_too_long", words) from error
        except SpeechUnavailable as error:
            logger.warning("voice failed", extra={"speaker": type(speaker).__name__, "reason": str(error)})
            failure = error
            notes.append(NO_ANSWER)
            continue
        speech = next((speech for speech in speeches if speech.words), None)
        engine, voice = (speech.engine, speech.voice) if speech else ("none", "none")
        return Narration(speeches, engine, voice, (*notes, *_remarks(speaker, style, language, texts)))
    raise failure


def speakers(language: str, style: str) -> tuple[Speaker, ...]:
    """Who may say it, best first.

    Polly is left out where it has no voice of ours for the language and the offline voice has one.

    Raises:
        ValueError: no such style, or `STUDIO_VOICE` is none of `CHOICES`.
    """
    choice = os.environ.get("STUDIO_VOICE", "auto")
    if choice not in CHOICES:
        raise ValueError(f"STUDIO_VOICE={choice!r} is not one of {', '.join(CHOICES)}")
    wanted = _style(style)
    code = _primary(language)
    found: list[Speaker] = []
    if choice != "offline":
        voice = polly_voice(wanted, code)
        if voice is None and (choice == "polly" or not speaks(code)):
            voice = polly_voice(wanted, FALLBACK_LANGUAGE)
        if voice is not None:
            found.append(PollySpeaker(voice, patient=choice == "polly"))
    if choice != "polly":
        found.append(EspeakSpeaker(wanted, code))
    return tuple(found)


def _all(speaker: Speaker, texts: Sequence[str], pace: float, step: Callable[[int], None]) -> tuple[Speech, ...]:
    """Every text's speech. Leaves at once when `step` raises or a text fails.

    What is being said then ends by itself at the next look at the stop sign. A call to a service that hangs is not
    waited for: its thread is a daemon, and nobody reads its answer.
    """
    stop = Event()
    left = deque(enumerate(texts))
    answers: SimpleQueue[tuple[int, Speech | Exception]] = SimpleQueue()

    def work() -> None:
        while left and not stop.is_set():
            try:
                place, text = left.popleft()
            except IndexError:  # another one took the last
                return
            try:
                answers.put((place, speaker.speak(text, pace=pace, stop=stop)))
            except Exception as error:  # raised again where somebody can answer it
                answers.put((place, error))

    for _ in range(min(speaker.at_once, len(texts))):
        Thread(target=work, name="voice", daemon=True).start()
    spoken: dict[int, Speech] = {}
    try:
        while len(spoken) < len(texts):
            try:
                place, answer = answers.get(timeout=REPORT_SECONDS)
            except Empty:
                step(len(spoken))
                continue
            if isinstance(answer, Exception):
                raise answer
            spoken[place] = answer
            step(len(spoken))
    finally:
        stop.set()
    return tuple(spoken[place] for place in range(len(texts)))


def _remarks(speaker: Speaker, style: str, language: str, texts: Sequence[str]) -> Iterator[str]:
    code = _primary(language)
    if isinstance(speaker, PollySpeaker):
        voice = polly_voice(_style(style), code)
        if voice is not None and voice.other_gender:
            yield NO_SUCH_VOICE
    elif code == "ja" and any("\u3400" <= sign <= "\u9fff" for text in texts for sign in text):
        yield NO_KANJI


def _style(name: str) -> VoiceStyle:
    for style in STYLES:
        if style == name:
            return style
    raise ValueError(f"no voice style {name!r}")


def _primary(language: str) -> str:
    """``en`` of ``en-GB``, and of what is no code at all."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return code if code.isascii() and code.isalpha() else FALLBACK_LANGUAGE
