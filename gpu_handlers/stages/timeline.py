"""When everything happens: scenes laid out in time after what is said in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from gpu_handlers.engines.speech.speech import RATE_HZ, Speech, Word
from gpu_handlers.stages import sentences
from gpu_handlers.stages.script import Scene, Story

LEAD_SECONDS = 0.25  # a picture is seen before it is spoken of
PAUSE_SECONDS, CHAPTER_PAUSE_SECONDS = 0.4, 0.9  # after the last word of a scene, of a chapter
LEAST_PAUSE_SECONDS = 0.1  # where time is short; the voice's own silence comes on top
MOST_PAUSE_SECONDS = 2.5  # a longer silence between two scenes sounds like a fault
HOLD_SECONDS = 4.0  # the last picture may stay this long
OPENING_GROWTH_SECONDS, CLOSING_GROWTH_SECONDS = 1.5, 2.5  # so much longer the cards may stay
WORDLESS_SECONDS = 1.5  # of a scene in which nothing is said
SLOWEST, FASTEST = 0.9, 1.15  # pace at which a voice still sounds like itself
EASY_PAUSES = 0.6  # pauses shrink to this share before anybody speaks faster
LONGEST_VIDEO_SECONDS = 180.0
CUT_FADE_SECONDS = 0.03  # a narration that is cut ends without a click


@dataclass(frozen=True, slots=True)
class Beat:
    """One scene in time.

    Attributes:
        start: when its first frame shows, seconds from the start of the video.
        seconds: until the next scene takes over; frames of a fade come on top.
        speech_at: when its narration begins, seconds from `start`.
        words: of its narration, times in seconds from `start`.
    """

    scene: Scene
    start: float
    seconds: float
    speech_at: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole video: an opening title, the scenes, an end card.

    Attributes:
        opening: seconds of the title before the first scene; 0 without.
        closing: seconds of the end card after the last; 0 without.
        seconds: of everything.
    """

    beats: tuple[Beat, ...]
    opening: float
    closing: float
    seconds: float


class TooLong(ValueError):
    """The narration does not fit; `over` says by how many seconds, `seconds` into what."""

    def __init__(self, over: float, seconds: float) -> None:
        super().__init__(f"the narration is {over:.1f} s longer than {seconds:g} s")
        self.over = over
        self.seconds = seconds


@dataclass(frozen=True, slots=True, eq=False)
class Trimmed:
    """A story that was shortened, what is still said of it, and a note for the customer (empty when nothing was)."""

    story: Story
    speeches: tuple[Speech, ...]
    note: str


def lay(
    story: Story,
    speeches: Sequence[Speech],
    *,
    seconds: float | None = None,
    opening: float = 0.0,
    closing: float = 0.0,
    fade: float = 0.5,
) -> Timeline:
    """Lay the scenes out: each lasts as long as it is spoken, with pauses between.

    Args:
        speeches: one for each scene.
        seconds: of the whole video, met exactly; None takes what the narration needs, `LONGEST_VIDEO_SECONDS` at most.
        opening, closing: seconds of title and end card, 0 without. They grow a little when there is time left that
            pauses cannot take; then the pictures stay.
        fade: how long transitions take; a scene is spoken of when its picture is more there than the one before.
    Raises:
        TooLong: the narration does not fit, even with the shortest pauses.
        ValueError: scenes and speeches do not match.
    """
    spoken = _spoken(story, speeches)
    leads = [LEAD_SECONDS if scene.transition == "cut" else max(LEAD_SECONDS, fade / 2) for scene in story.scenes]
    pauses = _pauses(story)
    natural = opening + sum(leads) + sum(spoken) + sum(pauses) + closing
    if seconds is None and natural > LONGEST_VIDEO_SECONDS:
        seconds = LONGEST_VIDEO_SECONDS
    if seconds is not None:
        over = overrun(story, speeches, seconds, opening=opening, closing=closing)
        if over > 0:
            raise TooLong(over, seconds)
        free = seconds - opening - closing - sum(spoken)
        leads = _shrunk(leads, free - LEAST_PAUSE_SECONDS * len(pauses))
        pauses, rest = _spread(pauses, free - sum(leads))
        opening, closing, rest = _rest(rest, opening, closing)
        pauses = _held(pauses, rest)
    beats: list[Beat] = []
    start = opening
    for scene, speech, said, lead, pause in zip(story.scenes, speeches, spoken, leads, pauses, strict=True):
        words = tuple(replace(word, start=word.start + lead, end=word.end + lead) for word in speech.words)
        beats.append(Beat(scene, start, lead + said + pause, lead, words))
        start += lead + said + pause
    return Timeline(tuple(beats), opening, closing, start + closing)


