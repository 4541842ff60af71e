"""Trees at a distance: pine lines, groves, forests, acacias, palms; barns and cottages between them."""

from __future__ import annotations

import skia

from gpu_handlers.engines.sketch.colour import Colour, from_hex, mix, scaled
from gpu_handlers.engines.sketch.noise import smooth_line
from gpu_handlers.engines.sketch.painting import Brush, Painting, circle, oval, polygon, rect

_LEAVES = {
    "spring": ("7cc25a", "94cf67", "f3a9c4"),
    "summer": ("4f9a4a", "3f8a48", "67ad52"),
    "autumn": ("d9812f", "c5502f", "e0b03c"),
    "winter": ("9db2c2", "b5c6d3", "8ea5b8"),
}


def pines(painting: Painting) -> None:
    """A line of pines at the foot of hills or mountains."""
    _pine_line(painting, depth_m=60, foot=0.055, tall=0.1, gap=0.32)


def grove(painting: Painting) -> None:
    """A row of round trees."""
    _round_trees(painting, depth_m=85, foot=0.035, tall=0.085, count=17)


def grove_near(painting: Painting) -> None:
    """Larger trees to both sides."""
    _round_trees(painting, depth_m=40, foot=0.06, tall=0.17, count=7)


def forest_far(painting: Painting) -> None:
    """The far edge of a forest."""
    _pine_line(painting, depth_m=170, foot=0.025, tall=0.2, gap=0.2)


def forest(painting: Painting) -> None:
    """The forest halfway."""
    _pine_line(painting, depth_m=80, foot=0.05, tall=0.33, gap=0.26)


def forest_near(painting: Painting) -> None:
    """Tall pines to both sides: they frame what stands in the clearing."""
    _pine_line(painting, depth_m=32, foot=0.1, tall=0.56, gap=0.3, clearing=0.56)


def forest_floor(painting: Painting) -> None:
    """Moss, ferns and a path."""
    frame, rng = painting.frame, painting.rng
    moss = from_hex({"autumn": "a9713a", "winter": "dfe9f2"}.get(painting.plan.season, "4f7f45"))
    crest = frame.horizon + frame.height * (0.07 - 0.03 * smooth_line(rng, 60, 1.8, 2))
    body = polygon(
        [
            (-2, frame.height + 2),
            *((-2 + (frame.width + 4) * at / 59, float(y)) for at, y in enumerate(crest)),
            (frame.width + 2, frame.height + 2),
        ]
    )
    with painting.cutout(
        "forest floor", 12, (0, float(crest.min()) - 2, frame.width, frame.height), plane=True
    ) as brush:
        brush.shade(
            body,
            [(painting.colour(moss, 30), 1), (painting.colour(scaled(moss, 0.55), 4), 1)],
            (0, float(crest.min())),
            (0, frame.height),
        )
        path_light = painting.colour(mix(moss, from_hex("e9cf9a"), 0.55), 8)
        mid, low = frame.width * rng.uniform(0.42, 0.58), frame.height
        track = skia.Path()
        track.moveTo(mid - 4, float(crest.max()))
        track.cubicTo(
            mid - frame.width * 0.1, low * 0.84, mid + frame.width * 0.02, low * 0.9, mid - frame.width * 0.2, low + 4
        )
        track.lineTo(mid + frame.width * 0.2, low + 4)
        track.cubicTo(
            mid + frame.width * 0.2, low * 0.9, mid + frame.width * 0.0, low * 0.84, mid + 4, float(crest.max())
        )
        brush.fill(track, path_light, 0.55, inked=False)
        for _ in range(60):
            share = rng.random()
            y = float(crest.max()) + (frame.height - float(crest.max())) * share
            tone = painting.colour(scaled(moss, rng.choice((0.6, 0.8, 1.3))), 6)
            _fern(brush, rng.uniform(0, frame.width), y, frame.height * (0.01 + 0.03 * share), tone)


