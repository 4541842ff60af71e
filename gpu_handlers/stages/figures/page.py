"""A page to draw on whose pixels are those of the film already.

Skia's three colour channels hold Y′, Cb and Cr instead of red, green and blue. Blending, smoothing and scaling are
weighted means, which do not mind; so a frame is taken off the page by copying planes, a tenth of a conversion's time.
Every colour on a page goes through `ink`, and every picture through `plate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Frame

Colour = int
"""0xRRGGBB, sRGB."""

Plate = NDArray[np.uint8]
"""A picture H×W×4 as a page holds it: Y′, Cb, Cr and full coverage."""

LINEAR = skia.SamplingOptions(skia.FilterMode.kLinear)


@lru_cache(maxsize=512)
def ink(colour: Colour, share: float = 1.0) -> int:
    """What skia is told to paint `colour` with, `share` of it covering."""
    red, green, blue = colour >> 16, colour >> 8 & 255, colour & 255
    flat = i420.from_rgb(np.full((2, 2, 3), (red, green, blue), np.uint8))
    luma, cb, cr = int(flat[0]), int(flat[4]), int(flat[5])
    return round(255 * share) << 24 | luma << 16 | cb << 8 | cr


def fill(colour: Colour, share: float = 1.0) -> skia.Paint:
    """For shapes and letters."""
    return skia.Paint(Color=ink(colour, share), AntiAlias=True)


def stroke(colour: Colour, width: float, share: float = 1.0) -> skia.Paint:
    """For lines, `width` pixels wide, with round ends."""
    return skia.Paint(
        Color=ink(colour, share),
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )


def plate(image: Rgb) -> Plate:
    """A picture H×W×3 as pages hold it; an odd last row or column is dropped."""
    high, wide = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    parts = i420.split(np.ascontiguousarray(image[:high, :wide]))
    cb, cr = (cv2.resize(part, (wide, high), interpolation=cv2.INTER_LINEAR) for part in (parts.blue, parts.red))
    return np.asarray(cv2.merge([parts.luma, cb, cr, np.full_like(parts.luma, 255)]), np.uint8)


def picture(plate: Plate) -> skia.Image:
    """A plate as skia draws it."""
    return skia.Image.fromarray(np.ascontiguousarray(plate), colorType=skia.kRGBA_8888_ColorType)


class Page:
    """One page, drawn on anew for every frame.

    Attributes:
        canvas: what to draw on, in pixels.
        pixels: the same as an array H×W×4.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self.pixels: Plate = np.empty((size.height, size.width, 4), np.uint8)
        self.canvas = skia.Canvas(self.pixels, colorType=skia.kRGBA_8888_ColorType)
        self._half = np.empty((size.height // 2, size.width // 2, 4), np.uint8)

    @contextmanager
    def stepping_back(self, gone: float, *, shrink: float) -> Iterator[skia.Canvas]:
        """What is drawn in the block leaves the page: `gone` (0 … 1) of it has faded, and it is smaller by `shrink`."""
        wide, high = self._size.width, self._size.height
        self.canvas.save()
        if gone:
            self.canvas.saveLayerAlpha(skia.Rect.MakeWH(wide, high), round(255 * (1 - gone)))
            scale = 1 - shrink * gone
            self.canvas.translate(wide / 2, high / 2)
            self.canvas.scale(scale, scale)
            self.canvas.translate(-wide / 2, -high / 2)
        yield self.canvas
        self.canvas.restoreToCount(1)

    def frame(self) -> Frame:
        """A copy of what is on the page."""
        frame = i420.blank(self._size)
        out = i420.planes(frame, self._size)
        cv2.extractChannel(self.pixels, 0, out.luma)
        cv2.resize(self.pixels, (self._half.shape[1], self._half.shape[0]), self._half, interpolation=cv2.INTER_AREA)
        cv2.extractChannel(self._half, 1, out.blue)
        cv2.extractChannel(self._half, 2, out.red)
        return frame
