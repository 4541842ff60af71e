"""A picture repainted with brush strokes: broad ones first, fine ones where there is detail.

Strokes follow the edges of the picture, as in painterly rendering by strokes of several sizes (Hertzmann 1998).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.sketch.painting import Frame

_SPRITE = (96, 28)
_BRISTLES = 4

# Spacing, length and width as fractions of the short side; the detail below which a stroke is left out; opacity.
_PASSES = (
    (0.024, 0.084, 0.033, -1.0, 255),
    (0.013, 0.04, 0.0145, 0.04, 250),
    (0.0058, 0.0165, 0.0057, 0.09, 252),
)


def repaint(flat: Any, frame: Frame) -> None:
    """Replace what `flat` shows by brush strokes in its own colours."""
    random = np.random.default_rng(11)
    pixels = flat.toarray(colorType=skia.kRGBA_8888_ColorType)
    canvas, short = flat.getCanvas(), frame.short
    cell = max(2, short // 128)
    angles, detail = _flow(pixels, cell)
    for spacing, length, width, least, alpha in _PASSES:
        step = max(1.5, spacing * short)
        xs, ys = _jittered(random, frame, step)
        cells = (
            np.clip(ys.astype(int) // cell, 0, angles.shape[0] - 1),
            np.clip(xs.astype(int) // cell, 0, angles.shape[1] - 1),
        )
        keep = detail[cells] > least
        xs, ys, turns = xs[keep], ys[keep], angles[cells][keep]
        if not xs.size:
            continue
        turns = turns + random.normal(0.0, 0.11, xs.size)
        colours = _pigments(random, pixels, xs, ys, alpha)
        order = random.permutation(xs.size)
        _lay(canvas, random, xs[order], ys[order], turns[order], colours[order], length * short, width * short)


def _jittered(random: np.random.Generator, frame: Frame, step: float) -> tuple[Any, Any]:
    x, y = np.meshgrid(np.arange(0, frame.width + step, step), np.arange(0, frame.height + step, step))
    jitter = random.uniform(-0.45, 0.45, (2, *x.shape)) * step
    xs, ys = (x + jitter[0]).ravel(), (y + jitter[1]).ravel()
    return np.clip(xs, 0, frame.width - 1), np.clip(ys, 0, frame.height - 1)


def _flow(pixels: NDArray[np.uint8], cell: int) -> tuple[Any, Any]:
    """Direction of strokes and amount of detail (0–1) per `cell` pixels."""
    grey = pixels[::cell, ::cell, :3].astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32) / 255.0
    if min(grey.shape) < 3:
        return np.zeros(grey.shape), np.ones(grey.shape)
    down, right = np.gradient(grey)
    detail = np.hypot(down, right)
    # The structure tensor, smoothed: opposite edges agree instead of cancelling out.
    xx, yy, xy = (_smoothed(part) for part in (right * right, down * down, right * down))
    along = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
    swirl = 0.5 * np.sin(x / 9.0 + 1.3 * np.sin(y / 13.0)) + 0.34 * np.cos(y / 7.0)
    sure = np.clip((xx + yy) * 500.0, 0.0, 1.0)
    turned = sure * np.exp(2j * along) + (1.0 - sure) * np.exp(2j * swirl)
    spread = np.maximum(detail, 0.6 * _smoothed(detail))
    return np.angle(turned) / 2.0, spread


def _smoothed(plane: Any) -> Any:
    for axis in (0, 1):
        plane = sum(np.roll(plane, step, axis) for step in range(-2, 3)) / 5.0
    return plane


def _pigments(random: np.random.Generator, pixels: NDArray[np.uint8], xs: Any, ys: Any, alpha: int) -> Any:
    """The picture's colour at each stroke, a little off: lighter, darker, warmer, cooler."""
    rgb = pixels[ys.astype(int), xs.astype(int), :3].astype(np.float32)
    rgb *= 1.0 + random.normal(0.0, 0.045, (xs.size, 1))
    rgb += random.normal(0.0, 4.0, (xs.size, 3))
    red, green, blue = np.clip(rgb, 0, 255).astype(np.uint32).T
    return (np.uint32(alpha) << 24) | (red << 16) | (green << 8) | blue


def _lay(
    canvas: Any, random: np.random.Generator, xs: Any, ys: Any, turns: Any, colours: Any, length: float, width: float
) -> None:
    """Draw the strokes, each a tinted sprite."""
    wide, high = _SPRITE
    scale = length / wide * random.uniform(0.8, 1.15, xs.size)
    cosines, sines = np.cos(turns) * scale, np.sin(turns) * scale
    flat = width / length * wide / high  # how far the sprite is narrower than it was drawn
    rows = random.integers(0, _BRISTLES, xs.size)
    visible = max(6.0, min(float(high), high * flat))
    top = (high - visible) / 2
    across, down = xs - cosines * wide / 2 + sines * visible / 2, ys - sines * wide / 2 - cosines * visible / 2
    forms = [
        skia.RSXform(*four)
        for four in zip(cosines.tolist(), sines.tolist(), across.tolist(), down.tolist(), strict=True)
    ]
    cells = [skia.Rect.MakeXYWH(0, row * high + top, wide, visible) for row in range(_BRISTLES)]
    boxes = [cells[row] for row in rows.tolist()]
    canvas.drawAtlas(
        _sprites(),
        forms,
        boxes,
        colours.tolist(),
        skia.BlendMode.kModulate,
        skia.SamplingOptions(skia.FilterMode.kLinear),
        None,
        skia.Paint(),
    )


@cache
def _sprites() -> Any:
    """Strokes of a bristle brush, white: ragged ends, furrows along them, a lit and a shaded edge."""
    random = np.random.default_rng(3)
    wide, high = _SPRITE
    sheet = np.zeros((high * _BRISTLES, wide, 4), np.float32)
    x = np.linspace(0.0, 1.0, wide)
    for stroke in range(_BRISTLES):
        furrows = random.normal(0.0, 1.0, high)
        furrows = (furrows + np.roll(furrows, 1)) / 2
        starts, ends = random.uniform(0.0, 0.12, high), random.uniform(0.74, 1.0, high)
        body = np.clip((x[None, :] - starts[:, None]) * 14, 0, 1) * np.clip((ends[:, None] - x[None, :]) * 9, 0, 1)
        y = np.linspace(-1.0, 1.0, high)[:, None]
        dry = np.clip(1.0 - np.clip(x[None, :] - 0.62, 0, 1) * (1.2 + 1.5 * np.abs(furrows[:, None])), 0, 1)
        tone = 0.93 + 0.055 * furrows[:, None] - 0.09 * np.clip(y, 0, 1) ** 3 + 0.05 * np.clip(-y, 0, 1)
        rows = slice(stroke * high, (stroke + 1) * high)
        sheet[rows, :, :3] = np.clip(tone, 0.7, 1.0)[..., None] * np.ones((1, wide, 3))
        sheet[rows, :, 3] = body * dry
    sheet[..., :3] *= sheet[..., 3:]
    pixels = np.ascontiguousarray(np.round(sheet * 255).astype(np.uint8))
    return skia.Image.fromarray(pixels, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType)
