"""Where there is no ground or no air: space, the moon, under water, above the clouds."""

from __future__ import annotations

from math import cos, sin

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, mix, scaled
from gpu_handlers.engines.sketch.noise import smooth_line
from gpu_handlers.engines.sketch.painting import FAR_M, Brush, Painting, circle, oval, polygon, rect
from gpu_handlers.engines.sketch.staging import rings

_NEBULAE = (
    ("0a0a2a", "5b2a9b", "e0479a", "3bb8ff"),
    ("07122b", "1d5fa8", "4de0d0", "8a5cff"),
    ("12081f", "8b2f6e", "ff8a4d", "5b3fd1"),
)


def nebula(painting: Painting) -> None:
    """Clouds of stars, as the backdrop of space."""
    frame, rng = painting.frame, painting.rng
    base, *clouds = (from_hex(part) for part in rng.choice(_NEBULAE))
    grade = painting.style.grade
    if painting.style.staging == "paper":
        with painting.cutout("space", FAR_M) as brush:
            brush.fill(rect(0, 0, frame.width, frame.height), (0.97, 0.97, 0.99), inked=False)
            _stars(painting, brush, painting.style.ink or base)
        return
    with painting.cutout("space", FAR_M) as brush:
        whole = rect(0, 0, frame.width, frame.height)
        brush.shade(
            whole,
            [(grade(scaled(base, 0.7)), 1), (grade(mix(base, clouds[0], 0.3)), 1), (grade(scaled(base, 0.8)), 1)],
            (0, 0),
            (frame.width, frame.height),
            inked=False,
            bands=0,
        )
        if painting.style.staging == "bold":
            tones = [grade(scaled(base, 0.7)), grade(mix(base, clouds[0], 0.35)), grade(mix(base, clouds[-1], 0.8))]
            rings(painting, brush, frame.width * 0.3, frame.height * 0.42, tones)
        turn = rng.uniform(-0.6, 0.6)
        for _ in range(16):
            along = rng.uniform(-0.6, 0.6)
            x = frame.width * (0.5 + along * cos(turn)) + rng.gauss(0, 0.05) * frame.width
            y = frame.height * (0.42 + along * sin(turn)) + rng.gauss(0, 0.09) * frame.height
            brush.glow(x, y, frame.short * rng.uniform(0.12, 0.38), grade(rng.choice(clouds)), rng.uniform(0.1, 0.26))
        _stars(painting, brush, grade((1.0, 0.98, 0.94)))


def _stars(painting: Painting, brush: Brush, colour: Colour) -> None:
    frame, rng = painting.frame, painting.rng
    for _ in range(230):
        x, y, big = rng.uniform(0, frame.width), rng.uniform(0, frame.height), rng.random() ** 6
        brush.fill(circle(x, y, frame.short * (0.0007 + 0.0022 * big)), colour, rng.uniform(0.35, 1.0), inked=False)
        if big > 0.6:
            brush.glow(x, y, frame.short * 0.018, colour, 0.35)


def planets(painting: Painting) -> None:
    """A large banded planet low at one side and a small one far off."""
    frame, rng, light = painting.frame, painting.rng, painting.light
    side = -light.side
    hues = rng.choice((("e8a15c", "c96f4a"), ("5fa8d9", "3568a8"), ("b58be0", "7a4fb5"), ("6fcfb0", "3a8f86")))
    with painting.cutout("planet", 500) as brush:
        radius = frame.short * rng.uniform(0.3, 0.4)
        x, y = frame.width * (0.5 + side * 0.42), frame.height * 0.98
        _ball(painting, brush, x, y, radius, from_hex(hues[0]), from_hex(hues[1]), bands=True)
    with painting.cutout("moonlet", 600, (0, 0, frame.width, frame.height * 0.5)) as brush:
        x, y = frame.width * (0.5 - side * rng.uniform(0.28, 0.4)), frame.height * rng.uniform(0.12, 0.24)
        _ball(
            painting,
            brush,
            x,
            y,
            frame.short * rng.uniform(0.035, 0.06),
            from_hex("c9c4d6"),
            from_hex("8d88a3"),
            bands=False,
        )


