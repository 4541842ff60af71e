"""Drawing a placed actor's vector, and the hard shading that is cut from its own shape."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.sketch import subjects
from gpu_handlers.engines.sketch.colour import Colour, mix
from gpu_handlers.engines.sketch.compose import Placed
from gpu_handlers.engines.sketch.painting import Painting, argb

_CRESCENT = 0.075
"""How far, as a share of a subject's height, the hard shade reaches in from its dark side."""


def draw(canvas: Any, one: Placed, body: str) -> None:
    """Render `body`, an SVG body of the actor's icon, where the actor stands."""
    canvas.save()
    _to_icon(canvas, one)
    subjects.parsed(body, one.icon.width, one.icon.height).render(canvas)
    canvas.restore()


def units(one: Placed, pixels: float) -> float:
    """A length on the picture in units of the actor's icon."""
    return pixels * one.icon.height * (one.icon.ink[3] - one.icon.ink[1]) / max(1.0, one.tall)


def silhouette(one: Placed, colour: Colour, width_px: float = 0.0) -> str:
    """The icon all in one colour, grown by a stroke of `width_px`."""
    body = subjects.recoloured(one.icon, lambda _: colour)
    return subjects.outlined(body, colour, units(one, width_px)) if width_px > 0 else body


def contour(painting: Painting, canvas: Any, one: Placed) -> None:
    """The outline around the whole actor; drawn before its body. Uneven ink swells away from the light."""
    style = painting.style
    ink, width = style.ink or (0.0, 0.0, 0.0), style.ink_width * painting.frame.short
    if not style.uneven_ink:
        draw(canvas, one, silhouette(one, ink, 2.0 * width))
        return
    draw(canvas, one, silhouette(one, ink, 1.25 * width))
    canvas.save()
    canvas.translate(-painting.light.side * width * 0.75, width * 0.85)
    draw(canvas, one, silhouette(one, ink, 1.25 * width))
    canvas.restore()


def rim(painting: Painting, canvas: Any, one: Placed, bounds: Any, body: str, colour: Colour, strength: float) -> None:
    """A thin light edge on the side turned to the sun: the shape minus itself moved away from the light."""
    step = max(1.2, one.tall * 0.013)
    paint = skia.Paint(Color=argb(colour, strength))
    _cut(canvas, one, bounds, body, (-painting.light.side * step, step * 0.8), paint)


def crescent(painting: Painting, canvas: Any, one: Placed, bounds: Any, body: str) -> None:
    """The hard shaded side of cel animation, comics (dots) and pen drawings (hatching)."""
    style, light = painting.style, painting.light
    colour = style.ink or (0.1, 0.1, 0.2)
    step = max(2.0, one.tall * _CRESCENT)
    away = (light.side * step, -step * 0.7)
    if style.shadow == "cel":
        deep = mix(colour, style.grade(light.sky[0]), 0.45)
        _cut(canvas, one, bounds, body, away, skia.Paint(Color=argb(deep, 0.42)))
        _cut(canvas, one, bounds, body, (away[0] * 0.42, away[1] * 0.42), skia.Paint(Color=argb(deep, 0.3)))
        return
    paint = skia.Paint(Shader=_pattern(style.shadow, painting.frame.short, argb(colour, 0.62)))
    _cut(canvas, one, bounds, body, (away[0] * 1.3, away[1] * 1.3), paint)


def _cut(canvas: Any, one: Placed, bounds: Any, body: str, move: tuple[float, float], paint: Any) -> None:
    """Paint what is left of the shape when it is cut by itself moved by `move`, on top of the shape only."""
    canvas.saveLayer(bounds, skia.Paint(BlendMode=skia.BlendMode.kSrcATop))
    draw(canvas, one, body)
    canvas.saveLayer(bounds, skia.Paint(BlendMode=skia.BlendMode.kDstOut))
    canvas.translate(*move)
    draw(canvas, one, body)
    canvas.restore()
    paint.setBlendMode(skia.BlendMode.kSrcIn)
    canvas.drawRect(bounds, paint)
    canvas.restore()


@lru_cache(maxsize=64)
def _pattern(kind: str, short: int, colour: int) -> Any:
    """A seamless tile of dots at 45° or of slanted pen strokes, as a shader."""
    cell = max(4, round(short * (0.0165 if kind == "dots" else 0.013)))
    fine = 4
    y, x = (np.mgrid[0 : cell * fine, 0 : cell * fine] + 0.5) / (cell * fine)
    if kind == "dots":
        near = np.minimum(np.hypot(x - 0.5, y - 0.5), np.hypot(np.abs(x - 0.5) - 0.5, np.abs(y - 0.5) - 0.5))
        cover = near < 0.25
    else:
        cover = np.abs((x + y) % 1.0 - 0.5) < 0.13
    alpha = cover.reshape(cell, fine, cell, fine).mean(axis=(1, 3)) * (colour >> 24 & 255)
    pixels = np.zeros((cell, cell, 4), np.uint8)
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = colour >> 16 & 255, colour >> 8 & 255, colour & 255
    pixels[..., 3] = np.round(alpha)
    image = skia.Image.fromarray(pixels, colorType=skia.kRGBA_8888_ColorType)
    return image.makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, skia.SamplingOptions())


def _to_icon(canvas: Any, one: Placed) -> None:
    """Make icon units land so that the ink box fills the actor's place."""
    left, top, right, bottom = one.icon.ink
    scale = one.tall / max(1e-6, (bottom - top) * one.icon.height)
    canvas.translate(one.x, one.foot - one.tall / 2)
    if one.tilt:
        canvas.rotate(one.tilt)
    canvas.scale(-scale if one.flip else scale, scale)
    canvas.translate(-(left + right) / 2 * one.icon.width, -(top + bottom) / 2 * one.icon.height)
