"""What single styles add to a place: towering clouds, beams of the sun, a grid on the floor."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, mix
from gpu_handlers.engines.sketch.noise import smooth_line
from gpu_handlers.engines.sketch.painting import Brush, Painting, circle, polygon, rect

_GRID_M = 6.0


def cloud_towers(painting: Painting, brush: Brush) -> None:
    """The great summer clouds of drawn films: heaps of white balls in three hard tones above the horizon."""
    frame, light, style = painting.frame, painting.light, painting.style
    rng = painting.aside()
    low_sun = light.sun_y > 0.7
    white = mix(light.sun, WHITE, 0.35 if low_sun else 0.9)
    if light.neon:
        white = mix(light.sky[2], light.sky[3], 0.5)
    elif light.clouds > 0.85:
        white = mix(light.sky[2], WHITE, 0.3)
    elif light.dark:
        white = mix(light.sky[-1], WHITE, 0.35)
    tones = [
        style.grade(mix(white, light.sky[0], 0.52)),
        style.grade(mix(white, light.sky[1], 0.3)),
        style.grade(white),
    ]
    away = 1.0 - light.sun_x
    for at, size in ((light.sun_x, 0.42), (away + (0.4 if away < 0.5 else -0.4), 0.7), (away, 1.25)):
        _tower(painting, brush, rng, frame.width * at, frame.horizon * 1.02, size, tones)


def _tower(
    painting: Painting, brush: Brush, rng: Random, x: float, foot: float, size: float, tones: list[Colour]
) -> None:
    frame, light = painting.frame, painting.light
    wide, tall = frame.short * 0.4 * size, frame.horizon * 0.58 * size
    balls = []
    for level in range(9):
        share = level / 8
        for _ in range(max(3, round(11 * (1 - share)))):
            radius = frame.short * rng.uniform(0.05, 0.085) * (0.45 + 0.55 * size)
            balls.append((x + rng.uniform(-1, 1) * wide * (1 - share) ** 0.8, foot - tall * share, radius))
    unit = frame.short * 0.018 * size
    for tone, shrink, shift in ((tones[0], 1.0, 0.0), (tones[1], 0.86, 1.2), (tones[2], 0.66, 2.3)):
        heap = skia.Path()
        for bx, by, radius in balls:
            heap.addCircle(bx + light.side * unit * shift, by - unit * shift, radius * shrink)
        brush.fill(heap, tone, inked=False)


def sun_rays(painting: Painting, brush: Brush, x: float, y: float, colour: Colour) -> None:
    """Beams that fan out from the sun over the whole sky."""
    frame, rng = painting.frame, painting.aside()
    reach = 1.5 * max(frame.width, frame.height)
    beams = skia.Path()
    turn = rng.uniform(0, pi)
    for _ in range(15):
        half = rng.uniform(0.018, 0.055)
        corners = [(x, y), *((x + cos(turn + s * half) * reach, y + sin(turn + s * half) * reach) for s in (-1, 1))]
        beams.addPath(polygon(corners))
        turn += rng.uniform(0.3, 0.55)
    paint = skia.Paint(AntiAlias=True)
    red, green, blue = (round(255 * min(1.0, part)) for part in colour)
    strong = int(skia.Color(red, green, blue, round(255 * painting.style.rays)))
    paint.setShader(
        skia.GradientShader.MakeRadial(
            center=(x, y), radius=reach * 0.7, colors=[strong, strong & 0x00FFFFFF], positions=[0.1, 1.0]
        )
    )
    brush.canvas.drawPath(beams, paint)


def rings(painting: Painting, brush: Brush, x: float, y: float, colours: list[Colour]) -> None:
    """Concentric flat discs from the first colour outside to the last in the middle: the poster's burst."""
    for step in range(6, 0, -1):
        at = (1 - step / 6) * (len(colours) - 1)
        low, high = colours[int(at)], colours[min(len(colours) - 1, int(at) + 1)]
        reach = painting.frame.short * (0.12 + 0.2 * step)
        brush.fill(circle(x, y, reach), mix(low, high, at - int(at)), inked=False)


def card(painting: Painting, brush: Brush) -> None:
    """The card behind a blob, with the same shape once more, turned and darker, as a print behind it."""
    frame, style = painting.frame, painting.style
    sky = style.grade(painting.light.sky[1])
    base = style.backing or mix(WHITE, sky, 0.16)
    brush.fill(rect(0, 0, frame.width, frame.height), base, inked=False)
    if painting.window is not None:
        shape = skia.Path(painting.window)
        shape.transform(skia.Matrix.RotateDeg(180, skia.Point(frame.width / 2, frame.height / 2)))
        brush.fill(shape, mix(base, sky, 0.3), inked=False)


def has_grid(painting: Painting) -> bool:
    """Whether the style and the place have a level floor that shows lines and mirrors."""
    level = painting.plan.place.ground not in ("void", "air", "seabed") and painting.plan.place_name != "cliff"
    return painting.style.floor == "grid" and level and painting.frame.horizon < painting.frame.height * 0.85


def floor_grid(painting: Painting) -> None:
    """Glowing lines in perspective over the ground, from the camera to the horizon."""
    frame = painting.frame
    top = frame.horizon + frame.height * 0.055
    colour = painting.style.grade(from_hex("d8fff8"))
    with painting.cutout("grid", _GRID_M, (0, top, frame.width, frame.height), plane=True) as brush:
        brush.canvas.saveLayer(skia.Rect(0, top, frame.width, frame.height))
        lines = skia.Path()
        for step in range(-16, 17):
            lines.moveTo(frame.width * (0.5 + step * 0.045), top)
            lines.lineTo(frame.width * (0.5 + step * 0.15), frame.height)
        for row in range(1, 12):
            y = top + (frame.height - top) * (row / 11) ** 1.9
            lines.moveTo(0, y)
            lines.lineTo(frame.width, y)
        brush.stroke(lines, colour, frame.short * 0.007, 0.3, blur=frame.short * 0.003)
        brush.stroke(lines, colour, max(1.0, frame.short * 0.0019), 0.75)
        fade = skia.Paint(BlendMode=skia.BlendMode.kDstIn)
        ends = [skia.Point(0, top), skia.Point(0, frame.height)]
        fade.setShader(skia.GradientShader.MakeLinear(points=ends, colors=[0x00000000, 0xC0000000]))
        brush.canvas.drawRect(skia.Rect(0, top, frame.width, frame.height), fade)
        brush.canvas.restore()


def surf(painting: Painting, brush: Brush, foot: list[tuple[float, float]]) -> None:
    """Foam where water meets a rock: torn lines along `foot`, whiter towards it."""
    frame, rng = painting.frame, painting.aside()
    foam = painting.colour(WHITE, 12)
    side = 1.0 if foot[-1][0] > foot[0][0] else -1.0
    ys = np.linspace(foot[0][1], foot[-1][1], 40)
    xs = np.interp(ys, [y for _, y in foot], [x for x, _ in foot])
    for reach, alpha in ((0.045, 0.14), (0.026, 0.25), (0.01, 0.45)):
        edge = smooth_line(rng, 40, 9, 3)
        outer = xs + side * frame.width * reach * np.linspace(0.3, 1.0, 40) * (0.2 + 1.3 * edge)
        line = polygon([*zip(outer.tolist(), ys.tolist(), strict=True)], closed=False)
        brush.stroke(line, foam, frame.short * 0.0036, alpha)
