"""Skies: gradient, sun, moon, stars, clouds, rainbow, aurora, fireworks."""

from __future__ import annotations

from math import cos, pi, sin

import skia

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, from_hsv, mix, scaled
from gpu_handlers.engines.sketch.painting import FAR_M, Brush, Painting, circle, oval, polygon, rect
from gpu_handlers.engines.sketch.staging import card, cloud_towers, rings, sun_rays

CLOUDS_M = 700.0


def paint_sky(painting: Painting) -> None:
    """The sky down to a little below the horizon, and its clouds as a layer of their own."""
    with painting.cutout("sky", FAR_M, windowed=False) as brush:
        _ground_paper(painting, brush)
        if painting.window is not None:
            brush.canvas.save()
            brush.canvas.clipPath(painting.window, True)
        _gradient(painting, brush)
        if painting.light.stars > 0.3 or "stars" in painting.plan.sky:
            _stars(painting, brush)
        if "aurora" in painting.plan.sky:
            _aurora(painting, brush)
        _disc(painting, brush)
        if "rainbow" in painting.plan.sky:
            _rainbow(painting, brush)
        if "fireworks" in painting.plan.sky or ("festive" in painting.plan.moods and painting.light.dark):
            _fireworks(painting, brush)
        if painting.window is not None:
            brush.canvas.restore()
    if painting.light.clouds > 0.05 and painting.plan.weather != "fog":
        _clouds(painting)
    if painting.plan.weather == "storm" or "lightning" in painting.plan.sky:
        _bolt(painting)


def _ground_paper(painting: Painting, brush: Brush) -> None:
    frame, staging = painting.frame, painting.style.staging
    whole = rect(0, 0, frame.width, frame.height)
    if staging == "blob":
        card(painting, brush)
    elif staging == "paper":
        brush.fill(whole, (0.995, 0.995, 0.99), inked=False)


def _gradient(painting: Painting, brush: Brush) -> None:
    frame, light, style = painting.frame, painting.light, painting.style
    whole = rect(0, 0, frame.width, frame.height)
    colours = [style.grade(part) for part in light.sky]
    bottom = max(frame.horizon * 1.03, frame.height * 0.4)
    match style.staging:
        case "paper":
            return
        case "blob":
            brush.shade(whole, [(colours[-3], 1), (colours[-1], 1)], (0, 0), (0, bottom), inked=False, bands=0)
        case "bold":
            brush.fill(whole, colours[0], inked=False)
            x, y = light.sun_x * frame.width, max(0.3, min(light.sun_y, 0.9)) * frame.horizon
            rings(painting, brush, x, y, colours)
        case "shards":
            brush.shade(
                whole, [(part, 1) for part in colours], (0, 0), (frame.width * 0.35, bottom), inked=False, bands=0
            )
            _shards(painting, brush, colours)
        case _:
            stops = [(part, 1.0) for part in colours]
            brush.shade(whole, stops, (0, 0), (0, bottom), inked=False, bands=style.sky_bands)


def _shards(painting: Painting, brush: Brush, colours: list[Colour]) -> None:
    frame, rng = painting.frame, painting.rng
    vivid = [*colours, *painting.style.ramp[1:5]]
    for _ in range(26):
        x, y = rng.uniform(-0.1, 1.1) * frame.width, rng.uniform(-0.1, 0.9) * frame.height
        reach, turn = rng.uniform(0.12, 0.42) * frame.short, rng.uniform(0, 2 * pi)
        corners = [
            (x + reach * cos(turn + spread), y + reach * sin(turn + spread))
            for spread in (0.0, rng.uniform(1.4, 2.4), rng.uniform(3.2, 4.6))
        ]
        brush.fill(polygon(corners), rng.choice(vivid), rng.uniform(0.16, 0.5), inked=False)


