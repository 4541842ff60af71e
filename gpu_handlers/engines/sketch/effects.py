"""The finish of a style: small operations over the whole picture, never on its layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.sketch import brushwork
from gpu_handlers.engines.sketch.painting import Frame
from gpu_handlers.engines.sketch.styles import Style

_TILE_PX = 256
_WIDE = 1.6
"""From this width:height on a picture looks like a film's frame; below it, bars only take away what was asked for."""
_BAR_LIMIT = 0.06
"""Bars take at most this share of the height each."""


def finish(flat: Any, style: Style, frame: Frame) -> None:
    """Apply every operation that `style` asks for to `flat`, a surface that holds the composite."""
    for amount, operation in _OPERATIONS:
        if amount(style):
            operation(flat, style, frame)


def bar_height(style: Style, frame: Frame) -> float:
    """Height of each letterbox bar, px; 0 for a style without, and in pictures that are not wide."""
    if style.letterbox <= 0 or frame.width < _WIDE * frame.height:
        return 0.0
    return min(max(0.0, (frame.height - frame.width / style.letterbox) / 2), frame.height * _BAR_LIMIT)


def _strokes(flat: Any, style: Style, frame: Frame) -> None:  # noqa: ARG001 - one signature for all operations
    brushwork.repaint(flat, frame)


def _bloom(flat: Any, style: Style, frame: Frame) -> None:
    """Bright parts spill softly: a small blurred copy, screened over the picture."""
    _spill(flat, frame, (8, 8), (0.018 * frame.short, 0.018 * frame.short), style.bloom, _bright_part(-1.0))


def _streak(flat: Any, style: Style, frame: Frame) -> None:
    """An anamorphic flare: lights drawn out to cool horizontal lines."""
    matrix = [1.6, 1.0, 0, 0, -2.2, 2.0, 2.0, 0, 0, -3.1, 2.0, 2.6, 0, 0, -3.5, 0, 0, 0, 1, 0]
    _spill(flat, frame, (16, 4), (0.1 * frame.width, 0.0016 * frame.short), style.streak, matrix)


