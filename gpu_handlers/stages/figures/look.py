"""How a film's diagrams look: its colours, its scale, and whether things stand on cards."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.page import Colour, fill
from gpu_handlers.stages.figures.palette import Palette
from gpu_handlers.stages.figures.setting import fitted
from gpu_handlers.stages.figures.sprite import Sprite, sprite

ENTER_SECONDS = 0.34  # from hearing a thing to seeing all of it
SHADOW = 0.13  # how dark, of the ink


@dataclass(frozen=True, slots=True)
class Look:
    """One film's look.

    Attributes:
        unit: pixels per pixel of the design, see `box.unit`.
        cards: whether text stands on cards with shadows; otherwise it is larger and stands on the ground.
    """

    palette: Palette
    unit: float
    cards: bool

    def px(self, design: float) -> float:
        """A length of the design in pixels."""
        return design * self.unit

    @property
    def radius(self) -> float:
        """Of the corners of cards and panels."""
        return self.px(20 if self.cards else 8)

    @property
    def bleed(self) -> float:
        """Room that a card's shadow takes around it."""
        return self.px(34)

    def card(self, canvas: skia.Canvas, width: float, height: float, colour: Colour | None = None) -> None:
        """A card at (0, 0) with its shadow, soft and mostly below."""
        shape = skia.RRect.MakeRectXY(skia.Rect.MakeWH(width, height), self.radius, self.radius)
        shadow = fill(self.palette.ink, SHADOW)
        shadow.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, self.px(9)))
        canvas.save()
        canvas.translate(0, self.px(6))
        canvas.drawRRect(shape, shadow)
        canvas.restore()
        canvas.drawRRect(shape, fill(self.palette.surface if colour is None else colour))

    def under(self, box: Box) -> Sprite | None:
        """The card that the contents of `box` stand on, to be drawn at its corner; None where text stands free."""
        if not self.cards:
            return None
        return sprite(box.width, box.height, lambda canvas: self.card(canvas, box.width, box.height), bleed=self.bleed)

    def badge(self, text: str, size: float, ground: Colour, letters: Colour) -> Sprite:
        """A disc of `size` px with a number in it."""
        block = fitted(
            text, width=size * 0.7, height=size, largest=size * 0.52, smallest=size * 0.2, weight="bold", most_lines=1
        )

        def paint(canvas: skia.Canvas) -> None:
            canvas.drawCircle(size / 2, size / 2, size / 2, fill(ground))
            canvas.translate(0, (size - block.height) / 2)
            block.draw(canvas, letters, room=size, centred=True)

        return sprite(size, size, paint)


def panel(canvas: skia.Canvas, box: Box, radius: float, colour: Colour) -> None:
    """A plain rounded area."""
    rect = skia.Rect.MakeLTRB(box.left, box.top, box.right, box.bottom)
    canvas.drawRRect(skia.RRect.MakeRectXY(rect, radius, radius), fill(colour))
