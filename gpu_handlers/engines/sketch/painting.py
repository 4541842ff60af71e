"""The easel: a frame, a light, a style and the cut-outs painted so far, back to front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, cos, floor, pi, sin
from random import Random
from typing import Any

import skia

from gpu_handlers.engines.sketch.colour import Colour, mix
from gpu_handlers.engines.sketch.light import Light
from gpu_handlers.engines.sketch.plan import Plan
from gpu_handlers.engines.sketch.relief import developed
from gpu_handlers.engines.sketch.styles import Style

CAMERA_HEIGHT_M = 1.6
FAR_M = 1000.0

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture's size and its horizon, in pixels from the top."""

    width: int
    height: int
    horizon: float

    @property
    def short(self) -> int:
        """The shorter side, px; line widths are fractions of it."""
        return min(self.width, self.height)

    def ground_depth(self, y: float) -> float:
        """Metres to the ground plane seen at row `y`; a pinhole whose focal length is the picture's height."""
        below = max(1.0, y - self.horizon) / self.height
        return min(FAR_M, CAMERA_HEIGHT_M / below)

    def ground_row(self, depth_m: float) -> float:
        """The row at which the ground plane is `depth_m` away."""
        return self.horizon + self.height * CAMERA_HEIGHT_M / depth_m


@dataclass(slots=True)
class Cutout:
    """One painted layer: the surface covers only `left`, `top` … of the frame."""

    name: str
    depth_m: float
    left: int
    top: int
    surface: Any
    plane: bool = False
    """True when it lies on the ground plane, so that its depth runs to the horizon."""
    lead: bool = False
    """Whether it shows somebody who plays a role."""


@dataclass(slots=True)
class Painting:
    """Everything painters need; each call of `cutout` adds a layer in front of the ones before."""

    frame: Frame
    light: Light
    style: Style
    plan: Plan
    rng: Random
    cutouts: list[Cutout] = field(default_factory=list)
    window: Any = None
    """A path the place is seen through (explainer style), or None."""

    def colour(self, colour: Colour, depth_m: float = 0.0) -> Colour:
        """A material's colour in this light, at this distance, in this style."""
        return self.style.grade(self.light.lit(colour, depth_m * self.style.haze))

    def aside(self) -> Random:
        """A random source of its own for what only some styles draw: the composition stays the same in all."""
        rng = Random(0)  # noqa: S311 - a drawing, not a secret
        rng.setstate(self.rng.getstate())
        return rng

    @contextmanager
    def cutout(
        self,
        name: str,
        depth_m: float,
        box: tuple[float, float, float, float] | None = None,
        *,
        plane: bool = False,
        windowed: bool = True,
        scenery: bool = True,
        lead: bool = False,
    ) -> Iterator[Brush]:
        """Paint one layer within `box` (left, top, right, bottom in pixels; the whole frame when None).

        Scenery is then sculpted, blurred or cut to facets as the style asks.
        """
        frame = self.frame
        left, top, right, bottom = box or (0, 0, frame.width, frame.height)
        left, top = max(0, floor(left)), max(0, floor(top))
        right, bottom = min(frame.width, ceil(right)), min(frame.height, ceil(bottom))
        if right <= left or bottom <= top:  # outside the frame: paint into a speck that shows nothing
            left, top, right, bottom = 0, 0, 1, 1
        surface = skia.Surface(right - left, bottom - top)
        canvas = surface.getCanvas()
        canvas.clear(0)
        canvas.translate(-left, -top)
        if self.window is not None and windowed:
            canvas.clipPath(self.window, True)
        yield Brush(canvas, self)
        if scenery:
            surface = developed(self, surface, name, depth_m, left, top)
        self.cutouts.append(Cutout(name, depth_m, left, top, surface, plane, lead))


