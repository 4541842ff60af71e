"""What falls or drifts before everything: rain, snow, fog, leaves, petals, embers."""

from __future__ import annotations

from math import cos, sin

import skia

from gpu_handlers.engines.sketch.colour import WHITE, from_hex, mix
from gpu_handlers.engines.sketch.painting import Painting, circle, oval, rect

NEAR_M = 1.4


def paint_weather(painting: Painting) -> None:
    """The nearest layer, outdoors only."""
    if not painting.plan.place.outdoors and painting.plan.place_name != "moonscape":
        return
    match painting.plan.weather:
        case "rain" | "storm":
            _rain(painting, heavy=painting.plan.weather == "storm")
        case "snow":
            _snow(painting)
        case "fog":
            _fog(painting)
        case "wind":
            _gusts(painting)
        case _:
            if painting.plan.place_name == "snowfield" or painting.plan.season == "winter":
                _snow(painting, light=True)
            elif painting.plan.season == "autumn":
                _drifting(painting, ("d9812f", "c5502f", "e0b03c"), 26)
            elif painting.plan.season == "spring":
                _drifting(painting, ("ffc2d8", "ffffff", "ff9fc0"), 34)
            elif "dreamy" in painting.plan.moods:
                _motes(painting)


def _rain(painting: Painting, *, heavy: bool) -> None:
    frame, rng = painting.frame, painting.rng
    colour = painting.style.grade(mix(painting.light.haze, WHITE, 0.55))
    if painting.style.staging == "paper":
        colour = from_hex("4a86c8")
    lean = rng.choice((-1, 1)) * (0.32 if heavy else 0.14)
    with painting.cutout("rain", NEAR_M) as brush:
        for width, alpha, count in ((0.0012, 0.3, 150), (0.0022, 0.4, 70)):
            drops = skia.Path()
            for _ in range(int(count * (1.4 if heavy else 1.0) * frame.width / frame.height)):
                x, y = rng.uniform(-0.1, 1.1) * frame.width, rng.uniform(-0.1, 1.0) * frame.height
                long = frame.height * rng.uniform(0.03, 0.075)
                drops.moveTo(x, y)
                drops.lineTo(x + long * lean, y + long)
            brush.stroke(drops, colour, frame.short * width, alpha)


def _snow(painting: Painting, *, light: bool = False) -> None:
    frame, rng = painting.frame, painting.rng
    colour = WHITE if painting.style.staging != "paper" else from_hex("8fb4d9")
    with painting.cutout("snowfall", NEAR_M) as brush:
        flakes, near = skia.Path(), skia.Path()
        for _ in range(70 if light else 210):
            flakes.addCircle(
                rng.uniform(0, frame.width), rng.uniform(0, frame.height), frame.short * rng.uniform(0.0012, 0.0042)
            )
        for _ in range(8 if light else 26):
            near.addCircle(
                rng.uniform(0, frame.width), rng.uniform(0, frame.height), frame.short * rng.uniform(0.006, 0.011)
            )
        brush.fill(flakes, colour, 0.85, inked=False)
        brush.blot(near, colour, 0.6, frame.short * 0.003)


def _fog(painting: Painting) -> None:
    frame, rng = painting.frame, painting.rng
    colour = painting.style.grade(painting.light.haze)
    with painting.cutout("fog", 4.0) as brush:
        for step in range(5):
            y = frame.horizon + frame.height * (-0.12 + 0.09 * step)
            thick, x = frame.height * 0.06, rng.uniform(-0.3, 0.3) * frame.width
            brush.blot(oval(x, y - thick, x + frame.width * 1.1, y + thick), colour, 0.34, thick * 0.6)
        brush.shade(
            rect(0, 0, frame.width, frame.height),
            [(colour, 0.1), (colour, 0.32), (colour, 0.12)],
            (0, frame.height * 0.2),
            (0, frame.height),
            inked=False,
        )


def _gusts(painting: Painting) -> None:
    frame, rng = painting.frame, painting.rng
    with painting.cutout("wind", NEAR_M) as brush:
        for _ in range(7):
            x, y, long = (
                rng.uniform(-0.1, 0.8) * frame.width,
                rng.uniform(0.1, 0.75) * frame.height,
                frame.width * rng.uniform(0.15, 0.3),
            )
            gust = skia.Path()
            gust.moveTo(x, y)
            gust.cubicTo(x + long * 0.4, y - long * 0.08, x + long * 0.7, y + long * 0.08, x + long, y - long * 0.04)
            brush.stroke(
                gust,
                painting.style.ink if painting.style.staging == "paper" and painting.style.ink else WHITE,
                frame.short * 0.003,
                0.5,
            )


def _drifting(painting: Painting, colours: tuple[str, ...], count: int) -> None:
    """Leaves or petals on the wind."""
    frame, rng = painting.frame, painting.rng
    with painting.cutout("drifting leaves", NEAR_M) as brush:
        for _ in range(count):
            x, y, size, turn = (
                rng.uniform(0, frame.width),
                rng.uniform(0, frame.height),
                frame.short * rng.uniform(0.004, 0.0105),
                rng.uniform(0, 6.3),
            )
            tip = (x + cos(turn) * size, y + sin(turn) * size)
            petal = skia.Path()
            petal.moveTo(x - cos(turn) * size, y - sin(turn) * size)
            petal.quadTo(x - sin(turn) * size * 0.8, y + cos(turn) * size * 0.8, *tip)
            petal.quadTo(
                x + sin(turn) * size * 0.5, y - cos(turn) * size * 0.5, x - cos(turn) * size, y - sin(turn) * size
            )
            brush.fill(petal, painting.colour(from_hex(rng.choice(colours)), 2), 0.9, inked=False)


def _motes(painting: Painting) -> None:
    frame, rng = painting.frame, painting.rng
    colour = painting.style.grade(from_hex("fff2b8"))
    with painting.cutout("motes", NEAR_M) as brush:
        for _ in range(40):
            x, y, size = (
                rng.uniform(0, frame.width),
                rng.uniform(0.2, 1.0) * frame.height,
                frame.short * rng.uniform(0.0015, 0.0045),
            )
            brush.glow(x, y, size * 5, colour, 0.4)
            brush.fill(circle(x, y, size), colour, 0.9, inked=False)
