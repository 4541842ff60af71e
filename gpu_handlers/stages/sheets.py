"""A picture taken apart for the camera: a few sheets, back to front, each smooth in depth and complete behind the next.

A layered depth image (Shade et al., SIGGRAPH 1998) with few layers. Drawn pictures come in layers, so what a subject
hides is really there; pictures with only a depth map are cut where depth jumps, and what is hidden is painted in.
Depth is kept at a quarter of the resolution, as nearness (1 / metres), which is what parallax is proportional to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Layer, Metres, Picture, Rgb, Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Plane

QUARTER = 4
MAX_SHEETS = 6
STEP = 0.05  # nearness between neighbouring layers, as a share of the pivot, from which they get sheets of their own
EIGHTH = 8  # what a finish (bloom, vignette) is continued at where it has to be guessed
OPAQUE = 250  # of 255: from here on a pixel counts as covered
DILATION_PX = 9  # depth edges of real depth maps lie inside the object; measured best in research/video.md §2
JUMP = 0.14  # nearness step, as a share of the pivot's nearness, from which a pixel belongs to a sheet of its own
WIDE, NARROW = 0.7, 0.24  # of the width: what is narrower than this, and nearer than both its sides, is cut out

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
MIDDLE: Box = (0.25, 0.2, 0.75, 0.85)  # where a subject is when nothing says what it is


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One layer of the scene, packed for sampling: OpenCV samples four channels at the price of one.

    Attributes:
        fine: luma and coverage, H×W×4 (two channels are empty); luma alone, H×W, for the backdrop.
        coarse: chroma and coverage, H/2×W/2×4 (blue, red, coverage, empty).
        nearness: 1 / metres, a quarter of the resolution, continued smoothly outside the covered part.
        span: least and greatest nearness.
        box: left, top, right, bottom of the covered part, px.
        solid: the row, px, from which all below is covered entirely, over the whole width; the height if none is.

    Luma and chroma are premultiplied with the coverage, 0–255.
    """

    fine: Plane
    coarse: Plane
    nearness: Floats
    span: tuple[float, float]
    box: tuple[int, int, int, int]
    solid: int

    @property
    def backdrop(self) -> bool:
        """Whether it covers everything."""
        return self.fine.ndim == 2

    @property
    def flat(self) -> bool:
        """Whether all of it is equally far away."""
        return self.span[1] - self.span[0] < 1e-3 * self.span[1]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Sheets back to front with what the camera aims at.

    Attributes:
        size: of every sheet, px, multiples of 4.
        pivot: nearness of the subject, 1 / metres.
        subject: left, top, right, bottom of what the picture is about, as fractions of width and height.
        horizon: the row at which the ground would vanish, as a fraction of the height.
    """

    sheets: tuple[Sheet, ...]
    size: Size
    pivot: float
    subject: Box
    horizon: float = 0.5

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the subject, as fractions of width and height."""
        left, top, right, bottom = self.subject
        return (left + right) / 2, (top + bottom) / 2


def of_picture(picture: Picture, depth_m: Metres) -> Scene:
    """Take a picture apart.

    Args:
        picture: width and height multiples of 4; its layers are used when there are any.
        depth_m: metres per pixel, H×W.
    """
    if len(picture.layers) > 1:
        return _of_layers(picture, depth_m)
    return _of_depth(picture.image, depth_m)


# ---- Pictures that come in layers ------------------------------------------------------------------------------------


def _of_layers(picture: Picture, depth_m: Metres) -> Scene:
    layers = picture.layers
    subject = _subject(layers)
    size = Size(picture.image.shape[1], picture.image.shape[0])
    pivot, box = subject or (_central(np.asarray(1 / depth_m, np.float32)), MIDDLE)
    owner = _owners(layers)
    finish = _finish(picture, layers)
    seen = _quarter((1 / depth_m).astype(np.float32))
    grounds = _grounds(layers, owner, seen)
    sheets = []
    for group in _groups(layers, grounds, pivot):
        visible = (owner >= group[0]) & (owner <= group[-1])
        nearness = _nearness(layers, group, owner, seen, grounds, pivot)
        sheets.append(_sheet([layers[at] for at in group], visible, finish, nearness, backdrop=group[0] == 0))
    return Scene(tuple(sheets), size, pivot, box, _horizon(seen, owner, grounds))


