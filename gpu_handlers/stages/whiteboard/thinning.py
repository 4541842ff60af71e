"""Lines of any width become lines of one pixel.

Thinning after Zhang and Suen (Communications of the ACM 27(3), 1984). The eight neighbours of every pixel are read as
one byte by a convolution, and a table of 256 entries says which pixels go: a round costs two passes over the picture.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from gpu_handlers.stages.i420 import Plane

MOST_ROUNDS = 64  # px from both sides: a blot wider than twice this keeps a core, which is traced like a line

# Bit of each neighbour, clockwise from the one above.
_BITS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


def thin(mask: Plane) -> Plane:
    """The middle lines of what is set in `mask` (H×W); 1 on them, 0 elsewhere."""
    lines = (mask > 0).astype(np.uint8)
    # Nothing goes on beyond the border, so that lines that leave the picture are thinned like all others.
    for _ in range(MOST_ROUNDS):
        left = lines
        for table in _tables():
            around = cv2.filter2D(left, -1, _BITS, borderType=cv2.BORDER_CONSTANT)
            left = cv2.bitwise_and(left, cv2.LUT(around, table))
        if cv2.countNonZero(cv2.absdiff(lines, left)) == 0:
            break
        lines = left
    return np.asarray(lines, np.uint8)


def neighbours(lines: Plane) -> Plane:
    """How many of its eight neighbours every pixel on a line has; 0 beside the lines."""
    kernel = np.ones((3, 3), np.float32)
    kernel[1, 1] = 0
    return np.asarray(cv2.filter2D(lines, -1, kernel, borderType=cv2.BORDER_CONSTANT) * lines, np.uint8)


@cache
def _tables() -> tuple[Plane, Plane]:
    """For both halves of a round: 1 where a pixel with these neighbours stays."""
    first, second = np.ones(256, np.uint8), np.ones(256, np.uint8)
    for code in range(256):
        ring = [code >> bit & 1 for bit in range(8)]
        above, right, below, left = ring[0], ring[2], ring[4], ring[6]
        turns = sum(ring[at] == 0 and ring[(at + 1) % 8] == 1 for at in range(8))
        if not (2 <= sum(ring) <= 6 and turns == 1):
            continue
        first[code] = 0 if above * right * below == 0 and right * below * left == 0 else 1
        second[code] = 0 if above * right * left == 0 and above * below * left == 0 else 1
    return first, second
