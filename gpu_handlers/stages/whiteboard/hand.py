"""The hand with the pen: drawn once per size and angle, then laid over frames at the pen's tip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from math import ceil
from pathlib import Path

import cv2
import numpy as np
import skia

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Frame, Plane

UNIT = 0.00105  # of the board's short side: what one unit of hand.svg is
SHADOW, SHADOW_OPACITY = (16, 18, 34), 46  # sRGB; of 255
SHADOW_AT, SHADOW_BLUR = (18, 26), 12  # units to the right and down; standard deviation in units
ROOM = 130  # units between the drawing's left and upper edge and the pen's tip
ANGLES = (-6.0, -3.0, 0.0, 3.0, 6.0)  # degrees, from the left edge of the board to the right one


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A hand ready to be laid over a frame; luma and chroma premultiplied.

    Attributes:
        tip: of the pen, px from the left and the top of the sprite, even.
        rest, half_rest: how much of what is under it stays, 0–255, at full and half resolution.
    """

    tip: tuple[int, int]
    luma: Plane
    blue: Plane
    red: Plane
    rest: Plane
    half_rest: Plane


def lay(frame: Frame, size: Size, tip: tuple[float, float]) -> None:
    """Draw the hand into `frame` with the pen's tip at `tip`, px; what lies outside the frame is left out."""
    share = min(1.0, max(0.0, tip[0] / size.width))
    sprite = _sprite(size, ANGLES[round(share * (len(ANGLES) - 1))])
    # Even positions, so that chroma falls on whole pixels too.
    left = round((tip[0] - sprite.tip[0]) / 2) * 2
    top = round((tip[1] - sprite.tip[1]) / 2) * 2
    high, wide = sprite.luma.shape
    x0, y0, x1, y1 = max(0, left), max(0, top), min(size.width, left + wide), min(size.height, top + high)
    if x1 <= x0 or y1 <= y0:
        return
    out = i420.planes(frame, size)
    own, place = np.s_[y0 - top : y1 - top, x0 - left : x1 - left], np.s_[y0:y1, x0:x1]
    _over(out.luma[place], sprite.luma[own], sprite.rest[own])
    own = np.s_[(y0 - top) // 2 : (y1 - top) // 2, (x0 - left) // 2 : (x1 - left) // 2]
    place = np.s_[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
    _over(out.blue[place], sprite.blue[own], sprite.half_rest[own])
    _over(out.red[place], sprite.red[own], sprite.half_rest[own])


def _over(target: Plane, above: Plane, rest: Plane) -> None:
    target[...] = cv2.add(cv2.multiply(target, rest, scale=1 / 255), above)


@lru_cache(maxsize=2 * len(ANGLES))
def _sprite(size: Size, angle: float) -> Sprite:
    """The drawing with its shadow; the sleeve always reaches the frame's lower edge."""
    unit = UNIT * min(size.width, size.height)
    drawing = _drawing()
    margin = ceil(ROOM * unit / 2) * 2
    wide, high = (
        ceil(side * unit / 2) * 2 for side in (drawing.containerSize().width(), drawing.containerSize().height())
    )
    surface = skia.Surface(wide, min(high, size.height + 2 * margin))
    canvas = surface.getCanvas()
    canvas.translate(margin, margin)
    canvas.rotate(angle)
    canvas.scale(unit, unit)
    canvas.translate(-ROOM, -ROOM)
    drawing.render(canvas)
    rgba = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    used = np.flatnonzero((rgba[..., 3] > 0).any(axis=0))
    wide = min(wide, int(used[-1] + 4 * SHADOW_BLUR * unit) // 2 * 2)
    return _prepared(_shaded(np.ascontiguousarray(rgba[:, :wide]), unit), (margin, margin))


def _shaded(rgba: Plane, unit: float) -> Plane:
    """The hand over its own shadow: light comes from the upper left."""
    high, wide = rgba.shape[:2]
    # Soft things bear a quarter of the size.
    small = cv2.resize(rgba[..., 3], (wide // 4, high // 4), interpolation=cv2.INTER_AREA)
    move = np.array([[1, 0, SHADOW_AT[0] * unit / 4], [0, 1, SHADOW_AT[1] * unit / 4]], np.float32)
    small = cv2.warpAffine(small, move, (wide // 4, high // 4))
    small = cv2.GaussianBlur(small, (0, 0), SHADOW_BLUR * unit / 4)
    shadow = cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR).astype(np.float32) * (SHADOW_OPACITY / 255)
    cover = rgba[..., 3].astype(np.float32) / 255
    alpha = cover + shadow / 255 * (1 - cover)
    share = np.divide(cover, alpha, out=np.zeros_like(cover), where=alpha > 0)[..., None]
    colour = rgba[..., :3] * share + np.array(SHADOW, np.float32) * (1 - share)
    return np.dstack([colour, alpha * 255]).round().astype(np.uint8)


@cache
def _drawing() -> skia.SVGDOM:
    content = Path(__file__).with_name("hand.svg").read_bytes()
    # copyData=True: without it skia reads the bytes after Python has freed them.
    drawing = skia.SVGDOM.MakeFromStream(skia.MemoryStream(content, True))
    if drawing is None:
        raise ValueError("hand.svg cannot be parsed")
    return drawing


def _prepared(rgba: Plane, tip: tuple[int, int]) -> Sprite:
    alpha = rgba[..., 3]
    planes = i420.split(np.ascontiguousarray(rgba[..., :3]))
    half = np.asarray(
        cv2.resize(alpha, (alpha.shape[1] // 2, alpha.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8
    )

    def premultiplied(plane: Plane, cover: Plane) -> Plane:
        return np.asarray(cv2.multiply(plane, cover, scale=1 / 255), np.uint8)

    return Sprite(
        tip,
        premultiplied(planes.luma, alpha),
        premultiplied(planes.blue, half),
        premultiplied(planes.red, half),
        np.asarray(cv2.bitwise_not(alpha), np.uint8),
        np.asarray(cv2.bitwise_not(half), np.uint8),
    )