def _stars(painting: Painting, brush: Brush) -> None:
    frame, rng = painting.frame, painting.rng
    count = int(150 * max(painting.light.stars, 0.5) * frame.width / frame.height) + 60
    colour = painting.style.grade((1.0, 0.98, 0.92))
    if painting.style.staging == "paper":
        colour = painting.style.ink or colour
    unit = frame.short / 1000
    for _ in range(count):
        x, y = rng.uniform(0, frame.width), frame.horizon * rng.random() ** 1.25
        big = rng.random() ** 5
        brush.fill(circle(x, y, unit * (0.7 + 2.1 * big)), colour, rng.uniform(0.35, 1.0), inked=False)
        if big > 0.75:
            brush.glow(x, y, unit * 14, colour, 0.32)


def _disc(painting: Painting, brush: Brush) -> None:
    """Sun or moon with its glow; the glow stays when the disc is hidden by weather."""
    frame, light, style = painting.frame, painting.light, painting.style
    asked = "sun" in painting.plan.sky or "moon" in painting.plan.sky
    moon = "moon" in painting.plan.sky or (light.dark and "sun" not in painting.plan.sky and not light.neon)
    x, y = light.sun_x * frame.width, light.sun_y * frame.horizon
    radius = frame.short * (0.052 if not moon else 0.048) * (1.25 if light.sun_y > 0.7 else 1.0)
    if (light.neon and not light.dark) or (light.neon and painting.plan.time in ("sunset", "dusk", "dawn")):
        y, radius = frame.horizon * 0.62, frame.short * 0.17
    if asked and not painting.plan.actors:
        radius *= 1.7
    colour = style.grade(light.sun)
    wide = frame.short * (0.62 if light.sun_y > 0.7 else 0.42)
    if style.staging in ("scene", "blob"):
        brush.glow(
            x,
            y,
            wide,
            colour,
            (0.34 if moon else 0.5 if light.sun_y > 0.7 else 0.26) * (1.0 if light.sun_shows or asked else 0.35),
        )
        brush.glow(x, y, radius * 3.2, colour, 0.4 if light.sun_shows or asked else 0.1)
    if not (light.sun_shows or asked) or (light.sun_y > 1.1 and not asked):
        return
    if style.rays > 0 and not moon:
        sun_rays(painting, brush, x, y, mix(colour, WHITE, 0.55))
    if light.neon and not moon:
        _neon_sun(painting, brush, x, y, radius)
        return
    if moon:
        _moon(painting, brush, x, y, radius, crescent="spooky" not in painting.plan.moods and not asked)
        return
    disc = mix(colour, WHITE, 0.55)
    if style.staging == "paper":
        disc = style.accent or from_hex("ffd766")
        for spoke in range(12):
            turn = spoke * pi / 6
            ray = polygon(
                [
                    (x + cos(turn) * radius * 1.35, y + sin(turn) * radius * 1.35),
                    (x + cos(turn) * radius * 1.75, y + sin(turn) * radius * 1.75),
                ],
                closed=False,
            )
            brush.stroke(ray, style.ink or disc, style.ink_width * frame.short)
    brush.fill(circle(x, y, radius), disc, inked=not style.uneven_ink)


def _neon_sun(painting: Painting, brush: Brush, x: float, y: float, radius: float) -> None:
    """The striped sun of synthwave: bands are cut from its lower half."""
    style = painting.style
    brush.canvas.save()
    for band in range(6):
        top = y + radius * (0.06 + band * 0.17)
        gap = rect(x - radius, top, x + radius, top + radius * (0.025 + 0.018 * band))
        brush.canvas.clipPath(gap, skia.ClipOp.kDifference, True)
    stops = [(style.grade(from_hex(part)), 1.0) for part in ("fff0a0", "ffb04d", "ff4d88", "d12c9c")]
    brush.shade(circle(x, y, radius), stops, (0, y - radius), (0, y + radius))
    brush.canvas.restore()


def _moon(painting: Painting, brush: Brush, x: float, y: float, radius: float, *, crescent: bool) -> None:
    colour = painting.style.grade(from_hex("f6f1d8"))
    shade = mix(colour, painting.style.grade(painting.light.sky[0]), 0.16)
    disc = circle(x, y, radius)
    if crescent and painting.rng.random() < 0.4:
        bite = circle(x + radius * 0.5, y - radius * 0.18, radius * 0.92)
        brush.fill(skia.Op(disc, bite, skia.PathOp.kDifference_PathOp), colour)
        return
    brush.fill(disc, colour)
    for dx, dy, size in ((-0.35, -0.2, 0.26), (0.3, 0.28, 0.2), (0.12, -0.45, 0.14), (-0.2, 0.42, 0.15)):
        brush.fill(circle(x + dx * radius, y + dy * radius, size * radius), shade, 0.8, inked=False)


