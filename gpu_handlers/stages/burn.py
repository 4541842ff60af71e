"""Captions in the picture itself: white on a soft dark plate, drawn once for each cue, blended into its window only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, lettering
from gpu_handlers.stages.captions import Cue
from gpu_handlers.stages.i420 import Frame, Plane

TEXT_SHARE, PORTRAIT_TEXT_SHARE = 0.043, 0.053  # of the picture's shorter side, an em
SAFE_SHARE = 0.05  # of each side, kept free
PORTRAIT_BOTTOM_SHARE = 0.14  # where phones lay their buttons over the picture
INK = 0xFFFFFFFF
# On a white picture the plate leaves 20 % of it: (1.05)/(0.05 + luminance of that) is 10 : 1 with white letters.
PLATE = 0xCC0C0E14
LINE_EMS, PAD_EMS, CORNER_EMS, SOFT_EMS = 1.32, 0.42, 0.35, 0.05
ZONE_LINES = 2
LEAST_SHARE = 0.55  # of the usual letters: smaller ones are hard to read on a phone
SHRINK = 0.95  # from one try to the next

NOT_BURNED = (
    "The captions are not in the picture, because this machine has no font for their letters; the files have them."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """A drawn cue: window in the frame, what of the frame shows through (0 … 255), and what is added to it."""

    top: int
    left: int
    through: Plane
    luma: Plane
    half: Plane
    blue: Plane
    red: Plane


def zone(size: Size) -> float:
    """What captions of two lines take of a picture's height, from its lower edge: nothing else belongs there."""
    return _bottom_share(size) + _high(ZONE_LINES, _em(size)) / size.height


def drawable(cues: Iterable[Cue]) -> bool:
    """Whether this machine has letters for all cues; where it has not, `burned` leaves the picture alone."""
    return lettering.covers("".join(line for cue in cues for line in cue.lines))


def burned(frames: Iterable[Frame], cues: Sequence[Cue], *, size: Size, fps: int) -> Iterator[Frame]:
    """The frames with their captions. Frames are copied before they are drawn on.

    Args:
        cues: in order of time, not overlapping.
    """
    if not drawable(cues):
        yield from frames
        return
    at = 0
    drawn: tuple[int, _Patch] | None = None
    for number, frame in enumerate(frames):
        # The middle of the frame decides, so that a cue begins with the frame its word begins in.
        second = (number + 0.5) / fps
        while at < len(cues) and cues[at].end <= second:
            at += 1
        if at == len(cues) or cues[at].start > second:
            yield frame
            continue
        if drawn is None or drawn[0] != at:
            drawn = (at, _patch(cues[at], size))
        yield _blended(frame, drawn[1], size)


def _blended(frame: Frame, patch: _Patch, size: Size) -> Frame:
    frame = frame.copy()
    parts = i420.planes(frame, size)
    top, left = patch.top, patch.left
    _mix(parts.luma, top, left, patch.through, patch.luma)
    _mix(parts.blue, top // 2, left // 2, patch.half, patch.blue)
    _mix(parts.red, top // 2, left // 2, patch.half, patch.red)
    return frame


def _mix(plane: Plane, top: int, left: int, through: Plane, ink: Plane) -> None:
    window = plane[top : top + ink.shape[0], left : left + ink.shape[1]]
    cv2.add(cv2.multiply(window, through, scale=1 / 255), ink, dst=window)


def _patch(cue: Cue, size: Size) -> _Patch:
    """The cue drawn and turned into the frame's colour space."""
    lines, font = _set(cue, size)
    em = font.getSize()
    widths = [lettering.measure(line, font) for line in lines]
    pad, soft = PAD_EMS * em, 3 * SOFT_EMS * em
    plate_wide, plate_high = max(widths) + 2 * pad * 1.4, _high(len(lines), em) - 2 * soft
    wide, high = (_even(side + 2 * soft) for side in (plate_wide, plate_high))
    below = size.height * _bottom_share(size)
    left, top = _even((size.width - wide) / 2), _even(size.height - below - high)
    surface = skia.Surface(wide, high)
    with surface as canvas:
        canvas.clear(skia.ColorTRANSPARENT)
        plate = skia.Paint(
            Color=PLATE, AntiAlias=True, MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, SOFT_EMS * em)
        )
        box = skia.Rect.MakeXYWH((wide - plate_wide) / 2, (high - plate_high) / 2, plate_wide, plate_high)
        canvas.drawRoundRect(box, CORNER_EMS * em, CORNER_EMS * em, plate)
        white = skia.Paint(Color=INK, AntiAlias=True)
        for number, (line, length) in enumerate(zip(lines, widths, strict=True)):
            x, y = (wide - length) / 2, box.top() + pad / 2 + (number + 0.5) * LINE_EMS * em + 0.36 * em
            lettering.draw(canvas, line, x, y, font, white)
    return _converted(surface.toarray(colorType=skia.kRGBA_8888_ColorType), top, left)


def _set(cue: Cue, size: Size) -> tuple[list[str], skia.Font]:
    """The lines as they are drawn, in letters as large as the zone has room for; what it has none for is left out."""
    share = 1.0
    while True:
        font = lettering.font(share * _em(size), "bold")
        lines = [piece for line in cue.lines for piece in lettering.lines(line, font, _room(size))]
        most = _high(ZONE_LINES, _em(size))
        if _high(len(lines), font.getSize()) <= most:
            return lines, font
        if share == LEAST_SHARE:
            kept = max(count for count in range(1, len(lines)) if _high(count, font.getSize()) <= most)
            return [*lines[: kept - 1], _shortened(lines[kept - 1], font, _room(size))], font
        share = max(LEAST_SHARE, SHRINK * share)


def _shortened(line: str, font: skia.Font, width_px: float) -> str:
    """The line with an ellipsis, within a width."""
    while line and lettering.measure(line + "…", font) > width_px:
        line = line[:-1].rstrip()
    return line + "…"


def _em(size: Size) -> float:
    """The usual letters, px."""
    return min(size.width, size.height) * (PORTRAIT_TEXT_SHARE if size.height > size.width else TEXT_SHARE)


def _high(lines: int, em: float) -> float:
    """A plate of so many lines with its soft edges, px."""
    return (lines * LINE_EMS + PAD_EMS + 6 * SOFT_EMS) * em


def _bottom_share(size: Size) -> float:
    return PORTRAIT_BOTTOM_SHARE if size.height > size.width else SAFE_SHARE


def _room(size: Size) -> float:
    """For letters in a line, px: the safe area without the plate's edges."""
    return size.width * (1 - 2 * SAFE_SHARE) - 0.1 * min(size.width, size.height)


def _converted(rgba: NDArray[np.uint8], top: int, left: int) -> _Patch:
    """Straight RGBA as what is multiplied and what is added, in I420."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    on_black = i420.split(np.rint(rgba[..., :3] * alpha).astype(np.uint8))
    cover = alpha[..., 0]
    half = cv2.resize(cover, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    # On black everything is the ink plus what shows through of black itself: 16 for luma, 128 for chroma.
    return _Patch(
        top, left, _u8(255 * (1 - cover)), _u8(on_black.luma - i420.BLACK_LUMA * (1 - cover)), _u8(255 * (1 - half)),
        _u8(on_black.blue - i420.NEUTRAL_CHROMA * (1 - half)), _u8(on_black.red - i420.NEUTRAL_CHROMA * (1 - half)),
    )  # fmt: skip


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def _u8(array: NDArray[np.floating]) -> Plane:
    return np.asarray(np.rint(np.clip(array, 0, 255)), np.uint8)
