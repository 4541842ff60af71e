"""A story that is spoken and laid out in time: everything but its pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from typing import Any, Literal

from gpu_handlers.engines.music.sound import Stereo
from gpu_handlers.engines.speech.speech import Speech
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import language, mix, music, narrate, sentences, timeline
from gpu_handlers.stages.narrate import Narration
from gpu_handlers.stages.script import Story
from gpu_handlers.stages.timeline import Timeline

DOUBT = 1.4  # before it is spoken, a script that seems so much too long may still fit
REPORT_SECONDS = 0.4  # a cancelled job stops at the next report, and each report is a write to the database
OnStep = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Telling:
    """A narration in time.

    Attributes:
        story: what is told, without what was left out.
        speeches: one for each of its scenes.
        notes: what the customer should know, in words.
    """

    story: Story
    timeline: Timeline
    speeches: tuple[Speech, ...]
    narration: Narration
    pace: float
    notes: tuple[str, ...]

    def sound(self, mood: str, seed: int, on_step: OnStep) -> Stereo:
        """Voice and music, as long as the video.

        Args:
            on_step: told what of the two is ready, now and then while they are made; raises to stop the work.
        """
        changes = [beat.start for beat in self.timeline.beats]
        playing, mixing = (_now_and_then(on_step, done) for done in (0, 1))
        bed = music.bed(mood, self.timeline.seconds, seed=seed, changes=changes, tick=playing)
        on_step(1, 2)
        voice = mix.track(self.speeches, self.timeline)
        words = mix.spoken(self.timeline)
        made = mix.sound(voice, bed, seconds=self.timeline.seconds, words=words, tick=mixing)
        on_step(2, 2)
        return made

    def record(self, mood: str) -> dict[str, Any]:
        """What the result tells of voice and music."""
        return {
            "voice": {
                "engine": self.narration.engine,
                "voice": self.narration.voice,
                "language": self.story.language,
                "pace": self.pace,
            },
            "music": {"mood": mood, "engine": None if mood == music.NONE else music.ENGINE},
            "notes": list(self.notes),
        }


def tell(
    story: Story,
    *,
    voice: str,
    seconds: float | None,
    overflow: Literal["fail", "trim"],
    opening: float,
    closing: float,
    fade: float,
    on_step: OnStep,
) -> Telling:
    """Speak the story, a little faster or slower where that makes it fit, and lay it out.

    What cannot fit is not spoken first: a script far too long fails by its estimate, or loses its end by it.

    Args:
        seconds: of the whole video; None takes what the narration needs, up to `timeline.LONGEST_VIDEO_SECONDS`.
        opening, closing, fade: seconds of title, end card and transitions; the title is left out where time is short.
        on_step: told how much is spoken, the second time at another pace included; raises to stop the work.
    Raises:
        JobFailed: ``script_too_long``; says by how much.
    """
    room = timeline.LONGEST_VIDEO_SECONDS if seconds is None else seconds
    cards = {"opening": opening, "closing": closing}
    whole = story
    guessed = [language.spoken_seconds(scene.narration, story.language) for scene in story.scenes]
    over = _at_least_over(guessed, room - closing)
    story = _beginning(story, guessed, (room - closing) * timeline.FASTEST * DOUBT)
    if story != whole and overflow == "fail":
        raise JobFailed("script_too_long", _too_long(over, room))
    parts = len(story.scenes)
    narration, pace = _spoken(story, voice, 1.0, lambda done, of: on_step(done, 2 * of)), 1.0
    wanted = timeline.pace_for(story, narration.speeches, room, **cards)
    # Without a length to meet nobody has to speak slowly.
    if wanted > 1 or (wanted < 1 and seconds is not None):
        lasting = [speech.seconds for speech in narration.speeches]
        hopeless = _at_least_over(lasting, room - closing)
        if hopeless > 0 and overflow == "fail":
            raise JobFailed("script_too_long", _too_long(hopeless, room))
        if hopeless > 0 and story == whole:
            over = hopeless
        story = _beginning(story, lasting, (room - closing) * timeline.FASTEST)
        narration = _spoken(story, voice, wanted, lambda done, of: on_step(parts + parts * done // of, 2 * parts))
        pace = wanted
    on_step(2 * parts, 2 * parts)
    early = story != whole
    speeches, left_out = narration.speeches, ""
    missing = timeline.overrun(story, speeches, room, **cards)
    if 0 < missing <= opening:  # words matter more than the title
        cards["opening"] = missing = 0.0
    if missing > 0 and overflow == "fail":
        raise JobFailed("script_too_long", _too_long(missing, room))
    if missing > 0:
        trimmed = timeline.trimmed(story, speeches, room, **cards)
        story, speeches, left_out = trimmed.story, trimmed.speeches, trimmed.note
        # The first sentence always stays, so a script of one endless sentence may still not fit.
        missing = timeline.overrun(story, speeches, room, **cards)
        if missing > 0:
            raise JobFailed("script_too_long", _too_long(missing, room))
    if early:
        story, speeches = _ending(story, speeches)
        left_out = _left_out(over, room, _sentences(whole) - _sentences(story))
    laid = timeline.lay(
        story, speeches, seconds=seconds, fade=fade, opening=cards["opening"], closing=closing
    )  # fmt: skip
    notes = tuple(note for note in (left_out, *narration.notes) if note)
    return Telling(story, laid, speeches, narration, pace, notes)


def _spoken(story: Story, voice: str, pace: float, on_step: OnStep) -> Narration:
    texts = [scene.narration for scene in story.scenes]
    return narrate.narrate(texts, style=voice, language=story.language, pace=pace, on_step=on_step)


def _beginning(story: Story, lasting: Sequence[float], most: float) -> Story:
    """As many scenes as `most` seconds may reach into, the first one always; `lasting` are seconds of each."""
    begun = [0.0, *accumulate(lasting)]
    kept = sum(start < most for start in begun[:-1])
    return story if kept >= len(story.scenes) else replace(story, scenes=story.scenes[: max(1, kept)])


def _ending(story: Story, speeches: Sequence[Speech]) -> tuple[Story, tuple[Speech, ...]]:
    """Without a last sentence that was begun only, as long as another one stays."""
    kept = max((at for at, scene in enumerate(story.scenes, start=1) if scene.ends), default=len(story.scenes))
    return replace(story, scenes=story.scenes[:kept]), tuple(speeches[:kept])


def _at_least_over(lasting: Sequence[float], room: float) -> float:
    """By how many seconds narrations at pace 1 are too long for `room` even when spoken as fast as can be."""
    return sum(lasting) / timeline.FASTEST + timeline.LEAST_PAUSE_SECONDS * len(lasting) - room


def _now_and_then(on_step: OnStep, done: int) -> Callable[[], None]:
    """A tick that reports every `REPORT_SECONDS` at the most."""
    said_at = time.monotonic()

    def tick() -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= REPORT_SECONDS:
            said_at = time.monotonic()
            on_step(done, 2)

    return tick


def _sentences(story: Story) -> int:
    return sum(len(sentences.sentences(scene.narration, story.language)) for scene in story.scenes)


def _left_out(over: float, room: float, count: int) -> str:
    last = "its last sentence was" if count == 1 else f"its last {count} sentences were"
    return f"The script is about {max(1, ceil(over))} s longer than {room:g} s; {last} left out."


def _too_long(over: float, room: float) -> str:
    return (
        f"Spoken, the script is about {max(1, round(over))} s longer than {room:g} s allow. Shorten it"
        + (", choose a longer duration" if room < timeline.LONGEST_VIDEO_SECONDS else "")
        + ', or order with "overflow": "trim" to leave out sentences at the end.'
    )
