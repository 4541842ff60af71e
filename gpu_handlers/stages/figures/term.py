"""A definition: the term, large, and what it means."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.arrow import line
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look
from gpu_handlers.stages.figures.setting import fitted

RISE = 28  # design px that text comes from
RULE_SECONDS = 0.5


class Term:
    """A term and its meaning within a box.

    Args:
        times: when the term and when its meaning is said, seconds.
    """

    def __init__(self, look: Look, term: str, meaning: str, times: tuple[float, float], box: Box) -> None:
        self._look, self._times = look, times
        pad = look.px(40 if look.cards else 0)
        inner = box.inset(pad)
        name = fitted(
            term,
            width=inner.width,
            height=inner.height * 0.38,
            largest=look.px(60 if look.cards else 96),
            smallest=look.px(22),
            weight="bold",
            most_lines=2,
        )
        rule = look.px(44)
        said = fitted(
            meaning,
            width=inner.width,
            height=inner.height - name.height - rule,
            largest=look.px(34 if look.cards else 44),
            smallest=look.px(16),
        )
        palette = look.palette
        high = name.height + rule + said.height
        self._term = name.sprite(palette.accent, room=inner.width)
        self._meaning = said.sprite(palette.ink, room=inner.width)
        whole = box.centred(high + 2 * pad)
        self._rise = max(0.0, min(look.px(RISE), box.bottom - whole.bottom))
        self._left, self._top = round(whole.left), round(whole.top)
        self._pad, self._rule_y = pad, self._top + pad + name.height + rule * 0.5
        self._meaning_y = round(self._top + pad + name.height + rule)
        self._width = inner.width
        self._mirrored = lettering.right_to_left(term or meaning)
        self._card = look.under(whole)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """What has been said by `now`."""
        look, (first, second) = self._look, self._times
        came = easing.share(now, first, ENTER_SECONDS)
        if came <= 0:
            return
        rise = self._rise * (1 - easing.out_cubic(came))
        shown = min(1.0, came * 1.6)
        if self._card is not None:
            self._card.draw(canvas, self._left, self._top + rise, share=shown)
        x = self._left + self._pad
        self._term.draw(canvas, x, round(self._top + self._pad) + rise, share=shown)
        grown = easing.in_out_cubic(easing.share(now, first + ENTER_SECONDS / 2, RULE_SECONDS))
        reach = look.px(88)
        start, end = (x + self._width, x + self._width - reach) if self._mirrored else (x, x + reach)
        line(canvas, (start, self._rule_y), (end, self._rule_y), grown, look.palette.second, look.px(5))
        came = easing.share(now, second, ENTER_SECONDS)
        rise = self._rise * (1 - easing.out_cubic(came))
        self._meaning.draw(canvas, x, self._meaning_y + rise, share=min(1.0, came * 1.6))