def earthrise(painting: Painting) -> None:
    """The Earth in the sky of the moon."""
    frame, light = painting.frame, painting.light
    x, y, radius = frame.width * (0.5 + light.side * 0.27), frame.height * 0.24, frame.short * 0.105
    with painting.cutout("earth", 800, (x - radius * 2, y - radius * 2, x + radius * 2, y + radius * 2)) as brush:
        brush.glow(x, y, radius * 1.9, painting.style.grade(from_hex("7fc4ff")), 0.4)
        _ball(painting, brush, x, y, radius, from_hex("3f8fe0"), from_hex("2563b0"), bands=False)
        brush.canvas.save()
        brush.canvas.clipPath(circle(x, y, radius), True)
        land, cloud = painting.style.grade(from_hex("5fb56a")), painting.style.grade(WHITE)
        for dx, dy, wide, tall in ((-0.35, -0.3, 0.42, 0.3), (-0.1, 0.35, 0.3, 0.4), (0.55, 0.0, 0.36, 0.42)):
            brush.fill(
                oval(
                    x + (dx - wide) * radius,
                    y + (dy - tall) * radius,
                    x + (dx + wide) * radius,
                    y + (dy + tall) * radius,
                ),
                land,
                inked=False,
            )
        for dx, dy, wide in ((-0.3, 0.05, 0.6), (0.3, -0.55, 0.45), (0.25, 0.6, 0.5)):
            brush.fill(
                oval(
                    x + (dx - wide) * radius,
                    y + (dy - 0.07) * radius,
                    x + (dx + wide) * radius,
                    y + (dy + 0.07) * radius,
                ),
                cloud,
                0.75,
                inked=False,
            )
        night = circle(x - light.side * -0.5 * radius, y + 0.28 * radius, radius * 1.02)
        brush.canvas.clipPath(night, skia.ClipOp.kDifference, True)
        brush.fill(circle(x, y, radius), painting.style.grade(from_hex("0b1638")), 0.5, inked=False)
        brush.canvas.restore()


def _ball(
    painting: Painting, brush: Brush, x: float, y: float, radius: float, lit: Colour, dark: Colour, *, bands: bool
) -> None:
    grade, light, rng = painting.style.grade, painting.light, painting.rng
    disc = circle(x, y, radius)
    brush.fill(disc, grade(lit))
    brush.canvas.save()
    brush.canvas.clipPath(disc, True)
    if bands:
        for step in range(6):
            top = y + radius * (-1 + step / 3 + rng.uniform(-0.05, 0.05))
            brush.fill(
                oval(x - radius * 1.6, top, x + radius * 1.6, top + radius * rng.uniform(0.12, 0.26)),
                grade(mix(lit, dark, rng.uniform(0.3, 1))),
                0.7,
                inked=False,
            )
    if painting.style.staging == "scene":
        shadow = grade(from_hex("080a24"))
        start, end = (
            (x + light.side * radius * 0.5, y - radius * 0.6),
            (x - light.side * radius * 0.9, y + radius * 0.8),
        )
        brush.shade(disc, [(shadow, 0.0), (shadow, 0.25), (shadow, 0.85)], start, end, inked=False)
    brush.canvas.restore()


