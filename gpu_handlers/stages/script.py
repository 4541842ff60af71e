"""A text becomes a story: scenes with what is said and seen, how the camera moves and how one follows the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import highlights, language, manuscript, sentences, visuals
from gpu_handlers.stages.entities import Cast
from gpu_handlers.stages.highlights import Figure, FigureKind
from gpu_handlers.stages.manuscript import Paragraph
from gpu_handlers.stages.moves import Movement

if TYPE_CHECKING:
    from gpu_handlers.stages.storyboard import Framing  # whose camera takes transitions from here

__all__ = ["Figure", "FigureKind", "Scene", "Story", "Transition", "tell"]

Transition = Literal["cut", "crossfade", "dip"]
"""How a scene takes over from the one before: at once, fading into it, or through black."""

SHORT_VIDEO_SECONDS, SHORT_VIDEO_AIM = 30.0, 5.0  # half a minute with four pictures is slow
QUICK_SECONDS = 3.5  # two scenes as short as this follow each other in a cut
FRAMINGS: tuple[Framing, ...] = ("wide", "medium", "close")


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    Attributes:
        number: from 1.
        narration: what is said, word for word; the narrations of all scenes together are the script.
        heading: of the part it belongs to, for screens that show text; may be empty.
        visual: what its picture shows, as a prompt without a style.
        subject: who or what the picture is about, the same words in every scene with the same character; may be empty.
        transition: from the scene before into this one.
        chapter: whether a new part begins here.
        ends: whether a sentence ends with it; long ones go on in the next scene.
    """

    number: int
    narration: str
    heading: str
    visual: str
    subject: str
    framing: Framing
    movement: Movement
    reverse: bool
    transition: Transition
    chapter: bool = False
    figure: Figure | None = None
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """A script taken apart.

    Attributes:
        language: ISO 639-1 code of the narration, for the voice.
    """

    title: str
    scenes: tuple[Scene, ...]
    language: str

    @property
    def texts(self) -> tuple[str, ...]:
        """All that will be spoken, shown or drawn."""
        headings = dict.fromkeys(scene.heading for scene in self.scenes if scene.heading)
        narrations = (scene.narration for scene in self.scenes)
        return (self.title, *headings, *narrations, *(scene.visual for scene in self.scenes))


@dataclass(slots=True)
class _Cut:
    """A scene before it has a picture."""

    narration: str
    seconds: float
    heading: str
    slug: str
    chapter: bool
    listed: str
    ends: bool


def tell(text: str, *, title: str = "", subject: str = "", seconds: float | None = None) -> Story:
    """Take a script apart. The same script gives the same story.

    What is said stays as it was written; only the marks of its layout (headings, bullets, tags) are taken out.

    Args:
        title: shown, and what pictures show where the text names nothing; found in the text when empty.
        subject: what kind of thing it is about, for example ``science``; helps pictures of abstract scenes.
        seconds: of the whole video, where that is given; short ones have shorter scenes.
    Raises:
        JobFailed: ``script_empty`` or ``script_too_short``.
    """
    laid_out = manuscript.read(text)
    paragraphs = laid_out.paragraphs
    spoken = "\n".join(line for paragraph in paragraphs for line in paragraph.lines)
    tongue = language.detect(spoken)
    _check(spoken)
    aim = SHORT_VIDEO_AIM if seconds is not None and seconds <= SHORT_VIDEO_SECONDS else sentences.AIM_SECONDS
    cuts = [cut for paragraph, heading in _parts(paragraphs) for cut in _cuts(paragraph, heading, tongue, aim)]
    name = manuscript.title(title) or manuscript.title(laid_out.title)
    scenes = _scenes(cuts, spoken, tongue, name or subject)
    # Every picture of a lesson is one of its topic: "light" alone could be a lamp.
    on_topic = subject and name
    return Story(name, tuple(_on(name, scene) if on_topic else scene for scene in scenes), tongue)


