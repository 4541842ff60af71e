"""Behind the type: a flat ground with one large shape that turns on with every phrase, or a picture in two tones."""

from __future__ import annotations

from math import hypot
from typing import Protocol

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import burn, easing
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.crop import covering
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page, Plate, fill, ink, plate, stroke
from gpu_handlers.stages.kinetic import tones

TURN_DEGREES = 24
TURN_SECONDS = 0.7
DRIFT_DEGREES = 1.2  # a second
ZOOM = 0.06  # that a backdrop grows by while it is shown
RAMP = 0.2  # of the height, in which a backdrop darkens towards the captions
VEIL, VEIL_FAR = 0.92, 0.08  # how much of the ground lies over a backdrop: under the type, and away from it


class Ground(Protocol):
    """What is drawn first."""

    def draw(self, page: Page, now: float) -> None:
        """Cover the page as it is `now` seconds into the scene."""
        ...


class Shapes:
    """One of a few large shapes on a flat ground.

    Args:
        turns: when it turns on, seconds.
        aside: whether it keeps to a corner, because a diagram takes the whole width.
    """

    def __init__(self, look: Look, size: Size, *, kind: int, turns: tuple[float, ...], aside: bool) -> None:
        self._look, self._size, self._turns = look, size, turns
        self._draw = (self._rings, self._bands, self._dots)[kind % 3]
        middle = (0.96, 0.16) if size.height > size.width else (0.88, 0.42)
        self._centre = (1.0, 0.0) if aside else middle
        base = np.empty((size.height, size.width, 4), np.uint8)
        skia.Canvas(base, colorType=skia.kRGBA_8888_ColorType).clear(ink(look.palette.ground))
        self._base = base

    def draw(self, page: Page, now: float) -> None:
        """Cover the page as it is `now` seconds into the scene."""
        np.copyto(page.pixels, self._base)
        turned = sum(easing.in_out_cubic(easing.share(now, at - 0.2, TURN_SECONDS)) for at in self._turns)
        canvas = page.canvas
        canvas.save()
        canvas.translate(self._size.width * self._centre[0], self._size.height * self._centre[1])
        canvas.rotate(now * DRIFT_DEGREES + turned * TURN_DEGREES)
        self._draw(canvas, max(self._size.width, self._size.height))
        canvas.restore()

    def _rings(self, canvas: skia.Canvas, longer: int) -> None:
        """Open rings inside each other."""
        for radius, start, sweep in ((0.3, 20, 250), (0.215, 150, 230), (0.13, 280, 260)):
            colour = self._look.palette.tint_deep if radius == 0.215 else self._look.palette.tint
            reach = radius * longer
            paint = stroke(colour, 0.05 * longer)
            canvas.drawArc(skia.Rect.MakeLTRB(-reach, -reach, reach, reach), start, sweep, False, paint)

    def _bands(self, canvas: skia.Canvas, longer: int) -> None:
        """Parallel bands of different lengths."""
        canvas.rotate(-35)
        for at, (start, end) in enumerate(((-0.34, 0.2), (-0.2, 0.34), (-0.36, 0.06), (-0.08, 0.3), (-0.26, 0.16))):
            colour = self._look.palette.tint_deep if at in (1, 3) else self._look.palette.tint
            y = (at - 2) * 0.092 * longer
            canvas.drawLine(start * longer, y, end * longer, y, stroke(colour, 0.056 * longer))

    def _dots(self, canvas: skia.Canvas, longer: int) -> None:
        """A disc with a field of dots over its edge."""
        canvas.drawCircle(0, 0, 0.24 * longer, fill(self._look.palette.tint))
        dot = fill(self._look.palette.tint_deep)
        for column in range(8):
            for row in range(8):
                canvas.drawCircle((column - 1.5) * 0.036 * longer, (row - 0.5) * 0.036 * longer, 0.007 * longer, dot)


class Backdrop:
    """A picture over the whole page, in two tones and veiled where there is type.

    Args:
        text: where type stands.
        seconds: how long the scene lasts.
    """

    def __init__(self, look: Look, image: Rgb, size: Size, text: tuple[Box, ...], *, seconds: float) -> None:
        self._size, self._seconds = size, seconds
        whole = Box(0, 0, size.width, size.height)
        toned = tones.backdrop(covering(image, whole, 1 + ZOOM), look.palette)
        veil = cv2.resize(_veil(size, text), (toned.shape[1], toned.shape[0]))[..., None]
        ground = np.array([look.palette.ground >> shift & 255 for shift in (16, 8, 0)], np.float32)
        self._plate: Plate = plate(np.asarray(toned * (1 - veil) + ground * veil, np.uint8))

    def draw(self, page: Page, now: float) -> None:
        """Cover the page as it is `now` seconds into the scene."""
        high, wide = self._plate.shape[:2]
        share = easing.share(now, 0, max(0.1, self._seconds))
        zoom = self._size.width / wide * (1 + ZOOM * share)
        moved = np.array(
            [
                [zoom, 0, (self._size.width - wide * zoom) / 2],
                [0, zoom, (self._size.height - high * zoom) / 2],
            ]
        )
        cv2.warpAffine(
            self._plate,
            moved,
            (self._size.width, self._size.height),
            page.pixels,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )


def _veil(size: Size, text: tuple[Box, ...]) -> NDArray[np.float32]:
    """How much of the ground lies over each pixel: most over the type and the captions, less the farther away."""
    wide, high = size.width // 8, size.height // 8
    x, y = np.meshgrid((np.arange(wide) + 0.5) * 8, (np.arange(high) + 0.5) * 8)
    away = np.full((high, wide), np.inf)
    for box in text:
        across = np.maximum(0, np.maximum(box.left - x, x - box.right))
        away = np.minimum(away, np.hypot(across, np.maximum(0, np.maximum(box.top - y, y - box.bottom))))
    reach = 0.3 * hypot(size.width, size.height)
    over = VEIL - (VEIL - VEIL_FAR) * np.clip(away / reach, 0, 1)
    captions = np.clip((y / size.height - (1 - burn.zone(size) - RAMP)) / RAMP, 0, 1)
    return np.asarray(np.maximum(over, VEIL * captions), np.float32)
