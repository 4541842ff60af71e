"""Colours that belong together: one set per subject and style, few and with contrast."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from gpu_handlers.stages.figures.page import Colour

READABLE = 4.5
"""Contrast of text to its ground, WCAG 2.2 level AA."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one film.

    Attributes:
        ground: behind everything. tint, tint_deep: shapes on it that carry nothing, close to it in brightness.
        surface: cards. edge: lines and tracks on cards and ground that carry nothing.
        ink: text. muted: text of less weight. Both readable on ground, tints and surface.
        accent, second: for what matters; readable on ground and surface. on_accent, on_second: text on them.
        mark: behind words that are being said; `ink` is readable on it.
    """

    ground: Colour
    tint: Colour
    tint_deep: Colour
    surface: Colour
    edge: Colour
    ink: Colour
    muted: Colour
    accent: Colour
    second: Colour
    on_accent: Colour
    on_second: Colour
    mark: Colour


def cards(subject: str) -> Palette:
    """Of films with cards; subjects without their own look like technology."""
    return _of("cards", subject)


def lettered(subject: str) -> Palette:
    """Of films with large type; subjects without their own look like technology."""
    return _of("lettered", subject)


def subjects() -> tuple[str, ...]:
    """Those with colours of their own."""
    return tuple(_tables()["cards"])


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` turned into `second` by `share`."""
    return sum(round((first >> at & 255) * (1 - share) + (second >> at & 255) * share) << at for at in (16, 8, 0))


def contrast(first: Colour, second: Colour) -> float:
    """Contrast of two colours as in WCAG 2.2, 1 … 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _of(look: str, subject: str) -> Palette:
    table = _tables()[look]
    return Palette(**table.get(subject, table["technology"]))


@cache
def _tables() -> dict[str, dict[str, dict[str, Colour]]]:
    return tomllib.loads(files(__package__).joinpath("palettes.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1024)
def _luminance(colour: Colour) -> float:
    linear = [_linear((colour >> at & 255) / 255) for at in (16, 8, 0)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