def light_shafts(painting: Painting) -> None:
    """Slanted light between the trunks, when a sun shines."""
    frame, light = painting.frame, painting.light
    if not light.sun_shows or light.dark or painting.style.staging != "scene":
        return
    colour = painting.style.grade(light.sun)
    with painting.cutout("light shafts", 30) as brush:
        x0, y0 = frame.width * light.sun_x, -frame.height * 0.1
        for step in range(4):
            lean = (step - 1.2) * 0.16 * frame.width - light.side * frame.width * 0.18
            wide = frame.width * (0.03 + 0.016 * step)
            shaft = polygon(
                [
                    (x0 - wide * 0.3, y0),
                    (x0 + wide * 0.3, y0),
                    (x0 + lean + wide * 1.8, frame.height * 0.9),
                    (x0 + lean - wide * 1.2, frame.height * 0.9),
                ]
            )
            brush.shade(
                shaft, [(colour, 0.26), (colour, 0.12), (colour, 0.0)], (0, y0), (0, frame.height * 0.9), inked=False
            )


def acacias(painting: Painting) -> None:
    """Flat-topped trees of the savanna."""
    frame, rng = painting.frame, painting.rng
    base = frame.horizon + frame.height * 0.03
    leaf, bark = painting.colour(from_hex("6f7f3a"), 70), painting.colour(from_hex("5a4632"), 70)
    with painting.cutout("acacias", 70, (0, frame.horizon - frame.height * 0.25, frame.width, base + 4)) as brush:
        for x in (rng.uniform(0.06, 0.3), rng.uniform(0.7, 0.95)):
            tall = frame.height * rng.uniform(0.13, 0.2)
            foot = frame.width * x
            trunk = skia.Path()
            trunk.moveTo(foot, base)
            trunk.quadTo(foot + tall * 0.02, base - tall * 0.5, foot - tall * 0.22, base - tall * 0.92)
            trunk.moveTo(foot + tall * 0.01, base - tall * 0.45)
            trunk.lineTo(foot + tall * 0.25, base - tall * 0.9)
            brush.stroke(trunk, bark, tall * 0.055)
            for dx, dy, wide in ((0, -1, 0.75), (-0.3, -0.9, 0.5), (0.36, -0.88, 0.48)):
                brush.fill(
                    oval(
                        foot + (dx - wide) * tall,
                        base + (dy - 0.11) * tall,
                        foot + (dx + wide) * tall,
                        base + (dy + 0.1) * tall,
                    ),
                    leaf,
                )


def palms(painting: Painting) -> None:
    """One leaning palm at the side away from the sun, as a frame."""
    frame, rng = painting.frame, painting.rng
    side = 0.06 if painting.light.sun_x > 0.5 else 0.94
    lean = 1 if side < 0.5 else -1
    foot_x, foot_y = frame.width * side, frame.horizon + frame.height * 0.22
    tall = frame.height * 0.56
    top_x, top_y = foot_x + lean * tall * 0.26, foot_y - tall
    bark, leaf = painting.colour(from_hex("8a6a48"), 16), painting.colour(from_hex("3c8d4f"), 16)
    with painting.cutout("palm", 16, windowed=True) as brush:
        trunk = skia.Path()
        trunk.moveTo(foot_x - tall * 0.028, foot_y)
        trunk.quadTo(foot_x + lean * tall * 0.02, foot_y - tall * 0.55, top_x - tall * 0.012, top_y)
        trunk.lineTo(top_x + tall * 0.012, top_y)
        trunk.quadTo(foot_x + lean * tall * 0.06 + tall * 0.02, foot_y - tall * 0.5, foot_x + tall * 0.03, foot_y)
        trunk.close()
        brush.fill(trunk, bark)
        for turn in (-1.0, -0.62, -0.22, 0.2, 0.6, 0.98):
            reach, drop = tall * 0.42 * rng.uniform(0.85, 1.1), tall * 0.22
            tip_x, tip_y = top_x + turn * reach, top_y + drop * (turn * turn * 1.1 - 0.35)
            frond = skia.Path()
            frond.moveTo(top_x, top_y)
            frond.quadTo(top_x + turn * reach * 0.45, top_y - tall * 0.16, tip_x, tip_y)
            frond.quadTo(top_x + turn * reach * 0.4, top_y - tall * 0.06, top_x, top_y)
            frond.close()
            brush.fill(frond, leaf if turn < 0.3 else scaled(leaf, 0.82))


