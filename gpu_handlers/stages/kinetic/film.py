"""One scene of moving type, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import easing
from gpu_handlers.stages.figures import palette as palettes
from gpu_handlers.stages.figures import timing
from gpu_handlers.stages.figures.box import unit
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.kinetic import curtain, layout
from gpu_handlers.stages.timeline import Beat

LEAVE_SECONDS = 0.28
SETTLED_SECONDS = 0.8  # an item stands at least so long before the scene leaves
SHRINK = 0.06  # that everything steps back by when it leaves


def film(
    beat: Beat, image: Rgb | None, *, size: Size, fps: int, frames: int, seed: int, palette: str
) -> Iterator[Frame]:
    """The scene's words as they are said, and its figure as a chart; its picture in two tones beside or behind them.

    Args:
        image: the scene's picture, any size; None where there is none.
        size: of the frames in px, even.
        frames: how many, those of a fade into the next scene included.
        seed: with which of the moves the scene begins.
        palette: a subject, see `palette.lettered`.
    """
    look = Look(palettes.lettered(palette), unit(size), cards=False)
    page = Page(size)
    scene = layout.scene(beat, image, size=size, look=look, seconds=frames / fps, seed=seed)
    leave = timing.leaving(beat, frames / fps, LEAVE_SECONDS, SETTLED_SECONDS)
    for number in range(frames):
        now = number / fps
        scene.ground.draw(page, now)
        gone = easing.in_cubic(easing.share(now, leave, LEAVE_SECONDS))
        with page.stepping_back(gone, shrink=SHRINK) as canvas:
            for part in scene.parts:
                part.draw(canvas, now)
        curtain.draw(page.canvas, size, look, now)
        yield page.frame()
