"""One scene of an explainer film, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import easing
from gpu_handlers.stages.explainer import layout
from gpu_handlers.stages.explainer.ground import Ground
from gpu_handlers.stages.figures import palette as palettes
from gpu_handlers.stages.figures import timing
from gpu_handlers.stages.figures.box import unit
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.timeline import Beat

LEAVE_SECONDS = 0.32
SETTLED_SECONDS = 0.8  # an item stands at least so long before the scene leaves
SHRINK = 0.03  # that everything steps back by when it leaves


def film(
    beat: Beat, image: Rgb | None, *, size: Size, fps: int, frames: int, seed: int, palette: str
) -> Iterator[Frame]:
    """The scene's picture in a frame, its heading, and its figure as a diagram, or else its key phrases.

    Args:
        image: the scene's picture, any size; None where there is none.
        size: of the frames in px, even.
        frames: how many, those of a fade into the next scene included.
        seed: which of the small differences between scenes this one gets.
        palette: a subject, see `palette.cards`.
    """
    look = Look(palettes.cards(palette), unit(size), cards=True)
    page, ground = Page(size), Ground(look, size)
    seconds = frames / fps
    parts = layout.parts(beat, image, size=size, look=look, seconds=seconds, seed=seed)
    leave = timing.leaving(beat, seconds, LEAVE_SECONDS, SETTLED_SECONDS)
    for number in range(frames):
        now = number / fps
        ground.draw(page, beat.start + now)
        gone = easing.in_cubic(easing.share(now, leave, LEAVE_SECONDS))
        with page.stepping_back(gone, shrink=SHRINK) as canvas:
            for part in parts:
                part.draw(canvas, now)
        yield page.frame()