def _subject(layers: tuple[Layer, ...]) -> tuple[float, Box] | None:
    """Nearness and bounds of what the picture is about: its cast together, else its most prominent thing."""
    leads = [(layer, box) for layer in layers if layer.lead and (box := _bounds(layer)) is not None]
    if not leads:
        return _prominent(layers)
    boxes = [box for _, box in leads]
    left, top = (min(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (max(box[side] for box in boxes) for side in (2, 3))
    largest, _ = max(leads, key=lambda lead: (lead[1][2] - lead[1][0]) * (lead[1][3] - lead[1][1]))
    return 1 / largest.depth_m, (left, top, right, bottom)


def _prominent(layers: tuple[Layer, ...]) -> tuple[float, Box] | None:
    """Nearness and bounds of the layer that is most of a thing: compact, not too small, near."""
    best, found = 0.0, None
    for layer in layers[1:]:
        box = _bounds(layer)
        if box is None:
            continue
        wide, high = box[2] - box[0], box[3] - box[1]
        share = float((layer.image[::QUARTER, ::QUARTER, 3] > 128).mean())
        if share < 0.004 or share / (wide * high) < 0.28 or wide > 0.78:
            continue
        score = float(np.sqrt(share)) / max(layer.depth_m, 1.0) ** 0.25
        if score > best:
            best, found = score, (1 / layer.depth_m, box)
    return found


def _bounds(layer: Layer) -> Box | None:
    """Bounds of what a layer covers, as fractions; None when it covers nothing."""
    covered = layer.image[::QUARTER, ::QUARTER, 3] > 128
    high, wide = covered.shape
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        return None
    return columns[0] / wide, rows[0] / high, (columns[-1] + 1) / wide, (rows[-1] + 1) / high


def _groups(layers: tuple[Layer, ...], grounds: dict[int, int], pivot: float) -> list[list[int]]:
    """Runs of neighbours in paint order, cut where parallax between them would be largest."""
    nearness = [min(1 / layer.depth_m, 2 * pivot) for layer in layers]
    steps = {
        # What stands upright on a ground is as near as it only at its foot: in one sheet it would be bent.
        at: inf if at - 1 in grounds and at not in grounds else abs(nearness[at] - nearness[at - 1])
        for at in range(1, len(layers))
        if grounds.get(at, at) == at
    }
    largest = sorted(steps, key=lambda at: -steps[at])[: MAX_SHEETS - 1]
    bounds = [0, *sorted(at for at in largest if steps[at] > STEP * pivot), len(layers)]
    return [list(range(a, b)) for a, b in pairwise(bounds)]


def _grounds(layers: tuple[Layer, ...], owner: NDArray[np.int16], seen: Floats) -> dict[int, int]:
    """Which layers run towards the camera (they map to themselves), and which lie on one, such as grass (to it)."""
    own, found = _quarter(owner), dict[int, int]()
    for at, layer in enumerate(layers):
        covered = _quarter(layer.image[..., 3]) > 110
        shown = covered & (own == at)
        sloped = shown.any() and float(np.ptp(seen[shown])) > 1e-3 * float(seen[shown].max())
        under = found.get(at - 1)
        if sloped and under is not None and _within(covered, layers[under]):
            found[at] = under
        elif sloped:
            found[at] = at
    return found


def _horizon(seen: Floats, owner: NDArray[np.int16], grounds: dict[int, int]) -> float:
    """Nearness on a level ground grows linearly from 0 at the horizon; 0.5 without a ground."""
    own = np.isin(_quarter(owner), [at for at, ground in grounds.items() if at == ground])
    rows = np.flatnonzero(own.mean(axis=1) > 0.5)
    if len(rows) < 8:
        return 0.5
    means = [float(seen[row][own[row]].mean()) for row in rows]
    slope, start = np.polyfit(rows, means, 1)
    return float(np.clip(-start / max(slope, 1e-6) / seen.shape[0], 0.2, 0.8))


def _within(covered: NDArray[np.bool_], layer: Layer) -> bool:
    inside = _quarter(layer.image[..., 3]) > 110
    return bool((covered & inside).sum() > 0.9 * covered.sum())


def _quarter(plane: NDArray[Any]) -> NDArray[Any]:
    return plane[QUARTER // 2 :: QUARTER, QUARTER // 2 :: QUARTER]


def _owners(layers: tuple[Layer, ...]) -> NDArray[np.int16]:
    """Which layer shows at each pixel, H×W."""
    owner = np.zeros(layers[0].image.shape[:2], np.int16)
    for at, layer in enumerate(layers):
        owner[layer.image[..., 3] > 110] = at
    return owner


def _finish(picture: Picture, layers: tuple[Layer, ...]) -> NDArray[np.int16]:
    """What the engine did to the whole picture after painting its layers (bloom, grain, …), H×W×3 levels.

    Letterbox bars are left out: in a film they would be burnt in, and players add their own.
    """
    plain = _flattened(layers)
    change = picture.image.astype(np.int16) - plain
    dark = picture.image.max(axis=(1, 2)) <= 2
    bars = dark & (plain.max(axis=(1, 2)) > 8)
    if bars.any() and not bars.all():
        kept = np.flatnonzero(~bars)
        for edge, rows in ((kept[0], slice(0, kept[0])), (kept[-1], slice(kept[-1] + 1, None))):
            inner = slice(edge, edge + 24) if rows.start == 0 else slice(edge - 23, edge + 1)
            change[rows] = cv2.GaussianBlur(change[inner].mean(axis=0, dtype=np.float32)[None], (0, 0), 24)
    return change


def _flattened(layers: tuple[Layer, ...]) -> NDArray[np.uint8]:
    out = layers[0].image[..., :3].astype(np.uint8).copy()
    for layer in layers[1:]:
        out = _over(out, layer.image)
    return out


def _over(under: NDArray[np.uint8], image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = cv2.merge([image[..., 3]] * 3)
    above = cv2.multiply(np.ascontiguousarray(image[..., :3]), alpha, scale=1 / 255)
    return np.asarray(cv2.add(cv2.multiply(under, 255 - alpha, scale=1 / 255), above), np.uint8)


def _sheet(
    layers: list[Layer],
    visible: NDArray[np.bool_],
    finish: NDArray[np.int16],
    nearness: Floats,
    *,
    backdrop: bool,
) -> Sheet:
    """The layers of one group, flattened and finished; hidden parts get the finish of what is around them."""
    colour = np.ascontiguousarray(layers[0].image[..., :3])
    alpha = np.ascontiguousarray(layers[0].image[..., 3])
    colour = np.asarray(cv2.multiply(colour, cv2.merge([alpha] * 3), scale=1 / 255), np.uint8)
    for layer in layers[1:]:
        colour = _over(colour, layer.image)
        own = layer.image[..., 3]
        alpha = np.asarray(cv2.add(cv2.multiply(alpha, 255 - own, scale=1 / 255), own), np.uint8)
    if backdrop:
        alpha = np.full_like(alpha, 255)
    measured = visible & (alpha >= OPAQUE)
    change = np.where(measured[..., None], finish, _around(finish, measured))
    share = cv2.merge([alpha] * 3)
    colour = cv2.add(colour, cv2.multiply(change, share, scale=1 / 255, dtype=cv2.CV_16S), dtype=cv2.CV_8U)
    colour = np.asarray(cv2.min(colour, share), np.uint8)
    return _packed(colour, None if backdrop else alpha, nearness)


def _around(finish: NDArray[np.int16], measured: NDArray[np.bool_]) -> NDArray[np.int16]:
    """The finish where it was measured, carried on to where it was not; soft, from an eighth of the resolution."""
    high, wide = measured.shape
    small = (max(1, wide // EIGHTH), max(1, high // EIGHTH))
    weight = np.asarray(cv2.resize(measured.astype(np.float32), small, interpolation=cv2.INTER_AREA), np.float32)
    masked = finish * measured[..., None].astype(np.int16)
    total = np.asarray(cv2.resize(masked, small, interpolation=cv2.INTER_AREA), np.float32)
    known = weight > 0.2
    field = _continued(np.asarray(total / np.maximum(weight, 0.05)[..., None], np.float32), known)
    return np.asarray(cv2.resize(field, (wide, high), interpolation=cv2.INTER_LINEAR), np.int16)


def _packed(premultiplied: Rgb, alpha: Plane | None, nearness: Floats) -> Sheet:
    """A sheet of a premultiplied picture and its coverage."""
    parts = i420.split(premultiplied)
    high, wide = premultiplied.shape[:2]
    span = (float(nearness.min()), float(nearness.max()))
    if alpha is None:
        empty = np.zeros_like(parts.blue)
        coarse = np.asarray(cv2.merge([parts.blue, parts.red, empty, empty]), np.uint8)
        return Sheet(parts.luma, coarse, nearness, span, (0, 0, wide, high), 0)
    half = np.asarray(cv2.resize(alpha, (wide // 2, high // 2), interpolation=cv2.INTER_AREA), np.uint8)
    # `split` has added the full offsets of black; a premultiplied plane carries only its share of them.
    luma = cv2.subtract(parts.luma, cv2.multiply(255 - alpha, i420.BLACK_LUMA / 255))
    lack = cv2.multiply(255 - half, i420.NEUTRAL_CHROMA / 255)
    blue, red = cv2.subtract(parts.blue, lack), cv2.subtract(parts.red, lack)
    empty = np.zeros_like(alpha)
    fine = np.asarray(cv2.merge([luma, alpha, empty, empty]), np.uint8)
    coarse = np.asarray(cv2.merge([blue, red, half, np.zeros_like(half)]), np.uint8)
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else (0, 0, 0, 0)
    open_rows = np.flatnonzero(alpha.min(axis=1) < 255)
    return Sheet(fine, coarse, nearness, span, box, int(open_rows[-1]) + 1 if len(open_rows) else 0)


def _nearness(
    layers: tuple[Layer, ...],
    group: list[int],
    owner: NDArray[np.int16],
    seen: Floats,
    grounds: dict[int, int],
    pivot: float,
) -> Floats:
    """Nearness of a group, quarter size: its layers' own, a ground's as measured, continued outside of them."""
    value = np.zeros(seen.shape, np.float32)
    known = np.zeros(seen.shape, np.bool_)
    own = _quarter(owner)
    for at in group:
        covered = _quarter(layers[at].image[..., 3]) > 110
        ground = grounds.get(at)
        if ground is None:
            value[covered], known[covered] = 1 / layers[at].depth_m, True
        elif ground == at:
            filled = _continued(seen, covered & (own == at))
            value[covered], known[covered] = filled[covered], True
    smooth = _continued(np.minimum(value, 2 * pivot), known)
    return np.asarray(cv2.GaussianBlur(smooth, (0, 0), 1.5), np.float32)


def _continued(field: Floats, known: NDArray[np.bool_]) -> Floats:
    """`field` where known, carried on smoothly elsewhere (pull-push, Gortler et al., SIGGRAPH 1996)."""
    if known.all() or not known.any():
        return field
    weight = known.astype(np.float32)
    whole = weight if field.ndim == 2 else weight[..., None]
    pyramid = [(field * whole, weight)]
    while max(pyramid[-1][1].shape) > 2:
        colour, share = pyramid[-1]
        half = (max(1, share.shape[1] // 2), max(1, share.shape[0] // 2))
        pyramid.append(
            (
                np.asarray(cv2.resize(colour, half, interpolation=cv2.INTER_AREA), np.float32),
                np.asarray(cv2.resize(share, half, interpolation=cv2.INTER_AREA), np.float32),
            )
        )
    colour, share = pyramid[-1]
    filled = colour / _lifted(np.maximum(share, 1e-6), colour)
    for colour, share in reversed(pyramid[:-1]):
        size = (share.shape[1], share.shape[0])
        coarse = np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR), np.float32)
        own = _lifted(share, colour)
        filled = np.where(own > 1e-6, colour / np.maximum(own, 1e-6) * np.minimum(own, 1) + coarse * (1 - own), coarse)
    return np.asarray(filled, np.float32)


def _lifted(weight: Floats, like: Floats) -> Floats:
    return weight[..., None] if like.ndim == 3 else weight


# ---- Pictures with a depth map only ----------------------------------------------------------------------------------


def _of_depth(image: Rgb, depth_m: Metres) -> Scene:
    """Up to three sheets: the backdrop, what stands in front of it, and what stands in front of that."""
    high, wide = image.shape[:2]
    raw = np.ascontiguousarray(_quarter(np.asarray(1 / depth_m, np.float32)))
    pivot = _central(raw)
    reach = max(3, round(DILATION_PX / QUARTER) | 1)
    near = np.asarray(cv2.dilate(_sharpened(raw, JUMP * pivot), np.ones((reach, reach), np.uint8)), np.float32)
    near = np.minimum(near, 2 * pivot)
    levels = [near, _opened(near, NARROW), _opened(near, WIDE)]
    masks = [_without_slivers((levels[at] - levels[at + 1]) > JUMP * pivot) for at in (0, 1)]
    return Scene(_cut(image, levels, masks, pivot), Size(wide, high), pivot, MIDDLE)


def _sharpened(near: Floats, jump: float) -> Floats:
    """Depth models blur edges into slopes, which would stretch; each pixel of one goes to the side it is nearer to."""
    kernel = np.ones((5, 5), np.uint8)
    low, high = cv2.erode(near, kernel), cv2.dilate(near, kernel)
    sided = np.where(near - low < high - near, low, high)
    return np.asarray(np.where(high - low > jump, sided, near), np.float32)


def _without_slivers(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(opened > 0)


def _opened(near: Floats, share: float) -> Floats:
    """Nearness without what is narrower than `share` of the width: a ground that rises towards us stays."""
    wide = near.shape[1]
    reach = max(3, round(wide * share) | 1)
    kernel = np.ones((1, reach), np.uint8)
    padded = cv2.copyMakeBorder(near, 0, 0, reach, reach, cv2.BORDER_REFLECT)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[:, reach : reach + wide]
    return np.asarray(opened, np.float32)


def _cut(image: Rgb, levels: list[Floats], masks: list[NDArray[np.bool_]], pivot: float) -> tuple[Sheet, ...]:
    high, wide = image.shape[:2]
    front, middle = masks
    sheets = []
    hidden = front | middle
    backdrop = _painted_in(image, hidden)
    smooth = _continued(levels[0], ~_grown(hidden, 2))
    sheets.append(_packed(backdrop, None, _smoothed(np.minimum(smooth, 2 * pivot))))
    for mask, under in ((middle & ~front, front), (front, np.zeros_like(front))):
        if mask.mean() < 2e-4:
            continue
        shown = _painted_in(image, under & ~mask) if under.any() else image
        alpha = cv2.resize(mask.astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR)
        alpha8 = np.clip(cv2.GaussianBlur(alpha, (0, 0), 1.0) * 255, 0, 255).astype(np.uint8)
        premultiplied = np.asarray(cv2.multiply(shown, cv2.merge([alpha8] * 3), scale=1 / 255), np.uint8)
        sheets.append(_packed(premultiplied, alpha8, _smoothed(_continued(levels[0], mask))))
    return tuple(sheets)


def _grown(mask: NDArray[np.bool_], px: int) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * px + 1, 2 * px + 1), np.uint8)) > 0)


def _smoothed(near: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(near, (0, 0), 2.0), np.float32)


def _painted_in(image: Rgb, hidden: NDArray[np.bool_]) -> Rgb:
    """The picture with `hidden` (quarter size) replaced by what surrounds it: Telea at a quarter, soft seam."""
    if not hidden.any():
        return image
    high, wide = image.shape[:2]
    holes = _grown(hidden, 2)
    small = cv2.resize(image, (holes.shape[1], holes.shape[0]), interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, holes.astype(np.uint8) * 255, 4, cv2.INPAINT_TELEA)
    large = cv2.resize(filled, (wide, high), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    share = cv2.resize(holes.astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR)
    share = np.clip(share * 2, 0, 1)[..., None]
    return np.asarray(image * (1 - share) + large * share, np.uint8)


def _central(near: Floats) -> float:
    """Nearness of what is in the middle: the nearer half of the central window."""
    high, wide = near.shape
    left, top, right, bottom = MIDDLE
    window = near[round(high * top) : round(high * bottom), round(wide * left) : round(wide * right)]
    return float(np.percentile(window, 75))
