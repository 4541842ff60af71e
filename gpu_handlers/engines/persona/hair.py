"""Hair: what lies behind the head and what frames the face. Head units × 100: the crown at y = 0, the chin at 100."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random
from typing import Any

import skia

from gpu_handlers.engines.persona.paths import svg, union

_CAP = "M-36 52 C-43 10 -29 -11 0 -12 C29 -11 43 10 36 52 C34 37 28 22 0 17 C-28 22 -34 37 -36 52 Z"

_BACK = {
    "long": "M-38 18 C-53 60 -52 130 -47 176 C-36 190 -16 190 -6 178 H6 C16 190 36 190 47 176 C52 130 53 60 38 18 Z",
    "wavy": (
        "M-38 16 C-58 38 -46 62 -55 84 C-64 106 -49 124 -56 148 C-48 172 -22 170 -6 162 H6"
        " C22 170 48 172 56 148 C49 124 64 106 55 84 C46 62 58 38 38 16 Z"
    ),
    "bob": "M-40 18 C-55 60 -52 94 -45 112 C-20 122 20 122 45 112 C52 94 55 60 40 18 Z",
    "ponytail": "M14 -6 C48 -22 72 22 66 78 C63 112 50 136 42 146 C45 112 42 74 28 34 Z",
    "swept": "M-37 30 C-42 60 -38 76 -30 84 H30 C38 76 42 60 37 30 Z",
}

_FRONT = {
    "long": (
        "M0 -13 C-36 -13 -48 18 -45 66 C-44 86 -43 104 -41 124 C-33 96 -35 66 -33 52 C-28 36 -10 28 0 8"
        " C10 28 28 36 33 52 C35 66 33 96 41 124 C43 104 44 86 45 66 C48 18 36 -13 0 -13 Z"
    ),
    "wavy": (
        "M-12 -13 C-42 -10 -50 26 -45 60 C-53 80 -43 96 -50 118 C-36 104 -35 76 -33 54 C-31 38 -24 26 -15 8"
        " C0 30 27 34 33 54 C35 76 36 104 50 118 C43 96 53 80 45 60 C50 18 30 -16 -12 -13 Z"
    ),
    "bob": (
        "M-41 58 C-50 8 -30 -13 0 -13 C30 -13 50 8 41 58 C45 76 47 94 42 110 C32 94 35 66 33 46"
        " C22 38 -4 40 -21 33 C-27 37 -32 42 -33 48 C-35 66 -32 94 -42 110 C-47 94 -45 76 -41 58 Z"
    ),
    "bun": _CAP,
    "ponytail": (
        "M-36 54 C-43 10 -29 -11 0 -12 C29 -11 43 10 36 54 C34 40 30 30 16 20 C4 12 -18 22 -26 30"
        " C-32 36 -35 44 -36 54 Z"
    ),
    "pixie": (
        "M-37 58 C-46 14 -32 -14 2 -14 C36 -14 46 14 37 58 C35 50 35 44 33 38 C26 34 14 34 4 30 C-6 26 -12 20 -15 14"
        " C-18 28 -27 32 -32 40 C-34 46 -36 52 -37 58 Z"
    ),
    "parted": (
        "M-37 54 C-43 16 -35 -12 2 -14 C37 -14 43 18 37 54 C36 46 35 39 32 33 C28 26 20 25 9 23"
        " C-6 20 -14 16 -18 9 C-22 22 -29 26 -32 36 C-34 42 -36 48 -37 54 Z"
    ),
    "quiff": (
        "M-36 52 C-43 16 -36 -10 -16 -20 C8 -30 40 -22 41 10 C42 28 39 42 36 53 C35 44 34 36 31 29"
        " C20 26 4 24 -8 15 C-15 23 -28 22 -31 32 C-34 40 -35 46 -36 52 Z"
    ),
    "crop": (
        "M-35 50 C-40 12 -29 -7 0 -8 C29 -7 40 12 35 50 C34 40 32 30 29 22 C14 15 -14 15 -29 22 C-32 30 -34 40 -35 50 Z"
    ),
    "swept": (
        "M-37 70 C-46 14 -34 -14 4 -15 C38 -14 46 16 37 70 C36 56 35 44 31 36 C20 34 -2 30 -14 14"
        " C-18 28 -28 34 -32 44 C-35 52 -36 62 -37 70 Z"
    ),
    "braids": _CAP,
    "afro": "M-36 50 C-46 8 -30 -14 0 -14 C30 -14 46 8 36 50 C34 34 26 20 0 17 C-26 20 -34 34 -36 50 Z",
}

_SHEEN = {
    "long": "M-24 10 C-34 30 -37 56 -37 84",
    "wavy": "M20 4 C36 20 40 40 40 62",
    "bob": "M-26 14 C-12 4 12 4 26 14",
    "bun": "M-22 12 C-10 2 10 2 22 12",
    "ponytail": "M-20 12 C-6 2 14 2 24 14",
    "pixie": "M-6 0 C14 -6 30 6 34 24",
    "parted": "M-4 -2 C16 -8 30 4 34 22",
    "quiff": "M-14 -6 C2 -18 24 -16 32 2",
    "swept": "M0 -2 C20 -6 34 8 36 30",
}


def back(style: str) -> Any:
    """What is seen behind the face and neck; None where nothing is."""
    if style == "bun":
        return skia.Path.Circle(0, -20, 21)
    if style == "afro":
        return _ball(0, 18, 50, 22, 9)
    if style == "curls":
        return union(_ball(0, 24, 42, 18, 10), _ball(0, 66, 42, 16, 11))
    if style == "braids":
        return _braids()
    return svg(_BACK[style]) if style in _BACK else None


def front(style: str) -> Any:
    """What lies over the forehead and temples."""
    if style in ("curls", "short-curls"):
        cap = svg(_CAP)
        for at in range(9):
            turn = pi * (0.06 + 0.88 * at / 8)
            cap = union(cap, skia.Path.Circle(-cos(turn) * 33, 14 - sin(turn) * 26, 12 if style == "curls" else 11))
        for x, y in ((-24, 16), (-10, 12), (6, 14), (20, 15)):
            cap = union(cap, skia.Path.Circle(x, y, 9))
        return cap
    return svg(_FRONT[style])


def sheen(style: str) -> Any:
    """A stroke of light on the hair; None for styles whose texture takes its place."""
    return svg(_SHEEN[style]) if style in _SHEEN else None


def _ball(x: float, y: float, radius: float, curl: float, count: int) -> Any:
    """A round of curls, uneven in a fixed way."""
    rng = Random(count)  # noqa: S311 - curls
    path = skia.Path.Circle(x, y, radius)
    for at in range(count * 2):
        turn = pi * at / count
        reach = radius * rng.uniform(0.9, 1.0)
        path = union(
            path, skia.Path.Circle(x + cos(turn) * reach, y + sin(turn) * reach, curl * rng.uniform(0.55, 0.72))
        )
    return path


def _braids() -> Any:
    path = svg("M-38 18 C-50 46 -48 70 -44 84 C-30 96 30 96 44 84 C48 70 50 46 38 18 Z")
    for side in (-1, 1):
        for at, y in enumerate(range(70, 176, 13)):
            path = union(path, skia.Path.Oval(skia.Rect(side * 40 - 8 + at * 0.2, y, side * 40 + 8 - at * 0.2, y + 17)))
    return path
