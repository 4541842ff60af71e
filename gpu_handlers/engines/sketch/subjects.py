"""The vector subjects: 3,174 icons of Fluent Emoji Flat (Microsoft, MIT) and our own few in `props/`.

Only what is drawn is parsed. Colours are changed in the SVG text itself, so that light, style and colour words
touch the vectors and not the pixels.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.sketch.colour import Colour, from_hex, from_hsv, to_hex, to_hsv

PACKAGE = "@iconify-json/fluent-emoji-flat"
_PROPS = Path(__file__).with_name("props")
_FILL = re.compile(r'(fill|stroke|stop-color)="(#[0-9a-fA-F]{3,8})"')
_SHAPE = re.compile(r"<(?:path|circle|ellipse|rect)\b(?![^>]*\bstroke=)")
_PROBE_PX = 64
_WAVES = {"sailboat": "#00a6ed"}
"""Icons that bring their own sea, by the colour of its shape: the scene has a better one."""
_PLAIN = {"snowman": "snowman-without-snow"}
"""Icons that bring their own snowfall, and the same ones without."""
_YOUNGER = re.compile(r"(?:woman|person)-mage(?:-|$)")
"""Icons of no age in their name whose faces are lined and hair is grey: only a man with a white beard need be old."""
_LINES = re.compile(r'<path fill="#[0-9a-f]+" d="M(?:14\.15 16\.689|17\.94 15\.619)[^>]*/>')
_HAIR = {'"#d3d3d3"': '"#6b4026"', '"#9b9b9b"': '"#4e2e1c"'}
_LOCKS = (
    '<path fill="#6b4026" d="M10.4 12C9 15 9.4 20 8.4 23.4c1.800 1 4 .6 4.800-.6V12z'
    'M21.600 12c1.400 3 1 8 2 11.400c-1.800 1-4 .6-4.800-.6V12z"/>'
)
_SKIN = frozenset({"#ffc83d", "#ffb02e", "#f9c23c", "#ffce7c", "#ffdea7", "#ffd3b6", "#d67d00", "#f3ad61"})


class SubjectsMissing(RuntimeError):
    """The vector set is not installed."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One icon as SVG text with its own box.

    `ink` is the drawn part of the box: left, top, right, bottom as fractions of width and height.
    """

    name: str
    body: str
    width: float
    height: float
    dye: str | None = None
    """The fill that a colour word changes, when it is not the one that covers most."""
    dyed_only: frozenset[str] = frozenset()
    """When given, a colour word changes these fills and no other, however close they are: skin stays skin."""

    @property
    def ink(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of what is drawn, as fractions of width and height."""
        return _probe(self)[0]

    @property
    def main_colour(self) -> str:
        """The fill that a colour word changes, as ``#rrggbb``."""
        return self.dye or _probe(self)[1]


def directory() -> Path:
    """Where the npm package lies: ``STUDIO_SUBJECTS_DIR`` or ``node_modules`` at the repository root."""
    override = os.environ.get("STUDIO_SUBJECTS_DIR")
    return Path(override) if override else Path(__file__).parents[3] / "node_modules" / PACKAGE


def exists(name: str) -> bool:
    """Whether there is an icon or prop called `name`."""
    return name in _icons() or name in _prop_names()


def named_by_code(code: str) -> str | None:
    """The icon of an emoji code such as ``1f431`` or ``1f468-200d-1f680``."""
    codes = _codes()
    return codes.get(code) or codes.get(code.replace("-fe0f", ""))


@lru_cache(maxsize=512)
def vector(name: str) -> Vector:
    """The icon or prop called `name`.

    Raises:
        KeyError: there is none.
    """
    if name in _prop_names():
        text = (_PROPS / f"{name}.svg").read_text(encoding="utf-8")
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
        if box is None:
            raise KeyError(name)
        body = text[text.index(">") + 1 : text.rindex("</svg>")]
        return Vector(name, body, float(box[1]), float(box[2]))
    body = str(_icons()[_PLAIN.get(name, name)]["body"])
    if name in _WAVES:
        body = re.sub(rf'<path fill="{_WAVES[name]}"[^>]*/>', "", body)
    if _YOUNGER.match(name):
        body = _LINES.sub("", body)
        if name.startswith("woman"):
            body = body.replace('<path fill="#d3d3d3"', _LOCKS + '<path fill="#d3d3d3"', 1)
        for grey, brown in _HAIR.items():
            body = body.replace(grey, brown)
    return Vector(name, body, 32.0, 32.0)


def recoloured(icon: Vector, change: Callable[[Colour], Colour]) -> str:
    """The icon's SVG body with `change` applied to every colour in it."""
    return _FILL.sub(lambda m: f'{m[1]}="{to_hex(change(from_hex(m[2])))}"', icon.body)


