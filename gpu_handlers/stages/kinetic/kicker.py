"""The scene's heading in small, at the top, so that one knows where one is."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import fill
from gpu_handlers.stages.figures.setting import fitted

ENTER_SECONDS = 0.45
SQUARE = 16  # design px
SIZE = 32  # design px


class Kicker:
    """A small square and the heading.

    Attributes:
        right, bottom: where it ends, px.
    """

    def __init__(self, look: Look, text: str, box: Box) -> None:
        self._look = look
        self._indent = look.px(SQUARE + 16)
        room = box.width - self._indent
        block = fitted(
            text,
            width=room,
            height=look.px(90),
            largest=look.px(SIZE),
            smallest=look.px(18),
            weight="bold",
            most_lines=2,
        )
        self._mirrored = lettering.right_to_left(text)
        self._sprite = block.sprite(look.palette.muted, room=room)
        self._x = round(box.left if self._mirrored else box.left + self._indent)
        self._y = round(box.top)
        half = look.px(SQUARE) / 2
        self._middle = (box.right - half if self._mirrored else box.left + half, box.top + block.leading_px / 2)
        self.right, self.bottom = box.left + self._indent + block.width, box.top + block.height
        if self._mirrored:
            self.right = box.right

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """Draw it as it is `now` seconds into the scene."""
        came = easing.share(now, 0.25, ENTER_SECONDS)
        if came <= 0:
            return
        side = self._look.px(SQUARE) * easing.out_back(came)
        x, y = self._middle
        canvas.save()
        canvas.translate(x, y)
        canvas.rotate(90 * easing.out_cubic(came))
        canvas.drawRect(skia.Rect.MakeLTRB(-side / 2, -side / 2, side / 2, side / 2), fill(self._look.palette.accent))
        canvas.restore()
        away = self._look.px(20) * (1 - easing.out_cubic(came)) * (-1 if self._mirrored else 1)
        self._sprite.draw(canvas, self._x + away, self._y, share=came)