def barn(painting: Painting) -> None:
    """One red barn."""
    _houses(painting, ("c0392b",), "7a3b2e", count=1, tall=0.085)


def cottages(painting: Painting) -> None:
    """A few cottages, lit at night."""
    _houses(painting, ("f3e3c3", "e8c9a0", "dfe6ea", "f0d0b8"), "b5523b", count=5, tall=0.075)


def _houses(painting: Painting, walls: tuple[str, ...], roof: str, *, count: int, tall: float) -> None:
    frame, rng = painting.frame, painting.rng
    base = frame.horizon + frame.height * 0.045
    window = painting.style.grade(from_hex("ffd97a")) if painting.light.dark or painting.light.sun_y > 0.7 else None
    with painting.cutout(
        "houses", 55, (0, base - frame.height * 0.2, frame.width, base + frame.height * 0.05)
    ) as brush:
        for step in range(count):
            x = frame.width * ((step + 0.5) / count * 0.9 + rng.uniform(-0.04, 0.08))
            high = frame.height * tall * rng.uniform(0.8, 1.15)
            wide = high * rng.uniform(1.15, 1.5)
            y = base + frame.height * rng.uniform(-0.012, 0.015)
            wall, tile = painting.colour(from_hex(rng.choice(walls)), 55), painting.colour(from_hex(roof), 55)
            brush.fill(rect(x, y - high * 0.62, x + wide, y + high * 0.12), wall)
            brush.fill(rect(x + wide * 0.66, y - high * 1.15, x + wide * 0.78, y - high * 0.7), tile)
            brush.fill(
                polygon(
                    [
                        (x - wide * 0.09, y - high * 0.58),
                        (x + wide * 0.5, y - high * 1.15),
                        (x + wide * 1.09, y - high * 0.58),
                    ]
                ),
                tile,
            )
            glass = window or painting.colour(from_hex("5b7796"), 40)
            for at in (0.16, 0.62):
                brush.fill(rect(x + wide * at, y - high * 0.42, x + wide * (at + 0.2), y - high * 0.17), glass)
                if window is not None:
                    brush.glow(x + wide * (at + 0.1), y - high * 0.3, high * 0.5, window, 0.28)
            brush.fill(rect(x + wide * 0.42, y - high * 0.3, x + wide * 0.56, y + high * 0.12), scaled(tile, 0.7))


