"""Thin lines become pen strokes: walked from their ends, straight on where they cross, in the order a hand takes."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.stages.i420 import Plane
from gpu_handlers.stages.whiteboard.thinning import neighbours

Stroke = NDArray[np.float32]
"""Points of the pen, N×2 (x, y) in pixels, about one apart."""

STUB_PX = 4
LOOK_BACK = 6  # px from which a walk knows its direction
CONTOUR = 0.12  # of an object's diagonal: strokes that reach this far are contours, shorter ones are details
FIRST_ROWS, FIRST_COLUMNS = 0.45, 0.2  # how much a pixel further down or right counts beside a pixel of way


def strokes(lines: Plane) -> list[Stroke]:
    """Every pixel of thin lines (1 on them) in exactly one stroke."""
    padded = cv2.copyMakeBorder(lines, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    wide = padded.shape[1]
    ends = np.flatnonzero((neighbours(padded) == 1).ravel()).tolist()
    every = np.flatnonzero(padded.ravel()).tolist()
    open_ = bytearray(padded.tobytes())
    # Neighbours by side first: a staircase is walked step by step instead of leaving its corners behind.
    steps = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
    moves = [(dx + dy * wide, dx, dy) for dx, dy in steps]
    found = []
    for start in [*ends, *every]:
        if not open_[start]:
            continue
        path = _walk(start, open_, moves, wide)
        if len(path) > 1:
            # Whatever else leaves the first pixel belongs to the same line.
            path = path[::-1] + _walk(start, open_, moves, wide, path)[1:]
        y, x = np.divmod(np.array(path, np.int64), wide)
        found.append(np.column_stack([x - 1, y - 1]).astype(np.float32))
    return _without_stubs(found, lines)


def ordered(found: list[Stroke], objects: NDArray[np.int32]) -> list[Stroke]:
    """Object by object, of each the contours before the details; on to the nearest end, from top left to bottom right.

    Args:
        objects: which object every pixel belongs to, H×W: 1 is drawn first, 0 (no object) last.
    """
    diagonal = float(np.hypot(*objects.shape))
    reach = np.array([float(np.hypot(*np.ptp(stroke, axis=0))) for stroke in found])
    owner = np.array([_owner(stroke, objects) for stroke in found], np.int64)
    order: list[Stroke] = []
    for number in [*range(1, int(objects.max()) + 1), 0]:
        large = reach >= CONTOUR * (diagonal if number == 0 else _extent(objects == number))
        for group in ((owner == number) & large, (owner == number) & ~large):
            waiting = [found[at] for at in np.flatnonzero(group)]
            order += _nearest_first(waiting, order[-1][-1] if order else np.zeros(2, np.float32))
    return order


def in_reading_order(found: list[Stroke], labels: NDArray[np.int32], *, leftwards: bool = False) -> list[Stroke]:
    """Letter by letter: by where the shape (`labels`, H×W) begins that a stroke belongs to, then along it."""
    columns = np.arange(labels.shape[1])
    begins: dict[int, float] = {}
    for label in np.unique(labels):
        across = columns[(labels == label).any(axis=0)]
        begins[int(label)] = float(-across[-1] if leftwards else across[0])
    side = -1.0 if leftwards else 1.0

    def place(stroke: Stroke) -> tuple[float, float]:
        label = int(labels[int(stroke[0, 1]), int(stroke[0, 0])])
        return begins[label], float((side * stroke[:, 0]).min())

    def forwards(stroke: Stroke) -> Stroke:
        (x0, y0), (x1, y1) = stroke[0], stroke[-1]
        return stroke if side * x0 + 0.6 * y0 <= side * x1 + 0.6 * y1 else stroke[::-1]

    return [forwards(stroke) for stroke in sorted(found, key=place)]


def smoothed(stroke: Stroke, sigma_px: float = 2.0) -> Stroke:
    """Without the stairs of pixels; both ends stay where they are."""
    if len(stroke) < 5:
        return stroke
    radius = min(int(3 * sigma_px), len(stroke) - 1)
    # Mirrored through the end points, so that ends neither shrink nor bend.
    before, after = 2 * stroke[0] - stroke[radius:0:-1], 2 * stroke[-1] - stroke[-2 : -radius - 2 : -1]
    kernel = cv2.getGaussianKernel(2 * radius + 1, sigma_px, cv2.CV_32F).ravel()
    long = np.vstack([before, stroke, after])
    return np.column_stack([np.convolve(long[:, axis], kernel, "valid") for axis in (0, 1)]).astype(np.float32)


def _without_stubs(found: list[Stroke], lines: Plane) -> list[Stroke]:
    """Without the few pixels that are left beside junctions; a dot that stands alone stays."""
    _, labels = cv2.connectedComponents(lines, connectivity=8)
    kept, seen = [], set()
    for stroke in sorted(found, key=len, reverse=True):
        label = int(labels[int(stroke[0, 1]), int(stroke[0, 0])])
        if len(stroke) > STUB_PX or label not in seen:
            kept.append(stroke)
            seen.add(label)
    return kept


def _walk(
    start: int, open_: bytearray, moves: list[tuple[int, int, int]], wide: int, came: list[int] | None = None
) -> list[int]:
    """On from `start` while there are pixels not walked yet; straight on where there is a choice."""
    path, at = [start], start
    # A walk that continues another one backwards goes on in its direction.
    back = came[min(LOOK_BACK, len(came) - 1)] if came else None
    open_[start] = 0
    while True:
        choices = [move for move in moves if open_[at + move[0]]]
        if not choices:
            return path
        step = choices[0]
        if len(choices) > 1 and back is not None:
            row, column = divmod(at, wide)
            from_row, from_column = divmod(back, wide)
            across, down = column - from_column, row - from_row
            step = max(choices, key=lambda to: (to[1] * across + to[2] * down) / (1.4142 if to[1] and to[2] else 1.0))
        at += step[0]
        open_[at] = 0
        path.append(at)
        back = path[-min(LOOK_BACK, len(path))]


def _owner(stroke: Stroke, objects: NDArray[np.int32]) -> int:
    """The object that most of a stroke lies on."""
    at = stroke.astype(np.intp)
    return int(np.bincount(objects[at[:, 1], at[:, 0]]).argmax())


def _extent(mask: NDArray[np.bool_]) -> float:
    """The diagonal of what is set, px."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(np.hypot(np.ptp(rows), np.ptp(columns))) if len(rows) else 0.0


def _nearest_first(waiting: list[Stroke], pen: Stroke) -> list[Stroke]:
    if not waiting:
        return []
    ends = np.array([[stroke[0], stroke[-1]] for stroke in waiting])
    bias = FIRST_ROWS * ends[..., 1] + FIRST_COLUMNS * ends[..., 0]
    left = np.ones(len(waiting), bool)
    order = []
    for _ in waiting:
        cost = np.hypot(ends[..., 0] - pen[0], ends[..., 1] - pen[1]) + bias
        cost[~left] = np.inf
        at, end = divmod(int(np.argmin(cost)), 2)
        left[at] = False
        stroke = waiting[at][::-1] if end else waiting[at]
        order.append(stroke)
        pen = cast(Stroke, stroke[-1])
    return order
