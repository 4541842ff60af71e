"""What styles do to one painted layer: swell its shapes into round bodies, blur it, cut it into facets."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.sketch.colour import Colour

if TYPE_CHECKING:
    from gpu_handlers.engines.sketch.painting import Painting

_Plane = NDArray[np.float32]

SUBJECT_PX, SCENERY_PX = 200, 150
_THIN = frozenset({"lightning", "light shafts", "fog", "grid"})
_LEVEL = frozenset({"wall", "floor", "backdrop", "studio floor", "water", "sea", "lake", "stands", "pitch"})
_NEAR_M, _SKY_M, _FOCUS_M = 3.0, 900.0, 18.0
_FACET = 0.085


def developed(painting: Painting, surface: Any, name: str, depth_m: float, left: int, top: int) -> Any:
    """`surface`, a layer of scenery at `left`, `top`, as the style shows it."""
    style = painting.style
    if depth_m < _NEAR_M or name in _THIN:
        return surface
    if style.staging == "shards":
        _cut_to_facets(painting, surface, left, top, alpha=110 if name in _LEVEL else 205)
    if depth_m >= _SKY_M:
        return surface
    if style.sculpt_scenery > 0 and name not in _LEVEL:
        image = surface.makeImageSnapshot()
        bounds = skia.Rect(left, top, left + surface.width(), top + surface.height())
        swell(painting, surface.getCanvas(), image, bounds, style.sculpt_scenery, gloss=0.0, scenery=True)
    if style.defocus > 0 and depth_m > _FOCUS_M and painting.plan.actors:
        return _blurred(surface, style.defocus * painting.frame.short * min(1.0, depth_m / 120.0))
    return surface


def swell(
    painting: Painting,
    canvas: Any,
    image: Any,
    bounds: Any,
    amount: float,
    *,
    gloss: float,
    scenery: bool = False,
) -> None:
    """Shade what `canvas` holds within `bounds` as if each of its flat shapes were a round body.

    `image` shows the same shapes at any resolution: heights come from blurring them apart, normals from the heights,
    light from the normals (Lambert, and Blinn's highlight).
    """
    limit = SCENERY_PX if scenery else SUBJECT_PX
    scale = min(1.0, limit / max(image.width(), image.height()))
    wide, high = max(4, round(image.width() * scale)), max(4, round(image.height() * scale))
    small = skia.Surface(wide, high)
    small.getCanvas().drawImageRect(
        image, skia.Rect(0, 0, wide, high), skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    )
    pixels = small.toarray(colorType=skia.kRGBA_8888_ColorType)
    overlay = _light_map(pixels, painting.light.side, painting.style.key, painting.style.fill, amount, gloss)
    picture = skia.Image.fromarray(overlay, colorType=skia.kRGBA_8888_ColorType)
    paint = skia.Paint(BlendMode=skia.BlendMode.kSrcATop)
    canvas.drawImageRect(picture, bounds, skia.SamplingOptions(skia.CubicResampler.Mitchell()), paint)


def _light_map(
    pixels: NDArray[np.uint8], side: float, key: Colour, fill: Colour, amount: float, gloss: float
) -> NDArray[np.uint8]:
    """Shade and light as an H×W×4 overlay."""
    solid = (pixels[..., 3] > 90).astype(np.float32)
    inside = solid * (1.0 - _creases(pixels))
    unit = max(pixels.shape[:2]) / 200.0
    height = np.zeros_like(inside)
    for radius, weight in ((2.0, 2.4), (5.0, 5.0), (11.0, 9.0)):
        height += weight * unit * _box_blurred(inside, max(1, round(radius * unit)))
    down, right = np.gradient(height)
    length = np.sqrt(right * right + down * down + 1.0)
    # Light from the sun's side, above and in front; y runs down the picture.
    lx, ly, lz = 0.5 * side, -0.56, 0.66
    lambert = (-right * lx - down * ly + lz) / length
    shade = np.clip((lz - lambert) * 1.05, 0.0, 0.78) * amount
    light = np.clip((lambert - lz) * 1.15, 0.0, 0.6) * amount
    out = np.zeros((*inside.shape, 4), np.float32)
    lit = lambert > lz
    out[..., :3] = np.where(lit[..., None], np.asarray(key, np.float32), np.asarray(fill, np.float32))
    out[..., 3] = np.where(lit, light, shade)
    if gloss > 0:
        hx, hy, hz = 0.28 * side, -0.4, 0.87
        shine = np.clip((-right * hx - down * hy + hz) / length, 0.0, 1.0) ** 46 * inside
        flat = np.clip(np.hypot(right, down) * 2.2, 0.0, 1.0)  # a flat face has no highlight of its own
        spot = np.clip(shine * flat * gloss * 1.1, 0.0, 0.92)[..., None]
        out[..., :3] = out[..., :3] * (1.0 - spot) + spot
        out[..., 3:] = np.maximum(out[..., 3:], spot)
    return np.ascontiguousarray(np.round(out * 255.0).astype(np.uint8))


def _creases(pixels: NDArray[np.uint8]) -> _Plane:
    """1 where two colours meet."""
    rgb = pixels[..., :3].astype(np.int16)
    out = np.zeros(pixels.shape[:2], np.float32)
    across = np.abs(rgb[:, 1:] - rgb[:, :-1]).sum(axis=2) > 60
    along = np.abs(rgb[1:] - rgb[:-1]).sum(axis=2) > 60
    out[:, 1:][across] = 1.0
    out[1:][along] = 1.0
    return out


def _box_blurred(plane: _Plane, radius: int) -> _Plane:
    """Three box blurs of `radius` in both directions: close to a Gaussian."""
    out = plane
    for axis in (0, 1, 0, 1, 0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(out, pad, mode="edge"), axis=axis, dtype=np.float32)
        span = 2 * radius + 1
        ends, starts = (sums[span:], sums[:-span]) if axis == 0 else (sums[:, span:], sums[:, :-span])
        out = ((ends - starts) / np.float32(span)).astype(np.float32)
    return out


def _blurred(surface: Any, sigma: float) -> Any:
    """Blurred by way of a smaller copy: what is soft needs no fine pixels."""
    if sigma < 0.6:
        return surface
    parts = 2 if sigma < 3 else 4
    wide, high = surface.width(), surface.height()
    small = skia.Surface(max(1, wide // parts), max(1, high // parts))
    paint = skia.Paint(ImageFilter=skia.ImageFilters.Blur(sigma / parts, sigma / parts, skia.TileMode.kClamp))
    linear = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    inside = skia.Rect(0, 0, small.width(), small.height())
    small.getCanvas().drawImageRect(surface.makeImageSnapshot(), inside, linear, paint)
    out = skia.Surface(wide, high)
    smooth = skia.SamplingOptions(skia.FilterMode.kLinear)
    out.getCanvas().drawImageRect(small.makeImageSnapshot(), skia.Rect(0, 0, wide, high), smooth)
    return out


def _cut_to_facets(painting: Painting, surface: Any, left: int, top: int, *, alpha: int) -> None:
    """Repaint a layer in triangles of its own colours; its outline stays."""
    frame, rng = painting.frame, Random(5)  # noqa: S311 - a drawing, not a secret
    step = max(8.0, frame.short * _FACET)
    columns, rows = int(frame.width / step) + 3, int(frame.height / step) + 3
    corners = [
        [((x - 1 + rng.uniform(-0.36, 0.36)) * step, (y - 1 + rng.uniform(-0.36, 0.36)) * step) for x in range(columns)]
        for y in range(rows)
    ]
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    points, colours = [], []
    for y in range(rows - 1):
        for x in range(columns - 1):
            a, b, c, d = corners[y][x], corners[y][x + 1], corners[y + 1][x], corners[y + 1][x + 1]
            for triangle in ((a, b, c), (b, d, c)) if rng.random() < 0.5 else ((a, b, d), (a, d, c)):
                tone = rng.uniform(0.84, 1.16)
                px = round(sum(point[0] for point in triangle) / 3) - left
                py = round(sum(point[1] for point in triangle) / 3) - top
                if not (0 <= px < pixels.shape[1] and 0 <= py < pixels.shape[0]) or pixels[py, px, 3] < 200:
                    continue
                red, green, blue = (min(255, round(int(part) * tone)) for part in pixels[py, px, :3])
                points += [skia.Point(*point) for point in triangle]
                colours += [int(skia.Color(red, green, blue, alpha))] * 3
    if not points:
        return
    mesh = skia.Vertices(skia.Vertices.VertexMode.kTriangles_VertexMode, points, None, colours)
    surface.getCanvas().drawVertices(mesh, skia.Paint(BlendMode=skia.BlendMode.kSrcATop), skia.BlendMode.kDst)
