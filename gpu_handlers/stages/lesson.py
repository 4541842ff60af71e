"""What a lesson says: the customer's script, and what is written here where there is none or too little of it."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_handlers.stages import language, outline, script
from gpu_handlers.stages.script import Story

GUIDE_HEADING = "How to go on"
LEAST_GUIDE_SECONDS = 24.0  # the shortest outline takes about so long
SPARE_SHARE = 0.2  # of the script's own time, that pauses take up by themselves


@dataclass(frozen=True, slots=True)
class Lesson:
    """A story to be told, and where its words come from.

    Attributes:
        parts: ``script`` for the customer's words, ``outline`` for ours.
        notes: what the customer should know, in words.
    """

    story: Story
    parts: tuple[str, ...]
    notes: tuple[str, ...]


def write(text: str | None, *, topic: str, subject: str, seconds: float, guided: bool) -> Lesson:
    """The lesson for a script, a topic, or both.

    Without a script it says how to study the topic: nobody here knows facts about it, and none are invented.

    Args:
        text: the script.
        subject: one that `outline.write` knows.
        seconds: there are for narration.
        guided: whether such a guide follows a script that is much shorter than `seconds`.
    Raises:
        JobFailed: the script has no words that could be spoken.
    """
    title = outline.title(topic)
    if text is None:
        told = script.tell(outline.write(topic, subject, seconds), title=title, subject=subject, seconds=seconds)
        note = "There was no script: the video says how to study the topic and states no facts about it."
        return Lesson(told, ("outline",), (note,))
    told = script.tell(text, title=title, subject=subject, seconds=seconds)
    spoken = sum(language.spoken_seconds(scene.narration, told.language) for scene in told.scenes)
    left = seconds - spoken * (1 + SPARE_SHARE)
    if not guided or told.language != language.ENGLISH or left < LEAST_GUIDE_SECONDS:
        return Lesson(told, ("script",), ())
    guide = outline.write(topic or told.title, subject, left)
    whole = script.tell(f"{text}\n\n# {GUIDE_HEADING}\n\n{guide}", title=title, subject=subject, seconds=seconds)
    note = (
        f"The script takes about {round(spoken)} of {seconds:g} s to speak; a guide on how to study the topic follows "
        'it. Order with "fill": "pauses" to leave it out.'
    )
    return Lesson(whole, ("script", "outline"), (note,))
