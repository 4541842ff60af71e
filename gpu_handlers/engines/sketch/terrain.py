"""Dry land: hills, fields, dunes, snow, roads, stadiums."""

from __future__ import annotations

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, mix, scaled
from gpu_handlers.engines.sketch.ground import GRASS, SAND, blade, ground_fill, plane, tops, under
from gpu_handlers.engines.sketch.noise import Line, smooth_line
from gpu_handlers.engines.sketch.painting import Painting, circle, oval, polygon, rect


def _roll(
    painting: Painting,
    name: str,
    colour: Colour,
    depth_m: float,
    *,
    rise: float,
    foot: float,
    waves: float,
    plane: bool = False,
    octaves: int = 2,
) -> tuple[Line, Line]:
    """A soft hill line, lighter on its crest; gives back its x and y."""
    frame = painting.frame
    line = smooth_line(painting.rng, 140, waves * max(0.7, frame.width / frame.height), octaves)
    base = frame.horizon + foot * frame.height
    crest = base - frame.height * rise * line
    xs = np.linspace(-2, frame.width + 2, 140)
    bottom = frame.height + 2 if plane else base + 0.16 * frame.height
    near, far = painting.colour(colour, depth_m * 0.4), painting.colour(mix(colour, WHITE, 0.08), depth_m)
    with painting.cutout(name, depth_m, (0, float(crest.min()) - 3, frame.width, bottom), plane=plane) as brush:
        brush.shade(
            under(xs, crest, bottom),
            [(far, 1), (near, 1)],
            (0, float(crest.min())),
            (0, min(bottom, base + frame.height * 0.22)),
        )
    return xs, crest


def hills_far(painting: Painting) -> None:
    """Blue hills at the horizon."""
    colour = mix(from_hex(GRASS[painting.plan.season]), from_hex("5f86a8"), 0.45)
    _roll(painting, "far hills", colour, 330, rise=0.17, foot=0.01, waves=2.6)


def hills(painting: Painting) -> None:
    """Rolling hills halfway."""
    colour = mix(from_hex(GRASS[painting.plan.season]), from_hex("4f8f6a"), 0.3)
    _roll(painting, "hills", colour, 140, rise=0.13, foot=0.03, waves=2.2)


def hills_snow(painting: Painting) -> None:
    """Rolling hills under snow."""
    _roll(painting, "snow hills", from_hex("d3e2f2"), 120, rise=0.12, foot=0.03, waves=2.4)


def meadow(painting: Painting) -> None:
    """Grass to the camera's feet with tufts and flowers."""
    grass = from_hex(GRASS[painting.plan.season])
    ground = plane(painting, "meadow", grass, scaled(grass, 0.66))
    _tufts(painting, ground, grass)


