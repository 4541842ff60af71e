"""Indoors and staged: rooms, studios, caves."""

from __future__ import annotations

from math import cos, sin

import skia

from gpu_handlers.engines.sketch.colour import WHITE, from_hex, mix, scaled
from gpu_handlers.engines.sketch.painting import FAR_M, Brush, Painting, circle, oval, polygon, rect, rounded
from gpu_handlers.engines.sketch.staging import rings

_WALLS = ("d9c2a8", "b8c7c4", "c9b6cf", "a9bfd6", "e0b9a4", "bccbab")
_BACKDROPS = ("f2b5a0", "9fc9e8", "b9d8b4", "f3d28b", "c9b5e8", "a8d5d0", "f0a9b8")


def wall(painting: Painting) -> None:
    """A wall with a window that shows the time of day, pictures, a shelf and a lamp."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    tone = from_hex(rng.choice(_WALLS))
    lamp_on = light.dark or light.sun_y > 0.7
    warm = from_hex("ffcf8a")
    dim = mix(light.ambient, (0.78, 0.66, 0.56), 0.75) if lamp_on else (1.0, 0.98, 0.95)
    colour = painting.style.grade((tone[0] * dim[0], tone[1] * dim[1], tone[2] * dim[2]))
    with painting.cutout("wall", 7.5) as brush:
        whole = rect(0, 0, frame.width, frame.height)
        brush.shade(
            whole, [(scaled(colour, 1.04), 1), (scaled(colour, 0.86), 1)], (0, 0), (0, frame.horizon), inked=False
        )
        stripe = scaled(colour, 0.965)
        for step in range(0, 24, 2):
            x = frame.width * step / 24
            brush.fill(rect(x, 0, x + frame.width / 24, frame.horizon), stripe, 0.7, inked=False)
        if painting.style.staging == "bold":
            tones = [colour, mix(colour, painting.style.grade(warm), 0.8)]
            rings(painting, brush, frame.width * 0.5, frame.height * 0.66, tones)
        side = 0.08 if light.side < 0 else 0.62
        _window(painting, brush, frame.width * side, frame.height * 0.1, frame.width * 0.3, frame.height * 0.36)
        other = 0.62 if side < 0.5 else 0.1
        _pictures(painting, brush, frame.width * other, frame.height * 0.16)
        _shelf(painting, brush, frame.width * (0.87 if side < 0.5 else 0.03), frame.width * 0.1)
        if lamp_on:
            x, y = frame.width * (other + 0.13), frame.height * 0.05
            brush.glow(x, frame.height * 0.3, frame.short * 0.62, painting.style.grade(warm), 0.34)
            brush.fill(rect(x - 2, 0, x + 2, y), painting.style.grade(from_hex("3a3340")))
            shade = polygon(
                [
                    (x - frame.short * 0.03, y),
                    (x + frame.short * 0.03, y),
                    (x + frame.short * 0.075, y + frame.short * 0.07),
                    (x - frame.short * 0.075, y + frame.short * 0.07),
                ]
            )
            brush.fill(shade, painting.style.grade(from_hex("ffe2a8")))


def _window(painting: Painting, brush: Brush, x: float, y: float, wide: float, tall: float) -> None:
    frame, light = painting.frame, painting.light
    trim = painting.style.grade(mix(from_hex("f7f2ea"), light.lit(from_hex("f7f2ea")), 0.5))
    edge = frame.short * 0.014
    brush.fill(rounded(x - edge, y - edge, x + wide + edge, y + tall + edge, edge * 0.5), trim)
    pane = rect(x, y, x + wide, y + tall)
    brush.shade(pane, [(painting.style.grade(part), 1) for part in light.sky], (0, y), (0, y + tall))
    brush.canvas.save()
    brush.canvas.clipPath(pane, True)
    sun = painting.style.grade(light.sun)
    sun_y = y + tall * min(0.75, max(0.25, light.sun_y))
    if light.sun_shows:
        brush.fill(circle(x + wide * 0.62, sun_y, frame.short * 0.026), mix(sun, WHITE, 0.4), inked=False)
        brush.glow(x + wide * 0.62, sun_y, frame.short * 0.14, sun, 0.5)
    if light.dark:
        for step in range(16):
            brush.fill(
                circle(x + wide * ((step * 0.37) % 1), y + tall * ((step * 0.61) % 0.7), 1.4), WHITE, 0.8, inked=False
            )
    hill = painting.colour(from_hex("5f8f6a"), 120)
    brush.fill(oval(x - wide * 0.4, y + tall * 0.74, x + wide * 0.8, y + tall * 1.6), hill, inked=False)
    brush.fill(oval(x + wide * 0.3, y + tall * 0.8, x + wide * 1.5, y + tall * 1.6), scaled(hill, 0.85), inked=False)
    if painting.plan.weather in ("rain", "storm", "snow"):
        for step in range(40):
            px, py = x + wide * ((step * 0.381) % 1), y + tall * ((step * 0.727) % 1)
            if painting.plan.weather == "snow":
                brush.fill(circle(px, py, frame.short * 0.004), WHITE, 0.9, inked=False)
            else:
                brush.stroke(polygon([(px, py), (px - 3, py + tall * 0.05)], closed=False), WHITE, 1.5, 0.5)
    brush.canvas.restore()
    bar = edge * 0.55
    brush.fill(rect(x + wide / 2 - bar / 2, y, x + wide / 2 + bar / 2, y + tall), trim, inked=False)
    brush.fill(rect(x, y + tall / 2 - bar / 2, x + wide, y + tall / 2 + bar / 2), trim, inked=False)
    curtain = painting.style.grade(from_hex("d97b66") if not light.dark else from_hex("8d5a5a"))
    for side in (-1, 1):
        left = x - wide * 0.16 if side < 0 else x + wide * 0.94
        cloth = skia.Path()
        cloth.moveTo(left, y - edge * 2.5)
        cloth.lineTo(left + wide * 0.22, y - edge * 2.5)
        cloth.quadTo(left + wide * (0.16 if side < 0 else 0.26), y + tall * 0.5, left + wide * 0.2, y + tall * 1.14)
        cloth.lineTo(left + wide * 0.02, y + tall * 1.14)
        cloth.quadTo(left + wide * (-0.04 if side < 0 else 0.06), y + tall * 0.5, left, y - edge * 2.5)
        brush.fill(cloth, curtain)
    brush.fill(
        rounded(x - wide * 0.2, y - edge * 3.2, x + wide * 1.2, y - edge * 2.2, edge * 0.5),
        painting.style.grade(from_hex("7b5a44")),
    )


def _pictures(painting: Painting, brush: Brush, x: float, y: float) -> None:
    frame, rng = painting.frame, painting.rng
    for dx, dy, wide, tall in ((0.0, 0.0, 0.13, 0.15), (0.16, 0.03, 0.08, 0.1)):
        left, top = x + dx * frame.width, y + dy * frame.height
        right, bottom = left + wide * frame.width, top + tall * frame.height
        rim = frame.short * 0.008
        brush.fill(rect(left - rim, top - rim, right + rim, bottom + rim), painting.style.grade(from_hex("6b5140")))
        one, two = from_hex(rng.choice(_BACKDROPS)), from_hex(rng.choice(_BACKDROPS))
        brush.fill(rect(left, top, right, bottom), painting.style.grade(scaled(one, 0.9)), inked=False)
        brush.fill(
            polygon([(left, bottom), (left + (right - left) * 0.45, top + (bottom - top) * 0.35), (right, bottom)]),
            painting.style.grade(scaled(two, 0.75)),
            inked=False,
        )


def _shelf(painting: Painting, brush: Brush, x: float, wide: float) -> None:
    """A bookcase against the wall, books in rows."""
    frame, rng, light = painting.frame, painting.rng, painting.light
    dim = 0.55 if light.dark else 0.92
    top, foot = frame.height * 0.3, frame.horizon - frame.height * 0.005
    wood = painting.style.grade(scaled(from_hex("8a5f3f"), dim))
    brush.fill(rect(x, top, x + wide, foot), wood)
    rows = 4
    for row in range(rows):
        low = top + (foot - top) * (row + 0.92) / rows
        high = (foot - top) / rows * 0.8
        brush.fill(rect(x + wide * 0.07, low - high, x + wide * 0.93, low), scaled(wood, 0.62), inked=False)
        at = x + wide * 0.1
        while at < x + wide * 0.82:
            thick = wide * rng.uniform(0.06, 0.12)
            tone = painting.style.grade(
                scaled(from_hex(rng.choice(("c8553d", "3f6fa8", "e0b04a", "5f8f6a", "8a5fa8", "d9cdb8"))), dim)
            )
            if rng.random() < 0.86:
                brush.fill(rect(at, low - high * rng.uniform(0.6, 0.92), at + thick, low), tone, inked=False)
            at += thick * 1.12


def floor(painting: Painting) -> None:
    """Planks in perspective, a rug, and the window's light on them."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    top = frame.horizon - frame.height * 0.02
    wood = from_hex(rng.choice(("b98a5e", "a87850", "c39a70")))
    dim = mix(light.ambient, (0.8, 0.68, 0.58), 0.7) if light.dark else WHITE
    near = painting.style.grade((wood[0] * dim[0], wood[1] * dim[1], wood[2] * dim[2]))
    with painting.cutout("floor", 5, (0, top - frame.height * 0.03, frame.width, frame.height), plane=True) as brush:
        brush.fill(
            rect(-2, top - frame.height * 0.022, frame.width + 2, top + 2), painting.style.grade(mix(WHITE, wood, 0.15))
        )
        brush.shade(
            rect(-2, top, frame.width + 2, frame.height + 2),
            [(scaled(near, 0.8), 1), (near, 1)],
            (0, top),
            (0, frame.height),
        )
        seam = scaled(near, 0.78)
        for step in range(-14, 15):
            mid = frame.width / 2
            line = polygon(
                [(mid + step * frame.width * 0.07, top), (mid + step * frame.width * 0.15, frame.height + 2)],
                closed=False,
            )
            brush.stroke(line, seam, max(1.0, frame.short * 0.0018), 0.7)
        rug = painting.style.grade(mix(from_hex(rng.choice(_BACKDROPS)), from_hex("a04a4a"), 0.35))
        mid_y = frame.height * 0.885
        brush.fill(
            oval(frame.width * 0.12, mid_y - frame.height * 0.085, frame.width * 0.88, mid_y + frame.height * 0.085),
            rug,
        )
        brush.stroke(
            oval(frame.width * 0.155, mid_y - frame.height * 0.07, frame.width * 0.845, mid_y + frame.height * 0.07),
            mix(rug, WHITE, 0.4),
            frame.short * 0.005,
            0.8,
        )
        if light.sun_shows and not light.dark and painting.style.staging == "scene":
            sun = painting.style.grade(light.sun)
            x = frame.width * (0.2 if light.side < 0 else 0.55)
            shine = polygon(
                [
                    (x, top + 4),
                    (x + frame.width * 0.22, top + 4),
                    (x + frame.width * 0.34, frame.height),
                    (x + frame.width * 0.04, frame.height),
                ]
            )
            brush.shade(shine, [(sun, 0.3), (sun, 0.05)], (0, top), (0, frame.height), inked=False)


