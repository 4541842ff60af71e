"""Water and its edges: sea, lake, waves, beach, bank, cliff."""

from __future__ import annotations

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import WHITE, from_hex, mix, scaled
from gpu_handlers.engines.sketch.ground import GRASS, blade, under
from gpu_handlers.engines.sketch.noise import smooth_line
from gpu_handlers.engines.sketch.painting import Brush, Painting, oval, polygon, rect
from gpu_handlers.engines.sketch.staging import surf

WATER = "2c86b8"


def isles(painting: Painting) -> None:
    """Now and then an island at the horizon."""
    if painting.rng.random() < 0.55:
        frame = painting.frame
        colour = painting.colour(from_hex("5f7f86"), 380)
        with painting.cutout("isle", 380, (0, frame.horizon * 0.8, frame.width, frame.horizon + 2)) as brush:
            x, wide = frame.width * painting.rng.uniform(0.02, 0.6), frame.width * painting.rng.uniform(0.2, 0.36)
            hill = skia.Path()
            hill.moveTo(x, frame.horizon + 1)
            hill.cubicTo(
                x + wide * 0.25,
                frame.horizon - frame.height * 0.06,
                x + wide * 0.3,
                frame.horizon - frame.height * 0.085,
                x + wide * 0.5,
                frame.horizon - frame.height * 0.035,
            )
            hill.cubicTo(
                x + wide * 0.7,
                frame.horizon - frame.height * 0.05,
                x + wide * 0.85,
                frame.horizon - 4,
                x + wide,
                frame.horizon + 1,
            )
            brush.fill(hill, colour)


def sea(painting: Painting) -> None:
    """Water to the horizon: it mirrors the sky, glitters under the sun, and rolls in a storm."""
    frame = painting.frame
    with painting.cutout("sea", 60, (0, frame.horizon - 1, frame.width, frame.height), plane=True) as brush:
        _water(painting, brush, frame.horizon, frame.height)
    if painting.plan.weather in ("storm", "wind"):
        _swell(painting)


def lake(painting: Painting) -> None:
    """Calm water that mirrors the sky."""
    frame = painting.frame
    with painting.cutout("lake", 50, (0, frame.horizon - 1, frame.width, frame.height), plane=True) as brush:
        _water(painting, brush, frame.horizon, frame.height)


def _water(painting: Painting, brush: Brush, top: float, bottom: float) -> None:
    frame, light, rng = painting.frame, painting.light, painting.rng
    water = from_hex(WATER)
    far = painting.style.grade(mix(light.sky[-1], light.lit(water), 0.42))
    mid = painting.style.grade(mix(light.sky[2], light.lit(water), 0.58))
    near = painting.style.grade(mix(light.sky[0], light.lit(scaled(water, 0.62)), 0.6))
    brush.shade(
        rect(-2, top, frame.width + 2, bottom + 2),
        [(far, 1), (mid, 1), (near, 1)],
        (0, top),
        (0, max(bottom, top + frame.height * 0.3)),
        bands=painting.style.sky_bands,
    )
    glint, dark = painting.style.grade(mix(light.sky[-1], WHITE, 0.35)), scaled(near, 0.86)
    if painting.style.staging == "paper":
        glint = dark = painting.style.ink or near
    for _ in range(90):
        share = rng.random() ** 1.6
        y = top + (bottom - top) * share + 2
        wide = frame.width * (0.015 + 0.1 * share) * rng.uniform(0.5, 1.4)
        x = rng.uniform(-0.05, 1.0) * frame.width
        tall = max(0.8, frame.height * 0.0052 * (0.15 + share))
        brush.fill(oval(x, y, x + wide, y + tall), rng.choice((glint, dark)), 0.28, inked=False)
    if (light.sun_shows and painting.style.staging != "paper") or (light.dark and light.sun_shows):
        sun = painting.style.grade(mix(light.sun, WHITE, 0.2))
        centre = light.sun_x * frame.width
        strong = 0.75 if light.sun_y > 0.6 or light.dark else 0.4
        for _ in range(70):
            share = rng.random()
            y = top + (bottom - top) * share**1.3 + 1
            wide = frame.width * (0.008 + 0.055 * share) * rng.uniform(0.4, 1.3)
            x = centre + rng.gauss(0, 0.022 + 0.04 * share) * frame.width
            tall = max(1.0, frame.height * 0.0055 * (0.2 + share))
            brush.fill(oval(x - wide / 2, y, x + wide / 2, y + tall), sun, strong * rng.uniform(0.3, 1.0), inked=False)


