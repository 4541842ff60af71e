"""A picture becomes a drawing: its lines as pen strokes, its colours as a thin wash.

Pictures that are drawings already keep their lines; of others the outlines are found where colours change
(Canny, IEEE PAMI 8(6), 1986).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages.i420 import Plane
from gpu_handlers.stages.whiteboard import tracing
from gpu_handlers.stages.whiteboard.piece import Piece, marker, traced
from gpu_handlers.stages.whiteboard.thinning import thin

MOST_STROKES = 500  # a hand that draws more in one scene is no longer seen to draw
PAPER, PAPER_SHARE = 170, 0.4  # brightness of paper, and how much of a drawing is paper
NEARLY_WHITE = 236
INK, LEAST_INK = (0.16, 0.52), 18  # share of the light around it that ink takes: none and full; of 255 at least
INK_SHARE = 0.003  # how much of a drawing is ink, at least
INKED_EDGES = 0.72  # of a drawing's edges lie along its lines
SPECK = 0.018  # of the short side: shorter lines are no strokes of their own
SHORTEST_EDGE = 0.035  # of the short side, for outlines found in a picture
TRIM_ROOM = 0.045  # of a drawing's longer side: the paper that is left around it
VIVID = 36  # between the largest and the least of red, green and blue, from which a colour stands out
MOST_OBJECTS, LEAST_OBJECT = 8, 0.004  # and how much of the picture each covers at least
MOST_CUT = 0.7  # of a side is kept at least when it is cut to fit
WASHED = 0.62  # how much of a picture's colour the wash has
CROWDED = 2.3  # lines side by side within three widths of the marker: hatching
MARKER = 0.0062  # of the board's short side: how wide the marker is


def drawn(image: Rgb, box: tuple[int, int, int, int], marker_px: float, random: np.random.Generator) -> Piece | None:
    """`image` drawn within `box` (left, top, right, bottom on the board, px, even); None when it shows nothing."""
    left, top, right, bottom = box
    picture, left, top = _placed(_trimmed(image), left, top, Size(right - left, bottom - top))
    lightness = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    edge = (
        _edge(lightness.shape, random)
        if any(_bleeds(picture, NEARLY_WHITE))
        else np.full(lightness.shape, 255, np.uint8)
    )
    ink = _ink(lightness)
    if ink is not None:
        strokes, ink = _of_drawing(ink, edge, marker_px)
    else:
        strokes, ink = _of_picture(picture, edge, marker_px)
    strokes = tracing.ordered(strokes, _objects(picture))
    wash = _wash(picture, edge)
    if not strokes and int(wash.min()) > 245:
        return None
    return traced(ink, strokes, left, top, wash=wash, reach_px=0.12 * min(lightness.shape))


def _trimmed(image: Rgb) -> Rgb:
    """A drawing without the empty paper around it; other pictures as they are."""
    scale = 256 / max(image.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    small = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    if float((small > PAPER).mean()) < PAPER_SHARE:
        return image
    drawn_on = small < PAPER
    rows, columns = np.flatnonzero(drawn_on.any(axis=1)), np.flatnonzero(drawn_on.any(axis=0))
    if not len(rows):
        return image
    room = TRIM_ROOM * max(int(np.ptp(rows)), int(np.ptp(columns)), 16)
    (top, bottom), (left, right) = (
        (max(0, int((at[0] - room) / scale)), int((at[-1] + 1 + room) / scale) + 1) for at in (rows, columns)
    )
    return image[top:bottom, left:right]


def _objects(picture: Rgb) -> NDArray[np.int32]:
    """What stands out by its colour, numbered by size from 1; 0 is everything else. A picture all in colour is one."""
    high, wide = picture.shape[:2]
    small = cv2.resize(picture, (max(8, wide // 4), max(8, high // 4)), interpolation=cv2.INTER_AREA)
    vivid = (small.max(axis=2).astype(np.int16) - small.min(axis=2) > VIVID).astype(np.uint8)
    joint = max(3, round(0.03 * min(small.shape[:2]))) | 1
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (joint, joint))
    vivid = cv2.dilate(cv2.morphologyEx(vivid, cv2.MORPH_CLOSE, window), window)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(vivid)
    areas = stats[1:, cv2.CC_STAT_AREA]
    numbers = np.zeros(len(stats), np.int32)
    large = [at for at in np.argsort(-areas, kind="stable")[:MOST_OBJECTS] if areas[at] > LEAST_OBJECT * vivid.size]
    numbers[[at + 1 for at in large]] = np.arange(1, len(large) + 1)
    return np.asarray(cv2.resize(numbers[labels], (wide, high), interpolation=cv2.INTER_NEAREST), np.int32)


def _placed(image: Rgb, left: int, top: int, room: Size) -> tuple[Rgb, int, int]:
    """The picture scaled into `room`, in its middle.

    Sides on which the picture goes on beyond its border are cut a little where that makes it larger.
    """
    high, wide = image.shape[:2]
    beyond = _bleeds(image, PAPER)
    target = room.width / room.height
    if wide / high > target and (beyond[0] or beyond[2]):
        first, last = _kept(wide, high * target, np.flatnonzero(_objects(image).any(axis=0)))
        image = image[:, first:last]
    elif wide / high < target and (beyond[1] or beyond[3]):
        first, last = _kept(high, wide / target, np.flatnonzero(_objects(image).any(axis=1)))
        image = image[first:last]
    high, wide = image.shape[:2]
    scale = min(room.width / wide, room.height / high)
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (wide, high))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled: Rgb = np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)
    return scaled, left + (room.width - width) // 4 * 2, top + (room.height - height) // 4 * 2


def _kept(length: int, wanted: float, objects: NDArray[np.intp]) -> tuple[int, int]:
    """First and last px of a side to keep: `wanted` if possible, around the objects and never less than they need."""
    first, last = (int(objects[0]), int(objects[-1]) + 1) if len(objects) else (length // 2, length // 2)
    kept = min(length, round(max(wanted, MOST_CUT * length, 1.12 * (last - first))))
    start = min(length - kept, max(0, (first + last - kept) // 2))
    return start, start + kept


def _bleeds(image: Rgb, paper: int) -> tuple[bool, bool, bool, bool]:
    """On which sides something darker than `paper` goes up to the border: left, top, right, bottom."""
    lightness = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    sides = lightness[:, :2], lightness[:2], lightness[:, -2:], lightness[-2:]
    left, top, right, bottom = (bool((side < paper).any()) for side in sides)
    return left, top, right, bottom


def _ink(lightness: Plane) -> Plane | None:
    """Coverage of a drawing's lines; None for a picture that is no drawing."""
    if float((lightness > PAPER).mean()) < PAPER_SHARE:
        return None
    # Closing fills what is dark and narrower than the window: the difference is the ink.
    window = max(5, round(min(lightness.shape) * 0.055)) | 1
    paper = cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window)))
    darker = cv2.subtract(paper, lightness).astype(np.float32)
    # Beside what is around it, or lines on dark colours would be lost.
    share = darker / np.maximum(paper, 1)
    covered = np.where(darker > LEAST_INK, np.clip((share - INK[0]) * (255 / (INK[1] - INK[0])), 0, 255), 0).astype(
        np.uint8
    )
    if not INK_SHARE < float((covered > 128).mean()) < 0.3:
        return None  # much fine texture is a photo in bright light
    edges = cv2.Canny(cv2.GaussianBlur(lightness, (0, 0), 1.2), 25, 60) > 0
    beside = cv2.dilate(np.where(covered > 128, 255, 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return covered if float((edges & beside).sum()) >= INKED_EDGES * max(1.0, float(edges.sum())) else None


def _of_drawing(ink: Plane, edge: Plane, marker_px: float) -> tuple[list[tracing.Stroke], Plane]:
    ink = np.where(edge > 127, ink, 0).astype(np.uint8)
    solid = (ink > 110).astype(np.uint8)
    short = min(ink.shape)
    lines = thin(solid)
    found = tracing.strokes(lines)
    thickness = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    kept = _longest([stroke for stroke in found if len(stroke) >= SPECK * short])
    # Lines that a smaller scale has made thin are gone over with the marker; fine ones (hatching) stay fine.
    window = round(3 * marker_px) | 1
    crowd = cv2.blur(lines.astype(np.float32), (window, window))
    contours = [
        stroke
        for stroke in kept
        if len(stroke) > 0.09 * short
        and _median(stroke, thickness) > 0.2 * marker_px
        and _median(stroke, crowd) < CROWDED / window
    ]
    over = marker([tracing.smoothed(stroke) for stroke in contours], marker_px * 0.9, Size(ink.shape[1], ink.shape[0]))
    over = np.where(edge > 127, over, 0).astype(np.uint8)
    return [tracing.smoothed(stroke) for stroke in kept], np.maximum(ink, over)


def _of_picture(picture: Rgb, edge: Plane, marker_px: float) -> tuple[list[tracing.Stroke], Plane]:
    short = min(edge.shape)
    # Texture goes, edges stay: half the size is enough for that, and four times as fast.
    half = cv2.resize(
        picture, (max(8, picture.shape[1] // 2), max(8, picture.shape[0] // 2)), interpolation=cv2.INTER_AREA
    )
    for _ in range(2):
        half = cv2.bilateralFilter(half, 9, 42, 7)
    smooth = cv2.resize(half, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR)
    smooth = cv2.GaussianBlur(smooth, (0, 0), max(1.0, 0.0028 * short))
    dx, dy = _steepest(smooth)
    strength = np.hypot(dx.astype(np.float32), dy.astype(np.float32))
    high = max(60.0, float(np.percentile(strength, 92)))
    edges = np.where(edge > 127, cv2.Canny(dx, dy, 0.45 * high, high, L2gradient=True), 0).astype(np.uint8)
    found = [stroke for stroke in tracing.strokes(thin(edges)) if len(stroke) >= SHORTEST_EDGE * short]
    strokes = [tracing.smoothed(stroke, 2.6) for stroke in _longest(found)]
    return strokes, marker(strokes, marker_px * 0.85, Size(edge.shape[1], edge.shape[0]))


def _steepest(picture: Rgb) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The gradient of the channel that changes most."""
    dx, dy = (cv2.Sobel(picture, cv2.CV_16S, *axis, ksize=3) for axis in ((1, 0), (0, 1)))
    most = np.argmax(dx.astype(np.int32) ** 2 + dy.astype(np.int32) ** 2, axis=2)[..., None]
    return tuple(np.ascontiguousarray(np.take_along_axis(part, most, 2)[..., 0]) for part in (dx, dy))  # type: ignore[return-value]


def _longest(found: list[tracing.Stroke]) -> list[tracing.Stroke]:
    return sorted(found, key=len, reverse=True)[:MOST_STROKES]


def _median(stroke: tracing.Stroke, values: NDArray[np.float32]) -> float:
    at = stroke.astype(np.intp)
    return float(np.median(values[at[:, 1], at[:, 0]]))


def _wash(picture: Rgb, edge: Plane) -> Rgb:
    """Flat light colour without lines, white at the ragged edge and where the picture is nearly white or grey."""
    high, wide = picture.shape[:2]
    small = cv2.resize(picture, (max(8, wide // 3), max(8, high // 3)), interpolation=cv2.INTER_AREA)
    window = max(3, round(min(small.shape[:2]) * 0.02)) | 1
    flat = cv2.morphologyEx(small, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window)))
    for _ in range(2):
        flat = cv2.bilateralFilter(flat, 7, 30, 7)
    colour = flat.astype(np.float32)
    # A marker's grey is lighter than a picture's, and its white is the board.
    vivid = colour.max(axis=2, keepdims=True) - colour.min(axis=2, keepdims=True)
    dark = 255 - colour
    strength = WASHED * np.clip((dark.max(axis=2, keepdims=True) - 18) / 40, 0, 1)
    strength *= 0.45 + 0.55 * np.clip(vivid / 60, 0, 1)
    washed = cv2.resize((255 - dark * strength).astype(np.uint8), (wide, high), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(edge, (0, 0), 2.0).astype(np.float32)[..., None] / 255
    return np.asarray(255 - (255 - washed.astype(np.float32)) * soft, np.uint8)


def _edge(shape: tuple[int, ...], random: np.random.Generator) -> Plane:
    """Where the drawing is: a rectangle with round corners and a ragged border, as a hand leaves off colouring."""
    high, wide = shape
    short = min(shape)
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    corner = 0.2 * short
    away_x = np.abs(x - (wide - 1) / 2) - (wide / 2 - corner)
    away_y = np.abs(y - (high - 1) / 2) - (high / 2 - corner)
    outside = np.hypot(np.maximum(away_x, 0), np.maximum(away_y, 0)) + np.minimum(np.maximum(away_x, away_y), 0)
    depth = corner - outside
    coarse = random.uniform(0, 1, (max(2, high * 9 // short), max(2, wide * 9 // short))).astype(np.float32)
    ragged = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    return np.where(depth > 0.045 * short * ragged + 2, 255, 0).astype(np.uint8)
