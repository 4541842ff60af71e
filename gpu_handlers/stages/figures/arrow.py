"""Arrows and lines that draw themselves."""

from __future__ import annotations

from math import atan2, cos, hypot, pi, sin

import skia

from gpu_handlers.stages.figures.page import Colour, stroke

SPREAD = pi * 0.8  # between an arrow and the strokes of its head
Point = tuple[float, float]


def arrow(canvas: skia.Canvas, start: Point, end: Point, share: float, colour: Colour, width: float) -> None:
    """An arrow drawn from `start` on as far as `share`, its head going ahead of it."""
    if share <= 0:
        return
    tip = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
    angle = atan2(end[1] - start[1], end[0] - start[0])
    reach = min(width * 3.2, hypot(end[0] - start[0], end[1] - start[1]) * 0.45) * min(1.0, share * 2)
    path = skia.PathBuilder()
    path.moveTo(*start)
    path.lineTo(*tip)
    path.moveTo(tip[0] + reach * cos(angle + SPREAD), tip[1] + reach * sin(angle + SPREAD))
    path.lineTo(*tip)
    path.lineTo(tip[0] + reach * cos(angle - SPREAD), tip[1] + reach * sin(angle - SPREAD))
    canvas.drawPath(path.detach(), stroke(colour, width))


def line(canvas: skia.Canvas, start: Point, end: Point, share: float, colour: Colour, width: float) -> None:
    """A line drawn from `start` on as far as `share`; its round ends are within it."""
    long = hypot(end[0] - start[0], end[1] - start[1])
    if share > 0 and long > width:
        inset = width / 2 / long
        start, end = (
            (start[0] + (end[0] - start[0]) * at, start[1] + (end[1] - start[1]) * at) for at in (inset, 1 - inset)
        )
        tip = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
        canvas.drawLine(*start, *tip, stroke(colour, width))