def backdrop(painting: Painting) -> None:
    """A seamless studio paper with a pool of light."""
    frame, rng, light = painting.frame, painting.rng, painting.light
    tone = from_hex(rng.choice(_BACKDROPS))
    if light.neon:
        tone = from_hex("3a1f66")
    elif light.dark:
        tone = scaled(tone, 0.36)
    elif painting.plan.time == "sunset":
        tone = from_hex("f2a06b")
    paper = painting.style.staging == "paper"
    with painting.cutout("backdrop", FAR_M / 100) as brush:
        whole = rect(0, 0, frame.width, frame.height)
        back, front = painting.style.grade(scaled(tone, 0.9)), painting.style.grade(mix(tone, WHITE, 0.22))
        if paper:
            brush.fill(whole, (0.995, 0.995, 0.99), inked=False)
            return
        brush.shade(whole, [(back, 1), (mix(back, front, 0.4), 1), (front, 1)], (0, 0), (0, frame.height), inked=False)
        if painting.style.staging == "bold":
            for step in range(5, 0, -1):
                brush.fill(
                    circle(frame.width * 0.5, frame.height * 0.52, frame.short * 0.13 * step),
                    mix(front, back, step / 5),
                    inked=False,
                )
        elif painting.style.staging == "shards":
            for _ in range(16):
                x, y, reach = (
                    rng.uniform(0, frame.width),
                    rng.uniform(0, frame.height),
                    frame.short * rng.uniform(0.15, 0.4),
                )
                brush.fill(
                    polygon([(x, y), (x + reach, y + reach * rng.uniform(-0.5, 0.5)), (x + reach * 0.3, y + reach)]),
                    painting.style.grade(from_hex(rng.choice(_BACKDROPS))),
                    0.35,
                    inked=False,
                )
        else:
            brush.glow(frame.width * 0.5, frame.height * 0.45, frame.short * 0.75, front, 0.32)
    with painting.cutout("studio floor", 5, (0, frame.horizon, frame.width, frame.height), plane=True) as brush:
        pool = painting.style.grade(mix(tone, WHITE, 0.34))
        brush.shade(
            rect(0, frame.horizon, frame.width, frame.height),
            [(pool, 0.0), (pool, 0.75)],
            (0, frame.horizon),
            (0, frame.height),
            inked=False,
        )


