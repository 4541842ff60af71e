"""A list: one row per item, sliding in when it is said; or steps, one below the other, with arrows between."""

from __future__ import annotations

from math import ceil

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.arrow import arrow, line
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look
from gpu_handlers.stages.figures.page import Colour
from gpu_handlers.stages.figures.setting import Block, alike
from gpu_handlers.stages.figures.sprite import Sprite, sprite

SLIDE, RISE = 36, 24  # design px that a row comes from, from a side and from below
ONE_COLUMN = 5  # rows; more go into two columns where there is room
COLUMN = 330  # design px that a column needs
HANDOVER_SECONDS = 0.3  # in which the stress passes from one row to the next
ARROW_AHEAD_SECONDS = 0.3  # an arrow sets out before its step is said


class Rows:
    """The rows within a box.

    Args:
        times: when each item is said, seconds.
        linked: whether arrows lead from each to the next.
        side: from where rows come: -1 from the left, 1 from the right, 0 from below. There must be room for it.
    """

    def __init__(
        self, look: Look, items: tuple[str, ...], times: tuple[float, ...], box: Box, *, side: int, linked: bool = False
    ) -> None:
        self._look, self._times, self._linked, self._side = look, times, linked, side
        if not side:
            box = Box(box.left, box.top, box.right, box.bottom - look.px(RISE))
        columns = 2 if len(items) > ONE_COLUMN and box.width >= look.px(2 * COLUMN) and not linked else 1
        per = ceil(len(items) / columns)
        gap = min(look.px(38 if linked else 18), box.height / per * (0.3 if linked else 0.18))
        high = min(look.px(116 if look.cards else 128), (box.height - gap * (per - 1)) / per)
        self._boxes = _cells(box, columns, per, high, gap)[: len(items)]
        self._badge_px = min(look.px(52 if look.cards else 68), high * 0.6)
        self._pad = look.px(24) if look.cards else 0.0
        wide = self._boxes[0].width
        self._text_left = self._pad + self._badge_px + look.px(22)
        self._mirrored = lettering.right_to_left(" ".join(items))
        blocks = alike(
            items,
            width=wide - self._text_left - self._pad,
            height=high - look.px(8),
            largest=look.px(36 if look.cards else 52),
            smallest=look.px(15),
            weight="regular" if look.cards else "bold",
        )
        palette = look.palette
        self._strong = [self._row(block, palette.ink, wide, high) for block in blocks]
        self._quiet = self._strong if look.cards else [self._row(block, palette.muted, wide, high) for block in blocks]
        self._badges = [self._badge(number) for number in range(1, len(items) + 1)]

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """All rows that have been said by `now`."""
        for at, (box, start) in enumerate(zip(self._boxes, self._times, strict=True)):
            came = easing.share(now, start, ENTER_SECONDS)
            if self._linked and at:
                self._link(canvas, at, now)
            if came <= 0:
                continue
            left = 1 - easing.out_cubic(came)
            x = box.left + self._look.px(SLIDE) * left * self._side
            y = box.top if self._side else box.top + self._look.px(RISE) * left
            stress = 1.0
            if at + 1 < len(self._times):
                stress = 1 - easing.share(now, self._times[at + 1], HANDOVER_SECONDS)
            self._item(canvas, at, x, y, shown=min(1.0, came * 1.6), stress=stress)
            if not self._look.cards and not self._linked:
                y = box.bottom + self._look.px(7)
                grown = easing.out_cubic(easing.share(now, start, ENTER_SECONDS * 2))
                ends = (box.right, box.left) if self._mirrored else (box.left, box.right)
                line(canvas, (ends[0], y), (ends[1], y), grown, self._look.palette.edge, self._look.px(2))

    def _item(self, canvas: skia.Canvas, at: int, x: float, y: float, *, shown: float, stress: float) -> None:
        if self._strong is self._quiet:
            self._strong[at].draw(canvas, x, y, share=shown)
        else:
            self._quiet[at].draw(canvas, x, y, share=shown * (1 - stress))
            self._strong[at].draw(canvas, x, y, share=shown * stress)
        strong, quiet = self._badges[at]
        box = self._boxes[at]
        left = box.width - self._pad - self._badge_px if self._mirrored else self._pad
        top = y + (box.height - self._badge_px) / 2
        quiet.draw(canvas, x + left, top, share=shown)
        strong.draw(canvas, x + left, top, share=shown * stress)

    def _link(self, canvas: skia.Canvas, at: int, now: float) -> None:
        above, below = self._boxes[at - 1], self._boxes[at]
        left = above.width - self._pad - self._badge_px if self._mirrored else self._pad
        x = above.left + left + self._badge_px / 2
        spare = (above.height - self._badge_px) / 2 if not self._look.cards else 0.0
        inside = self._look.px(5)
        start = max(self._times[at] - ARROW_AHEAD_SECONDS, self._times[at - 1] + ENTER_SECONDS / 2)
        grown = easing.in_out_cubic(easing.share(now, start, ENTER_SECONDS))
        ends = (x, above.bottom - spare + inside), (x, below.top + spare - inside)
        arrow(canvas, *ends, grown, self._look.palette.accent, self._look.px(4))

    def _row(self, block: Block, colour: Colour, wide: float, high: float) -> Sprite:
        look = self._look

        def paint(canvas: skia.Canvas) -> None:
            if look.cards:
                look.card(canvas, wide, high)
            canvas.translate(self._pad if self._mirrored else self._text_left, (high - block.height) / 2)
            block.draw(canvas, colour, room=wide - self._text_left - self._pad)

        return sprite(wide, high, paint, bleed=look.bleed if look.cards else 2 + block.size_px * 0.4)

    def _badge(self, number: int) -> tuple[Sprite, Sprite]:
        palette, size = self._look.palette, self._badge_px
        quiet = palette.tint_deep
        return (
            self._look.badge(str(number), size, palette.accent, palette.on_accent),
            self._look.badge(str(number), size, quiet, palette.accent),
        )


def _cells(box: Box, columns: int, per: int, high: float, gap: float) -> list[Box]:
    """Equal cells, column by column, half-way up the box; on whole pixels, so that text at rest is crisp."""
    stack = box.centred(high * per + gap * (per - 1))
    made = list[Box]()
    for column in stack.columns((1,) * columns, gap * 1.6):
        made += [
            Box(round(cell.left), round(cell.top), round(cell.right), round(cell.bottom))
            for cell in column.rows((1,) * per, gap)
        ]
    return made
