"""Colours as three floats 0–1 in sRGB, and the few ways we change them."""

from __future__ import annotations

import colorsys
from functools import lru_cache

Colour = tuple[float, float, float]

WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)


@lru_cache(maxsize=4096)
def from_hex(text: str) -> Colour:
    """``#rgb`` or ``#rrggbb`` (a leading ``#`` is optional, alpha digits are ignored)."""
    digits = text.lstrip("#")
    if len(digits) < 6:
        digits = "".join(digit * 2 for digit in digits[:3])
    return int(digits[0:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:6], 16) / 255


def to_hex(colour: Colour) -> str:
    """`colour` as ``#rrggbb``."""
    return "#" + "".join(f"{round(255 * min(1.0, max(0.0, part))):02x}" for part in colour)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0–1) of `second`."""
    keep = 1.0 - share
    return (
        first[0] * keep + second[0] * share,
        first[1] * keep + second[1] * share,
        first[2] * keep + second[2] * share,
    )


def times(first: Colour, second: Colour) -> Colour:
    """Both multiplied, as light and surface are."""
    return first[0] * second[0], first[1] * second[1], first[2] * second[2]


def scaled(colour: Colour, factor: float) -> Colour:
    """Brighter (`factor` > 1) or darker, clipped."""
    return min(1.0, colour[0] * factor), min(1.0, colour[1] * factor), min(1.0, colour[2] * factor)


def saturated(colour: Colour, factor: float) -> Colour:
    """`colour` with its distance from grey multiplied by `factor`."""
    grey = luma(colour)
    parts = (grey + (part - grey) * factor for part in colour)
    red, green, blue = (min(1.0, max(0.0, part)) for part in parts)
    return red, green, blue


def luma(colour: Colour) -> float:
    """Perceived brightness, 0–1."""
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def to_hsv(colour: Colour) -> tuple[float, float, float]:
    """Hue, saturation and value, each 0–1."""
    return colorsys.rgb_to_hsv(*(min(1.0, max(0.0, part)) for part in colour))


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    """The colour of a hue (any number, turns repeat), saturation and value."""
    return colorsys.hsv_to_rgb(hue % 1.0, min(1.0, max(0.0, saturation)), min(1.0, max(0.0, value)))
