"""Boxes, arrows, rings and lines as a hand draws them: never quite straight, never quite closed."""

from __future__ import annotations

from math import pi

import numpy as np

from gpu_handlers.stages.whiteboard.tracing import Stroke

Random = np.random.Generator
WOBBLE = 0.006  # of a line's length, at most `MOST_WOBBLE_PX`
MOST_WOBBLE_PX = 2.5


def line(random: Random, start: tuple[float, float], end: tuple[float, float], bow: float = 0.0) -> Stroke:
    """From `start` to `end`, bent sideways by `bow` of its length."""
    a, b = np.array(start, np.float64), np.array(end, np.float64)
    length = float(np.hypot(*(b - a)))
    share = np.linspace(0, 1, max(2, round(length)))
    across = np.array([a[1] - b[1], b[0] - a[0]]) / max(length, 1e-6)
    tremble = min(MOST_WOBBLE_PX, WOBBLE * length)
    phase = random.uniform(0, 2 * pi, 2)
    aside = bow * length * np.sin(pi * share)
    aside += tremble * (np.sin(2 * pi * share + phase[0]) - np.sin(phase[0]) * (1 - share) - np.sin(phase[0]) * share)
    aside += 0.4 * tremble * np.sin(5 * pi * share + phase[1]) * np.sin(pi * share)
    return np.asarray(a + share[:, None] * (b - a) + aside[:, None] * across, np.float32)


def arrow(random: Random, start: tuple[float, float], end: tuple[float, float], head_px: float) -> list[Stroke]:
    """A line with an open head at its end."""
    shaft = line(random, start, end, bow=-0.06)
    tip = shaft[-1].astype(np.float64)
    came = tip - shaft[max(0, len(shaft) - round(head_px))].astype(np.float64)
    turn = float(np.arctan2(came[1], came[0]))
    barbs = [
        (float(tip[0] - head_px * np.cos(at)), float(tip[1] - head_px * np.sin(at))) for at in (turn + 0.5, turn - 0.5)
    ]
    point = (float(tip[0]), float(tip[1]))
    return [shaft, np.vstack([line(random, barbs[0], point), line(random, point, barbs[1])])]


def ring(random: Random, centre: tuple[float, float], across: float, down: float) -> Stroke:
    """An ellipse with radii `across` and `down`, drawn a little past its beginning."""
    begin = -0.62 * pi + random.uniform(-0.2, 0.2)
    turns = np.linspace(0, 2 * pi * 1.06, max(12, round(pi * (across + down))))
    # The end runs a little outside the beginning.
    grown = 1 + 0.035 * (turns / turns[-1] - 0.5) + 0.012 * np.sin(2 * turns + random.uniform(0, 2 * pi))
    x = centre[0] + across * grown * np.cos(begin + turns)
    y = centre[1] + down * grown * np.sin(begin + turns)
    return np.column_stack([x, y]).astype(np.float32)


def box(random: Random, left: float, top: float, right: float, bottom: float) -> list[Stroke]:
    """A rectangle of two strokes: down and along, along and down."""
    over = min(right - left, bottom - top) * 0.03
    down = line(random, (left, top - over), (left, bottom))
    along = line(random, (left, bottom), (right + over, bottom))
    above = line(random, (left - over, top), (right, top))
    right_side = line(random, (right, top), (right, bottom + over))
    return [np.vstack([above, right_side]), np.vstack([down, along])]


def underline(random: Random, left: float, right: float, y: float) -> Stroke:
    """A quick line under words, rising a little."""
    return line(random, (left, y + 0.004 * (right - left)), (right, y - 0.004 * (right - left)), bow=0.008)


def tick(random: Random, centre: tuple[float, float], size: float) -> Stroke:
    """A check mark."""
    x, y = centre
    low = (x - size * 0.12, y + size * 0.4)
    return np.vstack(
        [line(random, (x - size * 0.45, y), low), line(random, low, (x + size * 0.5, y - size * 0.45), 0.05)]
    )
