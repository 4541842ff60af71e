"""Body joints: BlazePose, run on the square that its own auxiliary points ask for, as MediaPipe's tracking does."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import nets
from gpu_handlers.engines.people.faces import Face
from gpu_handlers.engines.people.nets import Floats

SIDE_PX = 256
LOOKS = 3  # the square settles after two
MARGIN = 1.25  # of the body's circle, as in MediaPipe's pose graph

# Points of BlazePose by index; "l" and "r" are the person's own.
POINTS = {
    "nose": 0, "l_eye": 2, "r_eye": 5, "l_ear": 7, "r_ear": 8, "mouth_l": 9, "mouth_r": 10,
    "l_shoulder": 11, "r_shoulder": 12, "l_elbow": 13, "r_elbow": 14, "l_wrist": 15, "r_wrist": 16,
    "l_pinky": 17, "r_pinky": 18, "l_index": 19, "r_index": 20, "l_thumb": 21, "r_thumb": 22,
    "l_hip": 23, "r_hip": 24, "l_knee": 25, "r_knee": 26, "l_ankle": 27, "r_ankle": 28,
}  # fmt: skip
_CENTRE, _REACH = 33, 34  # the middle of the hips, and a point on the circle around the whole body


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One body, in pixels of the photograph.

    Attributes:
        joints: names of `POINTS` to (x, y).
        seen: how sure the network is that each of them is in the picture and not hidden, 0 … 1.
        presence: how sure it is that there is a body at all, 0 … 1.
        outline: H×W float32, 0 … 1, the body's share of each pixel.
    """

    joints: dict[str, tuple[float, float]]
    seen: dict[str, float]
    presence: float
    outline: Floats


def find(image: Rgb, face: Face | None, box: tuple[float, float, float, float] | None) -> Body | None:
    """The body that belongs to `face`, or that fills `box` (left, top, right, bottom); None when none is there."""
    square = _guess(image, face, box)
    best: Body | None = None
    for _ in range(LOOKS):
        body, square = _look(image, square)
        if best is None or body.presence >= best.presence - 0.05:
            best = body
    return best


@dataclass(frozen=True, slots=True)
class _Square:
    x: float
    y: float
    side: float
    turn: float
    """Radians, clockwise on the screen."""

    def matrix(self) -> NDArray[np.float64]:
        """From the photograph to the network's square."""
        scale = SIDE_PX / self.side
        a, b = scale * cos(self.turn), scale * sin(self.turn)
        half = SIDE_PX / 2
        return np.array([[a, b, half - a * self.x - b * self.y], [-b, a, half + b * self.x - a * self.y]])


def _guess(image: Rgb, face: Face | None, box: tuple[float, float, float, float] | None) -> _Square:
    height, width = image.shape[:2]
    if face is not None:  # a body is about 7.5 heads; the detector's face is 0.75 of a head
        x, y = face.centre
        return _Square(x, y + 3.4 * face.height, 11.5 * face.height, 0.0)
    left, top, right, bottom = box or (0, 0, width, height)
    return _Square((left + right) / 2, (top + bottom) / 2, 1.25 * max(right - left, bottom - top), 0.0)


def _look(image: Rgb, square: _Square) -> tuple[Body, _Square]:
    matrix = square.matrix()
    crop = np.asarray(cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA), np.uint8)
    raw, presence, mask = nets.run(nets.POSE, crop, ("Identity", "Identity_1", "Identity_2"))
    rows = raw.reshape(39, 5)
    back = cv2.invertAffineTransform(matrix)
    places = rows[:, :2] @ back[:, :2].T + back[:, 2]
    seen = 1.0 / (1.0 + np.exp(-np.clip(np.minimum(rows[:, 3], rows[:, 4]), -80, 80)))
    height, width = image.shape[:2]
    share = 1.0 / (1.0 + np.exp(-np.clip(mask.reshape(SIDE_PX, SIDE_PX), -80, 80)))
    outline = cv2.warpAffine(share.astype(np.float32), back, (width, height), flags=cv2.INTER_LINEAR)
    body = Body(
        {name: (float(places[index, 0]), float(places[index, 1])) for name, index in POINTS.items()},
        {name: float(seen[index]) for name, index in POINTS.items()},
        float(presence.ravel()[0]),
        np.asarray(outline, np.float32),
    )
    x, y = places[_CENTRE]
    dx, dy = places[_REACH] - places[_CENTRE]
    reach = hypot(dx, dy)
    turn = atan2(dy, dx) + pi / 2
    return body, _Square(float(x), float(y), max(32.0, 2 * MARGIN * reach), turn)
