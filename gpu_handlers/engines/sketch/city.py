"""Cities: skylines with lit windows, neon, shop fronts, waterfronts that mirror them."""

from __future__ import annotations

from random import Random

import skia

from gpu_handlers.engines.sketch.colour import Colour, from_hex, mix, scaled
from gpu_handlers.engines.sketch.painting import Brush, Painting, circle, oval, polygon, rect, rounded

NEON = tuple(from_hex(part) for part in ("ff3fa4", "27e8ff", "ffd23f", "9d5cff", "3dffb0", "ff6b3d"))


def skyline_far(painting: Painting) -> None:
    """Towers in the haze."""
    _skyline(painting, depth_m=420, tall=0.46, wide=0.055, foot=0.0)


def skyline(painting: Painting) -> None:
    """The towers that make the skyline."""
    _skyline(painting, depth_m=200, tall=0.54, wide=0.085, foot=0.01)


def skyline_near(painting: Painting) -> None:
    """Lower blocks in front, open in the middle."""
    _skyline(painting, depth_m=90, tall=0.4, wide=0.115, foot=0.02, clearing=0.42)


def _skyline(
    painting: Painting, *, depth_m: float, tall: float, wide: float, foot: float, clearing: float = 0.0
) -> None:
    """A row of towers; a nearer row keeps low in the middle so that those behind are seen."""
    frame, rng, light = painting.frame, painting.rng, painting.light
    base = frame.horizon + frame.height * foot
    glowing = light.dark or light.sun_y > 0.7
    wall = from_hex("2a2450" if light.neon else "59657f" if not light.dark else "39425e")
    warm = painting.style.grade(from_hex("ffd98c"))
    glass = mix(painting.colour(scaled(wall, 0.75), depth_m), painting.style.grade(light.sky[1]), 0.3)
    with painting.cutout(
        f"skyline {depth_m:.0f} m",
        depth_m,
        (0, base - frame.height * (tall + 0.16), frame.width, base + frame.height * 0.02),
    ) as brush:
        windows: dict[Colour, skia.Path] = {}
        x = -wide * frame.width * rng.random()
        while x < frame.width:
            breadth = frame.short * wide * rng.uniform(0.7, 1.35)
            middle = 1.0 - abs((x + breadth / 2) / frame.width - 0.5) * 2
            lift = (0.45 + 0.55 * rng.random()) * (0.62 + 0.5 * middle if not clearing else 1.12 - 0.8 * middle)
            height = frame.height * tall * min(1.0, lift)
            tone = painting.colour(scaled(wall, rng.uniform(0.78, 1.25)), depth_m)
            _tower(painting, brush, rng, x, base, breadth, height, tone, depth_m)
            lit = warm if not light.neon else painting.style.grade(rng.choice((from_hex("ffd98c"), *NEON[:4])))
            colour = lit if glowing else glass
            path = windows.setdefault(colour, skia.Path())
            _windows(
                path,
                rng,
                x,
                base,
                breadth,
                height,
                share=0.42 if glowing else 0.85,
                unit=frame.short * (0.011 if depth_m < 150 else 0.0082 if depth_m < 300 else 0.006),
            )
            x += breadth * rng.uniform(0.92, 1.18)
        fade = 1.0 - light.haze_at(depth_m) * 0.6
        for colour, path in windows.items():
            brush.fill(path, colour, (0.95 if glowing else 0.55) * fade, inked=False)
        if light.neon and depth_m < 300:
            _signs(painting, brush, rng, base, tall)
        if painting.style.staging in ("scene", "blob"):
            haze = painting.style.grade(light.haze)
            brush.shade(
                rect(0, base - frame.height * 0.2, frame.width, base + frame.height * 0.03),
                [(haze, 0.0), (haze, 0.5 * light.haze_at(depth_m * 1.6))],
                (0, base - frame.height * 0.2),
                (0, base),
                inked=False,
            )


