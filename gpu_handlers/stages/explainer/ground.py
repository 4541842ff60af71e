"""The ground of explainer films: one colour and a few large shapes close to it that wander slowly."""

from __future__ import annotations

from math import pi, sin

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page, fill, ink, stroke

# Centre in shares of width and height, radius in shares of the longer side, seconds for there and back, ring or disc.
_SHAPES = (
    (0.03, 1.02, 0.29, 31.0, False),
    (0.98, 0.02, 0.22, 37.0, False),
    (0.84, 1.04, 0.13, 29.0, True),
    (0.70, -0.03, 0.06, 23.0, True),
)
WANDER = 0.018  # of the longer side


class Ground:
    """The same in all scenes of a film, moving on across their borders."""

    def __init__(self, look: Look, size: Size) -> None:
        self._look, self._size = look, size
        base = np.empty((size.height, size.width, 4), np.uint8)
        skia.Canvas(base, colorType=skia.kRGBA_8888_ColorType).clear(ink(look.palette.ground))
        self._base = base

    def draw(self, page: Page, now: float) -> None:
        """Cover the page as it is `now` seconds after the start of the film."""
        np.copyto(page.pixels, self._base)
        palette, wide, high = self._look.palette, self._size.width, self._size.height
        longer = max(wide, high)
        for across, down, radius, period, ring in _SHAPES:
            turn = 2 * pi * now / period
            x = across * wide + WANDER * longer * sin(turn + across * 7)
            y = down * high + WANDER * longer * sin(turn * 0.8 + down * 5)
            if ring:
                page.canvas.drawCircle(x, y, radius * longer, stroke(palette.tint_deep, radius * longer * 0.3))
            else:
                page.canvas.drawCircle(x, y, radius * longer, fill(palette.tint))