def crops(painting: Painting) -> None:
    """Furrows that run to the horizon."""
    frame, rng = painting.frame, painting.rng
    wheat = from_hex("e0b647" if painting.plan.season in ("summer", "autumn") else GRASS[painting.plan.season])
    with painting.cutout("crops", 14, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        ground_fill(painting, brush, wheat, scaled(wheat, 0.7))
        vanish = frame.width * rng.uniform(0.3, 0.7)
        furrow = painting.colour(scaled(wheat, 0.72), 10)
        for row in range(-16, 17):
            foot = vanish + row * frame.width * 0.13
            line = polygon(
                [
                    (vanish + row * 3.0, frame.horizon + frame.height * 0.015),
                    (foot, frame.height + 2),
                    (foot + frame.width * 0.035, frame.height + 2),
                ]
            )
            brush.fill(line, furrow, 0.4, inked=False)


def dry_grass(painting: Painting) -> None:
    """The yellow plain of a savanna."""
    grass = from_hex("d9ad55")
    ground = plane(painting, "savanna", grass, scaled(grass, 0.68))
    _tufts(painting, ground, grass)


def dunes_far(painting: Painting) -> None:
    """Low dunes at the horizon."""
    _dune(painting, 260, rise=0.14, foot=0.02, waves=1.8)


def dunes(painting: Painting) -> None:
    """A high dune halfway."""
    _dune(painting, 90, rise=0.15, foot=0.07, waves=1.3)


def _dune(painting: Painting, depth_m: float, *, rise: float, foot: float, waves: float) -> None:
    """A dune with a sharp crest line: one side in light, the other in shade."""
    frame, rng = painting.frame, painting.rng
    sand = from_hex(SAND)
    xs = np.linspace(-2, frame.width + 2, 120)
    line = smooth_line(rng, 120, waves * max(0.7, frame.width / frame.height), 1)
    base = frame.horizon + foot * frame.height
    crest = base - frame.height * rise * line
    lit, dark = painting.colour(sand, depth_m), painting.colour(scaled(sand, 0.66), depth_m)
    with painting.cutout(
        f"dunes {depth_m:.0f} m", depth_m, (0, float(crest.min()) - 3, frame.width, base + frame.height * 0.2)
    ) as brush:
        body = under(xs, crest, base + frame.height * 0.2)
        brush.fill(body, lit)
        brush.canvas.save()
        brush.canvas.clipPath(body, True)
        side = -painting.light.side
        for top in tops(crest, 8):
            x, y = float(xs[top]), float(crest[top])
            reach, tall = frame.width * 0.4, base - y + frame.height * 0.2
            shade = skia.Path()
            shade.moveTo(x, y - 4)
            shade.cubicTo(
                x + side * reach * 0.12,
                y + tall * 0.3,
                x - side * reach * 0.1,
                y + tall * 0.6,
                x + side * reach * 0.1,
                y + tall,
            )
            shade.lineTo(x + side * reach, y + tall)
            shade.lineTo(x + side * reach, y - 4)
            shade.close()
            brush.shade(shade, [(dark, 0.5), (dark, 0.2), (dark, 0.0)], (x, 0), (x + side * reach, 0), inked=False)
        brush.canvas.restore()


def sand(painting: Painting) -> None:
    """Rippled sand to the camera."""
    frame, rng = painting.frame, painting.rng
    colour = from_hex(SAND)
    with painting.cutout("sand", 12, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        ground_fill(painting, brush, colour, scaled(colour, 0.82), top=frame.horizon + frame.height * 0.07)
        ripple = painting.colour(scaled(colour, 0.8), 8)
        for step in range(14):
            share = (step + 1) / 15
            y = frame.horizon + frame.height * (0.09 + 0.32 * share**1.5)
            x, wide = rng.uniform(-0.2, 0.8) * frame.width, frame.width * rng.uniform(0.2, 0.5)
            wave = skia.Path()
            wave.moveTo(x, y)
            wave.quadTo(x + wide / 2, y - frame.height * 0.014 * (0.4 + share), x + wide, y)
            brush.stroke(wave, ripple, frame.height * 0.004 * (0.3 + share), 0.6)


def snow(painting: Painting) -> None:
    """Snow to the camera, in soft drifts."""
    frame, rng = painting.frame, painting.rng
    colour = from_hex("eef5ff")
    plane(painting, "snow", colour, from_hex("bcd2ea"))
    with painting.cutout("drifts", 8, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        for step in range(7):
            share = (step + 1) / 8
            y = frame.horizon + frame.height * (0.04 + 0.3 * share**1.3)
            x, wide = rng.uniform(-0.3, 0.7) * frame.width, frame.width * rng.uniform(0.4, 0.8)
            drift = skia.Path()
            drift.moveTo(x, y)
            drift.quadTo(x + wide * 0.4, y - frame.height * 0.045 * (0.3 + share), x + wide, y)
            drift.close()
            brush.shade(
                drift,
                [(painting.colour(WHITE, 6), 0.9), (painting.colour(from_hex("cfe0f3"), 6), 0.0)],
                (0, y - frame.height * 0.02),
                (0, y),
                inked=False,
            )


def highway(painting: Painting) -> None:
    """A road that narrows to the horizon between fields."""
    frame, rng = painting.frame, painting.rng
    grass = from_hex(GRASS[painting.plan.season]) if "desert" not in painting.plan.traits else from_hex(SAND)
    with painting.cutout("road", 10, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        ground_fill(painting, brush, grass, scaled(grass, 0.66))
        vanish, y = frame.width * rng.uniform(0.4, 0.6), frame.horizon + frame.height * 0.005
        foot, half = frame.width * 0.5, frame.width * 0.36
        asphalt = painting.colour(from_hex("565b6b"), 8)
        brush.fill(
            polygon(
                [(vanish - 3, y), (vanish + 3, y), (foot + half, frame.height + 2), (foot - half, frame.height + 2)]
            ),
            asphalt,
        )
        line = painting.colour(from_hex("fff4d0"), 6)
        for edge in (-0.93, 0.93):
            brush.fill(
                polygon(
                    [
                        (vanish + edge * 3, y),
                        (foot + edge * half, frame.height),
                        (foot + edge * half * 0.96, frame.height),
                    ]
                ),
                line,
                0.8,
                inked=False,
            )
        for dash in range(9):
            near, far = 1.35**dash / 1.35**9, 1.35 ** (dash + 0.5) / 1.35**9
            brush.fill(_strip(vanish, y, foot, frame.height, near, far, half * 0.03), line, inked=False)


def pitch(painting: Painting) -> None:
    """A mown pitch with its centre circle."""
    frame = painting.frame
    grass = from_hex("4fae4a")
    with painting.cutout("pitch", 10, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        ground_fill(painting, brush, grass, scaled(grass, 0.75))
        vanish = frame.width / 2
        stripe = painting.colour(scaled(grass, 1.14), 10)
        for band in range(-6, 7, 2):
            left, right = vanish + band * frame.width * 0.16, vanish + (band + 1) * frame.width * 0.16
            brush.fill(
                polygon(
                    [
                        (vanish + (left - vanish) * 0.5, frame.horizon),
                        (vanish + (right - vanish) * 0.5, frame.horizon),
                        (vanish + (right - vanish) * 2, frame.height),
                        (vanish + (left - vanish) * 2, frame.height),
                    ]
                ),
                stripe,
                0.6,
                inked=False,
            )
        line = painting.colour(WHITE, 8)
        y = frame.horizon + frame.height * 0.14
        brush.stroke(
            oval(
                vanish - frame.width * 0.26,
                y - frame.height * 0.05,
                vanish + frame.width * 0.26,
                y + frame.height * 0.09,
            ),
            line,
            frame.short * 0.006,
            0.85,
        )


def stands(painting: Painting) -> None:
    """Rows of spectators under floodlights."""
    frame, rng = painting.frame, painting.rng
    top = frame.horizon - frame.height * 0.2
    base = painting.colour(from_hex("3d4663"), 60)
    with painting.cutout("stands", 60, (0, top - frame.height * 0.22, frame.width, frame.horizon + 2)) as brush:
        body = polygon(
            [
                (-2, top - frame.height * 0.03),
                (frame.width * 0.5, top + frame.height * 0.03),
                (frame.width + 2, top - frame.height * 0.03),
                (frame.width + 2, frame.horizon + 2),
                (-2, frame.horizon + 2),
            ]
        )
        brush.fill(body, base)
        crowd = [
            painting.colour(from_hex(part), 60) for part in ("e4572e", "f2c14e", "4d9de0", "f3f3f3", "7768ae", "3bb273")
        ]
        brush.canvas.save()
        brush.canvas.clipPath(body, True)
        for colour in crowd:
            dots = skia.Path()
            for _ in range(150):
                row = rng.randrange(12)
                dots.addCircle(rng.uniform(0, frame.width), top + row * frame.height * 0.0185, frame.short * 0.0052)
            brush.fill(dots, colour, 0.85, inked=False)
        brush.canvas.restore()
        lamp = painting.style.grade((1.0, 0.99, 0.9))
        for x in (0.12, 0.88):
            brush.fill(rect(frame.width * x - 3, top - frame.height * 0.15, frame.width * x + 3, top), base)
            brush.fill(
                rect(
                    frame.width * (x - 0.045),
                    top - frame.height * 0.19,
                    frame.width * (x + 0.045),
                    top - frame.height * 0.14,
                ),
                lamp,
            )
            brush.glow(frame.width * x, top - frame.height * 0.165, frame.short * 0.2, lamp, 0.5)


def _tufts(painting: Painting, crest: Line, grass: Colour) -> None:
    frame, rng = painting.frame, painting.rng
    low = float(crest.max())
    petals = [from_hex(part) for part in ("ffffff", "ffd84d", "ff7fa8", "b58cff")]
    flowers = painting.plan.season in ("spring", "summer") and painting.plan.place_name not in ("savanna", "farm")
    with painting.cutout("grass", 7, (0, float(crest.min()), frame.width, frame.height), plane=True) as brush:
        for _ in range(150):
            share = rng.random() ** 0.8
            y = low + (frame.height - low) * share
            tone = painting.colour(scaled(grass, rng.choice((0.62, 0.74, 1.16))), frame.ground_depth(y))
            blade(
                brush,
                rng.uniform(0, frame.width),
                y,
                frame.height * (0.006 + 0.026 * share),
                rng.uniform(-0.5, 0.5),
                tone,
            )
        if flowers:
            for _ in range(46 if painting.plan.season == "spring" else 22):
                share = rng.random() ** 0.7
                y = low + (frame.height - low) * share
                radius = frame.height * (0.0015 + 0.0042 * share)
                brush.fill(
                    circle(rng.uniform(0, frame.width), y, radius), painting.colour(rng.choice(petals), 5), inked=False
                )


def _strip(x0: float, y0: float, x1: float, y1: float, near: float, far: float, half: float) -> object:
    """A dash on the road between two shares of the way from the vanishing point (0) to the camera (1)."""

    def at(share: float) -> tuple[float, float]:
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share

    (xa, ya), (xb, yb) = at(near), at(far)
    return polygon([(xa - half * near, ya), (xa + half * near, ya), (xb + half * far, yb), (xb - half * far, yb)])
