"""From cut-outs to a picture: layers as arrays, the depth map, and the style's finish over the whole."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Layer, Metres, Picture, Rgb
from gpu_handlers.engines.sketch.painting import CAMERA_HEIGHT_M, FAR_M, Cutout, Frame, Painting
from gpu_handlers.engines.sketch.styles import Style

_OPAQUE_ENOUGH = 110  # of 255: below it a layer's edge does not own the depth of a pixel
_TILE_PX = 256


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
    _finish(canvas, flat, painting.style, frame)
    image_pixels: Rgb = np.ascontiguousarray(flat.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])
    return Picture(image_pixels, depth, tuple(layers))


def _layer(cutout: Cutout, pixels: Any, frame: Frame) -> Layer:
    high, wide = pixels.shape[:2]
    if (wide, high) == (frame.width, frame.height):
        return Layer(cutout.name, pixels, cutout.depth_m)
    whole = np.zeros((frame.height, frame.width, 4), np.uint8)
    whole[cutout.top : cutout.top + high, cutout.left : cutout.left + wide] = pixels
    return Layer(cutout.name, whole, cutout.depth_m)


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


def _finish(canvas: Any, flat: Any, style: Style, frame: Frame) -> None:
    """Bloom, texture, vignette, grain, letterbox: over the composite only, never on the layers."""
    whole = skia.Rect(0, 0, frame.width, frame.height)
    if style.bloom > 0:
        _bloom(canvas, flat, style, frame)
    if style.texture != "none":
        paint = skia.Paint(Shader=_texture(style.texture), BlendMode=skia.BlendMode.kSoftLight)
        canvas.drawRect(whole, paint)
    if style.vignette > 0:
        reach = 0.5 * (frame.width**2 + frame.height**2) ** 0.5
        paint = skia.Paint(Dither=True)
        paint.setShader(
            skia.GradientShader.MakeRadial(
                center=(frame.width / 2, frame.height * 0.48),
                radius=reach,
                positions=[0.0, 0.55, 1.0],
                colors=[0x00000000, 0x00000000, int(skia.Color(8, 6, 22, round(255 * style.vignette)))],
            )
        )
        canvas.drawRect(whole, paint)
    if style.grain > 0:
        paint = skia.Paint(Shader=_texture("grain"), BlendMode=skia.BlendMode.kSoftLight, Alphaf=style.grain)
        canvas.drawRect(whole, paint)
    if style.letterbox > 0 and frame.width > frame.height:
        bar = max(0.0, (frame.height - frame.width / style.letterbox) / 2)
        black = skia.Paint(Color=0xFF000000)
        canvas.drawRect(skia.Rect(0, 0, frame.width, bar), black)
        canvas.drawRect(skia.Rect(0, frame.height - bar, frame.width, frame.height), black)


def _bloom(canvas: Any, flat: Any, style: Style, frame: Frame) -> None:
    """Bright parts spill softly: a small blurred copy, screened over the picture."""
    small = skia.Surface(max(1, frame.width // 8), max(1, frame.height // 8))
    linear = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    with small as tiny:
        paint = skia.Paint(ColorFilter=skia.ColorFilters.Matrix(_bright_part()))
        sigma = frame.short / 8 * 0.018
        paint.setImageFilter(skia.ImageFilters.Blur(sigma, sigma))
        tiny.drawImageRect(flat.makeImageSnapshot(), skia.Rect(0, 0, small.width(), small.height()), linear, paint)
    paint = skia.Paint(BlendMode=skia.BlendMode.kScreen, Alphaf=min(1.0, style.bloom))
    canvas.drawImageRect(
        small.makeImageSnapshot(),
        skia.Rect(0, 0, frame.width, frame.height),
        skia.SamplingOptions(skia.FilterMode.kLinear),
        paint,
    )


def _bright_part() -> list[float]:
    """A colour matrix that keeps what is above mid-grey."""
    return [1.7, 0, 0, 0, -1.0, 0, 1.7, 0, 0, -1.0, 0, 0, 1.7, 0, -1.0, 0, 0, 0, 1, 0]


@lru_cache(maxsize=8)
def _texture(kind: str) -> Any:
    """A seamless tile around mid-grey: film grain, paper fibre, canvas weave or printed dots."""
    random = np.random.default_rng(7)
    tile = random.normal(128, 34, (_TILE_PX, _TILE_PX))
    if kind == "canvas":
        at = np.arange(_TILE_PX)
        weave = 5 * np.sin(at * 2 * np.pi / 4)[:, None] + 5 * np.sin(at * 2 * np.pi / 4)[None, :]
        broad = random.normal(0, 1, (_TILE_PX, _TILE_PX))
        for axis in (0, 1):
            broad = np.sum([np.roll(broad, step, axis) for step in range(-4, 5)], axis=0) / 3.0
        tile = 128 + weave + 5 * broad + (tile - 128) * 0.2
    elif kind == "dots":
        y, x = np.mgrid[0:_TILE_PX, 0:_TILE_PX]
        tile = 128 + 14 * (np.cos(x * 2 * np.pi / 8) + np.cos(y * 2 * np.pi / 8))
    grey = np.clip(tile, 0, 255).astype(np.uint8)
    pixels = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    image = skia.Image.fromarray(np.ascontiguousarray(pixels), colorType=skia.kRGBA_8888_ColorType)
    return image.makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, skia.SamplingOptions())
