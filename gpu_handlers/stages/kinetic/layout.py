"""What a scene of moving type is made of, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import skia

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages.figures import Diagram, begins, diagram
from gpu_handlers.stages.figures.box import Box, content
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.timing import Phrase, phrases
from gpu_handlers.stages.kinetic.ground import Backdrop, Ground, Shapes
from gpu_handlers.stages.kinetic.inset import Inset
from gpu_handlers.stages.kinetic.kicker import Kicker
from gpu_handlers.stages.kinetic.verse import MOVES, Verse
from gpu_handlers.stages.timeline import Beat

AIR = 28  # design px below the kicker
GAP = 40  # design px between type and picture
BESIDE = 0.58  # of the width that type has beside a picture
AHEAD_SECONDS = 0.12  # type makes way for a diagram before its first item is said


@dataclass(frozen=True, slots=True)
class Parts:
    """One scene: what is behind, and what stands on it, back to front."""

    ground: Ground
    parts: tuple[Diagram, ...]


def scene(beat: Beat, image: Rgb | None, *, size: Size, look: Look, seconds: float, seed: int) -> Parts:
    """The parts of a beat. `seconds`: how long it is on the screen."""
    whole, upright, figure = content(size), size.height > size.width, beat.scene.figure
    made, spoken = list[Diagram](), phrases(beat)
    below, typed = whole, list[Box]()
    if beat.scene.heading:
        kicker = Kicker(look, beat.scene.heading, whole)
        made.append(kicker)
        below = whole.below(kicker.bottom + look.px(AIR))
        typed.append(Box(whole.left, whole.top, kicker.right, kicker.bottom))
    text, picture = below, None
    # Diagrams stand on the plain ground; scenes of words take turns between a picture beside and a picture behind.
    inset = image is not None and (figure is not None or beat.scene.number % 2 == 1)
    if image is not None:
        text, picture = _split(whole, below, look, upright=upright, figure=figure is not None)
    turns = tuple(phrase.start for phrase in spoken)
    ground: Ground
    if image is None or inset:
        ground = Shapes(look, size, kind=beat.scene.number, turns=turns, aside=figure is not None)
    else:
        ground = Backdrop(look, image, size, (text, *typed), seconds=seconds)
    if image is not None and picture is not None and inset:
        made.append(Inset(look, image, picture, kind=beat.scene.number // 2, seconds=seconds))
    first = float("inf")
    if figure is not None:
        first = begins(figure, beat) - AHEAD_SECONDS
        side = 0 if picture is None or upright else 1
        made.append(diagram(figure, beat, text, look, titled_at=max(0.3, first), side=side))
        spoken = tuple(phrase for phrase in spoken if phrase.end <= first + AHEAD_SECONDS)
    made.append(Verses(look, spoken, text, seed=seed, until=first))
    return Parts(ground, tuple(made))


class Verses:
    """The phrases of a scene, one after the other, each set when its time comes. `until`: when all must be gone."""

    def __init__(self, look: Look, spoken: tuple[Phrase, ...], box: Box, *, seed: int, until: float) -> None:
        self._queue = self._set(look, spoken, box, seed, until)
        self._shown = next(self._queue, None)
        self._following = next(self._queue, None)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """The phrase that is being said at `now`; time only goes forward."""
        while self._following is not None and now >= self._following.start:
            self._shown, self._following = self._following, next(self._queue, None)
        if self._shown is not None:
            self._shown.draw(canvas, now)

    @staticmethod
    def _set(look: Look, spoken: tuple[Phrase, ...], box: Box, seed: int, until: float) -> Iterator[Verse]:
        for at, phrase in enumerate(spoken):
            last = at + 1 == len(spoken)
            end = until if last else min(until, spoken[at + 1].start)
            yield Verse(look, phrase, box, move=MOVES[(seed + at) % len(MOVES)], until=end)


def _split(whole: Box, below: Box, look: Look, *, upright: bool, figure: bool) -> tuple[Box, Box]:
    """The places of type and picture."""
    if upright:
        share = 0.36 if figure else 0.46
        picture, text = below.rows((share, 1 - share), look.px(GAP))
        return text, picture
    text, _ = below.columns((BESIDE, 1 - BESIDE), look.px(GAP))
    _, picture = whole.columns((BESIDE, 1 - BESIDE), look.px(GAP))
    return text, picture
