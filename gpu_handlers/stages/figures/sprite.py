"""Things drawn once and shown many times: text, cards and shadows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import skia

from gpu_handlers.stages.figures.page import LINEAR

UNSEEN = 1 / 255  # of a colour step
STEADY_PX = 0.02  # closer to a whole pixel than this, a sprite stands on it and stays crisp


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A drawing with room around it for what reaches over its edges, such as shadows.

    Attributes:
        width, height: without that room, px.
        bleed: the room on every side, px.
    """

    image: skia.Image
    width: float
    height: float
    bleed: int

    def draw(
        self,
        canvas: skia.Canvas,
        x: float,
        y: float,
        *,
        share: float = 1.0,
        scale: float = 1.0,
        pivot: tuple[float, float] = (0.5, 0.5),
    ) -> None:
        """Put its left upper corner at (x, y).

        Args:
            share: of it that covers what is below, 0 … 1.
            scale: about `pivot`, which is in shares of width and height.
        """
        if share < UNSEEN:
            return
        paint = skia.Paint(Alphaf=min(1.0, share))
        if abs(scale - 1) < 1e-4:
            left, top = x - self.bleed, y - self.bleed
            if abs(left - round(left)) < STEADY_PX and abs(top - round(top)) < STEADY_PX:
                canvas.drawImage(self.image, round(left), round(top), skia.SamplingOptions(), paint)
            else:
                canvas.drawImage(self.image, left, top, LINEAR, paint)
            return
        canvas.save()
        about_x, about_y = x + self.width * pivot[0], y + self.height * pivot[1]
        canvas.translate(about_x, about_y)
        canvas.scale(scale, scale)
        canvas.translate(-about_x, -about_y)
        canvas.drawImage(self.image, x - self.bleed, y - self.bleed, LINEAR, paint)
        canvas.restore()


def sprite(width: float, height: float, paint: Callable[[skia.Canvas], None], *, bleed: float = 2) -> Sprite:
    """Draw a sprite: `paint` has its origin at the left upper corner."""
    room = ceil(bleed)
    surface = skia.Surface.MakeRaster(
        skia.ImageInfo.Make(
            ceil(width) + 2 * room, ceil(height) + 2 * room, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType
        )
    )
    canvas = surface.getCanvas()
    canvas.translate(room, room)
    paint(canvas)
    return Sprite(surface.makeImageSnapshot(), width, height, room)