def _swell(painting: Painting) -> None:
    frame, rng = painting.frame, painting.rng
    water = scaled(from_hex(WATER), 0.8)
    for step in range(4):
        share = (step + 1) / 4
        y = frame.horizon + frame.height * 0.34 * share**1.4
        depth_m = frame.ground_depth(y)
        tall, wide = frame.height * 0.05 * (0.35 + share), frame.width * (0.12 + 0.16 * share)
        wave, foam = skia.Path(), skia.Path()
        x = -wide * rng.random()
        wave.moveTo(x, frame.height + 4)
        wave.lineTo(x, y)
        while x < frame.width + wide:
            for path in (wave, foam):
                if path is foam:
                    path.moveTo(x + wide * 0.2, y - tall * 0.35)
                    path.quadTo(x + wide * 0.45, y - tall * 1.05, x + wide * 0.72, y - tall * 0.55)
                else:
                    path.cubicTo(
                        x + wide * 0.3, y - tall * 0.1, x + wide * 0.35, y - tall, x + wide * 0.6, y - tall * 0.8
                    )
                    path.quadTo(x + wide * 0.72, y - tall * 0.2, x + wide, y)
            x += wide
        wave.lineTo(x, frame.height + 4)
        wave.close()
        with painting.cutout(
            f"wave {step}", depth_m, (0, y - tall * 1.3, frame.width, frame.height), plane=True
        ) as brush:
            top = painting.colour(mix(water, WHITE, 0.12), depth_m)
            brush.shade(
                wave,
                [(top, 1), (painting.colour(scaled(water, 0.55), 3), 1)],
                (0, y - tall),
                (0, y + frame.height * 0.2),
            )
            brush.stroke(foam, painting.colour(WHITE, depth_m * 0.5), frame.height * 0.006 * (0.4 + share), 0.75)


def shore(painting: Painting) -> None:
    """A beach that comes in from below, with a wet edge and foam."""
    frame, rng = painting.frame, painting.rng
    colour = from_hex("f2d9a2")
    lean = rng.choice((-1, 1)) * frame.height * 0.045
    y = frame.horizon + frame.height * 0.17
    edge = skia.Path()
    edge.moveTo(-4, y + lean)
    edge.cubicTo(
        frame.width * 0.3,
        y + lean - frame.height * 0.03,
        frame.width * 0.6,
        y - lean + frame.height * 0.045,
        frame.width + 4,
        y - lean,
    )
    land = skia.Path(edge)
    land.lineTo(frame.width + 4, frame.height + 4)
    land.lineTo(-4, frame.height + 4)
    land.close()
    with painting.cutout("shore", 8, (0, y - frame.height * 0.11, frame.width, frame.height), plane=True) as brush:
        wet = painting.colour(scaled(colour, 0.76), 8)
        foam = painting.colour(WHITE, 8)
        brush.stroke(edge, foam, frame.height * 0.036, 0.45)
        brush.stroke(edge, foam, frame.height * 0.018, 0.9)
        brush.shade(
            land,
            [(wet, 1), (painting.colour(colour, 7), 1), (painting.colour(scaled(colour, 0.86), 4), 1)],
            (0, y - frame.height * 0.03),
            (0, frame.height),
        )
        for _ in range(60):
            x, share = rng.uniform(0, frame.width), rng.random()
            dot = y + frame.height * 0.08 + (frame.height - y) * share
            brush.fill(oval(x, dot, x + 2 + 5 * share, dot + 1 + 2 * share), wet, 0.5, inked=False)