@dataclass(slots=True)
class Brush:
    """Paints on one layer, in pixels of the whole frame. Colours come graded from `Painting.colour`."""

    canvas: Any
    painting: Painting

    def fill(self, path: Any, colour: Colour, alpha: float = 1.0, *, inked: bool = True) -> None:
        """Fill `path`; styles that draw in ink also get their line."""
        self.canvas.drawPath(path, _flat(colour, alpha))
        if inked:
            self._line(path)

    def shade(
        self,
        path: Any,
        stops: Sequence[tuple[Colour, float]],
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        inked: bool = True,
        bands: int | None = None,
    ) -> None:
        """Fill `path` with a gradient of (colour, alpha) stops, evenly spaced from `start` to `end`.

        Opaque gradients fall into `bands` flat tones, or into as many as the style has.
        """
        bands = self.painting.style.bands if bands is None else bands
        opaque = all(alpha == 1 for _, alpha in stops)
        self.canvas.drawPath(path, _gradient(stops, start, end, bands if opaque else 0))
        if inked:
            self._line(path)

    def glow(self, x: float, y: float, radius: float, colour: Colour, alpha: float, *, add: bool = True) -> None:
        """A soft round light (or, with `add` False, a soft round stain)."""
        paint = skia.Paint(AntiAlias=True, Dither=True)
        paint.setShader(
            skia.GradientShader.MakeRadial(
                center=(x, y),
                radius=max(radius, 1.0),
                positions=[0.0, 0.35, 1.0],
                colors=[argb(colour, alpha), argb(colour, alpha * 0.38), argb(colour, 0.0)],
            )
        )
        if add:
            paint.setBlendMode(
                skia.BlendMode.kPlus if self.painting.style.staging == "scene" else skia.BlendMode.kSrcOver
            )
        self.canvas.drawCircle(x, y, radius, paint)

    def stroke(self, path: Any, colour: Colour, width: float, alpha: float = 1.0, blur: float = 0.0) -> None:
        """Draw along `path`; `blur` is the sigma of a soft edge, in pixels."""
        paint = _flat(colour, alpha)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        if blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        self.canvas.drawPath(path, paint)

    def blot(self, path: Any, colour: Colour, alpha: float, blur: float) -> None:
        """Fill `path` with a soft edge of sigma `blur` pixels."""
        paint = _flat(colour, alpha)
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        self.canvas.drawPath(path, paint)

    def _line(self, path: Any) -> None:
        style = self.painting.style
        if style.ink is None or style.scenery_ink <= 0:
            return
        self.stroke(path, style.ink, style.ink_width * style.scenery_ink * self.painting.frame.short, 0.85)


def polygon(points: Points, *, closed: bool = True) -> Any:
    """A path through `points`."""
    return skia.Path.Polygon([skia.Point(x, y) for x, y in points], closed)


def rect(left: float, top: float, right: float, bottom: float) -> Any:
    """A rectangle from its edges."""
    return skia.Path.Rect(skia.Rect(left, top, right, bottom))


def circle(x: float, y: float, radius: float) -> Any:
    """A circle from its centre."""
    return skia.Path.Circle(x, y, radius)


def oval(left: float, top: float, right: float, bottom: float) -> Any:
    """An ellipse from the edges of its box."""
    return skia.Path.Oval(skia.Rect(left, top, right, bottom))


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> Any:
    """A rectangle with round corners."""
    return skia.Path.RRect(skia.RRect.MakeRectXY(skia.Rect(left, top, right, bottom), radius, radius))


def blob(frame: Frame, rng: Random) -> Any:
    """The soft rounded window that explainer pictures show their place through."""
    corners = 9
    points = []
    for corner in range(corners):
        turn = corner / corners * 2 * pi
        reach = rng.uniform(0.92, 1.06)
        points.append(
            (
                frame.width * (0.5 + 0.455 * reach * _squared(cos(turn))),
                frame.height * (0.5 + 0.44 * reach * _squared(sin(turn))),
            )
        )
    path = skia.Path()
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    path.moveTo(*middles[-1])
    for point, middle in zip(points, middles, strict=True):
        path.quadTo(*point, *middle)
    path.close()
    return path


def _squared(share: float) -> float:
    """Push a circle's points outwards to a rounded square."""
    return share * (1.22 - 0.22 * abs(share))


def ramp(first: Colour, last: Colour, steps: int) -> list[Colour]:
    """`steps` colours from `first` to `last`."""
    return [mix(first, last, step / max(1, steps - 1)) for step in range(steps)]


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """`colour` as the integer that skia takes."""
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in colour)
    return int(skia.Color(red, green, blue, round(255 * min(1.0, max(0.0, alpha)))))


def _flat(colour: Colour, alpha: float) -> Any:
    return skia.Paint(Color=argb(colour, alpha), AntiAlias=True)


def _gradient(
    stops: Sequence[tuple[Colour, float]], start: tuple[float, float], end: tuple[float, float], bands: int = 0
) -> Any:
    paint = skia.Paint(AntiAlias=True, Dither=True)
    at = [step / max(1, len(stops) - 1) for step in range(len(stops))]
    if bands > 1:
        middles = [(band + 0.5) / bands for band in range(bands)]
        stops = [(_between(stops, middle), 1.0) for middle in middles for _ in (0, 1)]
        at = [(band + edge) / bands for band in range(bands) for edge in (0, 1)]
    paint.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(*start), skia.Point(*end)],
            colors=[argb(colour, alpha) for colour, alpha in stops],
            positions=at,
        )
    )
    return paint


def _between(stops: Sequence[tuple[Colour, float]], share: float) -> Colour:
    """The colour at `share` of the way along evenly spaced stops."""
    at = min(share, 0.9999) * (len(stops) - 1)
    return mix(stops[int(at)][0], stops[min(len(stops) - 1, int(at) + 1)][0], at - int(at))
