"""One number, counted up to when it is said: in a ring when it is a share of a whole, else over a growing line."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.arrow import line
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look
from gpu_handlers.stages.figures.page import fill, stroke
from gpu_handlers.stages.figures.quantity import INLINE, Quantity
from gpu_handlers.stages.figures.setting import Block, fitted

COUNT_SECONDS = 1.1
RISE = 24  # design px that it comes from, where there is room below
TOP_DEGREES = -90  # rings begin at the top


class Number:
    """A number within a box.

    Args:
        label: what it is the number of; may be empty.
        start: when it is said, seconds.
    """

    def __init__(self, look: Look, quantity: Quantity, label: str, start: float, box: Box) -> None:
        self._look, self._quantity, self._start = look, quantity, start
        unit = quantity.unit
        inline = len(unit) <= INLINE
        self._tail = f" {unit}" if inline and unit not in ("%", "°") else unit if inline else ""
        words = [quantity.before, "" if inline else unit, label]
        below = " ".join(part for part in words if part)
        pad = look.px(36 if look.cards else 0)
        inner = box.inset(pad)
        caption = fitted(
            below,
            width=inner.width,
            height=inner.height * 0.3,
            largest=look.px(34 if look.cards else 44),
            smallest=look.px(16),
        )
        gap = look.px(26) if caption.lines else 0.0
        room = inner.height - caption.height - gap
        ring = min(room, inner.width, look.px(340 if look.cards else 400)) if quantity.percent else 0.0
        figure = fitted(
            quantity.written + self._tail,
            width=ring * 0.62 if ring else inner.width,
            height=room,
            largest=look.px(92 if ring else 124) * (1.0 if look.cards else 1.25),
            smallest=look.px(20),
            weight="bold",
            most_lines=1 if quantity.value else 3,
        )
        self._figure: Block = figure
        high = (ring or figure.height + look.px(14)) + gap + caption.height
        whole = box.centred(high + 2 * pad)
        self._rise = max(0.0, min(look.px(RISE), box.bottom - whole.bottom))
        self._middle_x, self._top = whole.middle[0], whole.top + pad
        self._ring = ring
        self._caption_at = (round(inner.left), round(self._top + high - caption.height))
        self._caption = caption.sprite(look.palette.ink, room=inner.width, centred=True)
        self._card_at = (round(whole.left), round(whole.top))
        self._card = look.under(whole)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """The number as far as it has been counted by `now`."""
        came = easing.share(now, self._start, ENTER_SECONDS)
        if came <= 0:
            return
        look, shown = self._look, min(1.0, came * 1.6)
        rise = self._rise * (1 - easing.out_cubic(came))
        counted = easing.out_cubic(easing.share(now, self._start, COUNT_SECONDS))
        if self._card is not None:
            self._card.draw(canvas, self._card_at[0], self._card_at[1] + rise, share=shown)
        self._caption.draw(canvas, self._caption_at[0], self._caption_at[1] + rise, share=shown)
        y = self._top + rise
        if self._ring:
            self._draw_ring(canvas, y, counted, shown)
            y += (self._ring - self._figure.height) / 2
        else:
            reach = self._figure.width / 2
            under = y + self._figure.height + look.px(8)
            ends = (self._middle_x - reach, under), (self._middle_x + reach, under)
            line(canvas, *ends, counted, look.palette.second, look.px(6))
        face, paint = lettering.font(self._figure.size_px, "bold"), fill(look.palette.accent, round(shown, 2))
        lines = (self._quantity.counted(counted) + self._tail,) if self._quantity.value else self._figure.lines
        for at, text in enumerate(lines):
            x = self._middle_x - lettering.measure(text, face) / 2
            lettering.draw(canvas, text, x, y + self._figure.baseline(at), face, paint)

    def _draw_ring(self, canvas: skia.Canvas, y: float, counted: float, shown: float) -> None:
        width = self._ring * 0.085
        oval = skia.Rect.MakeXYWH(self._middle_x - self._ring / 2, y, self._ring, self._ring)
        oval.inset(width / 2, width / 2)
        canvas.drawOval(oval, stroke(self._look.palette.edge, width, round(shown, 2)))
        sweep = 360 * self._quantity.value / 100 * counted
        paint = stroke(self._look.palette.accent, width, round(shown, 2))
        if sweep > 0.5:
            canvas.drawArc(oval, TOP_DEGREES, min(sweep, 359.99), False, paint)
