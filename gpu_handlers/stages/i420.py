"""Video frames as encoders take them: planar Y′CbCr 4:2:0 (I420), BT.709, limited range, one flat array each.

Everything is mixed in this space: a third of the bytes of RGB float work, and nothing to convert per frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size

Frame = NDArray[np.uint8]
"""A frame, flat: W·H bytes of Y′, then W/2·H/2 each of Cb and Cr. Width and height are even."""

Plane = NDArray[np.uint8]

BLACK_LUMA, NEUTRAL_CHROMA = 16, 128

# ITU-R BT.709, 8 bits, limited range: rows are Y′, Cb, Cr; columns R′, G′, B′ and the offset.
_KR, _KB = 0.2126, 0.0722
_KG = 1 - _KR - _KB
_RGB_TO_YCC = np.array(
    [
        [219 / 255 * _KR, 219 / 255 * _KG, 219 / 255 * _KB, BLACK_LUMA],
        [-112 / 255 * _KR / (1 - _KB), -112 / 255 * _KG / (1 - _KB), 112 / 255, NEUTRAL_CHROMA],
        [112 / 255, -112 / 255 * _KG / (1 - _KR), -112 / 255 * _KB / (1 - _KR), NEUTRAL_CHROMA],
    ],
    np.float32,
)


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """The three planes of a frame: luma H×W, chroma H/2×W/2."""

    luma: Plane
    blue: Plane
    red: Plane


def planes(frame: Frame, size: Size) -> Planes:
    """Views into `frame`: writing to them writes the frame."""
    width, height = size.width, size.height
    luma, quarter = width * height, (width // 2) * (height // 2)
    half = (height // 2, width // 2)
    return Planes(
        frame[:luma].reshape(height, width),
        frame[luma : luma + quarter].reshape(half),
        frame[luma + quarter : luma + 2 * quarter].reshape(half),
    )


def blank(size: Size) -> Frame:
    """An unwritten frame."""
    return np.empty(size.width * size.height * 3 // 2, np.uint8)


def split(image: Rgb) -> Planes:
    """The planes of a picture H×W×3 with even sides; chroma is the mean of each 2×2 block."""
    ycc = cv2.transform(image, _RGB_TO_YCC)
    luma, blue, red = cv2.split(ycc)
    height, width = luma.shape
    half = (width // 2, height // 2)
    return Planes(
        _u8(luma),
        _u8(cv2.resize(blue, half, interpolation=cv2.INTER_AREA)),
        _u8(cv2.resize(red, half, interpolation=cv2.INTER_AREA)),
    )


def from_rgb(image: Rgb) -> Frame:
    """A picture H×W×3 with even sides as a frame."""
    parts = split(image)
    return np.concatenate([parts.luma.ravel(), parts.blue.ravel(), parts.red.ravel()])


def to_rgb(frame: Frame, size: Size) -> Rgb:
    """The frame as a picture H×W×3, for posters and for looking at it."""
    parts = planes(frame, size)
    whole = (size.width, size.height)
    ycc = np.dstack(
        [
            parts.luma,
            cv2.resize(parts.blue, whole, interpolation=cv2.INTER_LINEAR),
            cv2.resize(parts.red, whole, interpolation=cv2.INTER_LINEAR),
        ]
    )
    inverse = np.linalg.inv(_RGB_TO_YCC[:, :3].astype(np.float64))
    offset = -inverse @ _RGB_TO_YCC[:, 3]
    return _u8(cv2.transform(ycc, np.column_stack([inverse, offset]).astype(np.float32)))


def fade(first: Frame, second: Frame, share: float) -> Frame:
    """`first` turned into `second` by `share`, 0 … 1."""
    return _u8(cv2.addWeighted(first, 1 - share, second, share, 0)).reshape(-1)


def _u8(array: object) -> Plane:
    return np.asarray(array, np.uint8)
