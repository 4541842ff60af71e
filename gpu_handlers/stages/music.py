"""The music under a film, composed and played here: nobody else holds rights in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gpu_handlers.engines.music import composer, tones
from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.music.render import FADE_SECONDS
from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import RATE_HZ

ENGINE = "composed"
"""Who made the music, for the result."""
NONE = "none"


class UnknownMood(ValueError):
    """There is no such mood; the message lists those there are."""


def bed(
    mood: str,
    seconds: float,
    *,
    seed: int,
    changes: Sequence[float] = (),
    tick: Callable[[], None] = lambda: None,
) -> Stereo | None:
    """Music of exactly `seconds`, with an ending and two seconds of fade; None where none is wanted.

    Args:
        mood: ``epic``, ``emotional``, ``uplifting``, ``mysterious``, ``calm`` or ``none``.
        seconds: under `composer.SHORTEST_SECONDS` it is the beginning of a piece of that length, faded out.
        seed: the same one gives the same samples.
        changes: seconds at which scenes change; each is marked by a small lift.
        tick: called several times a second while it is made; what it raises stops the work.
    Raises:
        UnknownMood: `mood` is none of them.
    """
    if mood == NONE:
        return None
    if mood not in MOODS:
        raise UnknownMood(f"no mood {mood!r}; there are {', '.join(MOODS)} and {NONE}")
    whole = composer.piece(mood, max(seconds, composer.SHORTEST_SECONDS), seed=seed, changes=changes, tick=tick)
    count = round(seconds * RATE_HZ)
    if count >= whole.shape[1]:
        return whole
    fade = min(count // 2, round(FADE_SECONDS * RATE_HZ))
    whole[:, count - fade : count] *= tones.rise(fade)[::-1]
    return whole[:, :count]
