"""What a pen leaves on the board in one go: its ink, the way of the pen, and when each pixel is reached on that way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages.i420 import Plane
from gpu_handlers.stages.whiteboard.tracing import Stroke

Colour = tuple[int, int, int]
Floats = NDArray[np.float32]

DARK: Colour = (33, 38, 48)
BLUE: Colour = (32, 92, 190)
RED: Colour = (214, 66, 44)
GREEN: Colour = (38, 132, 78)

# The way through the air counts less than a drawn one, and every lift costs a little.
AIR, LIFT_PX = 0.3, 3.0
VISIBLE = 8  # of 255: fainter ink is not drawn


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Ink with its pen.

    Attributes:
        left, top: of the ink on the board, px, even.
        ink: coverage, H×W, even sides.
        due: how far the pen has come when it reaches a pixel, H×W, px of way.
        way: of the pen on the board, N×3: x, y and how far it has come.
        lifted: N, where the pen is in the air on its way to that point.
        colour: of the ink, sRGB.
        wash: colour that comes over it once it is drawn, H×W×3; white where there is none.
    """

    left: int
    top: int
    ink: Plane
    due: Floats
    way: Floats
    lifted: NDArray[np.bool_]
    colour: Colour = DARK
    wash: Rgb | None = None

    @property
    def length(self) -> float:
        """How far the pen goes altogether, px."""
        return float(self.way[-1, 2]) if len(self.way) else 0.0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom on the board, px."""
        return self.left, self.top, self.left + self.ink.shape[1], self.top + self.ink.shape[0]


def traced(
    ink: Plane,
    strokes: list[Stroke],
    left: int,
    top: int,
    *,
    colour: Colour = DARK,
    wash: Rgb | None = None,
    reach_px: float = np.inf,
) -> Piece:
    """Ink (H×W, even sides) drawn by `strokes`, in its own pixels, in this order.

    Every pixel is due with the nearest point of a stroke; ink further than `reach_px` from all strokes is left out.
    """
    way, lifted = _way(strokes)
    height, width = ink.shape
    due = np.zeros(ink.shape, np.float32)
    if len(way):
        columns = np.clip(np.round(way[:, 0]).astype(np.intp), 0, width - 1)
        rows = np.clip(np.round(way[:, 1]).astype(np.intp), 0, height - 1)
        away = np.full(ink.shape, 255, np.uint8)
        away[rows, columns] = 0
        distance, labels = cv2.distanceTransformWithLabels(
            away, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
        )
        comes = np.zeros(int(labels.max()) + 1, np.float32)
        # Backwards, so that a crossing belongs to the stroke that gets there first.
        comes[labels[rows[::-1], columns[::-1]]] = way[::-1, 2]
        due = comes[labels]
        if np.isfinite(reach_px):
            ink = np.where(distance <= reach_px, ink, 0).astype(np.uint8)
    placed = way + np.array([left, top, 0], np.float32)
    return Piece(left, top, ink, due, placed, lifted, colour, wash)


def outlined(strokes: list[Stroke], width_px: float, size: Size, *, colour: Colour = DARK) -> Piece | None:
    """Strokes on the board drawn with a marker `width_px` wide; None when there are none."""
    if not strokes:
        return None
    points = np.vstack(strokes)
    room = width_px / 2 + 2
    left, top = (int(max(0.0, at - room)) // 2 * 2 for at in points.min(axis=0))
    right, bottom = (
        min(end, (int(at + room) // 2 + 1) * 2)
        for at, end in zip(points.max(axis=0), (size.width, size.height), strict=True)
    )
    own = [stroke - np.array([left, top], np.float32) for stroke in strokes]
    return traced(marker(own, width_px, Size(right - left, bottom - top)), own, left, top, colour=colour)


def marker(strokes: Iterable[Stroke], width_px: float, size: Size) -> Plane:
    """Coverage of strokes of a round marker, H×W."""
    surface = skia.Surface.MakeRaster(skia.ImageInfo.MakeA8(size.width, size.height))
    paint = skia.Paint(
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width_px,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )
    canvas = surface.getCanvas()
    for stroke in strokes:
        # Centres of pixels: the pen's points are whole numbers there.
        points = [skia.Point(float(x) + 0.5, float(y) + 0.5) for x, y in stroke]
        path = skia.Path.Polygon(points, False) if len(points) > 1 else None
        if path is None:
            canvas.drawPoint(points[0], paint)
        else:
            canvas.drawPath(path, paint)
    return coverage(surface)


def coverage(surface: skia.Surface) -> Plane:
    """What is on an A8 surface, H×W."""
    made = np.zeros((surface.height(), surface.width()), np.uint8)
    surface.readPixels(skia.ImageInfo.MakeA8(surface.width(), surface.height()), made, surface.width(), 0, 0)
    return made


def _way(strokes: list[Stroke]) -> tuple[Floats, NDArray[np.bool_]]:
    """All strokes as one way of the pen."""
    if not strokes:
        return np.zeros((0, 3), np.float32), np.zeros(0, bool)
    points = np.vstack(strokes)
    lifted = np.zeros(len(points), bool)
    lifted[np.cumsum([0, *(len(stroke) for stroke in strokes[:-1])])] = True
    step = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    step = np.where(lifted, LIFT_PX + AIR * step, step)
    step[0] = 0
    return np.column_stack([points, np.cumsum(step)]).astype(np.float32), lifted
