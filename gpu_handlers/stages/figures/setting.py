"""Text set into a space: as large as it fits, broken into lines, and never beyond the edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import skia

from gpu_handlers.stages import lettering
from gpu_handlers.stages.figures.page import Colour, fill
from gpu_handlers.stages.figures.sprite import Sprite, sprite
from gpu_handlers.stages.lettering import Weight

SHRINK = 0.94  # from one size tried to the next
TRIES = 6  # at balancing lines
LEADING = {"bold": 1.22, "regular": 1.36}  # distance of base lines, ems: large titles stand closer than running text
CAPITAL = 0.714  # height of Noto Sans's capitals, ems
OVERHANG = 0.4  # room for accents above and descenders below, ems


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Lines of one size.

    Attributes:
        lines: as set; an ellipsis ends them where not all fitted.
        width, height: of all lines together, px.
    """

    lines: tuple[str, ...]
    size_px: float
    weight: Weight
    width: float
    height: float

    @property
    def leading_px(self) -> float:
        """From one line to the next."""
        return self.size_px * LEADING[self.weight]

    def baseline(self, line: int) -> float:
        """Below the block's top, with the capitals half-way up the line."""
        return self.leading_px * (line + 0.5) + self.size_px * CAPITAL / 2

    def draw(self, canvas: skia.Canvas, colour: Colour, *, room: float | None = None, centred: bool = False) -> None:
        """Draw it from (0, 0) on; centred, or from the side that its script begins on, within `room` px."""
        room = self.width if room is None else room
        face, paint = lettering.font(self.size_px, self.weight), fill(colour)
        for at, line in enumerate(self.lines):
            lettering.draw(canvas, line, self.indent(line, room, centred=centred), self.baseline(at), face, paint)

    def indent(self, line: str, room: float, *, centred: bool = False) -> float:
        """Where in `room` a line begins."""
        free = room - lettering.measure(line, lettering.font(self.size_px, self.weight))
        if centred:
            return free / 2
        return free if lettering.right_to_left(line) else 0.0

    def sprite(self, colour: Colour, *, room: float | None = None, centred: bool = False) -> Sprite:
        """The block drawn once, `room` px wide."""
        return sprite(
            self.width if room is None else room,
            self.height,
            lambda canvas: self.draw(canvas, colour, room=room, centred=centred),
            bleed=2 + self.size_px * OVERHANG,
        )


def fitted(
    text: str,
    *,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    weight: Weight = "regular",
    most_lines: int = 99,
) -> Block:
    """`text` at the largest size between the two at which it fits; at the smallest, what fits of it."""
    size = largest
    while True:
        block = at_size(text, size, width=width, weight=weight)
        high = min(most_lines, max(1, int(height / block.leading_px)))
        if len(block.lines) <= high and _unbroken(text, block, width):
            return _balanced(text, block, width)
        if size <= smallest:
            break
        size = max(smallest, size * SHRINK)
    return _balanced(text, block, width) if len(block.lines) <= high else _cut(block, high, width)


def at_size(text: str, size: float, *, width: float, weight: Weight = "regular") -> Block:
    """`text` at one size, however many lines it takes."""
    face = lettering.font(size, weight)
    lines = lettering.lines(text, face, width)
    return _block(lines, size, weight)


def alike(
    texts: Iterable[str],
    *,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    weight: Weight = "regular",
    most_lines: int = 99,
) -> list[Block]:
    """Several texts at one size, the largest at which all fit."""
    limits = {"width": width, "height": height, "smallest": smallest}
    texts = list(texts)
    size = largest
    for text in texts:
        size = fitted(text, largest=size, weight=weight, most_lines=most_lines, **limits).size_px
    return [fitted(text, largest=size, weight=weight, most_lines=most_lines, **limits) for text in texts]


def _balanced(text: str, block: Block, width: float) -> Block:
    """As many lines as `block` has, but of about the same length: no single word on the last."""
    low, high = width / 2, width
    best = block
    if len(block.lines) < 2:
        return best
    for _ in range(TRIES):
        middle = (low + high) / 2
        narrower = at_size(text, block.size_px, width=middle, weight=block.weight)
        if len(narrower.lines) == len(block.lines) and _unbroken(text, narrower, middle):
            best, high = narrower, middle
        else:
            low = middle
    return best


def _block(lines: list[str], size: float, weight: Weight) -> Block:
    face = lettering.font(size, weight)
    width = max((lettering.measure(line, face) for line in lines), default=0.0)
    return Block(tuple(lines), size, weight, width, len(lines) * size * LEADING[weight])


def _unbroken(text: str, block: Block, width: float) -> bool:
    """Whether no word had to be broken inside; scripts without spaces may be."""
    face = lettering.font(block.size_px, block.weight)
    return all(len(lettering.lines(word, face, width)) <= 1 or not word.isascii() for word in text.split())


def _cut(block: Block, lines: int, width: float) -> Block:
    kept = list(block.lines[:lines])
    face = lettering.font(block.size_px, block.weight)
    last = kept[-1]
    while last and lettering.measure(f"{last}…", face) > width:
        last = last[:-1].rstrip()
    kept[-1] = f"{last}…"
    return _block(kept, block.size_px, block.weight)
