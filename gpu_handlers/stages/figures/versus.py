"""Two things beside each other, each coming in when it is said."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing
from gpu_handlers.stages.figures.arrow import arrow
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look, panel
from gpu_handlers.stages.figures.page import Colour, fill
from gpu_handlers.stages.figures.setting import Block, alike
from gpu_handlers.stages.figures.sprite import Sprite, sprite

SLIDE = 24  # design px that a side comes from, out of the gap between them
WIDE = 1.1  # width to height from which the sides stand side by side


class Versus:
    """The sides of a comparison within a box, a mark between the first two. `times`: when each is said, seconds."""

    def __init__(self, look: Look, items: tuple[str, ...], times: tuple[float, ...], box: Box) -> None:
        self._look, self._times = look, times
        self._across = box.width > WIDE * box.height
        self._mark_px = look.px(64)
        gap = look.px(28)
        if self._across:
            cells = box.centred(min(box.height, look.px(340))).columns((1,) * len(items), gap)
        else:
            most = look.px(230) * len(items) + gap * (len(items) - 1)
            cells = box.centred(min(box.height, most)).rows((1,) * len(items), gap)
        self._boxes = [Box(round(one.left), round(one.top), round(one.right), round(one.bottom)) for one in cells]
        pad = look.px(36)
        first = self._boxes[0]
        blocks = alike(
            items,
            width=first.width - 2 * pad - (look.px(10) if self._across else 0),
            height=first.height - 2 * pad - (0 if self._across else look.px(20)),
            largest=look.px(42 if look.cards else 56),
            smallest=look.px(16),
            weight="bold",
        )
        palette = look.palette
        pairs = ((palette.accent, palette.on_accent), (palette.second, palette.on_second))
        self._sides = [
            self._side(block, cell, pad, *pairs[at % 2])
            for at, (block, cell) in enumerate(zip(blocks, self._boxes, strict=True))
        ]
        self._mark = sprite(self._mark_px, self._mark_px, self._opposed, bleed=look.bleed)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """All sides that have been said by `now`."""
        for at, (box, start) in enumerate(zip(self._boxes, self._times, strict=True)):
            came = easing.share(now, start, ENTER_SECONDS)
            if came <= 0:
                continue
            away = self._look.px(SLIDE) * (1 - easing.out_cubic(came)) * (1 if at == 0 else -1)
            x, y = (box.left + away, box.top) if self._across else (box.left, box.top + away)
            self._sides[at].draw(canvas, x, y, share=min(1.0, came * 1.6))
        if len(self._times) > 1:
            came = easing.share(now, self._times[1] + ENTER_SECONDS / 3, ENTER_SECONDS)
            first, second = self._boxes[:2]
            if self._across:
                x, y = (first.right + second.left) / 2, first.middle[1]
            else:
                x, y = first.middle[0], (first.bottom + second.top) / 2
            half = self._mark_px / 2
            scale = max(0.01, easing.out_back(came))
            self._mark.draw(canvas, x - half, y - half, share=min(1.0, came * 2), scale=scale)

    def _side(self, block: Block, cell: Box, pad: float, colour: Colour, letters: Colour) -> Sprite:
        look, wide, high = self._look, cell.width, cell.height

        def paint(canvas: skia.Canvas) -> None:
            if look.cards:
                look.card(canvas, wide, high)
                canvas.save()
                whole = skia.RRect.MakeRectXY(skia.Rect.MakeWH(wide, high), look.radius, look.radius)
                canvas.clipRRect(whole, doAntiAlias=True)
                canvas.drawRect(skia.Rect.MakeWH(wide, look.px(12)), fill(colour))
                canvas.restore()
            else:
                panel(canvas, Box(0, 0, wide, high), look.radius, colour)
            canvas.translate(pad, (high - block.height) / 2)
            block.draw(canvas, colour if look.cards else letters, room=wide - 2 * pad, centred=True)

        return sprite(wide, high, paint, bleed=look.bleed if look.cards else 2)

    def _opposed(self, canvas: skia.Canvas) -> None:
        """A disc with two arrows that point away from each other, one above the other."""
        look, size = self._look, self._mark_px
        canvas.drawCircle(size / 2, size / 2, size / 2, fill(look.palette.ground))
        if not self._across:
            canvas.rotate(90, size / 2, size / 2)
        left, right, width = size * 0.27, size * 0.73, look.px(3.6)
        arrow(canvas, (right, size * 0.4), (left, size * 0.4), 1, look.palette.accent, width)
        arrow(canvas, (left, size * 0.6), (right, size * 0.6), 1, look.palette.second, width)