def bank(painting: Painting) -> None:
    """The near bank of a lake, with grass."""
    grass = from_hex(GRASS[painting.plan.season])
    frame = painting.frame
    line = smooth_line(painting.rng, 80, 1.4, 2)
    crest = frame.height * (0.9 - 0.14 * line)
    xs = np.linspace(-2, frame.width + 2, 80)
    with painting.cutout(
        "bank", 6, (0, float(crest.min()) - frame.height * 0.05, frame.width, frame.height), plane=True
    ) as brush:
        body = under(xs, crest, frame.height + 2)
        brush.shade(
            body,
            [(painting.colour(grass, 6), 1), (painting.colour(scaled(grass, 0.62), 4), 1)],
            (0, float(crest.min())),
            (0, frame.height),
        )
        green = painting.colour(scaled(grass, 0.8), 5)
        for _ in range(70):
            at = painting.rng.randrange(80)
            blade(
                brush,
                float(xs[at]),
                float(crest[at]) + 4,
                frame.height * painting.rng.uniform(0.015, 0.045),
                painting.rng.uniform(-0.5, 0.5),
                green,
            )


def headland(painting: Painting) -> None:
    """A rocky cliff that comes in from one side, grass on top, surf at its foot."""
    frame, rng = painting.frame, painting.rng
    right = painting.light.sun_x < 0.5
    rock = from_hex("7d6f6a")
    grass = from_hex(GRASS[painting.plan.season])
    top = frame.height * 0.66

    def x_of(share: float) -> float:
        return frame.width * (1 - share) if right else frame.width * share

    edge = [
        (0.0, 0.0),
        (0.18, -0.02),
        (0.36, 0.0),
        (0.5, 0.015),
        (0.575, 0.04),
        (0.6, 0.09),
        (0.575, 0.15),
        (0.62, 0.21),
        (0.6, 0.28),
        (0.66, 0.36),
    ]
    outline = [(x_of(x), top + y * frame.height + rng.uniform(-0.006, 0.006) * frame.height) for x, y in edge]
    body = polygon([*outline, (x_of(0.66), frame.height + 4), (x_of(-0.02), frame.height + 4), (x_of(-0.02), top)])
    with painting.cutout("headland", 9, (0, top - frame.height * 0.06, frame.width, frame.height), plane=True) as brush:
        surf(painting, brush, [(x_of(0.6), frame.height * 0.9), (x_of(0.665), frame.height + 4)])
        brush.shade(
            body,
            [(painting.colour(scaled(rock, 1.1), 9), 1), (painting.colour(scaled(rock, 0.5), 6), 1)],
            (0, top),
            (0, frame.height),
        )
        brush.canvas.save()
        brush.canvas.clipPath(body, True)
        for layer in range(7):
            y = 0.075 + layer * 0.042 + rng.uniform(-0.008, 0.008)
            seam = [(x_of(x / 10 * 0.7), top + (y + rng.uniform(-0.007, 0.007)) * frame.height) for x in range(11)]
            lower = [(x, y_px + frame.height * rng.uniform(0.006, 0.024)) for x, y_px in reversed(seam)]
            brush.fill(
                polygon([*seam, *lower]),
                painting.colour(scaled(rock, rng.choice((0.6, 0.72, 1.2))), 8),
                0.5,
                inked=False,
            )
        turf = polygon(
            [
                *outline[:5],
                (x_of(0.5), top + frame.height * 0.062),
                (x_of(0.3), top + frame.height * 0.05),
                (x_of(0.12), top + frame.height * 0.06),
                (x_of(-0.02), top + frame.height * 0.055),
            ]
        )
        brush.shade(
            turf,
            [(painting.colour(grass, 8), 1), (painting.colour(scaled(grass, 0.62), 8), 1)],
            (0, top),
            (0, top + frame.height * 0.06),
        )
        brush.canvas.restore()
        for _ in range(40):
            share = rng.uniform(0, 0.52)
            blade(
                brush,
                x_of(share),
                top + frame.height * 0.004,
                frame.height * rng.uniform(0.008, 0.022),
                rng.uniform(-0.5, 0.5),
                painting.colour(scaled(grass, 0.8), 8),
            )
