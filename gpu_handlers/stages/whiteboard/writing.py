"""Words in a handwriting, written along the middle of their letters, word by word.

Caveat (The Caveat Project Authors, OFL-1.1) has Latin and Cyrillic letters; other scripts are written in the typefaces
of `lettering`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from math import ceil
from pathlib import Path

import cv2
import numpy as np
import skia

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import lettering
from gpu_handlers.stages.i420 import Plane
from gpu_handlers.stages.whiteboard import tracing
from gpu_handlers.stages.whiteboard.piece import DARK, Colour, Piece, coverage, traced
from gpu_handlers.stages.whiteboard.thinning import thin

LEADING = 1.05  # of the font's size between two lines
SLOPE_DEGREES = 0.7  # a word stands this much askew at most
HOP = 0.012  # of the font's size: a word stands this much above or below its line at most
WEIGHT = 700.0

Align = str  # "left", "centre" or "right"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of text that fit a width.

    Attributes:
        size_px: of the font.
        width: of the longest line, px.
    """

    lines: tuple[str, ...]
    size_px: float
    width: float

    @property
    def height(self) -> float:
        """From the top of the first line to the bottom of the last, px."""
        return len(self.lines) * self.size_px * LEADING


def fitted(text: str, size_px: float, width: float, height: float, *, most_lines: int = 3) -> Block:
    """`text` as large as it fits, `size_px` at most; cut with an ellipsis where even a third of that is too large."""
    least = size_px / 3
    while True:
        pen = font(size_px)
        lines = lettering.lines(text, pen, width)
        fits = len(lines) <= most_lines and len(lines) * size_px * LEADING <= height
        # A word broken in two is a sign that the font is too large for the width.
        whole = all(lettering.measure(word, pen) <= width for word in text.split())
        if (fits and whole) or size_px <= least:
            break
        size_px = max(least, size_px * 0.93)
    room = max(1, min(most_lines, int(height / (size_px * LEADING))))
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1].rstrip(" ,;:.") + "…"]
    return Block(tuple(lines), size_px, max((lettering.measure(line, pen) for line in lines), default=0.0))


def written(
    block: Block,
    x: float,
    y: float,
    size: Size,
    random: np.random.Generator,
    *,
    align: Align = "left",
    colour: Colour = DARK,
) -> list[Piece]:
    """A piece per word of `block`, in the order they are read, with its top at `y`.

    Args:
        x: of the left edge, the middle or the right edge, after `align`.
        size: of the board, px.
    """
    pen, pieces = font(block.size_px), []
    for number, line in enumerate(block.lines):
        wide = lettering.measure(line, pen)
        left = x - wide * {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        baseline = y + block.size_px * (LEADING * number + 0.76)
        if lettering.right_to_left(line):
            # Words of such a line change places when it is shaped: it is written as a whole.
            pieces += _word(line, left, baseline, pen, size, random, colour, leftwards=True)
            continue
        words = line.split(" ")
        for at, word in enumerate(words):
            before = "".join(each + " " for each in words[:at])
            offset = lettering.measure(before + word, pen) - lettering.measure(word, pen)
            pieces += _word(word, left + offset, baseline, pen, size, random, colour)
    return pieces


def centred(pieces: list[Piece], x: float, y: float) -> list[Piece]:
    """The same pieces with the middle of their ink at (`x`, `y`): figures look off their middle otherwise."""
    boxes = []
    for piece in pieces:
        rows, columns = np.flatnonzero(piece.ink.any(axis=1)), np.flatnonzero(piece.ink.any(axis=0))
        boxes.append((piece.left + columns[0], piece.top + rows[0], piece.left + columns[-1], piece.top + rows[-1]))
    if not boxes:
        return pieces
    box = np.array(boxes)
    across = int(x - (box[:, 0].min() + box[:, 2].max()) / 2) // 2 * 2
    down = int(y - (box[:, 1].min() + box[:, 3].max()) / 2) // 2 * 2
    return [
        replace(
            piece,
            left=piece.left + across,
            top=piece.top + down,
            way=piece.way + np.array([across, down, 0], np.float32),
        )
        for piece in pieces
        if piece.left + across >= 0 and piece.top + down >= 0
    ]


def font(size_px: float) -> skia.Font:
    """The handwriting at `size_px` pixels an em."""
    made = skia.Font(_caveat(), size_px)
    made.setSubpixel(True)
    made.setEdging(skia.Font.Edging.kAntiAlias)
    made.setHinting(skia.FontHinting.kNone)
    return made


def _word(
    text: str,
    x: float,
    baseline: float,
    pen: skia.Font,
    size: Size,
    random: np.random.Generator,
    colour: Colour,
    *,
    leftwards: bool = False,
) -> list[Piece]:
    em = pen.getSize()
    wide = lettering.measure(text, pen)
    room = 0.35 * em
    left, top = max(0, int(x - room) // 2 * 2), max(0, int(baseline - 1.15 * em) // 2 * 2)
    width = min(size.width - left, ceil((wide + 2 * room) / 2) * 2) // 2 * 2
    height = min(size.height - top, ceil(1.75 * em / 2) * 2) // 2 * 2
    if width < 2 or height < 2:
        return []
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(width, height))
    canvas = surface.getCanvas()
    canvas.translate(x - left, baseline - top + random.uniform(-HOP, HOP) * em)
    canvas.rotate(random.uniform(-SLOPE_DEGREES, SLOPE_DEGREES) * min(1.0, 2.5 * em / max(wide, 1.0)))
    lettering.draw(canvas, text, 0, 0, pen, skia.Paint(AntiAlias=True))
    ink = coverage(surface)
    strokes = _strokes(ink, leftwards=leftwards)
    return [traced(ink, strokes, left, top, colour=colour)] if strokes else []


def _strokes(ink: Plane, *, leftwards: bool) -> list[tracing.Stroke]:
    solid = (ink > 96).astype(np.uint8)
    if not solid.any():
        return []
    _, labels = cv2.connectedComponents(solid, connectivity=8)
    return tracing.in_reading_order(tracing.strokes(thin(solid)), labels, leftwards=leftwards)


@cache
def _caveat() -> skia.Typeface:
    path = Path(str(import_module("fontpkg_caveat").ROOT)) / "files" / "Caveat[wght].ttf"
    face = skia.FontMgr.New_Custom_Empty().makeFromFile(str(path))
    if face is None:
        raise FileNotFoundError(path)
    kind = skia.FontArguments.VariationPosition
    # Skia keeps pointers to these, not copies: each must have a name until the clone is made.
    axes = kind.Coordinates([kind.Coordinate(int.from_bytes(b"wght", "big"), WEIGHT)])
    position, arguments = kind(axes), skia.FontArguments()
    arguments.setVariationDesignPosition(position)
    return face.makeClone(arguments)