def _tower(
    painting: Painting,
    brush: Brush,
    rng: Random,
    x: float,
    base: float,
    wide: float,
    tall: float,
    tone: Colour,
    depth_m: float,
) -> None:
    """One building: a slab, a stepped tower, a slanted top, a dome or a spire."""
    top = base - tall
    edge = painting.style.grade(mix(painting.light.sun, painting.light.lit((0.6, 0.6, 0.7), depth_m), 0.45))
    kind = rng.choice(("slab", "step", "slant", "spire", "dome", "slab", "twin"))
    mid = x + wide / 2
    body = rect(x, top, x + wide, base + 6)
    match kind:
        case "step":
            body.addRect(skia.Rect(x + wide * 0.16, top - tall * 0.08, x + wide * 0.84, top))
            body.addRect(skia.Rect(x + wide * 0.34, top - tall * 0.15, x + wide * 0.66, top))
        case "slant":
            body = polygon([(x, top + wide * 0.4), (x + wide, top - wide * 0.2), (x + wide, base + 6), (x, base + 6)])
        case "spire":
            body.addPath(polygon([(x + wide * 0.22, top), (mid, top - tall * 0.2), (x + wide * 0.78, top)]))
        case "dome":
            body.addPath(oval(x, top - wide * 0.42, x + wide, top + wide * 0.42))
        case "twin":
            body = rect(x, top, x + wide * 0.44, base + 6)
            body.addRect(skia.Rect(x + wide * 0.56, top + tall * 0.1, x + wide, base + 6))
            body.addRect(skia.Rect(x, top + tall * 0.3, x + wide, top + tall * 0.35))
    brush.shade(body, [(tone, 1), (scaled(tone, 0.82), 1)], (0, top), (0, base))
    if painting.style.staging == "scene":  # the flank turned to the light
        lit = (
            rect(x + wide * 0.93, top + wide * 0.42, x + wide, base)
            if painting.light.side > 0
            else rect(x, top + wide * 0.42, x + wide * 0.07, base)
        )
        brush.fill(lit, edge, 0.4 if depth_m < 300 else 0.2, inked=False)
    if rng.random() < 0.45:
        brush.fill(rect(mid - wide * 0.012 - 0.5, top - tall * 0.24, mid + wide * 0.012 + 0.5, top), tone, inked=False)
        if painting.light.dark:
            red = painting.style.grade(from_hex("ff4a4a"))
            brush.fill(circle(mid, top - tall * 0.24, wide * 0.03 + 0.8), red, inked=False)
            brush.glow(mid, top - tall * 0.24, wide * 0.2, red, 0.5)


def _windows(
    path: skia.Path, rng: Random, x: float, base: float, wide: float, tall: float, *, share: float, unit: float
) -> None:
    step = unit * 1.9
    columns, rows = int((wide - step * 0.8) / step), min(40, int((tall - step) / (step * 1.15)))
    if columns < 1:
        return
    left = x + (wide - columns * step + step - unit) / 2
    banded = rng.random() < 0.25  # whole floors lit, as offices are
    for row in range(rows):
        y = base - tall + step * 0.9 + row * step * 1.15
        if banded:
            if rng.random() < share:
                path.addRect(skia.Rect(left, y, left + (columns - 1) * step + unit, y + unit * 0.6))
            continue
        for column in range(columns):
            if rng.random() < share:
                path.addRect(skia.Rect(left + column * step, y, left + column * step + unit, y + unit * 1.1))


def _signs(painting: Painting, brush: Brush, rng: Random, base: float, tall: float) -> None:
    """Neon signs, tubes along edges and rings of light."""
    frame = painting.frame
    for _ in range(11):
        colour = painting.style.grade(rng.choice(NEON))
        x, y = rng.uniform(0.02, 0.97) * frame.width, base - frame.height * tall * rng.uniform(0.1, 0.62)
        high, wide = frame.short * rng.uniform(0.04, 0.12), frame.short * rng.uniform(0.012, 0.022)
        brush.glow(x, y + high / 2, high * 1.5, colour, 0.34)
        brush.fill(rounded(x - wide / 2, y, x + wide / 2, y + high, wide * 0.3), scaled(colour, 0.35), 0.9, inked=False)
        brush.stroke(rounded(x - wide / 2, y, x + wide / 2, y + high, wide * 0.3), colour, frame.short * 0.0026)
        for glyph in range(int(high / (wide * 1.1))):
            top = y + wide * 0.3 + glyph * wide * 1.1
            brush.fill(
                rect(x - wide * 0.25, top, x + wide * rng.uniform(0.05, 0.28), top + wide * 0.5),
                mix(colour, (1, 1, 1), 0.5),
                inked=False,
            )


