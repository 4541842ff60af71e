"""Amounts of the same kind as bars, each growing when it is said."""

from __future__ import annotations

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look, panel
from gpu_handlers.stages.figures.page import fill
from gpu_handlers.stages.figures.quantity import Quantity, quantity
from gpu_handlers.stages.figures.setting import alike

GROW_SECONDS = 0.9
LARGEST_RATIO = 60  # of the largest to the smallest amount; beyond, the small ones would not show


def amounts(items: tuple[str, ...]) -> tuple[Quantity, ...]:
    """The items as amounts, when they are several of the same unit that can be compared; else nothing."""
    found = [quantity(item) for item in items]
    known = tuple(one for one in found if one is not None and one.value > 0)
    if len(known) < 2 or len(known) < len(items) or any(not one.before for one in known):
        return ()
    units = {one.unit.casefold() for one in known}
    values = [one.value for one in known]
    if len(units) > 1 or "" in units or max(values) > LARGEST_RATIO * min(values):
        return ()
    return known


class Bars:
    """Bars within a box, their names above them. `times`: when each is said, seconds."""

    def __init__(self, look: Look, known: tuple[Quantity, ...], times: tuple[float, ...], box: Box) -> None:
        self._look, self._known, self._times = look, known, times
        pad = look.px(36 if look.cards else 0)
        inner = box.inset(pad)
        gap = look.px(22)
        high = min(look.px(108), (inner.height - gap * (len(known) - 1)) / len(known))
        stack = inner.centred(high * len(known) + gap * (len(known) - 1))
        self._boxes = stack.rows((1,) * len(known), gap)
        self._bar_px = high * 0.42
        largest = look.px(28 if look.cards else 36)
        names = alike(
            [one.before for one in known],
            width=inner.width * 0.62,
            height=high - self._bar_px,
            largest=largest,
            smallest=look.px(14),
            weight="bold",
            most_lines=1,
        )
        self._names = [block.sprite(look.palette.ink, room=inner.width * 0.62) for block in names]
        self._size_px = names[0].size_px
        self._longest = 100.0 if all(one.percent for one in known) else max(one.value for one in known)
        whole = stack.inset(-pad)
        self._card_at = (round(whole.left), round(whole.top))
        self._card = look.under(whole)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """All bars that have been said by `now`."""
        look, palette = self._look, self._look.palette
        if self._card is not None:
            self._card.draw(canvas, *self._card_at, share=easing.share(now, self._times[0], ENTER_SECONDS) * 1.6)
        face = lettering.font(self._size_px, "bold")
        for at, (box, one) in enumerate(zip(self._boxes, self._known, strict=True)):
            came = easing.share(now, self._times[at], ENTER_SECONDS)
            if came <= 0:
                continue
            shown = min(1.0, came * 1.6)
            grown = easing.out_cubic(easing.share(now, self._times[at], GROW_SECONDS))
            colour = (palette.accent, palette.second)[at % 2] if len(self._known) == 2 else palette.accent
            self._names[at].draw(canvas, box.left, box.top, share=shown)
            unit = one.unit
            text = one.counted(grown) + (unit if unit.startswith("%") else f" {unit}")
            x = box.right - lettering.measure(text, face)
            baseline = box.top + self._size_px * 0.97
            lettering.draw(canvas, text, x, baseline, face, fill(colour, round(shown, 2)))
            track = Box(box.left, box.bottom - self._bar_px, box.right, box.bottom)
            radius = self._bar_px / 2 if look.cards else look.px(4)
            if shown >= 1:
                panel(canvas, track, radius, palette.edge)
            wide = max(2 * radius, track.width * one.value / self._longest * grown)
            panel(canvas, Box(track.left, track.top, track.left + wide, track.bottom), radius, colour)
