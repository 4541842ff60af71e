"""Where everything goes on the board: the heading on top, the drawing and the figure below it.

Everything stays within a safe area of 6 % at the sides, and above the place of the captions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import burn
from gpu_handlers.stages import script as scripts
from gpu_handlers.stages.whiteboard import icons, lineart, shapes, writing
from gpu_handlers.stages.whiteboard.piece import BLUE, DARK, GREEN, RED, Colour, Piece, outlined
from gpu_handlers.stages.whiteboard.tracing import Stroke

SAFE = 0.06  # of the width and height
MARKERS: tuple[Colour, ...] = (BLUE, RED, GREEN)

Area = tuple[float, float, float, float]
"""Left, top, right, bottom, px."""


@dataclass(slots=True)
class Item:
    """One item of the figure.

    Attributes:
        before: what is drawn when it is heard, ahead of its words: the arrow to it, its number.
        words: one piece each.
        after: its picture, its box.
    """

    before: list[Piece] = field(default_factory=list)
    words: list[Piece] = field(default_factory=list)
    after: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Board:
    """Everything a scene puts on the board.

    Attributes:
        heading: word by word, then the line under it; then the figure's title.
        drawing: None where the scene has no picture, or its picture shows nothing.
        items: in the order they are said.
    """

    heading: list[Piece] = field(default_factory=list)
    drawing: Piece | None = None
    items: list[Item] = field(default_factory=list)


def composed(scene: scripts.Scene, image: Rgb | None, size: Size, random: np.random.Generator) -> Board:
    """Lay a scene out on a board of `size` px."""
    return _Composer(size, random).board(scene, image)


def picture_size(scene: scripts.Scene, size: Size) -> Size:
    """How large the scene's picture is drawn best, px, multiples of 8: the shape of its place on the board."""
    composer = _Composer(size, np.random.default_rng(0))
    body = composer.body(scene.heading)
    left, top, right, bottom = composer.halves(body, scene.number)[0] if scene.figure else body
    # Larger than its place: lines that are scaled down come out clean, and the marker goes over them anyway.
    return Size(*(max(64, round(side / 8) * 8) for side in (1.5 * (right - left), 1.5 * (bottom - top))))


