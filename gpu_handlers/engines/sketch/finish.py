"""From cut-outs to a picture: layers as arrays, the depth map, and the style's finish over the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Layer, Metres, Picture, Rgb
from gpu_handlers.engines.sketch import effects
from gpu_handlers.engines.sketch.painting import CAMERA_HEIGHT_M, FAR_M, Cutout, Frame, Painting

_OPAQUE_ENOUGH = 110  # of 255: below it a layer's edge does not own the depth of a pixel


def picture_of(painting: Painting) -> Picture:
    """Composite all cut-outs, finish the result in the painting's style, and measure its depth."""
    frame = painting.frame
    flat = skia.Surface(frame.width, frame.height)
    canvas = flat.getCanvas()
    layers = []
    depth = np.full((frame.height, frame.width), FAR_M, np.float32)
    rows = _row_depths(frame)
    for cutout in painting.cutouts:
        image = cutout.surface.makeImageSnapshot()
        canvas.drawImage(image, cutout.left, cutout.top)
        pixels = cutout.surface.toarray(colorType=skia.kRGBA_8888_ColorType)
        layers.append(_layer(cutout, pixels, frame))
        _measure(depth, cutout, pixels, rows)
    effects.finish(flat, painting.style, frame)
    image_pixels: Rgb = np.ascontiguousarray(flat.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])
    return Picture(image_pixels, depth, tuple(layers))


def _layer(cutout: Cutout, pixels: Any, frame: Frame) -> Layer:
    high, wide = pixels.shape[:2]
    if (wide, high) == (frame.width, frame.height):
        return Layer(cutout.name, pixels, cutout.depth_m, cutout.lead)
    whole = np.zeros((frame.height, frame.width, 4), np.uint8)
    whole[cutout.top : cutout.top + high, cutout.left : cutout.left + wide] = pixels
    return Layer(cutout.name, whole, cutout.depth_m, cutout.lead)


def _row_depths(frame: Frame) -> Metres:
    """Depth of the ground plane per row, H×1."""
    below = np.maximum(np.arange(frame.height) + 0.5 - frame.horizon, 1.0) / frame.height
    depths: Metres = np.minimum(FAR_M, CAMERA_HEIGHT_M / below).astype(np.float32)[:, None]
    return depths


def _measure(depth: Metres, cutout: Cutout, pixels: Any, rows: Metres) -> None:
    high, wide = pixels.shape[:2]
    window = depth[cutout.top : cutout.top + high, cutout.left : cutout.left + wide]
    metres = rows[cutout.top : cutout.top + high] if cutout.plane else np.float32(cutout.depth_m)
    np.copyto(window, metres, where=pixels[..., 3] > _OPAQUE_ENOUGH)
