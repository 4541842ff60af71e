"""How a scene opens: two slanted panels slide off the page, one behind the other."""

from __future__ import annotations

import skia

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import easing
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import fill

SECONDS = 0.42
BEHIND_SECONDS = 0.1  # the second panel after the first
SLANT = 0.18  # of the height


def draw(canvas: skia.Canvas, size: Size, look: Look, now: float) -> None:
    """What still covers the page `now` seconds after it opened. Captions stay readable on it."""
    if now >= SECONDS + BEHIND_SECONDS:
        return
    slant = SLANT * size.height
    for colour, delay in ((look.palette.mark, BEHIND_SECONDS), (look.palette.tint_deep, 0.0)):
        edge = (size.width + slant) * easing.in_out_cubic(easing.share(now, delay, SECONDS))
        path = skia.PathBuilder()
        path.moveTo(edge, 0)
        path.lineTo(size.width, 0)
        path.lineTo(size.width, size.height)
        path.lineTo(edge - slant, size.height)
        path.close()
        if edge < size.width + slant:
            canvas.drawPath(path.detach(), fill(colour))
