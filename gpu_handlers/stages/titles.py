"""The opening title and the end card: lettering that eases in over a blurred, slowly moving picture.

Without a picture they stand on a ground in the colours of the visual style. Titles of any length and script fit, in
landscape and in portrait. The end card says that what was shown is synthetic (see `titles.toml`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skia

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import easing, i420, lettering
from gpu_handlers.stages.i420 import Frame, Plane, Planes
from gpu_handlers.stages.lettering import Weight

CREDIT = "Made with AI Creative Studio"

# Shares of the frame's shorter side, unless said otherwise.
TITLE, SMALLEST_TITLE, SMALL = 0.13, 0.052, 0.031
TITLE_WIDTH = {"landscape": 0.78, "portrait": 0.86}  # of the frame's width
TITLE_HEIGHT, TITLE_LINES = 0.46, 4  # of the frame's height; how many at most
LEADING = 1.2  # of the size of the letters
UNSPACED_FROM = "\u0e00"  # Thai; scripts after it are written without spaces, or break between syllables
BLUR = 0.016
RULE_WIDTH, RULE_HEIGHT = 0.16, 0.0055

DARKENED = 0.58  # of a picture's brightness: white letters on white paper then stand at over 3 : 1, as WCAG asks
COARSE = 4  # a blurred ground is kept at a quarter of the resolution
GROWTH = 0.07  # of a ground while its title stands
EASE_SECONDS, STAGGER_SECONDS, SWEEP = 1.1, 0.22, 0.3  # per line; between lines; width of the sweep, of the line's
FIRST_SECONDS = 0.35
LAST_SECONDS = 0.7  # to black, at the end of the end card

_INK = (250, 247, 240)
_QUIET = (214, 212, 210)
_SHADOW, _SHADOW_SPREAD = 0.4, 0.12  # behind the lettering: how dark, and how far it runs out
_TINT = 0.25  # of the style's own ground in a picture's: black on white would only be grey

_GROUNDS = {
    "pixar": ("3b1f7a", "f0884a", "ffd98a"),
    "realistic": ("1d2a33", "5f6f68", "e3c9a0"),
    "anime": ("1c3f8f", "7ec3f2", "ff9fc0"),
    "cartoon": ("0f4c8a", "27b0a6", "ffd23f"),
    "cinematic": ("061a22", "1f5f66", "f0a45a"),
    "3d-cgi": ("06202e", "12808a", "8fe6dc"),
    "whiteboard": ("232a3b", "4c5872", "f2662e"),
    "explainer": ("27306f", "5b7ff0", "ffd9b4"),
    "motion-graphics": ("1c1147", "6a3df0", "ff4f8b"),
}
"""Upper and lower colour of the ground and the accent, by style."""


def opening(
    title: str,
    *,
    picture: Rgb | None,
    style: str,
    size: Size,
    fps: int,
    frames: int,
) -> Iterator[Frame]:
    """Exactly `frames` frames of the opening title.

    Args:
        picture: any size, usually of the first scene; blurred and darkened behind the letters.
    """
    return _card(_title(title, size), picture=picture, style=style, size=size, fps=fps, frames=frames, ends=False)


def closing(
    title: str,
    *,
    language: str,
    tale: bool,
    picture: Rgb | None,
    style: str,
    size: Size,
    fps: int,
    frames: int,
) -> Iterator[Frame]:
    """Exactly `frames` frames of the end card, the last ones fading to black.

    Args:
        title: shown again where "The End" does not fit.
        language: of the narration, ISO 639-1.
        tale: whether it was a story, which ends with "The End".
        picture: any size, usually of the last scene.
    """
    last = _worded("end", language) if tale else None
    blocks = [
        *_title(last or title, size),
        *_small(CREDIT, size, SMALL, _INK),
        *_small(_worded("disclosure", language) or _words()["disclosure"]["en"], size, SMALL, _QUIET),
    ]
    return _card(blocks, picture=picture, style=style, size=size, fps=fps, frames=frames, ends=True)


# ---- What is said ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """One line with its measures in pixels; `gap` is the room above it."""

    text: str
    size: float
    weight: Weight
    colour: tuple[int, int, int]
    gap: float
    ruled: bool = False

    @property
    def font(self) -> skia.Font:
        return lettering.font(self.size, self.weight)


def _worded(kind: str, language: str) -> str | None:
    """Our words in a language, if we know them and this machine has letters for them."""
    words: str | None = _words()[kind].get(language.partition("-")[0].lower())
    return words if words is not None and lettering.covers(words) else None


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _title(title: str, size: Size) -> list[_Text]:
    """The title in as few and as large lines as fit; the last carries the rule beneath."""
    title = " ".join(title.split())
    short = min(size.width, size.height)
    room = size.width * TITLE_WIDTH["landscape" if size.width >= size.height else "portrait"]
    height = short * TITLE
    while True:
        lines = lettering.lines(title, lettering.font(height, "bold"), room)
        fits = len(lines) <= TITLE_LINES - (height > short * 0.08) and _whole(lines, title)
        if (fits and len(lines) * height * LEADING <= size.height * TITLE_HEIGHT) or height <= short * SMALLEST_TITLE:
            break
        height *= 0.94
    if len(lines) > TITLE_LINES:
        lines = [*lines[: TITLE_LINES - 1], f"{lines[TITLE_LINES - 1].rstrip(' ,.;:')}…"]
    else:
        lines = _balanced(title, lettering.font(height, "bold"), room, len(lines))
    last = len(lines) - 1
    return [_Text(line, height, "bold", _INK, 0.0, ruled=at == last) for at, line in enumerate(lines)]


def _whole(lines: list[str], title: str) -> bool:
    """Whether no word was broken; scripts without spaces (Thai, Chinese, kana) may break anywhere."""
    words = title.split()
    return all(part in words or max(part) >= UNSPACED_FROM for line in lines for part in line.split())


def _balanced(text: str, font: skia.Font, room: float, count: int) -> list[str]:
    """As many lines, about equally long."""
    low, high = 0.0, room
    for _ in range(10):
        middle = (low + high) / 2
        broken = lettering.lines(text, font, middle)
        if len(broken) <= count and _whole(broken, text):
            high = middle
        else:
            low = middle
    return lettering.lines(text, font, high)


def _small(text: str, size: Size, share: float, colour: tuple[int, int, int]) -> list[_Text]:
    short = min(size.width, size.height)
    height = max(11.0, short * share)
    room = size.width * 0.86
    lines = lettering.lines(text, lettering.font(height), room)[:2]
    return [
        _Text(line, height, "regular", colour, height * (0.35 if at == 0 else 0.0)) for at, line in enumerate(lines)
    ]


# ---- How it is laid out and eased in ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """A mask in the frame with the colour it is filled with.

    Attributes:
        mask: 0–255, even sides.
        left, top: px, even.
        colour: Y′, Cb, Cr.
        start: when it begins to ease in, seconds.
        side: 1 eases in from left to right, −1 from right to left, 0 from the middle.
        rise: how far it comes up while easing in, px.
    """

    mask: Plane
    left: int
    top: int
    colour: tuple[int, int, int]
    start: float
    side: int
    rise: float

    def at(self, now: float) -> Plane | None:
        """The mask at `now` seconds; None while nothing of it shows."""
        share = easing.share(now, self.start, EASE_SECONDS)
        if share <= 0:
            return None
        if share >= 1:
            return self.mask
        high, wide = self.mask.shape
        across = np.linspace(0, 1, wide, dtype=np.float32)
        place = np.abs(2 * across - 1) if self.side == 0 else across if self.side > 0 else 1 - across
        local = np.clip((share * (1 + SWEEP) - place) / SWEEP, 0, 1)
        eased = 1 - (1 - local) ** 3
        columns = np.broadcast_to(np.arange(wide, dtype=np.float32), (high, wide))
        rows = np.arange(high, dtype=np.float32)[:, None] - ((1 - eased) * np.float32(self.rise))[None, :]
        moved = cv2.remap(self.mask, np.ascontiguousarray(columns), rows, cv2.INTER_LINEAR)
        return np.asarray(moved * eased[None, :], np.uint8)


def _card(
    blocks: list[_Text], *, picture: Rgb | None, style: str, size: Size, fps: int, frames: int, ends: bool
) -> Iterator[Frame]:  # fmt: skip
    accent = _rgb(_GROUNDS.get(style, _GROUNDS["realistic"])[2])
    inks = _laid_out(blocks, size, accent)
    plain = _designed(style, size)
    ground = _Ground(plain if picture is None else _darkened(picture, plain), size, inks)
    black = _filled(size)
    last = round(min(LAST_SECONDS * fps, frames / 3)) if ends else 0
    for number in range(frames):
        frame = ground.frame(number / max(1, frames - 1))
        parts = i420.planes(frame, size)
        for ink in inks:
            mask = ink.at(number / fps)
            if mask is not None:
                _inked(parts, ink, mask)
        left = frames - 1 - number
        yield i420.fade(black, frame, left / last) if left < last else frame


def _laid_out(blocks: list[_Text], size: Size, accent: tuple[int, int, int]) -> list[_Ink]:
    """All lines centred, the whole a little above the middle."""
    short = min(size.width, size.height)
    rule = short * RULE_HEIGHT
    air = {True: short * 0.075, False: 0.0}
    tall = sum(block.gap + block.size * LEADING + air[block.ruled] for block in blocks)
    y, start = size.height * 0.49 - tall / 2, FIRST_SECONDS
    inks = []
    for block in blocks:
        y += block.gap
        inks.append(_lettered(block, size, y, start))
        y += block.size * LEADING
        start += STAGGER_SECONDS if not block.ruled else STAGGER_SECONDS * 2
        if block.ruled:
            inks.append(_rule(size, y + air[True] * 0.42, short * RULE_WIDTH, rule, accent, start - STAGGER_SECONDS))
            y += air[True]
    return inks


def _lettered(block: _Text, size: Size, y: float, start: float) -> _Ink:
    font = block.font
    wide, rise = lettering.measure(block.text, font), block.size * 0.22
    pad = block.size * 0.5
    left, top = (_even(value) for value in ((size.width - wide) / 2 - pad, y - pad))
    right, bottom = (_even(value) for value in ((size.width + wide) / 2 + pad, y + block.size * LEADING + pad))
    surface = skia.Surface(max(2, right - left), max(2, bottom - top))
    canvas = surface.getCanvas()
    canvas.clear(0)
    paint = skia.Paint(Color=skia.ColorWHITE, AntiAlias=True)
    lettering.draw(canvas, block.text, (size.width - wide) / 2 - left, y + block.size * 0.93 - top, font, paint)
    mask = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., 3]
    side = -1 if lettering.right_to_left(block.text) else 1
    return _clipped(np.ascontiguousarray(mask), left, top, size, _ycc(block.colour), start, side, rise)


def _rule(size: Size, y: float, wide: float, high: float, colour: tuple[int, int, int], start: float) -> _Ink:
    top, left = _even(y), _even((size.width - wide) / 2)
    mask = np.zeros((_even(high) + 2, _even(wide)), np.uint8)
    mask[: max(2, round(high))] = 255
    return _clipped(mask, left, top, size, _ycc(colour), start, 0, 0.0)


def _clipped(
    mask: Plane, left: int, top: int, size: Size, colour: tuple[int, int, int], start: float, side: int, rise: float
) -> _Ink:
    """The ink within the frame."""
    x, y = max(0, -left), max(0, -top)
    inside = mask[y : size.height - top, x : size.width - left]
    return _Ink(np.ascontiguousarray(inside), max(0, left), max(0, top), colour, start, side, rise)


def _inked(parts: Planes, ink: _Ink, mask: Plane) -> None:
    high, wide = mask.shape
    half = cv2.resize(mask, (wide // 2, high // 2), interpolation=cv2.INTER_AREA)
    box = (slice(ink.top, ink.top + high), slice(ink.left, ink.left + wide))
    small = (slice(ink.top // 2, (ink.top + high) // 2), slice(ink.left // 2, (ink.left + wide) // 2))
    targets = ((parts.luma[box], mask), (parts.blue[small], half), (parts.red[small], half))
    for (target, cover), value in zip(targets, ink.colour, strict=True):
        kept = cv2.multiply(target, cv2.bitwise_not(cover), scale=1 / 255)
        target[...] = cv2.add(kept, cv2.multiply(cover, value / 255))


# ---- What it stands on -----------------------------------------------------------------------------------------------


class _Ground:
    """A soft picture that grows slowly; sampled from a quarter of the resolution, which is all that it has."""

    def __init__(self, image: Rgb, size: Size, inks: list[_Ink]) -> None:
        self._planes = i420.split(_shaded(image, size, inks))
        self._size = size
        # A static grain of one level hides the steps that dark gradients have in eight bits.
        self._grain = np.random.default_rng(0).integers(0, 3, (size.height, size.width), np.uint8)

    def frame(self, share: float) -> Frame:
        """At `share` (0 … 1) of the card."""
        frame = i420.blank(self._size)
        out = i420.planes(frame, self._size)
        grown = 1 + GROWTH * share
        for plane, target in (
            (self._planes.luma, out.luma),
            (self._planes.blue, out.blue),
            (self._planes.red, out.red),
        ):
            high, wide = target.shape
            scale_x, scale_y = plane.shape[1] / (wide * grown), plane.shape[0] / (high * grown)
            matrix = np.array(
                [
                    [scale_x, 0, (plane.shape[1] - wide * scale_x) / 2 + scale_x / 2 - 0.5],
                    [0, scale_y, (plane.shape[0] - high * scale_y) / 2 + scale_y / 2 - 0.5],
                ]
            )
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            cv2.warpAffine(plane, matrix, (wide, high), dst=target, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        out.luma[...] = cv2.add(out.luma, self._grain)
        return frame


def _coarse(size: Size) -> tuple[int, int]:
    """Width and height of a ground, px, even."""
    return _even(size.width / COARSE), _even(size.height / COARSE)


def _darkened(picture: Rgb, plain: Rgb) -> Rgb:
    """The picture in the shape of the plain ground: soft, dark, and with some of its colours."""
    high, wide = plain.shape[:2]
    share = max(wide / picture.shape[1], high / picture.shape[0])
    whole = (max(wide, round(picture.shape[1] * share)), max(high, round(picture.shape[0] * share)))
    small = cv2.resize(picture, whole, interpolation=cv2.INTER_AREA)
    left, top = (whole[0] - wide) // 2, (whole[1] - high) // 2
    soft = cv2.GaussianBlur(small[top : top + high, left : left + wide], (0, 0), max(0.8, min(wide, high) * BLUR))
    return np.asarray(soft * (DARKENED * (1 - _TINT)) + plain * _TINT, np.uint8)


def _designed(style: str, size: Size) -> Rgb:
    """A ground of the style's colours: from one into the other, with two soft lights."""
    wide, high = _coarse(size)
    upper, lower, accent = (np.array(_rgb(text), np.float32) for text in _GROUNDS.get(style, _GROUNDS["realistic"]))
    y, x = (np.mgrid[0:high, 0:wide] + 0.5).astype(np.float32) / np.array([high, wide], np.float32)[:, None, None]
    slope = np.clip(0.75 * y + 0.25 * x, 0, 1)[..., None] ** 1.4
    image = upper * (1 - slope) + lower * slope
    shape = wide / high
    for across, down, reach, strong in ((0.82, 0.9, 0.6, 0.4), (0.12, 0.18, 0.42, 0.22)):
        distance = np.hypot((x - across) * shape, y - down) / (reach * max(1.0, shape))
        glow = (np.clip(1 - distance, 0, 1) ** 2 * strong)[..., None]
        image = image * (1 - glow) + accent * glow
    return np.asarray(np.clip(image * 0.72, 0, 255), np.uint8)


def _shaded(image: Rgb, size: Size, inks: list[_Ink]) -> Rgb:
    """Darker towards the corners and behind the lettering."""
    high, wide = image.shape[:2]
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j].astype(np.float32)
    shade = 1 - 0.42 * np.clip((x * x + y * y) / 2, 0, 1)
    letters = np.zeros((size.height, size.width), np.uint8)
    for ink in inks:
        box = letters[ink.top : ink.top + ink.mask.shape[0], ink.left : ink.left + ink.mask.shape[1]]
        np.maximum(box, ink.mask, out=box)
    behind = cv2.resize(letters, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft = np.clip(cv2.GaussianBlur(behind, (0, 0), min(wide, high) * _SHADOW_SPREAD) * 2.2, 0, 1)
    return np.asarray(image * (shade * (1 - _SHADOW * soft))[..., None], np.uint8)


def _filled(size: Size) -> Frame:
    return i420.from_rgb(np.zeros((size.height, size.width, 3), np.uint8))


def _even(value: float) -> int:
    return round(value / 2) * 2


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


def _ycc(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    parts: Any = i420.split(np.full((2, 2, 3), colour, np.uint8))
    return int(parts.luma[0, 0]), int(parts.blue[0, 0]), int(parts.red[0, 0])
