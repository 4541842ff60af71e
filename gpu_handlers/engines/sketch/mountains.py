"""Mountain ranges: ridges with lit and shaded flanks, snow above the snow line, haze at the foot."""

from __future__ import annotations

from random import Random

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, luma, mix, scaled
from gpu_handlers.engines.sketch.ground import tops, under
from gpu_handlers.engines.sketch.noise import Line, ridged_line
from gpu_handlers.engines.sketch.painting import Painting, polygon

ROCK, SNOW = "6b7690", "f3f8ff"
SNOW_OVER_ROCK = 0.28
"""How much brighter (0–1) snow is than lit rock, in every style and light, where snow is asked for."""


def range_far(painting: Painting) -> None:
    """The high range far off."""
    _range(painting, depth_m=420, rise=0.46, peaks=3.2, foot=0.02)


def mountain_range(painting: Painting) -> None:
    """The nearer range."""
    _range(painting, depth_m=190, rise=0.33, peaks=4.4, foot=0.04)


def _range(painting: Painting, *, depth_m: float, rise: float, peaks: float, foot: float) -> None:
    """A ridge with a lit and a shaded side per peak, and snow on what is high."""
    frame, rng = painting.frame, painting.rng
    samples = 220
    peaks *= max(0.7, frame.width / frame.height)
    line = ridged_line(rng, samples, peaks)
    line = (line - line.min()) / max(1e-6, float(np.ptp(line)))
    base = frame.horizon + foot * frame.height
    crest = base - frame.height * rise * (0.25 + 0.75 * line)
    xs = np.linspace(-0.02 * frame.width, 1.02 * frame.width, samples)
    lava = "lava" in painting.plan.traits
    rock = from_hex("5a3b3f" if lava else ROCK)
    if painting.plan.season == "autumn":
        rock = mix(rock, from_hex("8a6a5a"), 0.3)
    lit, dark = painting.colour(scaled(rock, 1.22), depth_m), painting.colour(scaled(rock, 0.72), depth_m)
    snow, snow_dark = _white(painting, SNOW, depth_m * 0.22), _white(painting, "b3c3e6", depth_m * 0.4)
    said = "snowcaps" in painting.plan.traits or painting.plan.season == "winter"
    if painting.style.staging != "paper" and not lava:
        snow = _lighter(snow, lit, 0.5 * SNOW_OVER_ROCK)
        if said:  # the rock makes room: what was asked for must be seen
            lit, dark = (_darker(one, snow, SNOW_OVER_ROCK) for one in (lit, dark))
        snow_dark = _lighter(snow_dark, dark, 0.5 * SNOW_OVER_ROCK)
    haze = painting.style.grade(painting.light.haze)
    with painting.cutout(
        f"range {depth_m:.0f} m", depth_m, (0, float(crest.min()) - 4, frame.width, base + 0.06 * frame.height)
    ) as brush:
        body = under(xs, crest, base + 0.06 * frame.height)  # as far down as the trees before it may leave gaps
        brush.fill(body, lit)
        summits = tops(crest, samples // 26)
        shadows, caps, caps_dark = skia.Path(), skia.Path(), skia.Path()
        side = 1 if painting.light.side < 0 else -1
        snow_line = base - frame.height * rise * (0.46 if said else 0.66)
        for top in summits:
            shadows.addPath(_shaded_flank(xs, crest, top, side, base, rng))
            if crest[top] < snow_line:
                cap, cap_dark = _snow_cap(xs, crest, top, side, snow_line, rng)
                caps.addPath(cap)
                caps_dark.addPath(cap_dark)
        brush.canvas.save()
        brush.canvas.clipPath(body, True)
        fading = [(dark, 0.9), (dark, 0.6), (dark, 0.0)]
        brush.shade(shadows, fading, (0, float(crest.min())), (0, base - frame.height * 0.03), inked=False)
        if not lava:
            brush.fill(caps, snow, inked=False)
            brush.fill(caps_dark, snow_dark, inked=False)
        mist = [(haze, 0.0), (haze, 0.0), (haze, 0.75)]
        if painting.style.staging != "paper":
            brush.shade(body, mist, (0, float(crest.min())), (0, base), inked=False)
        brush.canvas.restore()


def _white(painting: Painting, snow: str, depth_m: float) -> Colour:
    """Snow in this light; a grade that turns all light tones to one colour does so only in part."""
    return painting.style.grade(painting.light.lit(from_hex(snow), depth_m * painting.style.haze), 0.4)


def _lighter(colour: Colour, than: Colour, by: float) -> Colour:
    """`colour` whitened until its brightness is `by` over `than`, as far as there is room."""
    missing = luma(than) + by - luma(colour)
    return mix(colour, WHITE, min(1.0, missing / max(0.01, 1.0 - luma(colour)))) if missing > 0 else colour


def _darker(colour: Colour, than: Colour, by: float) -> Colour:
    """`colour` darkened until its brightness is `by` under `than`, at most to two thirds."""
    return scaled(colour, min(1.0, max(2 / 3, (luma(than) - by) / max(0.01, luma(colour)))))


def _shaded_flank(xs: Line, crest: Line, top: int, side: int, base: float, rng: Random) -> object:
    """The side of one peak that looks away from the light: the crest on one edge, a jagged spur on the other."""
    points, at = [(float(xs[top]), float(crest[top]))], top
    while 0 < at + side < len(xs) - 1 and crest[at + side] >= crest[at] - 2.5:
        at += side
        points.append((float(xs[at]), float(crest[at])))
    # The spur ends in the valley, a little below the flank's foot: no edge falls straight down.
    valley = float(crest[at])
    tall = valley - float(crest[top]) + 0.5 * max(0.0, base - valley)
    x, steps = float(xs[top]), 6
    lean = (float(xs[at]) - x) * 0.5
    spur = [
        (
            x + lean * (step / steps) ** 2 + tall * rng.uniform(-0.08, 0.08) * (step < steps),
            float(crest[top]) + tall * step / steps,
        )
        for step in range(1, steps + 1)
    ]
    return polygon([*points, *reversed(spur)])


def _snow_cap(xs: Line, crest: Line, top: int, side: int, snow_line: float, rng: Random) -> tuple[object, object]:
    left = right = top
    while left > 0 and crest[left] < snow_line and crest[left - 1] >= crest[left] - 3.0:
        left -= 1
    while right < len(xs) - 1 and crest[right] < snow_line and crest[right + 1] >= crest[right] - 3.0:
        right += 1
    rim = [(float(xs[at]), float(crest[at])) for at in range(left, right + 1)]
    teeth = []
    count = max(4, (right - left) // 3)
    deep = snow_line - float(crest[top])
    for tooth in range(1, count):
        at = right - (right - left) * tooth // count
        edge = float(crest[at]) + (snow_line - float(crest[at])) * (0.95 if tooth % 2 else 0.45)
        teeth.append((float(xs[at]), edge + deep * rng.uniform(-0.08, 0.08)))
    cap = polygon([*rim, *teeth])
    half = [point for point in rim if (point[0] - xs[top]) * side >= 0]
    if side < 0:
        half = half[::-1]
    low = [point for point in teeth if (point[0] - xs[top]) * side > 0]
    low = low if side > 0 else low[::-1]
    spur = [(float(xs[top]) + side * deep * 0.12, float(crest[top]) + deep * 0.45)]
    return cap, polygon([*half, *low, *spur]) if len(half) > 2 else skia.Path()