def overrun(
    story: Story, speeches: Sequence[Speech], seconds: float, *, opening: float = 0.0, closing: float = 0.0
) -> float:  # fmt: skip
    """By how many seconds the narration is too long for `seconds`, even with the shortest pauses; 0 when it fits."""
    needed = opening + sum(_spoken(story, speeches)) + LEAST_PAUSE_SECONDS * len(speeches) + closing
    return max(0.0, needed - seconds) if needed - seconds > 1e-6 else 0.0


def pace_for(
    story: Story, speeches: Sequence[Speech], seconds: float, *, opening: float = 0.0, closing: float = 0.0
) -> float:  # fmt: skip
    """The pace, `SLOWEST` … `FASTEST`, at which speeches made at pace 1 come to fit `seconds`; 1 when they do.

    Speaking at 1.1 takes a tenth less time. At the bounds it may still not fit: see `overrun` of what is spoken then.
    """
    spoken = sum(_spoken(story, speeches))
    room = seconds - opening - closing
    easy = EASY_PAUSES * (sum(_pauses(story)) + LEAD_SECONDS * len(speeches))
    most = (MOST_PAUSE_SECONDS + LEAD_SECONDS) * len(speeches) + HOLD_SECONDS
    if spoken + easy > room:
        wanted = spoken / (room - easy) if room > easy else FASTEST
    elif spoken + most < room:
        wanted = spoken / (room - most)
    else:
        return 1.0
    # Rounded up: a pace that is a thousandth too slow would not fit.
    return min(FASTEST, max(SLOWEST, ceil(wanted * 1000) / 1000))


def trimmed(
    story: Story, speeches: Sequence[Speech], seconds: float, *, opening: float = 0.0, closing: float = 0.0
) -> Trimmed:  # fmt: skip
    """Without as many of its last sentences as it takes to fit `seconds`; the first sentence always stays.

    Whole scenes are dropped; of one that fits in part the sentences that fit stay, and its speech is cut after them.
    """
    over = overrun(story, speeches, seconds, opening=opening, closing=closing)
    if over == 0.0:
        return Trimmed(story, tuple(speeches), "")
    room = seconds - opening - closing
    scenes: list[Scene] = []
    said: list[Speech] = []
    for scene, speech, lasting in zip(story.scenes, speeches, _spoken(story, speeches), strict=True):
        room -= lasting + LEAST_PAUSE_SECONDS
        if room >= 0:
            scenes.append(scene)
            said.append(speech)
            continue
        part = _part(scene, speech, lasting + room, story.language, must=not scenes)
        if part is not None:
            scenes.append(part[0])
            said.append(part[1])
        break
    while len(scenes) > 1 and len(scenes) < len(story.scenes) and not scenes[-1].ends:
        scenes.pop()
        said.pop()
    short = replace(story, scenes=tuple(scenes))
    return Trimmed(short, tuple(said), _note(over, seconds, _sentences(story) - _sentences(short)))


def _part(
    scene: Scene, speech: Speech, seconds: float, language: str, *, must: bool
) -> tuple[Scene, Speech] | None:  # fmt: skip
    """The scene with those of its sentences that are said within `seconds`; at least one if it `must`."""
    end = 0
    cut: float | None = None
    at = 0
    for sentence in sentences.sentences(scene.narration, language)[:-1]:
        at += len(sentence)
        said = [word for word in speech.words if word.at < at]
        if said and (said[-1].end <= seconds or (must and not end)):
            end, cut = at, said[-1].end
    if cut is None:
        return (scene, speech) if must else None
    figure = scene.figure if scene.figure is not None and all(place < end for place in scene.figure.at) else None
    shorter = replace(scene, narration=scene.narration[:end].strip(), figure=figure, ends=True)
    return shorter, _cut(speech, cut, end)