def craters_far(painting: Painting) -> None:
    """The rim at the horizon of the moon."""
    frame = painting.frame
    line = smooth_line(painting.rng, 100, 3.2, 3)
    crest = frame.horizon + frame.height * (0.03 - 0.09 * line)
    grey = _moon_grey(painting, 0.8)
    with painting.cutout(
        "far craters", 120, (0, float(crest.min()) - 2, frame.width, frame.horizon + frame.height * 0.1)
    ) as brush:
        xs = np.linspace(-2, frame.width + 2, 100)
        points = [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
        brush.shade(
            polygon([*points, (frame.width + 2, frame.height), (-2, frame.height)]),
            [(painting.style.grade(grey), 1), (painting.style.grade(scaled(grey, 0.6)), 1)],
            (0, float(crest.min())),
            (0, frame.horizon + frame.height * 0.1),
        )


def _moon_grey(painting: Painting, factor: float) -> Colour:
    return scaled(mix(from_hex("b9bccb"), painting.light.lit(from_hex("b9bccb")), 0.3), factor)


def craters(painting: Painting) -> None:
    """Grey ground with craters."""
    frame, rng, grade = painting.frame, painting.rng, painting.style.grade
    grey = _moon_grey(painting, 1.0)
    top = frame.horizon + frame.height * 0.03
    with painting.cutout("moon ground", 12, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        ground = skia.Path()
        ground.moveTo(-4, top + frame.height * 0.015)
        ground.quadTo(frame.width * 0.5, top - frame.height * 0.03, frame.width + 4, top + frame.height * 0.02)
        ground.lineTo(frame.width + 4, frame.height + 4)
        ground.lineTo(-4, frame.height + 4)
        brush.shade(ground, [(grade(grey), 1), (grade(scaled(grey, 0.58)), 1)], (0, top), (0, frame.height))
        for _ in range(20):
            share = rng.random() ** 1.2
            y = top + frame.height * 0.03 + (frame.height - top) * 0.93 * share
            wide = frame.width * (0.012 + 0.085 * share) * rng.uniform(0.5, 1.2)
            tall, x = wide * 0.3, rng.uniform(0, 1) * frame.width
            brush.fill(oval(x - wide, y - tall, x + wide, y + tall), grade(scaled(grey, 1.14)), inked=True)
            brush.fill(
                oval(x - wide * 0.9, y - tall * 0.72, x + wide * 0.9, y + tall * 0.9),
                grade(scaled(grey, 0.55)),
                0.85,
                inked=False,
            )
            brush.fill(
                oval(x - wide * 0.8, y - tall * 0.35, x + wide * 0.8, y + tall * 0.86),
                grade(scaled(grey, 0.76)),
                inked=False,
            )


def deep(painting: Painting) -> None:
    """Water that darkens downwards, with shafts of light."""
    frame, rng, grade = painting.frame, painting.rng, painting.style.grade
    dark = 0.55 if painting.light.dark else 1.0
    stops = [(grade(scaled(from_hex(part), dark)), 1.0) for part in ("8fe8e8", "2fb0cf", "1479b0", "0c4b86")]
    with painting.cutout("water", FAR_M / 10) as brush:
        whole = rect(0, 0, frame.width, frame.height)
        if painting.style.staging == "paper":
            brush.fill(whole, (0.95, 0.985, 0.995), inked=False)
            return
        brush.shade(whole, stops, (0, 0), (0, frame.height), inked=False, bands=painting.style.sky_bands)
        if painting.style.staging == "bold":
            rings(painting, brush, frame.width * 0.5, 0.0, [stop for stop, _ in reversed(stops)])
        beam = grade(from_hex("e8fffb"))
        for _ in range(7):
            x, wide, lean = (
                rng.uniform(0, 1) * frame.width,
                frame.width * rng.uniform(0.02, 0.07),
                frame.width * rng.uniform(-0.16, 0.16),
            )
            ray = polygon(
                [(x, -4), (x + wide, -4), (x + wide * 2.6 + lean, frame.height * 0.86), (x + lean, frame.height * 0.86)]
            )
            brush.shade(ray, [(beam, 0.26 * dark), (beam, 0.0)], (0, 0), (0, frame.height * 0.8), inked=False)


def reef_far(painting: Painting) -> None:
    """Rocks in the blue."""
    _reef(painting, depth_m=40, foot=0.0, tall=0.16, tone="1f86b0")


def reef(painting: Painting) -> None:
    """Nearer rocks with weeds."""
    _reef(painting, depth_m=18, foot=0.05, tall=0.1, tone="1b6a94")


def _reef(painting: Painting, *, depth_m: float, foot: float, tall: float, tone: str) -> None:
    frame, rng = painting.frame, painting.rng
    base = frame.horizon + frame.height * foot
    line = smooth_line(rng, 90, 2.6, 3)
    side = np.abs(np.linspace(-1, 1, 90)) ** 1.2
    crest = base + frame.height * 0.04 - frame.height * tall * line * (0.35 + 1.4 * side)
    colour = painting.style.grade(scaled(from_hex(tone), 0.55 if painting.light.dark else 1.0))
    xs = np.linspace(-2, frame.width + 2, 90)
    with painting.cutout(
        f"reef {depth_m:.0f} m", depth_m, (0, float(crest.min()) - frame.height * 0.12, frame.width, frame.height)
    ) as brush:
        points = [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
        brush.fill(polygon([*points, (frame.width + 2, frame.height), (-2, frame.height)]), colour)
        for _ in range(12):
            at = rng.randrange(90)
            x, y, high = points[at][0], points[at][1] + 4, frame.height * rng.uniform(0.04, 0.12)
            weed = skia.Path()
            weed.moveTo(x, y)
            weed.cubicTo(x + high * 0.2, y - high * 0.35, x - high * 0.2, y - high * 0.65, x + high * 0.08, y - high)
            brush.stroke(weed, colour, high * 0.1)


def seabed(painting: Painting) -> None:
    """Sand with corals and weeds in colour, and bubbles."""
    frame, rng, grade = painting.frame, painting.rng, painting.style.grade
    sand = scaled(mix(from_hex("e8d3a0"), from_hex("3fa3c4"), 0.3), 0.5 if painting.light.dark else 1.0)
    top = frame.horizon + frame.height * 0.1
    with painting.cutout(
        "seabed", 8, (0, frame.horizon - frame.height * 0.1, frame.width, frame.height), plane=True
    ) as brush:
        ground = skia.Path()
        ground.moveTo(-4, top)
        ground.cubicTo(
            frame.width * 0.3,
            top - frame.height * 0.04,
            frame.width * 0.65,
            top + frame.height * 0.04,
            frame.width + 4,
            top - frame.height * 0.02,
        )
        ground.lineTo(frame.width + 4, frame.height + 4)
        ground.lineTo(-4, frame.height + 4)
        brush.shade(ground, [(grade(sand), 1), (grade(scaled(sand, 0.7)), 1)], (0, top), (0, frame.height))
        for _ in range(9):
            x = frame.width * rng.choice((rng.uniform(0.0, 0.26), rng.uniform(0.74, 1.0)))
            y, high = top + frame.height * rng.uniform(0.03, 0.14), frame.height * rng.uniform(0.06, 0.13)
            colour = grade(
                scaled(
                    from_hex(rng.choice(("ff6f91", "ff9f5a", "c77dff", "ffd166", "4fd1a5"))),
                    0.6 if painting.light.dark else 0.95,
                )
            )
            for branch in (-0.5, -0.2, 0.1, 0.42):
                arm = skia.Path()
                arm.moveTo(x, y)
                arm.quadTo(
                    x + branch * high * 0.3, y - high * 0.5, x + branch * high, y - high * (1 - abs(branch) * 0.5)
                )
                brush.stroke(arm, colour, high * 0.13)
    with painting.cutout("bubbles", 5) as brush:
        for _ in range(26):
            x, y, radius = (
                rng.uniform(0, 1) * frame.width,
                rng.uniform(0.05, 0.85) * frame.height,
                frame.short * rng.uniform(0.003, 0.012),
            )
            brush.stroke(
                circle(x, y, radius),
                grade(from_hex("e6ffff")) if painting.style.staging != "paper" else painting.style.ink or WHITE,
                max(1.0, radius * 0.18),
                0.6,
            )
            brush.fill(circle(x - radius * 0.3, y - radius * 0.3, radius * 0.25), WHITE, 0.7, inked=False)


def cloud_sea_far(painting: Painting) -> None:
    """Far cloud tops."""
    _cloud_bank(painting, depth_m=260, foot=0.78, size=0.09)


def cloud_sea(painting: Painting) -> None:
    """Near cloud tops."""
    _cloud_bank(painting, depth_m=60, foot=0.9, size=0.14)


def _cloud_bank(painting: Painting, *, depth_m: float, foot: float, size: float) -> None:
    frame, rng, light = painting.frame, painting.rng, painting.light
    top = painting.style.grade(
        mix(light.sun, mix(light.sky[-1], WHITE, 0.5), 0.5) if not light.dark else mix(light.sky[-1], WHITE, 0.2)
    )
    under = painting.style.grade(mix(light.sky[1], light.haze, 0.5))
    bank = skia.Path()
    x = -0.1 * frame.width
    while x < frame.width * 1.1:
        radius = frame.short * size * rng.uniform(0.55, 1.15)
        bank.addCircle(x, frame.height * foot + radius * rng.uniform(-0.1, 0.5), radius)
        x += radius * 0.85
    bank.addRect(skia.Rect(-4, frame.height * (foot + size * 0.3), frame.width + 4, frame.height + 4))
    y = frame.height * (foot - size)
    with painting.cutout(f"clouds {depth_m:.0f} m", depth_m, (0, y - 6, frame.width, frame.height)) as brush:
        brush.shade(bank, [(top, 1), (mix(top, under, 0.75), 1), (under, 1)], (0, y), (0, frame.height), inked=False)
        if painting.style.ink is not None:
            brush.stroke(skia.Simplify(bank), painting.style.ink, painting.style.ink_width * frame.short, 0.6)