def _pine_line(
    painting: Painting, *, depth_m: float, foot: float, tall: float, gap: float, clearing: float = 0.0
) -> None:
    frame, rng = painting.frame, painting.rng
    leaf = from_hex({"autumn": "4c6b46", "winter": "5b7a80"}.get(painting.plan.season, "2f6350"))
    if "spooky" in painting.plan.moods:
        leaf = from_hex("2b3a3a")
    base = frame.horizon + frame.height * foot
    colour = painting.colour(leaf, depth_m)
    low = mix(colour, painting.style.grade(painting.light.haze), 0.35 if painting.style.staging != "paper" else 0.0)
    with painting.cutout(
        f"pines {depth_m:.0f} m",
        depth_m,
        (0, base - frame.height * tall * 1.3, frame.width, base + frame.height * 0.06),
    ) as brush:
        line, caps = skia.Path(), skia.Path()
        x = -0.05 * frame.width
        while x < frame.width * 1.05:
            high = frame.height * tall * rng.uniform(0.55, 1.15)
            off = abs(x / frame.width - 0.5) * 2
            if off > clearing:
                high *= 0.75 + 0.35 * off if clearing else 1.0
                _pine(line, x, base + frame.height * rng.uniform(-0.006, 0.02), high)
                if painting.plan.season == "winter" or painting.plan.place_name == "snowfield":
                    caps.addPath(
                        polygon(
                            [
                                (x, base - high),
                                (x - high * 0.09, base - high * 0.7),
                                (x + high * 0.09, base - high * 0.7),
                            ]
                        )
                    )
            x += high * gap * rng.uniform(0.6, 1.3) + 2
        line.addRect(skia.Rect(-2, base, frame.width + 2, base + frame.height * 0.06))
        brush.shade(line, [(colour, 1), (low, 1)], (0, base - frame.height * tall), (0, base + frame.height * 0.04))
        if not caps.isEmpty():
            brush.fill(caps, painting.colour(from_hex("f3f8ff"), depth_m), 0.85, inked=False)


def _pine(path: skia.Path, x: float, y: float, tall: float) -> None:
    wide = tall * 0.2
    points = [(x, y - tall)]
    for side in (1, -1):
        tiers = [(0.28, 0.42), (0.18, 0.44), (0.58, 0.72), (0.4, 0.72), (1.0, 1.0)]
        edge = [(x + side * wide * reach, y - tall * (1 - down)) for reach, down in tiers]
        points = points + edge if side > 0 else points + edge[::-1]
    path.addPoly([skia.Point(*point) for point in points], True)


def _round_trees(painting: Painting, *, depth_m: float, foot: float, tall: float, count: int) -> None:
    frame, rng = painting.frame, painting.rng
    base = frame.horizon + frame.height * foot
    palette = _LEAVES[painting.plan.season]
    trunk = painting.colour(from_hex("6b4a35"), depth_m)
    near_sides = count < 10  # few big trees keep to the sides so that the middle stays free
    with painting.cutout(
        f"trees {depth_m:.0f} m",
        depth_m,
        (0, base - frame.height * tall * 1.7, frame.width, base + frame.height * 0.03),
    ) as brush:
        for step in range(count):
            x = (step + rng.uniform(0.1, 0.9)) / count
            if near_sides:
                x = x * 0.32 if step % 2 else 1 - x * 0.32
            high = frame.height * tall * rng.uniform(0.7, 1.25)
            centre = frame.width * x
            leaf = painting.colour(from_hex(rng.choice(palette)), depth_m)
            brush.fill(rect(centre - high * 0.045, base - high * 0.5, centre + high * 0.045, base + high * 0.06), trunk)
            crown = skia.Path()
            for dx, dy, radius in ((0, -0.8, 0.34), (-0.24, -0.6, 0.27), (0.24, -0.6, 0.27), (0, -0.5, 0.27)):
                crown = skia.Op(
                    crown, circle(centre + dx * high, base + dy * high, radius * high), skia.PathOp.kUnion_PathOp
                )
            brush.fill(crown, leaf)
            lit = -painting.light.side * -1.0
            brush.fill(
                circle(centre + lit * high * 0.12, base - high * 0.84, high * 0.17),
                mix(leaf, painting.style.grade(painting.light.sun), 0.22),
                0.7,
                inked=False,
            )


def _fern(brush: Brush, x: float, y: float, tall: float, colour: Colour) -> None:
    path = skia.Path()
    for lean in (-0.8, -0.3, 0.3, 0.8):
        path.moveTo(x, y)
        path.quadTo(x + tall * lean * 0.4, y - tall * 0.9, x + tall * lean, y - tall * (1 - abs(lean) * 0.4))
        path.quadTo(x + tall * lean * 0.6, y - tall * 0.5, x + tall * 0.08, y)
    brush.fill(path, colour, 0.9, inked=False)