def outlined(body: str, ink: Colour, width: float) -> str:
    """`body` with a stroke of `width` icon units around every shape that has none of its own."""
    stroke = f'stroke="{to_hex(ink)}" stroke-width="{width:g}" stroke-linejoin="round" '
    return _SHAPE.sub(lambda m: f"{m[0]} {stroke}", body)


def dyed(icon: Vector, hue_of: Colour) -> Callable[[Colour], Colour]:
    """A colour change that turns the icon's main hue into `hue_of`, keeping lights and darks apart."""
    main_hue, main_saturation, main_value = to_hsv(from_hex(icon.main_colour))
    hue, saturation, value = to_hsv(hue_of)
    vivid = main_saturation > 0.22

    def change(colour: Colour) -> Colour:
        if to_hex(colour) in _SKIN and to_hex(colour) != icon.main_colour:
            return colour
        if icon.dyed_only and to_hex(colour) not in icon.dyed_only:
            return colour
        own_hue, own_saturation, own_value = to_hsv(colour)
        apart = abs((own_hue - main_hue + 0.5) % 1.0 - 0.5)
        if vivid and (own_saturation < 0.12 or apart > 0.13):
            return colour
        if not vivid and (own_saturation > 0.45 or own_value < 0.12):
            return colour
        lightness = own_value / max(main_value, 0.05)
        if saturation < 0.12:  # white, grey and black words
            return from_hsv(hue, saturation, min(1.0, value * lightness**0.7))
        kept = own_saturation / main_saturation if vivid else 1.0
        return from_hsv(hue, min(1.0, saturation * min(kept, 1.25)), min(1.0, value * lightness**0.8))

    return change


@lru_cache(maxsize=1024)
def parsed(body: str, width: float, height: float) -> Any:
    """A `skia.SVGDOM` ready to render at `width` × `height` units."""
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">{body}</svg>'
    )
    # copyData=True: without it skia reads the bytes after Python freed them and some icons fail at random.
    dom = skia.SVGDOM.MakeFromStream(skia.MemoryStream(text.encode(), True))
    if dom is None:
        raise ValueError("this vector cannot be parsed")
    return dom


@lru_cache(maxsize=1024)
def _probe(icon: Vector) -> tuple[tuple[float, float, float, float], str]:
    """Ink box and main colour, measured on a small rendering."""
    pixels = _rendered(icon)
    high, wide = pixels.shape[:2]
    solid = pixels[..., 3] > 100
    if not solid.any():
        return (0.0, 0.0, 1.0, 1.0), "#808080"
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    ink = (columns[0] / wide, rows[0] / high, (columns[-1] + 1) / wide, (rows[-1] + 1) / high)
    fills = Counter(map(bytes, pixels[..., :3][pixels[..., 3] > 250].reshape(-1, 3)))
    main = max(fills.items(), key=lambda item: (item[1] * _weight(item[0]), item[0]))[0] if fills else b"\x80\x80\x80"
    return (float(ink[0]), float(ink[1]), float(ink[2]), float(ink[3])), "#" + main.hex()


def colour_at(icon: Vector, across: float, down: float) -> str:
    """The colour at a share of the icon's width and height, as ``#rrggbb``; its main colour where it is clear."""
    pixels = _rendered(icon)
    high, wide = pixels.shape[:2]
    red, green, blue, alpha = pixels[int(down * (high - 1)), int(across * (wide - 1))].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha > 200 else icon.main_colour


@lru_cache(maxsize=256)
def _rendered(icon: Vector) -> NDArray[np.uint8]:
    """A small rendering, H×W×4, 64 pixels wide."""
    wide, high = _PROBE_PX, max(8, round(_PROBE_PX * icon.height / icon.width))
    surface = skia.Surface(wide, high)
    with surface as canvas:
        canvas.scale(wide / icon.width, high / icon.height)
        parsed(icon.body, icon.width, icon.height).render(canvas)
    pixels: NDArray[np.uint8] = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return pixels


def _weight(rgb: bytes) -> float:
    """Vivid fills count more: a red balloon's string or a car's black tyres do not make its colour."""
    return 0.25 + to_hsv((rgb[0] / 255, rgb[1] / 255, rgb[2] / 255))[1]


@cache
def _icons() -> dict[str, Any]:
    icons: dict[str, Any] = _read("icons.json")["icons"]
    return icons


@cache
def _codes() -> dict[str, str]:
    return {str(code): str(name) for code, name in _read("chars.json").items()}


@cache
def _prop_names() -> frozenset[str]:
    return frozenset(path.stem for path in _PROPS.glob("*.svg"))


def _read(name: str) -> Any:
    path = directory() / name
    if not path.is_file():
        raise SubjectsMissing(
            f"the sketch engine's vector set is not at {path.parent}; install it with `npm ci` at the repository "
            f"root (package {PACKAGE}), or set STUDIO_SUBJECTS_DIR to the folder that holds icons.json"
        )
    return json.loads(path.read_bytes())
