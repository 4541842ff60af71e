"""Steps side by side, with arrows that draw themselves from one to the next."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing
from gpu_handlers.stages.figures.arrow import arrow, line
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look
from gpu_handlers.stages.figures.rows import ARROW_AHEAD_SECONDS, HANDOVER_SECONDS
from gpu_handlers.stages.figures.setting import Block, alike
from gpu_handlers.stages.figures.sprite import Sprite, sprite

STEP = 190  # design px that a step needs in width
RISE = 36  # design px that a step comes from


def suits(items: tuple[str, ...], box: Box, look: Look) -> bool:
    """Whether the steps have room side by side."""
    return box.width >= len(items) * look.px(STEP) and box.width > 1.4 * box.height


class Chain:
    """The steps within a box. `times`: when each is said, seconds."""

    def __init__(self, look: Look, items: tuple[str, ...], times: tuple[float, ...], box: Box) -> None:
        self._look, self._times = look, times
        gap = look.px(64 if look.cards else 36)
        high = min(box.height, look.px(264))
        columns = box.centred(high).columns((1,) * len(items), gap)
        self._boxes = [Box(round(one.left), round(one.top), round(one.right), round(one.bottom)) for one in columns]
        self._rise = min(look.px(RISE), (box.height - high) / 2)
        self._badge_px = look.px(60 if look.cards else 72)
        self._pad = look.px(18 if look.cards else 0)
        self._text_top = self._pad + self._badge_px + look.px(16 if look.cards else 24)
        wide = self._boxes[0].width
        blocks = alike(
            items,
            width=wide - 2 * self._pad,
            height=high - self._text_top - self._pad,
            largest=look.px(30 if look.cards else 38),
            smallest=look.px(15),
            weight="regular" if look.cards else "bold",
        )
        self._steps = [self._step(block, wide, high) for block in blocks]
        palette = look.palette
        numbers = [str(number) for number in range(1, len(items) + 1)]
        self._strong = [look.badge(one, self._badge_px, palette.accent, palette.on_accent) for one in numbers]
        self._quiet = [look.badge(one, self._badge_px, palette.tint_deep, palette.accent) for one in numbers]

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """All steps that have been said by `now`."""
        for at, (box, start) in enumerate(zip(self._boxes, self._times, strict=True)):
            if at:
                self._link(canvas, at, now)
            came = easing.share(now, start, ENTER_SECONDS)
            if came <= 0:
                continue
            shown, y = min(1.0, came * 1.6), box.top + self._rise * (1 - easing.out_cubic(came))
            self._steps[at].draw(canvas, box.left, y, share=shown)
            x, top = box.left + (box.width - self._badge_px) / 2, y + self._pad
            pop = 0.7 + 0.3 * easing.out_back(came)
            stress = 1.0
            if at + 1 < len(self._times):
                stress = 1 - easing.share(now, self._times[at + 1], HANDOVER_SECONDS)
            self._quiet[at].draw(canvas, x, top, share=shown, scale=pop)
            self._strong[at].draw(canvas, x, top, share=shown * stress, scale=pop)

    def _link(self, canvas: skia.Canvas, at: int, now: float) -> None:
        left, right = self._boxes[at - 1], self._boxes[at]
        start = max(self._times[at] - ARROW_AHEAD_SECONDS, self._times[at - 1] + ENTER_SECONDS / 2)
        grown = easing.in_out_cubic(easing.share(now, start, ENTER_SECONDS))
        colour, width = self._look.palette.accent, self._look.px(4)
        if self._look.cards:
            y, air = left.middle[1], self._look.px(12)
            arrow(canvas, (left.right + air, y), (right.left - air, y), grown, colour, width)
        else:
            y, reach = left.top + self._badge_px / 2, self._badge_px / 2 + self._look.px(14)
            line(canvas, (left.middle[0] + reach, y), (right.middle[0] - reach, y), grown, colour, width)

    def _step(self, block: Block, wide: float, high: float) -> Sprite:
        look = self._look

        def paint(canvas: skia.Canvas) -> None:
            if look.cards:
                look.card(canvas, wide, high)
            room = high - self._text_top - self._pad
            canvas.translate(self._pad, self._text_top + (room - block.height) / 2 * look.cards)
            block.draw(canvas, look.palette.ink, room=wide - 2 * self._pad, centred=True)

        return sprite(wide, high, paint, bleed=look.bleed if look.cards else 2 + block.size_px * 0.4)