def cavern(painting: Painting) -> None:
    """Rock all round, an opening with the day outside."""
    frame, light, rng = painting.frame, painting.light, painting.rng
    rock = from_hex("5b5470")
    with painting.cutout("cave opening", 60) as brush:
        brush.shade(
            rect(0, 0, frame.width, frame.height),
            [(painting.style.grade(part), 1) for part in light.sky],
            (0, 0),
            (0, frame.horizon),
            inked=False,
        )
        brush.glow(frame.width * 0.5, frame.height * 0.4, frame.short * 0.6, painting.style.grade(light.sun), 0.5)
    for step, (reach, depth_m, dark) in enumerate(((0.3, 26, 0.8), (0.42, 15, 0.55), (0.56, 7, 0.32))):
        with painting.cutout(f"cave wall {step}", depth_m) as brush:
            hole = []
            for corner in range(26):
                turn = corner / 26 * 6.2832
                jitter = rng.uniform(0.86, 1.12)
                hole.append(
                    (
                        frame.width * 0.5 + frame.width * reach * jitter * cos(turn),
                        frame.height * 0.47 + frame.height * reach * 0.92 * jitter * sin(turn),
                    )
                )
            ring = polygon(hole)
            ring.addRect(skia.Rect(-4, -4, frame.width + 4, frame.height + 4))
            ring.setFillType(skia.PathFillType.kEvenOdd)
            tone = painting.style.grade(scaled(mix(rock, light.lit(rock), 0.5), dark * 1.3))
            brush.shade(ring, [(scaled(tone, 0.7), 1), (tone, 1), (scaled(tone, 0.85), 1)], (0, 0), (0, frame.height))


def cave_floor(painting: Painting) -> None:
    """Rock underfoot, lit from the opening."""
    frame, light = painting.frame, painting.light
    rock = mix(from_hex("6d6480"), light.lit(from_hex("6d6480")), 0.5)
    with painting.cutout(
        "cave floor", 6, (0, frame.horizon + frame.height * 0.04, frame.width, frame.height), plane=True
    ) as brush:
        top = frame.horizon + frame.height * 0.05
        path = skia.Path()
        path.moveTo(-4, top + frame.height * 0.03)
        path.quadTo(frame.width * 0.5, top - frame.height * 0.03, frame.width + 4, top + frame.height * 0.03)
        path.lineTo(frame.width + 4, frame.height + 4)
        path.lineTo(-4, frame.height + 4)
        brush.shade(
            path,
            [(painting.style.grade(scaled(rock, 0.95)), 1), (painting.style.grade(scaled(rock, 0.4)), 1)],
            (0, top),
            (0, frame.height),
        )
        sun = painting.style.grade(light.sun)
        brush.glow(frame.width * 0.5, top + frame.height * 0.06, frame.short * 0.4, sun, 0.28)
