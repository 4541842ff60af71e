"""Painting an actor so that it sits in its scene: lit, shaded, rimmed, with a shadow, each on a layer of its own."""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, sin
from typing import Any

import skia

from gpu_handlers.engines.sketch import subjects
from gpu_handlers.engines.sketch.colour import Colour, from_hex, mix, scaled
from gpu_handlers.engines.sketch.compose import Placed
from gpu_handlers.engines.sketch.painting import Brush, Painting, oval, polygon

_GLOWING = frozenset(
    {
        "campfire",
        "fire",
        "candle",
        "light-bulb",
        "jack-o-lantern",
        "red-paper-lantern",
        "sun",
        "high-voltage",
        "diya-lamp",
        "phoenix-bird",
        "sparkles",
    }
)


_DRAUGHT = 0.12  # share of a floating subject's height under water


def paint_actor(painting: Painting, one: Placed) -> None:
    """Add the layer of one placed actor."""
    frame = painting.frame
    margin = max(one.tall, one.wide) * (0.5 if one.actor.subject != "lighthouse" else 1.6) + 8
    box = (one.x - one.wide / 2 - margin, one.top - margin, one.x + one.wide / 2 + margin, one.foot + margin * 0.8)
    number = f" {one.actor.order + 1}" if one.actor.of > 1 else ""
    with painting.cutout(f"{one.actor.subject}{number}", one.depth_m, box, windowed=False) as brush:
        if one.actor.subject in _GLOWING:
            _shine(painting, brush, one)
        if one.actor.subject == "lighthouse" and (
            painting.light.dark or painting.light.sun_y > 0.7 or not painting.light.sun_shows
        ):
            _beams(painting, brush, one)
        grounded = one.actor.stance == "stand" and painting.plan.place.ground != "void"
        if grounded:
            _contact(painting, brush, one)
            if painting.light.sun_shows and painting.style.staging == "scene" and painting.plan.place.outdoors:
                _cast_shadow(painting, brush, one)
        elif one.actor.stance == "float":
            _reflection(painting, brush, one)
        if one.actor.stance == "float":
            brush.canvas.save()
            brush.canvas.clipRect(skia.Rect(0, 0, frame.width, one.foot - one.tall * _DRAUGHT))
        if painting.style.contour and painting.style.ink is not None:
            _draw(brush, one, _silhouette(painting, one))
        _body(painting, brush, one)
        if one.actor.stance == "float":
            brush.canvas.restore()
            _waterline(painting, brush, one)


def paint_arrows(painting: Painting, placed: list[Placed]) -> None:
    """Curved arrows from each satellite of a concept to its middle."""
    main, *around = placed
    frame = painting.frame
    colour = painting.style.ink or painting.style.grade(from_hex("ffffff"))
    with painting.cutout("arrows", 5.5, windowed=False) as brush:
        for one in around:
            x0, y0 = one.x, one.foot - one.tall / 2
            x1, y1 = main.x, main.foot - main.tall * 0.55
            turn = atan2(y1 - y0, x1 - x0)
            start = one.tall * 0.68
            reach = max(start + 20, ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 - main.wide * 0.52)
            ax, ay = x0 + cos(turn) * start, y0 + sin(turn) * start
            bx, by = x0 + cos(turn) * reach, y0 + sin(turn) * reach
            bend = 0.16 * (1 if x0 < x1 else -1)
            cx, cy = (ax + bx) / 2 + (by - ay) * bend, (ay + by) / 2 - (bx - ax) * bend
            line = skia.Path()
            line.moveTo(ax, ay)
            line.quadTo(cx, cy, bx, by)
            width = frame.short * 0.0085
            brush.stroke(line, colour, width, 0.9)
            end = atan2(by - cy, bx - cx)
            head = frame.short * 0.034
            tip = polygon(
                [
                    (bx + cos(end) * head * 0.6, by + sin(end) * head * 0.6),
                    *((bx + cos(end + side) * head, by + sin(end + side) * head) for side in (2.5, -2.5)),
                ]
            )
            brush.fill(tip, colour, 0.9, inked=False)


def _body(painting: Painting, brush: Brush, one: Placed) -> None:
    """The vector in the scene's colours, then light and shade on top of it only."""
    style = painting.style
    body = subjects.recoloured(one.icon, _change(painting, one))
    if style.ink is not None and not style.contour:
        unit = one.icon.height * (one.icon.ink[3] - one.icon.ink[1]) / max(1.0, one.tall)
        body = subjects.outlined(body, style.ink, style.ink_width * painting.frame.short * unit)
    canvas = brush.canvas
    if style.volume <= 0 and style.rim <= 0:
        _draw(brush, one, body)
        return
    pad = one.tall * 0.2
    bounds = skia.Rect(one.x - one.wide / 2 - pad, one.top - pad, one.x + one.wide / 2 + pad, one.foot + pad)
    canvas.saveLayer(bounds)
    _draw(brush, one, body)
    _shading(painting, canvas, one, bounds)
    if style.rim > 0:
        _rim(painting, brush, one, bounds, body)
    canvas.restore()


