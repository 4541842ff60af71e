"""Painting an actor so that it sits in its scene: lit, shaded, rimmed, with a shadow, each on a layer of its own."""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, sin
from typing import Any

import skia

from gpu_handlers.engines.sketch import relief, shadows, stencil, subjects
from gpu_handlers.engines.sketch.colour import Colour, from_hex, luma, mix
from gpu_handlers.engines.sketch.compose import Placed
from gpu_handlers.engines.sketch.painting import Brush, Painting, argb, oval, polygon
from gpu_handlers.engines.sketch.staging import has_grid

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


_DRAUGHT = 0.12
"""Share of a floating subject's height under water."""
_DRAUGHTS = {"sailboat": 0.05}


def paint_actor(painting: Painting, one: Placed) -> None:
    """Add the layer of one placed actor."""
    frame, light, style = painting.frame, painting.light, painting.style
    margin = max(one.tall, one.wide) * (0.5 if one.actor.subject != "lighthouse" else 1.6) + 8
    box = (one.x - one.wide / 2 - margin, one.top - margin, one.x + one.wide / 2 + margin, one.foot + margin * 0.8)
    number = f" {one.actor.order + 1}" if one.actor.of > 1 else ""
    name = f"{one.actor.subject}{number}"
    with painting.cutout(
        name, one.depth_m, box, windowed=False, scenery=False, lead=one.actor.variant is not None
    ) as brush:  # fmt: skip
        if one.actor.subject in _GLOWING:
            _shine(painting, brush, one)
        if one.actor.subject == "lighthouse" and (light.dark or light.sun_y > 0.7 or not light.sun_shows):
            _beams(painting, brush, one)
        floating = one.actor.stance == "float"
        draught = _DRAUGHTS.get(one.actor.subject, _DRAUGHT)
        if one.actor.relation == "hold":
            pass  # in somebody's hands, off the ground
        elif one.actor.stance == "stand" and painting.plan.place.ground != "void":
            _ground_shadows(painting, brush, one)
        elif floating:
            shadows.in_water(painting, brush, one, draught)
        if floating:
            brush.canvas.save()
            brush.canvas.clipRect(skia.Rect(0, 0, frame.width, one.foot - one.tall * draught))
        if style.contour and style.ink is not None:
            stencil.contour(painting, brush.canvas, one)
        _body(painting, brush, one)
        if floating:
            brush.canvas.restore()
            _waterline(painting, brush, one, draught)


def _ground_shadows(painting: Painting, brush: Brush, one: Placed) -> None:
    style = painting.style
    if has_grid(painting) and one.actor.attached is None:
        shadows.mirrored(painting, brush, one)
    if style.long_shadow > 0:
        shadows.drawn_out(painting, brush, one)
    shadows.contact(painting, brush, one)
    if painting.light.sun_shows and style.staging == "scene" and painting.plan.place.outdoors:
        shadows.cast(painting, brush, one)


def paint_arrows(painting: Painting, placed: list[Placed]) -> None:
    """Curved arrows from each satellite of a concept to its middle."""
    main, *around = placed
    frame = painting.frame
    colour = painting.style.ink or painting.style.grade(from_hex("ffffff"))
    with painting.cutout("arrows", 5.5, windowed=False, scenery=False) as brush:
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
    style, canvas = painting.style, brush.canvas
    body = subjects.recoloured(one.icon, _change(painting, one))
    inner = style.inner_ink if style.contour else 1.0
    if style.ink is not None and inner > 0:
        width = stencil.units(one, style.ink_width * inner * painting.frame.short)
        body = subjects.outlined(body, style.ink, width)
    if style.volume <= 0 and style.rim <= 0 and style.sculpt <= 0 and style.shadow == "none":
        stencil.draw(canvas, one, body)
        return
    pad = one.tall * 0.2
    bounds = skia.Rect(one.x - one.wide / 2 - pad, one.top - pad, one.x + one.wide / 2 + pad, one.foot + pad)
    canvas.saveLayer(bounds)
    stencil.draw(canvas, one, body)
    if style.sculpt > 0 and one.actor.subject not in _GLOWING:
        relief.swell(painting, canvas, _small(one, body, bounds), bounds, style.sculpt, gloss=style.gloss)
    _shading(painting, canvas, one, bounds)
    if style.shadow != "none" and one.actor.subject not in _GLOWING:
        stencil.crescent(painting, canvas, one, bounds, body)
    if style.rim > 0:
        light = painting.light
        colour = style.grade(from_hex("ff5fc0") if light.neon else mix(light.sun, (1, 1, 1), 0.25))
        strength = style.rim * (0.85 if light.dark or light.sun_y > 0.65 else 0.3)
        stencil.rim(painting, canvas, one, bounds, body, colour, strength)
    canvas.restore()


def _small(one: Placed, body: str, bounds: Any) -> Any:
    """The actor alone, just large enough to tell its shapes apart."""
    scale = min(1.0, relief.SUBJECT_PX / max(bounds.width(), bounds.height()))
    surface = skia.Surface(max(4, round(bounds.width() * scale)), max(4, round(bounds.height() * scale)))
    with surface as canvas:
        canvas.scale(surface.width() / bounds.width(), surface.height() / bounds.height())
        canvas.translate(-bounds.left(), -bounds.top())
        stencil.draw(canvas, one, body)
    return surface.makeImageSnapshot()


def _change(painting: Painting, one: Placed) -> Callable[[Colour], Colour]:
    """Word colour, then the scene's light and haze, then the style."""
    light, style = painting.light, painting.style
    dye = subjects.dyed(one.icon, from_hex(one.actor.colour)) if one.actor.colour else None
    # A subject keeps some of its own colour in any light, or nobody could name it at night.
    lift = 0.42 if one.actor.subject not in _GLOWING else 1.0
    ambient = mix(light.ambient, (1.0, 1.0, 1.0), lift)
    haze = light.haze_at(one.depth_m * style.haze) * 0.55
    accent = style.accent and (from_hex(one.actor.colour) if one.actor.colour else style.accent)

    def change(colour: Colour) -> Colour:
        if accent:
            return mix((1.0, 1.0, 1.0), accent, 0.8 * (1.0 - luma(colour)))
        out = dye(colour) if dye else colour
        lit = (out[0] * ambient[0], out[1] * ambient[1], out[2] * ambient[2])
        graded = style.grade_subject(mix(lit, light.haze, haze))
        return mix(graded, style.grade_subject(out), 0.55) if style.staging in ("bold", "blob") else graded

    return change


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
                argb(sun, 0.24 * volume),
                argb(sun, 0.03 * volume),
                argb(shade, 0.12 * volume),
                argb(shade, 0.58 * volume),
            ],
            positions=[0.0, 0.35, 0.55, 1.0],
        )
    )
    canvas.drawRect(bounds, paint)


def _waterline(painting: Painting, brush: Brush, one: Placed, draught: float) -> None:
    foam = painting.style.grade(mix(painting.light.sky[-1], (1, 1, 1), 0.55))
    y = one.foot - one.tall * draught
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
