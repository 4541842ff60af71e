"""Faces in a photograph: BlazeFace short range, on the whole picture and on tiles, so that small ones are seen too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import nets
from gpu_handlers.engines.people.nets import Floats

SIDE_PX = 128
MIN_SCORE = 0.5
SURE_SCORE = 0.75  # what a face found in a tile has to reach in a second look at it
SAME_FACE_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in pixels of the photograph.

    Attributes:
        left, top, right, bottom: from the brows to the chin and from cheek to cheek.
        points: right eye, left eye, nose tip, mouth, right ear, left ear, each (x, y); right is the person's right.
    """

    left: float
    top: float
    right: float
    bottom: float
    points: tuple[tuple[float, float], ...]
    score: float

    @property
    def width(self) -> float:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """Pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def find(image: Rgb) -> list[Face]:
    """All faces, the largest first."""
    height, width = image.shape[:2]
    found = _look(image, 0, 0, max(width, height))
    for left, top, side in _tiles(width, height):
        found += [face for face in _look(image, left, top, side) if _again(image, face)]
    return sorted(_merged(found), key=lambda face: -face.height)


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Left, top and side of overlapping squares: as large as the short side, then half of that."""
    short = min(width, height)
    for side in (short, short // 2):
        steps_x, steps_y = (max(1, round(2 * (extent - side) / side) + 1) for extent in (width, height))
        for row in range(steps_y):
            for column in range(steps_x):
                left = 0 if steps_x == 1 else round((width - side) * column / (steps_x - 1))
                top = 0 if steps_y == 1 else round((height - side) * row / (steps_y - 1))
                if side < max(width, height):
                    yield left, top, side


def _again(image: Rgb, face: Face) -> bool:
    """Whether the face is still there when looked at more closely; tiles see faces in curtains."""
    side = round(face.height * 2.4)
    x, y = face.centre
    closer = _look(image, round(x - side / 2), round(y - side / 2), side)
    return any(other.score >= SURE_SCORE and _overlap(face, other) > SAME_FACE_OVERLAP for other in closer)


def _look(image: Rgb, left: int, top: int, side: int) -> list[Face]:
    square = cut(image, left, top, side, SIDE_PX)
    scores, boxes = nets.run(nets.FACES, square, ("classificators", "regressors"), low=-1.0)
    sure = 1.0 / (1.0 + np.exp(-np.clip(scores.ravel(), -80, 80)))
    raw = boxes.reshape(-1, 16) / SIDE_PX
    found = []
    for index in np.flatnonzero(sure >= MIN_SCORE):
        x, y = _anchors()[index]
        centre_x, centre_y, wide, tall = raw[index, 0] + x, raw[index, 1] + y, raw[index, 2], raw[index, 3]
        points = tuple(
            (float(left + (raw[index, at] + x) * side), float(top + (raw[index, at + 1] + y) * side))
            for at in range(4, 16, 2)
        )
        found.append(
            Face(
                float(left + (centre_x - wide / 2) * side),
                float(top + (centre_y - tall / 2) * side),
                float(left + (centre_x + wide / 2) * side),
                float(top + (centre_y + tall / 2) * side),
                points,
                float(sure[index]),
            )
        )
    return _merged(found)


@cache
def _anchors() -> Floats:
    """Centres of the 896 anchors as fractions of the square: two per cell of 16×16, six per cell of 8×8."""
    centres = []
    for cells, each in ((16, 2), (8, 6)):
        ys, xs = np.mgrid[0:cells, 0:cells]
        grid = np.stack([(xs + 0.5) / cells, (ys + 0.5) / cells], -1).reshape(-1, 2)
        centres.append(np.repeat(grid, each, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _merged(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if all(_overlap(face, other) <= SAME_FACE_OVERLAP for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> float:
    """Shared area over the smaller area."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    tall = min(one.bottom, other.bottom) - max(one.top, other.top)
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / max(1.0, min(one.width * one.height, other.width * other.height))


def cut(image: Rgb, left: float, top: float, side: float, size: int) -> Rgb:
    """The square of `side` pixels at (left, top), black beyond the edges, scaled to `size` × `size`."""
    scale = size / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if scale < 0.5:  # warpAffine does not average: take the pixels together first
        shrunk = cv2.resize(image, None, fx=scale * 2, fy=scale * 2, interpolation=cv2.INTER_AREA)
        matrix = np.array([[0.5, 0, -left * scale], [0, 0.5, -top * scale]])
        return np.asarray(cv2.warpAffine(shrunk, matrix, (size, size), flags=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(cv2.warpAffine(image, matrix, (size, size), flags=flags), np.uint8)