def _spill(
    flat: Any, frame: Frame, parts: tuple[int, int], sigma: tuple[float, float], strength: float, matrix: list[float]
) -> None:
    """Screen a blurred copy over the picture: `parts` times smaller, filtered by `matrix`, `sigma` in pixels."""
    small = skia.Surface(max(1, frame.width // parts[0]), max(1, frame.height // parts[1]))
    paint = skia.Paint(ColorFilter=skia.ColorFilters.Matrix(matrix))
    paint.setImageFilter(skia.ImageFilters.Blur(sigma[0] / parts[0], sigma[1] / parts[1]))
    linear = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    whole = skia.Rect(0, 0, small.width(), small.height())
    small.getCanvas().drawImageRect(flat.makeImageSnapshot(), whole, linear, paint)
    flat.getCanvas().drawImageRect(
        small.makeImageSnapshot(),
        skia.Rect(0, 0, frame.width, frame.height),
        skia.SamplingOptions(skia.FilterMode.kLinear),
        skia.Paint(BlendMode=skia.BlendMode.kScreen, Alphaf=min(1.0, strength)),
    )


def _halftone(flat: Any, style: Style, frame: Frame) -> None:
    """Printed dots that grow with the dark: brightness plus a screen of dots, cut at a threshold."""
    whole = skia.Rect(0, 0, frame.width, frame.height)
    picture = flat.makeImageSnapshot()
    hard = 12.0
    cut = [0, 0, 0, 0, 0.05, 0, 0, 0, 0, 0.04, 0, 0, 0, 0, 0.1, -hard, 0, 0, 0, hard * 0.19]
    canvas = flat.getCanvas()
    canvas.saveLayer(whole, skia.Paint(Alphaf=style.halftone))
    canvas.saveLayer(whole, skia.Paint(ColorFilter=skia.ColorFilters.Matrix(cut)))
    grey = [0.08, 0.28, 0.04, 0, 0, 0.08, 0.28, 0.04, 0, 0, 0.08, 0.28, 0.04, 0, 0, 0, 0, 0, 1, 0]
    canvas.drawImage(picture, 0, 0, skia.SamplingOptions(), skia.Paint(ColorFilter=skia.ColorFilters.Matrix(grey)))
    canvas.drawRect(whole, skia.Paint(Shader=_screen(frame.short), BlendMode=skia.BlendMode.kPlus))
    canvas.restore()
    canvas.restore()


def _texture(flat: Any, style: Style, frame: Frame) -> None:
    fine = min(1.0, max(0.25, frame.short / 1000))  # threads keep their width: in a small picture they show less
    paint = skia.Paint(Shader=_tile(style.texture), BlendMode=skia.BlendMode.kSoftLight, Alphaf=fine)
    flat.getCanvas().drawRect(skia.Rect(0, 0, frame.width, frame.height), paint)


def _vignette(flat: Any, style: Style, frame: Frame) -> None:
    paint = skia.Paint(Dither=True)
    paint.setShader(
        skia.GradientShader.MakeRadial(
            center=(frame.width / 2, frame.height * 0.48),
            radius=0.5 * (frame.width**2 + frame.height**2) ** 0.5,
            positions=[0.0, 0.55, 1.0],
            colors=[0x00000000, 0x00000000, int(skia.Color(8, 6, 22, round(255 * style.vignette)))],
        )
    )
    flat.getCanvas().drawRect(skia.Rect(0, 0, frame.width, frame.height), paint)


def _grain(flat: Any, style: Style, frame: Frame) -> None:
    paint = skia.Paint(Shader=_tile("grain"), BlendMode=skia.BlendMode.kSoftLight, Alphaf=style.grain)
    flat.getCanvas().drawRect(skia.Rect(0, 0, frame.width, frame.height), paint)


def _letterbox(flat: Any, style: Style, frame: Frame) -> None:
    bar, black = bar_height(style, frame), skia.Paint(Color=0xFF000000)
    if bar <= 0:
        return
    flat.getCanvas().drawRect(skia.Rect(0, 0, frame.width, bar), black)
    flat.getCanvas().drawRect(skia.Rect(0, frame.height - bar, frame.width, frame.height), black)


_Operation = Callable[[Any, Style, Frame], None]

_OPERATIONS: tuple[tuple[Callable[[Style], bool], _Operation], ...] = (
    (lambda style: style.strokes > 0, _strokes),
    (lambda style: style.bloom > 0, _bloom),
    (lambda style: style.halftone > 0, _halftone),
    (lambda style: style.texture != "none", _texture),
    (lambda style: style.vignette > 0, _vignette),
    (lambda style: style.streak > 0, _streak),
    (lambda style: style.grain > 0, _grain),
    (lambda style: style.letterbox > 0, _letterbox),
)
"""In this order: paint, light, print, cloth, lens, film, projection."""


def _bright_part(offset: float) -> list[float]:
    """A colour matrix that keeps what is above mid-grey."""
    return [1.7, 0, 0, 0, offset, 0, 1.7, 0, 0, offset, 0, 0, 1.7, 0, offset, 0, 0, 0, 1, 0]


@lru_cache(maxsize=16)
def _screen(short: int) -> Any:
    """A halftone screen at 45°: brightness rises from each dot's middle, up to 0.36."""
    cell = max(4.0, short * 0.0085)
    size = max(6, round(cell * 2**0.5))
    y, x = np.mgrid[0:size, 0:size] * (2 * np.pi / size)
    tile = (0.5 - 0.25 * (np.cos(x) + np.cos(y)) if size < 6 else 0.5 + 0.25 * (np.cos(x + y) + np.cos(x - y))) * 0.36
    return _shader(tile * 255.0)


@lru_cache(maxsize=8)
def _tile(kind: str) -> Any:
    """A seamless tile around mid-grey: film grain, paper fibre or canvas weave."""
    random = np.random.default_rng(7)
    tile = random.normal(128, 34, (_TILE_PX, _TILE_PX))
    if kind == "canvas":
        at = np.arange(_TILE_PX)
        wave = np.sin(at * 2 * np.pi / 4)
        broad = random.normal(0, 1, (_TILE_PX, _TILE_PX))
        for axis in (0, 1):
            broad = np.sum([np.roll(broad, step, axis) for step in range(-4, 5)], axis=0) / 3.0
        tile = 128 + 12 * (wave[:, None] + wave[None, :]) + 4 * broad + (tile - 128) * 0.12
    return _shader(tile)


def _shader(tile: Any) -> Any:
    grey = np.clip(tile, 0, 255).astype(np.uint8)
    pixels = np.dstack([grey, grey, grey, np.full_like(grey, 255)])
    image = skia.Image.fromarray(np.ascontiguousarray(pixels), colorType=skia.kRGBA_8888_ColorType)
    return image.makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, skia.SamplingOptions())
