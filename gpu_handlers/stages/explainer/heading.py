"""The heading of a scene: a short bar and a few words that rise from behind a line."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import Look, panel
from gpu_handlers.stages.figures.setting import fitted

BAR = (56, 7)  # design px
REVEAL_SECONDS = 0.5


class Heading:
    """A heading at the top of a box.

    Attributes:
        bottom: where it ends, px.
    """

    def __init__(self, look: Look, text: str, box: Box, *, height: float, largest: float = 52) -> None:
        self._look = look
        bar, air = look.px(BAR[1]), look.px(14)
        block = fitted(
            text,
            width=box.width,
            height=height - bar - air,
            largest=look.px(largest),
            smallest=look.px(20),
            weight="bold",
            most_lines=4,
        )
        self._sprite = block.sprite(look.palette.ink, room=box.width)
        wide = look.px(BAR[0])
        left = box.right - wide if lettering.right_to_left(text) else box.left
        self._bar = Box(left, box.top, left + wide, box.top + bar)
        self._at = (round(box.left), round(box.top + bar + air))
        self._high = block.height
        self.bottom = self._at[1] + block.height

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """Draw it as it is `now` seconds into the scene."""
        grown = easing.out_cubic(easing.share(now, 0, REVEAL_SECONDS))
        bar = self._bar
        if grown > 0:
            panel(
                canvas,
                Box(bar.left, bar.top, bar.left + bar.width * grown, bar.bottom),
                bar.height / 2,
                self._look.palette.accent,
            )
        came = easing.share(now, 0.08, REVEAL_SECONDS)
        if came <= 0:
            return
        x, y = self._at
        canvas.save()
        if came < 1:
            canvas.clipRect(skia.Rect.MakeXYWH(0, y, 1e5, self._high * 1.12))
        rise = (self._high + self._look.px(12)) * (1 - easing.out_cubic(came))
        self._sprite.draw(canvas, x, y + rise, share=min(1.0, came * 2))
        canvas.restore()