def _change(painting: Painting, one: Placed) -> Callable[[Colour], Colour]:
    """Word colour, then the scene's light and haze, then the style."""
    light, style = painting.light, painting.style
    dye = subjects.dyed(one.icon, from_hex(one.actor.colour)) if one.actor.colour else None
    # A subject keeps some of its own colour in any light, or nobody could name it at night.
    lift = 0.42 if one.actor.subject not in _GLOWING else 1.0
    ambient = mix(light.ambient, (1.0, 1.0, 1.0), lift)
    haze = light.haze_at(one.depth_m * style.haze) * 0.55

    def change(colour: Colour) -> Colour:
        out = dye(colour) if dye else colour
        lit = (out[0] * ambient[0], out[1] * ambient[1], out[2] * ambient[2])
        graded = style.grade(mix(lit, light.haze, haze))
        return mix(graded, style.grade(out), 0.55) if style.staging in ("paper", "bold", "blob") else graded

    return change


def _silhouette(painting: Painting, one: Placed) -> str:
    """The icon in ink with a wide stroke: drawn first, it becomes an outer contour."""
    ink = painting.style.ink or (0.0, 0.0, 0.0)
    unit = one.icon.height * (one.icon.ink[3] - one.icon.ink[1]) / max(1.0, one.tall)
    body = subjects.recoloured(one.icon, lambda _: ink)
    return subjects.outlined(body, ink, 2.0 * painting.style.ink_width * painting.frame.short * unit)


def _draw(brush: Brush, one: Placed, body: str) -> None:
    canvas, icon = brush.canvas, one.icon
    canvas.save()
    _to_icon(canvas, one)
    subjects.parsed(body, icon.width, icon.height).render(canvas)
    canvas.restore()


def _to_icon(canvas: Any, one: Placed) -> None:
    """Make icon units land so that the ink box fills the actor's place."""
    left, top, right, bottom = one.icon.ink
    scale = one.tall / max(1e-6, (bottom - top) * one.icon.height)
    canvas.translate(one.x, one.foot - one.tall / 2)
    if one.tilt:
        canvas.rotate(one.tilt)
    canvas.scale(-scale if one.flip else scale, scale)
    canvas.translate(-(left + right) / 2 * one.icon.width, -(top + bottom) / 2 * one.icon.height)


def _shading(painting: Painting, canvas: Any, one: Placed, bounds: Any) -> None:
    """A warm side, a shaded side and a darker foot; rounder with the style's `volume`."""
    light, volume = painting.light, painting.style.volume
    if volume <= 0:
        return
    sun = painting.style.grade(light.sun)
    shade = painting.style.grade(mix(light.sky[0], (0.06, 0.05, 0.16), 0.55))
    toward = light.side
    x0, x1 = one.x + toward * one.wide * 0.5, one.x - toward * one.wide * 0.5
    paint = skia.Paint(Dither=True)
    paint.setBlendMode(skia.BlendMode.kSrcATop)
    paint.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(x0, one.top), skia.Point(x1, one.foot)],
            colors=[
                _argb(sun, 0.24 * volume),
                _argb(sun, 0.03 * volume),
                _argb(shade, 0.12 * volume),
                _argb(shade, 0.58 * volume),
            ],
            positions=[0.0, 0.35, 0.55, 1.0],
        )
    )
    canvas.drawRect(bounds, paint)
    if volume > 0.7:
        x, y = one.x + toward * one.wide * 0.2, one.top + one.tall * 0.26
        paint.setShader(
            skia.GradientShader.MakeRadial(
                center=(x, y), radius=max(1.0, one.tall * 0.3), colors=[_argb((1, 1, 1), 0.2), _argb((1, 1, 1), 0.0)]
            )
        )
        canvas.drawRect(bounds, paint)


def _rim(painting: Painting, brush: Brush, one: Placed, bounds: Any, body: str) -> None:
    """A thin light edge on the side turned to the sun: the shape minus itself moved away from the light."""
    canvas, light, style = brush.canvas, painting.light, painting.style
    strength = style.rim * (0.85 if light.dark or light.sun_y > 0.65 else 0.3)
    rim = style.grade(mix(light.sun, (1, 1, 1), 0.25))
    if light.neon:
        rim = style.grade(from_hex("ff5fc0"))
    flat = skia.Paint(ColorFilter=skia.ColorFilters.Blend(_argb(rim, strength), skia.BlendMode.kSrcIn))
    flat.setBlendMode(skia.BlendMode.kSrcATop)
    canvas.saveLayer(bounds, flat)
    _draw(brush, one, body)
    away = skia.Paint(BlendMode=skia.BlendMode.kDstOut)
    canvas.saveLayer(bounds, away)
    step = max(1.2, one.tall * 0.013)
    canvas.translate(-light.side * step, step * 0.8)
    _draw(brush, one, body)
    canvas.restore()
    canvas.restore()


