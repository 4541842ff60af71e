"""The frames of one scene on the whiteboard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import timeline
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.whiteboard import hand, layout, schedule
from gpu_handlers.stages.whiteboard.pen import Pen
from gpu_handlers.stages.whiteboard.surface import Surface


def film(beat: timeline.Beat, image: Rgb | None, *, size: Size, fps: int, frames: int, seed: int) -> Iterator[Frame]:
    """Draw a scene: heading, drawing and figure appear line by line under a hand with a pen.

    Items of the figure are written when they are heard; the drawing is finished with about 15 % of the narration left
    and is then coloured. The same arguments give the same frames.

    Args:
        image: what is drawn, H×W×3 of any size; None for scenes that only have a figure.
        size: of the frames, px, even.
        frames: how many are wanted; those after `beat.seconds` are for the fade into the next scene.
    """
    random = np.random.default_rng([seed, beat.scene.number])
    board = layout.composed(beat.scene, image, size, random)
    plan = schedule.planned(board, beat, (frames - 1) / fps)
    surface, pen = Surface(plan, size, random), Pen(plan, size)
    for number in range(frames):
        second = number / fps
        surface.until(second)
        frame = surface.frame.copy()
        tip = pen.steady(second, 1 / fps)
        if tip is not None:
            hand.lay(frame, size, tip)
        yield frame