def _clouds(painting: Painting) -> None:
    """Flat-bottomed cumulus, lit from above; long bands when the sun is low or the sky covered."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    low_sun = light.sun_y > 0.7 or light.neon
    covered = light.clouds > 0.85
    top = mix(light.sky[-1], WHITE, 0.25 if light.dark else 0.75) if not covered else mix(light.sky[1], WHITE, 0.2)
    if low_sun:
        top = mix(light.sun, light.sky[2], 0.42)
    under = mix(light.sky[1], light.sky[-1], 0.5) if not covered else light.sky[0]
    top, under = painting.style.grade(top), painting.style.grade(scaled(under, 0.94))
    alpha = 0.55 if light.dark else 0.9
    with painting.cutout("clouds", CLOUDS_M, (0, 0, frame.width, frame.horizon)) as brush:
        if painting.style.clouds == "sculpted":
            cloud_towers(painting, brush)
            if not covered:
                return
        if low_sun or covered:
            for _ in range(int(4 + 9 * light.clouds)):
                x, y = rng.uniform(-0.2, 0.9) * frame.width, rng.uniform(0.05, 0.8) * frame.horizon
                wide = rng.uniform(0.3, 0.75) * frame.width
                tall = frame.short * rng.uniform(0.01, 0.026) * (2.3 if covered else 1.0)
                _band(brush, painting, x, y, wide, tall, top if not covered else under, under, alpha * 0.75)
        if not low_sun or covered:
            for _ in range(int(2 + 5 * light.clouds)):
                x, y = rng.uniform(-0.05, 1.0) * frame.width, rng.uniform(0.12, 0.72) * frame.horizon
                size = frame.short * rng.uniform(0.09, 0.2) * (0.55 + 0.6 * (1 - y / frame.horizon))
                _cumulus(brush, painting, x, y, size * (1.6 if covered else 1.0), top, under, alpha)


def _band(
    brush: Brush,
    painting: Painting,
    x: float,
    y: float,
    wide: float,
    tall: float,
    top: Colour,
    under: Colour,
    alpha: float,
) -> None:
    rng = painting.rng
    shapes = skia.Path()
    for _ in range(5):
        left = x + rng.uniform(0, 0.55) * wide
        lift = rng.uniform(-1.1, 1.1) * tall
        shapes.addRRect(
            skia.RRect.MakeRectXY(
                skia.Rect(left, y + lift, left + wide * rng.uniform(0.25, 0.5), y + lift + tall), tall / 2, tall / 2
            )
        )
    brush.shade(shapes, [(top, alpha), (under, alpha * 0.55)], (0, y - tall), (0, y + tall * 2), inked=False)


def _cumulus(
    brush: Brush, painting: Painting, x: float, y: float, size: float, top: Colour, under: Colour, alpha: float
) -> None:
    rng = painting.rng
    puffs = max(4, int(3 + size / painting.frame.short * 22))
    cloud = skia.Path.RRect(
        skia.RRect.MakeRectXY(
            skia.Rect(x - size * 1.15, y - size * 0.2, x + size * 1.15, y + size * 0.08), size * 0.14, size * 0.14
        )
    )
    for puff in range(puffs):
        at = (puff + 0.5) / puffs * 2 - 1
        radius = size * (0.2 + 0.3 * (1 - at * at)) * rng.uniform(0.8, 1.15)
        ball = skia.Path.Circle(x + at * size * 0.85, y - size * 0.06 - radius * 0.45, radius)
        floor = rect(x - 2 * size, y - 3 * size, x + 2 * size, y + size * 0.08)
        cloud = skia.Op(cloud, skia.Op(ball, floor, skia.PathOp.kIntersect_PathOp), skia.PathOp.kUnion_PathOp)
    brush.shade(cloud, [(top, alpha), (mix(top, under, 0.75), alpha * 0.8)], (0, y - size * 0.75), (0, y + size * 0.1))


def _rainbow(painting: Painting, brush: Brush) -> None:
    frame = painting.frame
    x, y, radius = frame.width * 0.5, frame.horizon * 1.12, frame.width * 0.46
    width = frame.short * 0.019
    for step in range(7):
        colour = painting.style.grade(from_hsv(step / 8.4, 0.72, 1.0))
        reach = radius - step * width
        arch = oval(x - reach, y - reach, x + reach, y + reach)
        brush.stroke(arch, colour, width * 1.15, 0.62)


def _aurora(painting: Painting, brush: Brush) -> None:
    frame, rng = painting.frame, painting.rng
    for curtain in range(3):
        colour = painting.style.grade(from_hex(("3dffb0", "54e0ff", "a56bff")[curtain]))
        base = frame.horizon * rng.uniform(0.45, 0.75)
        phase, waves = rng.uniform(0, 6), rng.uniform(0.8, 1.6)
        columns = 60
        for column in range(columns):
            at = column / columns
            foot = base + frame.horizon * 0.12 * sin(phase + at * waves * 2 * pi)
            tall = frame.horizon * (0.32 + 0.16 * sin(phase * 2 + at * 9))
            wide = frame.width / columns
            strip = rect(at * frame.width, foot - tall, at * frame.width + wide + 1, foot)
            brush.shade(
                strip,
                [(colour, 0.0), (colour, 0.16), (colour, 0.34), (colour, 0.0)],
                (0, foot - tall),
                (0, foot),
                inked=False,
            )


def _fireworks(painting: Painting, brush: Brush) -> None:
    frame, rng = painting.frame, painting.rng
    for _ in range(6):
        x, y = rng.uniform(0.1, 0.9) * frame.width, rng.uniform(0.1, 0.55) * frame.horizon
        reach = frame.short * rng.uniform(0.07, 0.16)
        colour = painting.style.grade(from_hsv(rng.random(), 0.55, 1.0))
        brush.glow(x, y, reach * 1.2, colour, 0.35)
        for ray in range(22):
            turn = ray * 2 * pi / 22
            far = reach * rng.uniform(0.75, 1.0)
            line = polygon(
                [
                    (x + cos(turn) * far * 0.3, y + sin(turn) * far * 0.3),
                    (x + cos(turn) * far, y + sin(turn) * far + far * 0.06),
                ],
                closed=False,
            )
            brush.stroke(line, colour, frame.short * 0.0028, 0.9)
            brush.fill(circle(x + cos(turn) * far, y + sin(turn) * far, frame.short * 0.003), WHITE, 0.9, inked=False)


def _bolt(painting: Painting) -> None:
    frame, rng = painting.frame, painting.rng
    x, y = frame.width * (0.22 if painting.light.sun_x > 0.5 else 0.78), 0.0
    points = [(x, y)]
    while y < frame.horizon * 0.95:
        x += frame.short * rng.uniform(-0.05, 0.05)
        y += frame.short * rng.uniform(0.04, 0.09)
        points.append((x, y))
    with painting.cutout("lightning", CLOUDS_M - 100, (0, 0, frame.width, frame.horizon)) as brush:
        line = polygon(points, closed=False)
        colour = painting.style.grade(from_hex("e8ecff"))
        if painting.style.ink is not None and painting.style.staging == "paper":
            colour = painting.style.ink
        brush.glow(points[0][0], frame.horizon * 0.2, frame.short * 0.5, colour, 0.3)
        brush.stroke(line, colour, frame.short * 0.012, 0.5, blur=frame.short * 0.008)
        brush.stroke(line, colour, frame.short * 0.004)
        fork = points[len(points) // 2]
        branch = polygon(
            [
                fork,
                (fork[0] + frame.short * 0.06, fork[1] + frame.short * 0.09),
                (fork[0] + frame.short * 0.05, fork[1] + frame.short * 0.15),
            ],
            closed=False,
        )
        brush.stroke(branch, colour, frame.short * 0.0025, 0.9)
