"""Where things stand on a page, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import burn

SAFE = 0.06  # of each side: what televisions and players may cut off or cover
DESIGN_PX = 720  # the height that lengths are designed for
UPRIGHT_PX = 620  # the width that they are designed for in upright films, which are watched on telephones


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """The point in the middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, across: float, down: float | None = None) -> Box:
        """Smaller on all sides."""
        down = across if down is None else down
        return Box(self.left + across, self.top + down, self.right - across, self.bottom - down)

    def below(self, y: float) -> Box:
        """What of it lies below `y`."""
        return Box(self.left, max(self.top, y), self.right, self.bottom)

    def columns(self, shares: tuple[float, ...], gap: float) -> list[Box]:
        """Side by side, as wide as their shares of what the gaps leave."""
        unit = (self.width - gap * (len(shares) - 1)) / sum(shares)
        made, left = list[Box](), self.left
        for part in shares:
            made.append(Box(left, self.top, left + part * unit, self.bottom))
            left += part * unit + gap
        return made

    def rows(self, shares: tuple[float, ...], gap: float) -> list[Box]:
        """One below the other, as high as their shares of what the gaps leave."""
        unit = (self.height - gap * (len(shares) - 1)) / sum(shares)
        made, top = list[Box](), self.top
        for part in shares:
            made.append(Box(self.left, top, self.right, top + part * unit))
            top += part * unit + gap
        return made

    def centred(self, height: float) -> Box:
        """Of its width, `height` high, half-way up."""
        top = self.top + (self.height - height) / 2
        return Box(self.left, top, self.right, top + height)


def content(size: Size) -> Box:
    """What may carry something to read: without the margins, and without the captions' place."""
    wide, high = size.width, size.height
    return Box(round(wide * SAFE), round(high * SAFE), round(wide * (1 - SAFE)), round(high * (1 - burn.zone(size))))


def unit(size: Size) -> float:
    """Pixels per pixel of the design."""
    return size.width / UPRIGHT_PX if size.height > size.width else size.height / DESIGN_PX