def flying_traffic(painting: Painting) -> None:
    """Streaks of far-off flying cars between the towers."""
    frame, rng = painting.frame, painting.rng
    with painting.cutout("air traffic", 130, (0, 0, frame.width, frame.horizon)) as brush:
        for lane in range(3):
            y = frame.horizon * rng.uniform(0.34, 0.8)
            slope = rng.uniform(-0.05, 0.05)
            colour = painting.style.grade(NEON[lane % 2 * 5])
            for _ in range(7):
                x = rng.uniform(0, frame.width)
                length = frame.width * rng.uniform(0.012, 0.04)
                line = polygon([(x, y + x * slope), (x + length, y + (x + length) * slope)], closed=False)
                brush.stroke(line, colour, frame.short * 0.0028, 0.8)
                brush.glow(x + length, y + (x + length) * slope, frame.short * 0.012, colour, 0.8)


def waterfront(painting: Painting) -> None:
    """Still water before the city: it holds the skyline upside down, broken by ripples, above a quay's rail."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    top = frame.horizon + frame.height * 0.015
    with painting.cutout("waterfront", 30, (0, top, frame.width, frame.height), plane=True) as brush:
        far = painting.style.grade(mix(light.sky[-1], light.lit(from_hex("2b5f8f")), 0.5))
        near = painting.style.grade(mix(light.sky[0], light.lit(from_hex("173a5f")), 0.55))
        brush.shade(
            rect(-2, top, frame.width + 2, frame.height + 2), [(far, 1), (near, 1)], (0, top), (0, frame.height)
        )
        if painting.style.staging != "paper":
            _mirror(painting, brush, top)
        glint = painting.style.grade(mix(light.sky[-1], (1, 1, 1), 0.2))
        for _ in range(110):
            share = rng.random() ** 1.4
            y = top + (frame.height - top) * share + 2
            wide = frame.width * (0.012 + 0.09 * share) * rng.uniform(0.4, 1.3)
            x = rng.uniform(-0.05, 1) * frame.width
            colour = near if rng.random() < 0.5 else glint
            brush.fill(
                oval(x, y, x + wide, y + max(0.8, frame.height * 0.006 * (0.15 + share))), colour, 0.3, inked=False
            )


def _mirror(painting: Painting, brush: Brush, top: float) -> None:
    """Draw what stands behind, flipped at the waterline and stretched downwards."""
    canvas = brush.canvas
    paint = skia.Paint(Alphaf=0.62)
    paint.setImageFilter(skia.ImageFilters.Blur(painting.frame.short * 0.0025, painting.frame.short * 0.006))
    for cutout in painting.cutouts:
        if not cutout.name.startswith("skyline"):
            continue
        canvas.save()
        canvas.translate(0, top)
        canvas.scale(1, -0.62)
        canvas.translate(0, -top)
        canvas.drawImage(cutout.surface.makeImageSnapshot(), cutout.left, cutout.top, skia.SamplingOptions(), paint)
        canvas.restore()


def shops(painting: Painting) -> None:
    """Two rows of fronts that close in on the street's end."""
    frame, rng, light = painting.frame, painting.rng, painting.light
    glowing = light.dark or light.sun_y > 0.7
    walls = (
        ("b5654a", "d9a66c", "8c6d7e", "6d8a96", "c98f6b", "a3b18a")
        if not light.neon
        else ("2c2554", "3a2a66", "241f4a")
    )
    base = frame.horizon + frame.height * 0.05
    with painting.cutout("shops", 34, (0, frame.height * 0.06, frame.width, frame.height * 0.97)) as brush:
        for side in (-1, 1):
            for step in range(4):  # the nearest is drawn last
                inner, outer = 0.13 * (step + 1) ** 1.18, 0.13 * (step + 2) ** 1.18
                x0, x1 = frame.width * (0.5 + side * inner), frame.width * (0.5 + side * outer)
                wall = from_hex(rng.choice(walls))
                tone = painting.colour(scaled(wall, 0.9 if side == light.side else 1.12), 70 - 14 * step)
                y0, y1 = base + frame.height * 0.034 * step**1.5, base + frame.height * 0.034 * (step + 1) ** 1.5
                top0, top1 = base - frame.height * (0.16 + 0.1 * step), base - frame.height * (0.16 + 0.1 * (step + 1))
                lift = frame.height * rng.uniform(-0.03, 0.05)
                front = polygon([(x0, top0 + lift), (x1, top1 + lift), (x1, y1), (x0, y0)])
                brush.shade(front, [(tone, 1), (scaled(tone, 0.78), 1)], (0, top1), (0, y1))
                _front(painting, brush, rng, (x0, x1), (top0 + lift, top1 + lift), (y0, y1), glowing)


