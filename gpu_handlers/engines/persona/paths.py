"""Outlines: from SVG path text, through points, and around limbs; and filling one so that it looks round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import atan2, cos, hypot, pi, sin
from typing import Any

import skia

from gpu_handlers.engines.sketch.colour import Colour, mix

Point = tuple[float, float]

_TOKEN = re.compile(r"([MLHVQCZ])|(-?\d*\.?\d+)")


def svg(text: str, *, at: Point = (0.0, 0.0), mirrored: bool = False) -> Any:
    """A path from SVG path data with absolute commands M L H V Q C Z only; skia-python cannot read them.

    Args:
        at: where its (0, 0) goes.
        mirrored: left and right exchanged.
    """
    path = skia.Path()
    x = y = 0.0
    tokens = [command or float(number) for command, number in _TOKEN.findall(text)]
    values = iter(tokens)
    command = "M"
    for token in values:
        if isinstance(token, str):
            command = token
            if command == "Z":
                path.close()
                continue
            token = float(next(values))  # noqa: PLW2901 - the number after the letter
        x, y = _drawn(path, command, float(token), values, (x, y))
        command = "L" if command == "M" else command
    if mirrored:
        path.transform(skia.Matrix.Scale(-1, 1))
    path.offset(*at)
    return path


def _drawn(path: Any, command: str, first: float, values: Iterator[float | str], at: Point) -> Point:
    def take(count: int) -> list[float]:
        return [float(next(values)) for _ in range(count)]

    match command:
        case "H":
            end = (first, at[1])
            path.lineTo(*end)
        case "V":
            end = (at[0], first)
            path.lineTo(*end)
        case "Q":
            y, *rest = take(3)
            path.quadTo(first, y, *rest)
            end = (rest[0], rest[1])
        case "C":
            y, *rest = take(5)
            path.cubicTo(first, y, *rest)
            end = (rest[2], rest[3])
        case _:
            end = (first, take(1)[0])
            path.moveTo(*end) if command == "M" else path.lineTo(*end)
    return end


def smooth(points: Sequence[Point], *, tension: float = 0.5) -> Any:
    """A closed Catmull-Rom curve through `points`."""
    path = skia.Path()
    path.moveTo(*points[0])
    _curve(path, [points[-1], *points, points[0], points[1]], tension)
    path.close()
    return path


def sides(right: Sequence[Point], left: Sequence[Point], *, tension: float = 0.9) -> Any:
    """An outline from its two sides, both from top to bottom: smooth along the sides, straight across at both ends."""
    path = skia.Path()
    path.moveTo(*right[0])
    _curve(path, [right[0], *right, right[-1]], tension)
    up = [*reversed(left)]
    path.lineTo(*up[0])
    _curve(path, [up[0], *up, up[-1]], tension)
    path.close()
    return path


def _curve(path: Any, points: Sequence[Point], tension: float) -> None:
    """Cubics through all but the first and last of `points`, which only give the direction."""
    for before, start, end, after in zip(points, points[1:], points[2:], points[3:], strict=False):
        path.cubicTo(
            start[0] + (end[0] - before[0]) * tension / 6,
            start[1] + (end[1] - before[1]) * tension / 6,
            end[0] - (after[0] - start[0]) * tension / 6,
            end[1] - (after[1] - start[1]) * tension / 6,
            *end,
        )


def limb(joints: Sequence[Point], halves: Sequence[float], *, caps: tuple[bool, bool] = (True, True)) -> Any:
    """The outline of a limb through `joints` that is `halves` wide to each side there, bent smoothly."""
    spine, widths = _bent(joints, halves)
    left, right = [], []
    for index, (x, y) in enumerate(spine):
        ax, ay = spine[max(0, index - 1)]
        bx, by = spine[min(len(spine) - 1, index + 1)]
        turn = atan2(by - ay, bx - ax) + pi / 2
        left.append((x + cos(turn) * widths[index], y + sin(turn) * widths[index]))
        right.append((x - cos(turn) * widths[index], y - sin(turn) * widths[index]))
    start = _cap(spine[0], left[0], widths[0]) if caps[0] else []
    end = _cap(spine[-1], right[-1], widths[-1]) if caps[1] else []
    outline = [*left, *reversed(end), *reversed(right), *reversed(start)]
    return skia.Path.Polygon([skia.Point(*point) for point in outline], True)


def _cap(centre: Point, edge: Point, radius: float) -> list[Point]:
    """A half circle from `edge` around the end of a limb."""
    first = atan2(edge[1] - centre[1], edge[0] - centre[0])
    return [
        (centre[0] + cos(first + pi * step / 12) * radius, centre[1] + sin(first + pi * step / 12) * radius)
        for step in range(1, 12)
    ]


def _bent(joints: Sequence[Point], halves: Sequence[float], per_part: int = 14) -> tuple[list[Point], list[float]]:
    """Points along the joints with their corners rounded, and the width at each."""
    spine, widths = [], []
    for index in range(len(joints) - 1):
        for step in range(per_part + (index == len(joints) - 2)):
            share = step / per_part
            ax, ay = joints[index]
            bx, by = joints[index + 1]
            spine.append((ax + (bx - ax) * share, ay + (by - ay) * share))
            eased = share * share * (3 - 2 * share)
            widths.append(halves[index] + (halves[index + 1] - halves[index]) * eased)
    for _ in range(5):  # a few rounds of smoothing bend the corner over a sixth of the limb
        spine = [
            spine[0],
            *(
                (
                    (spine[i - 1][0] + 2 * spine[i][0] + spine[i + 1][0]) / 4,
                    (spine[i - 1][1] + 2 * spine[i][1] + spine[i + 1][1]) / 4,
                )
                for i in range(1, len(spine) - 1)
            ),
            spine[-1],
        ]
    return spine, widths


def union(one: Any, other: Any) -> Any:
    """Both areas as one outline."""
    return skia.Op(one, other, skia.PathOp.kUnion_PathOp) or one


def common(one: Any, other: Any) -> Any:
    """What both areas share."""
    return skia.Op(one, other, skia.PathOp.kIntersect_PathOp) or one


def moved(path: Any, dx: float, dy: float) -> Any:
    """A copy of the path elsewhere."""
    copy = skia.Path(path)
    copy.offset(dx, dy)
    return copy


def shaded(
    canvas: Any, path: Any, colour: Colour, shadow: Colour, *, light: float, depth: float, gloss: float = 0.0
) -> None:
    """Fill `path`, then give it a crescent of `shadow` on the side away from the light.

    Args:
        light: −1 when the light comes from the left, +1 from the right.
        depth: width of the crescent in units of the canvas.
        gloss: how much of a soft lighter crescent is on the lit side, 0 … 1.
    """
    canvas.drawPath(path, flat(colour))
    canvas.save()
    canvas.clipPath(path, True)
    side = skia.Op(path, moved(path, light * depth, -0.35 * depth), skia.PathOp.kDifference_PathOp)
    if side is not None:
        canvas.drawPath(side, flat(shadow))
    if gloss > 0:
        edge = skia.Op(path, moved(path, -light * depth * 0.55, depth * 0.25), skia.PathOp.kDifference_PathOp)
        if edge is not None:
            canvas.drawPath(edge, flat(mix(colour, (1, 1, 1), 0.55), gloss))
    canvas.restore()


def flat(colour: Colour, alpha: float = 1.0, *, blur: float = 0.0) -> Any:
    """Paint of one colour."""
    paint = skia.Paint(Color=argb(colour, alpha), AntiAlias=True)
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def line(colour: Colour, width: float, alpha: float = 1.0, *, blur: float = 0.0) -> Any:
    """Paint for strokes with round ends."""
    paint = flat(colour, alpha, blur=blur)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """The colour as skia wants it."""
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in colour)
    return int(skia.Color(red, green, blue, round(255 * min(1.0, max(0.0, alpha)))))


def between(one: Point, other: Point, share: float) -> Point:
    """The point `share` of the way from `one` to `other`."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def distance(one: Point, other: Point) -> float:
    """Length of the way between them."""
    return hypot(other[0] - one[0], other[1] - one[1])
