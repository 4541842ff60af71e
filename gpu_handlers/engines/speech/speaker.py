"""What a voice can do, whichever engine it comes from."""

from __future__ import annotations

from threading import Event
from typing import Protocol

from gpu_handlers.engines.speech.speech import Speech

MAX_SECONDS = 210  # of one text: what the longest film holds when its voice is sped up as far as it bears


class SpeechUnavailable(Exception):
    """This engine does not speak now; another one may. The message is for the log."""


class Stopped(Exception):
    """Nobody waits for this speech any more."""


class TooLong(ValueError):
    """The text takes more than `MAX_SECONDS` to say, whoever says it."""


class Speaker(Protocol):
    """One voice of one engine, for a whole film."""

    @property
    def at_once(self) -> int:
        """How many texts it can be given at the same time."""

    def speak(self, text: str, *, pace: float = 1.0, stop: Event | None = None) -> Speech:
        """Say `text`; twice as fast at `pace` 2. Nothing to say gives a speech of no length.

        Args:
            stop: set by another thread when nobody needs the speech any more.
        Raises:
            Stopped: it was set before the speech was there.
            SpeechUnavailable: the engine does not answer, or answers rubbish.
            TooLong: no engine would.
        """