def _contact(painting: Painting, brush: Brush, one: Placed) -> None:
    """The soft dark under the feet."""
    colour = painting.style.grade(mix(painting.light.sky[0], (0.02, 0.02, 0.08), 0.7))
    if painting.style.staging == "paper":
        colour = painting.style.ink or colour
    half, thick = one.wide * 0.46, max(3.0, one.tall * 0.035)
    alpha = 0.2 if painting.style.staging in ("paper", "blob", "bold") else 0.42
    y = one.foot - thick * 0.15
    brush.blot(oval(one.x - half, y - thick, one.x + half, y + thick), colour, alpha, max(1.0, thick * 0.55))


def _cast_shadow(painting: Painting, brush: Brush, one: Placed) -> None:
    """The actor's shape laid on the ground away from the sun; long when it is low."""
    light, canvas = painting.light, brush.canvas
    low = min(1.0, max(0.0, light.sun_y))
    colour = painting.style.grade(mix(light.sky[0], (0.02, 0.02, 0.1), 0.75))
    paint = skia.Paint(
        ColorFilter=skia.ColorFilters.Blend(_argb(colour, 0.2 if light.dark else 0.3), skia.BlendMode.kSrcIn)
    )
    sigma = max(1.0, one.tall * 0.008)
    paint.setImageFilter(skia.ImageFilters.Blur(sigma, sigma))
    margin = one.tall * 0.5
    canvas.saveLayer(
        skia.Rect(
            one.x - one.wide / 2 - margin,
            one.foot - one.tall * 0.5,
            one.x + one.wide / 2 + margin,
            one.foot + margin * 0.7,
        ),
        paint,
    )
    matrix = skia.Matrix()
    # Feet stay; heads fall away from the light: x shears with height, y flattens and flips towards the camera.
    squash = 0.2 + 0.12 * low
    matrix.setAll(
        1,
        light.side * (0.25 + 0.55 * low),
        -light.side * (0.25 + 0.55 * low) * one.foot,
        0,
        -squash,
        one.foot * (1 + squash) - one.tall * 0.02,
        0,
        0,
        1,
    )
    canvas.concat(matrix)
    _draw(brush, one, one.icon.body)
    canvas.restore()


def _reflection(painting: Painting, brush: Brush, one: Placed) -> None:
    canvas = brush.canvas
    tone = painting.style.grade(mix(painting.light.sky[0], painting.light.lit(from_hex("2c86b8")), 0.5))
    paint = skia.Paint(Alphaf=0.34)
    paint.setImageFilter(skia.ImageFilters.Blur(one.tall * 0.006 + 0.5, one.tall * 0.02 + 0.5))
    bounds = skia.Rect(
        one.x - one.wide, one.foot - one.tall * (_DRAUGHT + 0.02), one.x + one.wide, one.foot + one.tall * 0.5
    )
    canvas.saveLayer(bounds, paint)
    matrix = skia.Matrix()
    matrix.setAll(1, 0, 0, 0, -0.5, (one.foot - one.tall * _DRAUGHT) * 1.5, 0, 0, 1)
    canvas.concat(matrix)
    _draw(
        brush,
        one,
        subjects.recoloured(one.icon, lambda colour: mix(painting.style.grade(scaled(colour, 0.7)), tone, 0.4)),
    )
    canvas.restore()


def _waterline(painting: Painting, brush: Brush, one: Placed) -> None:
    foam = painting.style.grade(mix(painting.light.sky[-1], (1, 1, 1), 0.55))
    y = one.foot - one.tall * _DRAUGHT
    thick = max(1.5, one.tall * 0.012)
    for share, alpha in ((0.56, 0.5), (0.46, 0.85)):
        brush.fill(
            oval(one.x - one.wide * share, y - thick, one.x + one.wide * share, y + thick), foam, alpha, inked=False
        )


def _shine(painting: Painting, brush: Brush, one: Placed) -> None:
    warm = painting.style.grade(from_hex("ffb648"))
    strong = 0.62 if painting.light.dark else 0.3
    reach = max(one.tall, one.wide)
    brush.glow(
        one.x,
        one.foot - one.tall * 0.5,
        reach * 0.98,
        warm,
        strong * (0.6 if painting.style.staging == "paper" else 1.0),
    )


def _beams(painting: Painting, brush: Brush, one: Placed) -> None:
    """A lighthouse's two beams from its lamp."""
    warm = painting.style.grade(from_hex("fff0b0"))
    x, y = one.x, one.top + one.tall * 0.21
    brush.glow(x, y, one.tall * 0.4, warm, 0.6)
    for side in (-1, 1):
        far = x + side * one.tall * 1.6
        beam = polygon(
            [(x, y - one.tall * 0.02), (far, y - one.tall * 0.2), (far, y + one.tall * 0.06), (x, y + one.tall * 0.02)]
        )
        brush.shade(beam, [(warm, 0.55), (warm, 0.0)], (x, y), (far, y), inked=False)


def _argb(colour: Colour, alpha: float) -> int:
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in colour)
    return int(skia.Color(red, green, blue, round(255 * min(1.0, max(0.0, alpha)))))