def _check(spoken: str) -> None:
    letters = sum(char.isalnum() for char in spoken)
    if not letters:
        raise JobFailed("script_empty", "The script has no words. Please write what the video should say.")
    words = re.findall(r"\w+", spoken)
    unspaced = any("\u0e00" <= char <= "\u9fff" for char in spoken)
    if len(words) < 2 and not (unspaced and letters >= 4):
        raise JobFailed(
            "script_too_short", "The script is a single word. Please write at least a sentence for the video to say."
        )


def _parts(paragraphs: list[Paragraph]) -> Iterator[tuple[Paragraph, str]]:
    """Every paragraph with the heading of its part."""
    heading = ""
    for paragraph in paragraphs:
        heading = paragraph.heading if paragraph.chapter else heading
        yield paragraph, heading


def _cuts(paragraph: Paragraph, heading: str, tongue: str, aim: float) -> Iterator[_Cut]:
    units = []
    for line in paragraph.lines:
        *before, last = sentences.units(line, tongue)
        units += [*before, replace(last, text=last.text + "\n")]
    for number, group in enumerate(sentences.packed(units, aim)):
        narration = "".join(unit.text for unit in group).strip()
        if narration:
            yield _Cut(
                narration,
                sum(unit.seconds for unit in group),
                heading,
                paragraph.slug if number == 0 else "",
                paragraph.chapter and number == 0,
                paragraph.listed,
                group[-1].ends,
            )


def _on(topic: str, scene: Scene) -> Scene:
    named = topic.lower() in scene.visual.lower()
    return scene if named else replace(scene, visual=f"{topic}, {scene.visual}".rstrip(", "))


def _scenes(cuts: list[_Cut], spoken: str, tongue: str, about: str) -> Iterator[Scene]:
    cast, setting, camera = Cast(spoken), visuals.Setting(), _Camera()
    mood = visuals.light(spoken) if tongue == language.ENGLISH else ""
    for number, cut in enumerate(cuts, start=1):
        figure = None
        if tongue == language.ENGLISH:
            if cut.slug:
                setting.move(cut.slug)
            seen = visuals.english(cut.narration, cast, setting, about=about, mood=mood)
            figure = highlights.find(cut.narration, heading=cut.heading, listed=cut.listed)
        else:
            seen = visuals.other(cut.narration, about=about)
        framing, movement, reverse = camera.next(
            seen, chapter=cut.chapter or number == 1, text_heavy=figure is not None
        )
        before = cuts[number - 2] if number > 1 else None
        yield Scene(
            number, cut.narration, cut.heading, seen.prompt, seen.subject, framing, movement, reverse,
            _transition(cut, before), cut.chapter or number == 1, figure, cut.ends,
        )  # fmt: skip


def _transition(cut: _Cut, before: _Cut | None) -> Transition:
    if before is None:
        return "cut"
    if cut.chapter:
        return "dip"
    return "cut" if max(cut.seconds, before.seconds) <= QUICK_SECONDS else "crossfade"


class _Camera:
    """Chooses how scenes are filmed: by what they show, and so that no two neighbours move alike."""

    def __init__(self) -> None:
        self._step = 0
        self._before: Movement | None = None
        self._turns: dict[Movement, int] = {}

    def next(self, seen: visuals.Seen, *, chapter: bool, text_heavy: bool) -> tuple[Framing, Movement, bool]:
        """Framing, movement and whether it runs backwards, for the next scene."""
        self._step = 0 if chapter else self._step + 1
        framing = FRAMINGS[self._step % len(FRAMINGS)]
        if text_heavy or (framing == "close" and not seen.subject):
            framing = "medium"
        movement = self._movement(seen, framing, text_heavy)
        self._before = movement
        turn = self._turns[movement] = self._turns.get(movement, -1) + 1
        return framing, movement, turn % 2 == 1

    def _movement(self, seen: visuals.Seen, framing: Framing, text_heavy: bool) -> Movement:
        if text_heavy:
            return "static"
        wishes: list[Movement] = ["pan"] if seen.reveals else []
        wishes += ["orbit", "dolly"] if seen.subject and framing != "wide" else ["dolly", "pan"]
        return next(wish for wish in wishes if wish != self._before)