def _front(
    painting: Painting,
    brush: Brush,
    rng: Random,
    xs: tuple[float, float],
    tops: tuple[float, float],
    feet: tuple[float, float],
    glowing: bool,
) -> None:
    """Windows, an awning and a lit shop pane on one front in perspective."""

    def at(across: float, down: float) -> tuple[float, float]:
        x = xs[0] + (xs[1] - xs[0]) * across
        top, foot = tops[0] + (tops[1] - tops[0]) * across, feet[0] + (feet[1] - feet[0]) * across
        return x, top + (foot - top) * down

    def pane(left: float, top: float, right: float, bottom: float) -> skia.Path:
        return polygon([at(left, top), at(right, top), at(right, bottom), at(left, bottom)])

    lit = painting.style.grade(from_hex("ffdf9a") if not painting.light.neon else rng.choice(NEON))
    dull = painting.colour(from_hex("4b6179"), 30)
    for row in (0.1, 0.27, 0.44):
        for column in (0.14, 0.56):
            on = glowing and rng.random() < 0.6
            brush.fill(pane(column, row, column + 0.28, row + 0.11), lit if on else dull, inked=False)
    brush.fill(pane(0.1, 0.73, 0.9, 0.97), lit if glowing else painting.colour(from_hex("9fc4d6"), 20))
    if glowing:
        x, y = at(0.5, 0.85)
        brush.glow(x, y, abs(xs[1] - xs[0]) * 0.75, lit, 0.4)
    awning = painting.colour(from_hex(rng.choice(("d64545", "2f8f83", "e0a030", "4a6fb5"))), 20)
    if painting.light.neon:
        awning = painting.style.grade(rng.choice(NEON))
    brush.fill(pane(0.04, 0.63, 0.96, 0.73), awning)


def pavement(painting: Painting) -> None:
    """The street itself; wet ones shine with the lights above them."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    top = frame.horizon + frame.height * 0.03
    with painting.cutout("street", 10, (0, top, frame.width, frame.height), plane=True) as brush:
        stone, asphalt = from_hex("9aa0ab"), from_hex("4d5364" if not light.neon else "2b2747")
        brush.shade(
            rect(-2, top, frame.width + 2, frame.height + 2),
            [(painting.colour(stone, 60), 1), (painting.colour(scaled(stone, 0.8), 4), 1)],
            (0, top),
            (0, frame.height),
        )
        mid = frame.width / 2
        road = polygon(
            [
                (mid - frame.width * 0.085, top),
                (mid + frame.width * 0.085, top),
                (mid + frame.width * 0.62, frame.height + 2),
                (mid - frame.width * 0.62, frame.height + 2),
            ]
        )
        brush.shade(
            road,
            [(painting.colour(asphalt, 60), 1), (painting.colour(scaled(asphalt, 0.8), 4), 1)],
            (0, top),
            (0, frame.height),
        )
        wet = painting.plan.weather in ("rain", "storm") or light.neon
        if wet and painting.style.staging != "paper":
            for _ in range(26):
                colour = painting.style.grade(rng.choice(NEON) if light.neon else from_hex("ffd98c"))
                x = rng.uniform(0.0, 1.0) * frame.width
                y, long = top + (frame.height - top) * rng.uniform(0, 0.6), frame.height * rng.uniform(0.06, 0.2)
                brush.shade(
                    oval(x - frame.short * 0.012, y, x + frame.short * 0.012, y + long),
                    [(colour, 0.0), (colour, 0.4), (colour, 0.0)],
                    (0, y),
                    (0, y + long),
                    inked=False,
                )
        line = painting.colour(from_hex("f4efdf"), 8)
        for dash in range(6):
            near, far = 1.5**dash / 1.5**6, 1.5 ** (dash + 0.55) / 1.5**6
            ya, yb = top + (frame.height - top) * near, top + (frame.height - top) * far
            half = frame.width * 0.012
            brush.fill(
                polygon(
                    [(mid - half * near, ya), (mid + half * near, ya), (mid + half * far, yb), (mid - half * far, yb)]
                ),
                line,
                0.8,
                inked=False,
            )