class _Composer:
    def __init__(self, size: Size, random: np.random.Generator) -> None:
        self._size, self._random = size, random
        self._short = min(size.width, size.height)
        self._tall = size.height > size.width
        self._marker = max(1.6, lineart.MARKER * self._short)
        self._area: Area = (
            SAFE * size.width,
            SAFE * size.height,
            (1 - SAFE) * size.width,
            (1 - burn.zone(size) - 0.015) * size.height,
        )

    def board(self, scene: scripts.Scene, image: Rgb | None) -> Board:
        board, body = Board(), self.body(scene.heading)
        if scene.heading.strip():
            self._heading(board, scene.heading)
        place = body
        if image is not None and scene.figure is not None:
            place, body = self.halves(body, scene.number)
        if image is not None:
            left, top, right, bottom = (int(at) // 2 * 2 for at in place)
            if right - left >= 16 and bottom - top >= 16:
                board.drawing = lineart.drawn(image, (left, top, right, bottom), self._marker, self._random)
        if scene.figure is not None:
            self._figure(board, scene, body, alone=image is None)
        return board

    def body(self, heading: str) -> Area:
        """What the heading leaves."""
        left, top, right, bottom = self._area
        if not heading.strip():
            return self._area
        return left, top + self._heading_block(heading).height + 0.05 * self._short, right, bottom

    def halves(self, body: Area, number: int) -> tuple[Area, Area]:
        """The drawing's place and the figure's: side by side, changing sides from scene to scene, or one above."""
        left, top, right, bottom = body
        gap = 0.035 * self._size.width
        if self._tall:
            middle = top + 0.44 * (bottom - top)
            return (left, top, right, middle - gap / 2), (left, middle + gap / 2, right, bottom)
        middle = left + 0.52 * (right - left)
        if number % 2:
            return (left, top, middle - gap / 2, bottom), (middle + gap / 2, top, right, bottom)
        middle = right - 0.52 * (right - left)
        return (middle + gap / 2, top, right, bottom), (left, top, middle - gap / 2, bottom)

    # ---- Heading -----------------------------------------------------------------------------------------------------

    def _heading_block(self, heading: str) -> writing.Block:
        left, top, right, bottom = self._area
        share = 0.118 if self._tall else 0.13
        lines = 3 if self._tall else 2
        return writing.fitted(heading, share * self._short, right - left, 0.27 * (bottom - top), most_lines=lines)

    def _heading(self, board: Board, heading: str) -> None:
        left, top, right, _ = self._area
        block = self._heading_block(heading)
        middle = (left + right) / 2
        board.heading = writing.written(
            block, middle, top - 0.01 * self._short, self._size, self._random, align="centre"
        )
        if board.heading:
            under = top + block.height + 0.004 * self._short
            half = min(0.5 * (right - left), 0.54 * block.width)
            line = shapes.underline(self._random, middle - half, middle + half, under)
            board.heading += self._drawn([line], BLUE, 1.15)

    # ---- Figures -----------------------------------------------------------------------------------------------------

    def _figure(self, board: Board, scene: scripts.Scene, body: Area, *, alone: bool) -> None:
        figure = scene.figure
        if figure is None or not figure.items:
            return
        title = figure.title.strip()
        if title and title.casefold() not in scene.heading.casefold() and figure.kind != "number":
            body = self._title(board, title, body, large=figure.kind == "definition")
        match figure.kind:
            case "number":
                board.items = self._number(figure.items, title, body)
            case "definition":
                board.items = self._definition(figure.items, body)
            case "comparison" if len(figure.items) == 2:
                board.items = self._comparison(figure.items, body)
            case _:
                steps = figure.kind == "steps"
                columns = alone and not self._tall and len(figure.items) <= 5
                lay = self._columns if columns else self._rows
                board.items = lay(figure.items, body, steps=steps)

    def _title(self, board: Board, title: str, body: Area, *, large: bool) -> Area:
        left, top, right, bottom = body
        size_px = (0.13 if large else 0.085) * self._short
        block = writing.fitted(title, size_px, right - left, 0.3 * (bottom - top), most_lines=2)
        board.heading += writing.written(
            block, (left + right) / 2, top, self._size, self._random, align="centre", colour=RED if large else BLUE
        )
        return left, top + block.height + 0.02 * self._short, right, bottom

    def _rows(self, items: tuple[str, ...], body: Area, *, steps: bool) -> list[Item]:
        """One under the other: number or picture at the left, words beside it; arrows between steps."""
        left, top, right, bottom = body
        row = min((bottom - top) / len(items), 0.2 * self._short if not self._tall else 0.24 * self._short)
        first = top + ((bottom - top) - row * len(items)) / 2
        badge = min(0.62 * row if steps else 0.86 * row, 0.16 * self._short)
        gap = 0.03 * self._short
        blocks = self._blocks(items, 0.09 * self._short, right - left - badge - gap, 0.92 * row, most_lines=2)
        pictures = [None] * len(items) if steps else self._pictures(items)
        made = []
        for at, (block, picture) in enumerate(zip(blocks, pictures, strict=True)):
            middle = first + (at + 0.5) * row
            item, colour = Item(), MARKERS[at % len(MARKERS)]
            spot = (left + badge / 2, middle)
            if steps:
                if at:
                    reach = (row - badge) / 2
                    start, end = (
                        (spot[0], middle - row + badge / 2 + 0.1 * reach),
                        (spot[0], middle - badge / 2 - 0.25 * reach),
                    )
                    if end[1] - start[1] > 0.012 * self._short:
                        item.before += self._drawn(shapes.arrow(self._random, start, end, 0.016 * self._short), DARK)
                item.before += self._numbered(at + 1, spot, badge / 2 * 0.9, colour)
            elif picture is not None:
                item.after += self._icon(picture, spot, badge)
            else:
                item.before += self._drawn([shapes.tick(self._random, spot, 0.42 * badge)], colour, 1.5)
            item.words = self._text(block, left + badge + gap, middle, "left")
            made.append(item)
        return made

    def _columns(self, items: tuple[str, ...], body: Area, *, steps: bool) -> list[Item]:
        """Side by side: picture or number above, words below; arrows between steps."""
        left, top, right, bottom = body
        wide = (right - left) / len(items)
        badge = min(0.74 * wide, 0.56 * (bottom - top), 0.36 * self._short)
        blocks = self._blocks(items, 0.1 * self._short, 0.92 * wide, 0.34 * (bottom - top), most_lines=3)
        pictures = self._pictures(items)
        tall = badge + 0.03 * self._short + max(block.height for block in blocks)
        above = top + max(0.0, ((bottom - top) - tall) / 2)
        made = []
        for at, (block, picture) in enumerate(zip(blocks, pictures, strict=True)):
            item, colour = Item(), MARKERS[at % len(MARKERS)]
            spot = (left + (at + 0.5) * wide, above + badge / 2)
            if steps and at:
                start = (spot[0] - wide + badge * 0.56, spot[1])
                end = (spot[0] - badge * 0.56, spot[1])
                item.before += self._drawn(shapes.arrow(self._random, start, end, 0.03 * self._short), DARK, 1.1)
            if picture is not None:
                item.after += self._icon(picture, spot, badge)
            else:
                item.before += self._numbered(at + 1, spot, badge * 0.38, colour)
            under = above + badge + 0.03 * self._short + block.height / 2
            item.words = self._text(block, spot[0], under, "centre")
            made.append(item)
        return made

    def _comparison(self, items: tuple[str, ...], body: Area) -> list[Item]:
        """Two halves with a line between them."""
        left, top, right, bottom = body
        across = not self._tall and right - left > 0.9 * (bottom - top)
        pictures = self._pictures(items)
        made = []
        for at, (text, picture) in enumerate(zip(items, pictures, strict=True)):
            item, colour = Item(), MARKERS[at % len(MARKERS)]
            if across:
                middle = (left + right) / 2
                half = (left, top, middle, bottom) if at == 0 else (middle, top, right, bottom)
                divider = shapes.line(self._random, (middle, top + 0.02 * (bottom - top)), (middle, bottom))
            else:
                middle = (top + bottom) / 2
                half = (left, top, right, middle) if at == 0 else (left, middle, right, bottom)
                divider = shapes.line(self._random, (left, middle), (right, middle))
            if at == 1:
                item.before += self._drawn([divider], DARK, 1.1)
            x, wide, high = (half[0] + half[2]) / 2, half[2] - half[0], half[3] - half[1]
            badge = min(0.68 * high, 0.7 * wide) if picture is not None else 0.0
            room = high - badge - 0.03 * self._short
            block = writing.fitted(text, 0.13 * self._short, 0.84 * wide, 0.9 * room, most_lines=3)
            tall = badge + block.height + (0.03 * self._short if badge else 0)
            above = half[1] + (high - tall) / 2
            if picture is not None:
                item.after += self._icon(picture, (x, above + badge / 2), badge)
            under = above + tall - block.height / 2
            item.words = self._text(block, x, under, "centre", colour)
            if picture is None:
                item.after += self._boxed(block, x, under, colour)
            made.append(item)
        return made

    def _definition(self, items: tuple[str, ...], body: Area) -> list[Item]:
        """What a word means, in a loose box."""
        left, top, right, bottom = body
        high = (bottom - top) / len(items)
        made = []
        for at, text in enumerate(items):
            block = writing.fitted(text, 0.115 * self._short, 0.86 * (right - left), 0.74 * high, most_lines=4)
            middle, x = top + (at + 0.5) * high, (left + right) / 2
            words = self._text(block, x, middle, "centre")
            made.append(Item(words=words, after=self._boxed(block, x, middle, BLUE)))
        return made

    def _number(self, items: tuple[str, ...], title: str, body: Area) -> list[Item]:
        """A number as large as it fits in a ring, and what it counts below."""
        left, top, right, bottom = body
        x, high = (left + right) / 2, bottom - top
        below = writing.fitted(title, 0.085 * self._short, right - left, 0.24 * high, most_lines=2) if title else None
        room = high - (below.height + 0.03 * self._short if below else 0)
        block = writing.fitted(items[0], 0.5 * self._short, 0.62 * (right - left), 0.62 * room, most_lines=1)
        middle = top + room / 2
        across = min(0.5 * (right - left) - 6, 0.5 * block.width + 0.42 * block.size_px)
        ring = shapes.ring(self._random, (x, middle), across * 0.97, min(0.47 * room, 0.66 * block.size_px))
        words = writing.centred(self._text(block, x, middle, "centre", RED), x, middle)
        item = Item(words=words, after=self._drawn([ring], BLUE, 1.4))
        if below:
            item.after += self._text(below, x, bottom - below.height / 2, "centre")
        return [item, *([] if len(items) == 1 else [Item() for _ in items[1:]])]

    # ---- Parts -------------------------------------------------------------------------------------------------------

    def _blocks(
        self, items: tuple[str, ...], size_px: float, width: float, height: float, *, most_lines: int
    ) -> list[writing.Block]:
        """The items in one size: that of the one which has to be smallest, within reason."""
        each = [writing.fitted(text, size_px, width, height, most_lines=most_lines) for text in items]
        common = max(min(block.size_px for block in each), 0.6 * max(block.size_px for block in each))
        return [writing.fitted(text, common, width, height, most_lines=most_lines) for text in items]

    def _text(
        self, block: writing.Block, x: float, middle: float, align: writing.Align, colour: Colour = DARK
    ) -> list[Piece]:
        top = middle - block.height / 2
        return writing.written(block, x, top, self._size, self._random, align=align, colour=colour)

    def _pictures(self, items: tuple[str, ...]) -> list[str | None]:
        """A vector for each item, or for none when most have none; no vector twice."""
        named = [icons.named(text) for text in items]
        known = [name for name in named if name]
        if len(set(known)) < len(known) or len(known) * 2 < len(items):
            return [None] * len(items)
        return named

    def _icon(self, name: str, middle: tuple[float, float], side: float) -> list[Piece]:
        px = max(16, int(side) // 2 * 2)
        left, top = (int(at - px / 2) // 2 * 2 for at in middle)
        image = icons.picture(name, 2 * px)
        piece = lineart.drawn(image, (left, top, left + px, top + px), self._marker * 0.8, self._random)
        return [piece] if piece is not None else []

    def _numbered(self, number: int, middle: tuple[float, float], radius: float, colour: Colour) -> list[Piece]:
        ring = self._drawn([shapes.ring(self._random, middle, radius, radius * 0.96)], colour, 1.2)
        block = writing.fitted(str(number), radius * 1.5, radius * 2, radius * 2, most_lines=1)
        return ring + writing.centred(self._text(block, *middle, "centre", colour), *middle)

    def _boxed(self, block: writing.Block, x: float, middle: float, colour: Colour) -> list[Piece]:
        aside, above = 0.05 * self._short, 0.02 * self._short
        half, tall = block.width / 2 + aside, block.height / 2 + above
        left, top, right, bottom = self._area
        edges = max(left, x - half), max(top, middle - tall), min(right, x + half), min(bottom, middle + tall)
        return self._drawn(shapes.box(self._random, *edges), colour, 1.2)

    def _drawn(self, strokes: list[Stroke], colour: Colour, width: float = 1.0) -> list[Piece]:
        piece = outlined(strokes, self._marker * width, self._size, colour=colour)
        return [piece] if piece is not None else []