def _cut(speech: Speech, seconds: float, characters: int) -> Speech:
    """The speech up to a moment, faded out in `CUT_FADE_SECONDS`."""
    fade = round(CUT_FADE_SECONDS * RATE_HZ)
    samples = speech.samples[: round(seconds * RATE_HZ) + fade].copy()
    fade = min(fade, len(samples))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return replace(speech, samples=samples, words=tuple(word for word in speech.words if word.at < characters))


def _spoken(story: Story, speeches: Sequence[Speech]) -> list[float]:
    """How long each scene is spoken; those without words last a while too."""
    if len(story.scenes) != len(speeches) or not speeches:
        raise ValueError(f"{len(story.scenes)} scenes and {len(speeches)} speeches do not match")
    return [speech.seconds if speech.words else max(speech.seconds, WORDLESS_SECONDS) for speech in speeches]


def _pauses(story: Story) -> list[float]:
    """After each scene, as one would pause with all the time in the world."""
    following = [*story.scenes[1:], None]
    return [CHAPTER_PAUSE_SECONDS if scene is None or scene.chapter else PAUSE_SECONDS for scene in following]


def _shrunk(leads: list[float], room: float) -> list[float]:
    share = min(1.0, max(0.0, room / sum(leads)))
    return [lead * share for lead in leads]


def _spread(pauses: list[float], free: float) -> tuple[list[float], float]:
    """Pauses that take `free` seconds together, within their bounds, and what of it is left over."""
    usual, least = sum(pauses), LEAST_PAUSE_SECONDS * len(pauses)
    if free <= usual:
        share = (free - least) / (usual - least)
        return [LEAST_PAUSE_SECONDS + (pause - LEAST_PAUSE_SECONDS) * share for pause in pauses], 0.0
    # Long pauses grow more than short ones, until they are full.
    full: set[int] = set()
    while True:
        growing = sum(pause for at, pause in enumerate(pauses) if at not in full)
        room = free - MOST_PAUSE_SECONDS * len(full)
        if not growing:
            return [MOST_PAUSE_SECONDS] * len(pauses), room
        share = room / growing
        more = {at for at, pause in enumerate(pauses) if at not in full and pause * share > MOST_PAUSE_SECONDS}
        if not more:
            return [MOST_PAUSE_SECONDS if at in full else pause * share for at, pause in enumerate(pauses)], 0.0
        full |= more


def _rest(rest: float, opening: float, closing: float) -> tuple[float, float, float]:
    """Opening and closing with some of what pauses could not take, and what is left for the pictures to stay."""
    if opening:
        grown = min(OPENING_GROWTH_SECONDS, rest / 3)
        opening, rest = opening + grown, rest - grown
    if closing:
        grown = min(CLOSING_GROWTH_SECONDS, rest / 2)
        closing, rest = closing + grown, rest - grown
    return opening, closing, rest


def _held(pauses: list[float], rest: float) -> list[float]:
    """Pauses with `rest` spread over them: the last picture holds first, then every picture stays longer."""
    last = min(rest, HOLD_SECONDS - MOST_PAUSE_SECONDS)
    share = (rest - last) / len(pauses)
    return [*(pause + share for pause in pauses[:-1]), pauses[-1] + share + last]


def _sentences(story: Story) -> int:
    return sum(len(sentences.sentences(scene.narration, story.language)) for scene in story.scenes)


def _note(over: float, seconds: float, left_out: int) -> str:
    if not left_out:
        return f"The script is {ceil(over)} s longer than {seconds:g} s."
    last = "its last sentence was" if left_out == 1 else f"its last {left_out} sentences were"
    return f"The script is {ceil(over)} s longer than {seconds:g} s; {last} left out."
