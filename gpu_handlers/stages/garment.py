"""A photograph of a garment to a cut-out with the points a tailor would pin: collar, shoulders, armpits, hem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Rgba
from gpu_handlers.engines.people import faces, ground, nets
from gpu_handlers.engines.people.outline import WORK_PX, Mask, largest, smooth
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import people
from gpu_handlers.stages.people import PersonFacts

Category = Literal["formal", "traditional", "western", "fitness", "casual"]
Point = tuple[float, float]
Floats = NDArray[np.float64]

MIN_SHARE, MAX_SHARE = 0.03, 0.93  # of the picture that a garment covers
MIN_SIDE_PX = 64
LONG_SLEEVE_SPANS = 0.72  # of the width between the armpits; a T-shirt's have half of it
INSIDE_DARKER_LAB = 22.0  # of OpenCV's 0 … 255 for L*

EASE = {"formal": 1.02, "traditional": 1.08, "western": 1.04, "fitness": 0.99, "casual": 1.05}
"""How loosely each category is worn: width of the cloth over width of the body."""


@dataclass(frozen=True, slots=True)
class Sleeve:
    """One sleeve of a garment laid flat, in pixels of the cut-out: from the middle of its seam to that of its end."""

    root: Point
    cuff: Point
    root_half: float
    cuff_half: float

    @property
    def length(self) -> float:
        """Pixels."""
        return hypot(self.cuff[0] - self.root[0], self.cuff[1] - self.root[1])


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """A garment cut out of its photograph and trimmed. Left and right are the viewer's.

    Attributes:
        image: H×W×4 uint8, straight alpha.
        worn: whether it was photographed on a person.
        neck, shoulder, armpit: (left, right) points in pixels of `image`.
        hem: row of the lower edge.
        left, right: edges of the body of the garment without its sleeves, one per row.
        sleeves: (left, right); None where there is none.
        ease: width of the cloth over width of the body.
        cut: whether the photograph ends before the garment does.
    """

    image: Rgba
    worn: bool
    neck: tuple[Point, Point]
    shoulder: tuple[Point, Point]
    armpit: tuple[Point, Point]
    hem: float
    left: Floats
    right: Floats
    sleeves: tuple[Sleeve | None, Sleeve | None]
    ease: float
    cut: bool = False

    @property
    def long_sleeved(self) -> bool:
        """Whether its sleeves are made to reach the wrists."""
        span = self.armpit[1][0] - self.armpit[0][0]
        return any(sleeve is not None and sleeve.length > LONG_SLEEVE_SPANS * span for sleeve in self.sleeves)

    def record(self) -> dict[str, object]:
        """What the result tells of it."""
        sleeves = [sleeve is not None for sleeve in self.sleeves]
        return {"worn": self.worn, "sleeves": sum(sleeves), "size": [self.image.shape[1], self.image.shape[0]]}


def cut_out(image: Rgb, category: Category) -> Garment:
    """The garment in the photograph: laid flat, hung, or worn, before a background of about one colour.

    Raises:
        JobFailed: ``garment_not_found``.
    """
    if min(image.shape[:2]) < MIN_SIDE_PX:
        raise _not_found()
    wearer = people.look(image) if nets.folder() and faces.find(image) else None
    mask = wearer.clothes if wearer else _flat(image)
    if not MIN_SHARE < float((mask > 0.5).mean()) < MAX_SHARE:
        raise _not_found()
    ys, xs = np.nonzero(mask > 0.5)
    margin = 2
    top, bottom = max(0, ys.min() - margin), min(image.shape[0], ys.max() + margin + 1)
    left, right = max(0, xs.min() - margin), min(image.shape[1], xs.max() + margin + 1)
    picture = np.dstack([image, np.round(mask * 255).astype(np.uint8)])[top:bottom, left:right]
    if wearer:
        return _pinned_on(
            _bled(picture), wearer, (float(left), float(top)), EASE[category], cut=bottom >= image.shape[0]
        )
    garment = _pinned(_bled(picture), ease=EASE[category])
    return replace(garment, image=_opened(garment))


def _flat(image: Rgb) -> Mask:
    """What differs from the picture's edge, snapped to edges by grabCut."""
    height, width = image.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    small = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    trimap, share = ground.trimap(small)
    if not MIN_SHARE < share < MAX_SHARE:
        raise _not_found()
    cv2.setRNGSeed(1)
    cv2.grabCut(small, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return smooth(_filled(_joined(opened)), (width, height))


def _joined(inside: NDArray[np.uint8]) -> Mask:
    """The cloth in one piece: stripes in the background's colour part it into bands right above each other."""
    bands = largest(inside.astype(np.float32), keep_share=0.08)
    gap = max(3, round(0.1 * max(inside.shape)))
    closed = cv2.morphologyEx(bands, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    whole, parted = (cv2.connectedComponents((part > 0.5).astype(np.uint8))[0] for part in (closed, bands))
    return largest(closed if whole < parted else bands, keep_share=0.5)


def _filled(inside: Mask) -> Mask:
    """Prints in the colour of the background are holes in the mask, not in the cloth."""
    contours, _ = cv2.findContours((inside > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros(inside.shape, np.float32), contours, -1, 1.0, -1), np.float32)


def _bled(picture: Rgba) -> Rgba:
    """The cloth's colour carried a few pixels outwards, so that resampling never picks up the background."""
    alpha = picture[..., 3]
    core = cv2.erode((alpha > 250).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2)
    weight = core.astype(np.float32)
    colour = picture[..., :3].astype(np.float32)
    blurred = cv2.GaussianBlur(colour * weight[..., None], (0, 0), 4)
    share = cv2.GaussianBlur(weight, (0, 0), 4)[..., None]
    near = np.where(share > 1e-3, blurred / np.maximum(share, 1e-3), colour)
    out = np.where(core[..., None] > 0, colour, near)
    return np.dstack([np.clip(np.round(out), 0, 255).astype(np.uint8), alpha])


def _pinned_on(picture: Rgba, wearer: PersonFacts, corner: Point, ease: float, *, cut: bool) -> Garment:
    """Pins of a garment that somebody wears, from the wearer's joints; its own outline is hidden by arms and hands.

    Args:
        corner: where the cut-out's upper left corner lies in the photograph, pixels.
        cut: whether the photograph ends before the garment does.
    """
    joints = {name: (x - corner[0], y - corner[1]) for name, (x, y) in wearer.joints.items()}
    sides = sorted(("l", "r"), key=lambda side: joints[f"{side}_shoulder"][0])
    (ax, ay), (bx, by) = (joints[f"{side}_shoulder"] for side in sides)
    half, middle, shoulders = (bx - ax) / 2, (ax + bx) / 2, (ay + by) / 2
    hips = (joints["l_hip"][1] + joints["r_hip"][1]) / 2
    hip_x = (joints["l_hip"][0] + joints["r_hip"][0]) / 2
    rows = np.arange(picture.shape[0], dtype=np.float64)
    downs = [
        shoulders - 0.16 * half,
        shoulders + 0.72 * half,
        shoulders + 1.7 * half,
        max(hips, shoulders + 2.4 * half),
    ]
    reach = np.interp(rows, downs, [1.1 * half, 0.95 * half, 0.88 * half, 0.98 * half])
    centre = np.interp(rows, [shoulders, max(hips, shoulders + half)], [middle, hip_x])
    pit = shoulders + 0.72 * half
    sleeves = tuple(_sleeve_on(picture, joints, side, out, half) for side, out in zip(sides, (-1, 1), strict=True))
    return Garment(
        image=picture,
        worn=True,
        neck=((middle - 0.42 * half, shoulders - 0.4 * half), (middle + 0.42 * half, shoulders - 0.4 * half)),
        shoulder=((middle - 1.1 * half, downs[0]), (middle + 1.1 * half, downs[0])),
        armpit=((middle - 0.95 * half, pit), (middle + 0.95 * half, pit)),
        hem=min(float(picture.shape[0] - 2), max(hips + 0.15 * half, pit + half)),
        left=centre - reach,
        right=centre + reach,
        sleeves=(sleeves[0], sleeves[1]),
        ease=ease,
        cut=cut,
    )


def _sleeve_on(picture: Rgba, joints: dict[str, Point], side: str, out: int, half: float) -> Sleeve | None:
    """The sleeve as far as it is straight: to the wrist of a straight arm, to the elbow of a bent one."""
    shoulder, elbow, wrist = (np.array(joints[f"{side}_{part}"]) for part in ("shoulder", "elbow", "wrist"))
    upper, fore = elbow - shoulder, wrist - elbow
    straight = float(upper @ fore) > 0.85 * float(np.linalg.norm(upper) * np.linalg.norm(fore))
    end = wrist if straight else elbow
    covered = 0.0
    height, width = picture.shape[:2]
    for share in np.linspace(0.1, 1.0, 19):
        x, y = shoulder + share * (end - shoulder)
        inside = 0 <= x < width and 0 <= y < height
        if not (inside and picture[int(y), int(x), 3] > 127):
            break
        covered = float(share)
    if covered < 0.25:
        return None
    x, y = shoulder + covered * (end - shoulder)
    root = (float(shoulder[0]) + out * 0.06 * half, float(shoulder[1]) + 0.29 * half)
    return Sleeve(root, (float(x), float(y)), 0.4 * half, 0.27 * half)


def _pinned(picture: Rgba, *, ease: float) -> Garment:
    inside = picture[..., 3] > 127
    height, width = inside.shape
    contour = max(
        cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=cv2.contourArea
    ).reshape(-1, 2)
    ys, xs = np.nonzero(inside)
    middle = float(np.median(xs[ys > np.percentile(ys, 60)]))
    pits = [_armpit(contour, middle, side, width, height) for side in (-1, 1)]
    body = _run_edges(inside, middle)
    if pits[0] and pits[1]:  # cloth is cut evenly; where exactly a dent is deepest is chance
        row = (pits[0][1] + pits[1][1]) / 2
        pits = [(pits[0][0], row), (pits[1][0], row)]
    armpits, shoulders = [], []
    for side, dent in zip((-1, 1), pits, strict=True):
        sleeveless = dent is None
        row = min(height - 1, round(0.3 * height))
        pit = dent or (float(body[0 if side < 0 else 1][row]), float(row))
        armpits.append(pit)
        shoulders.append(_shoulder(contour, pit, middle, side, sleeveless=sleeveless))
    span = armpits[1][0] - armpits[0][0]
    necks = [_neck(inside, middle, side, span) for side in (-1, 1)]
    hem = _hem(inside, middle, span)
    left, right = _body_edges(body, shoulders, armpits, hem)
    sleeves = tuple(
        None if pits[index] is None else _sleeve(inside, shoulders[index], armpits[index], (left, right)[index], side)
        for index, side in enumerate((-1, 1))
    )
    return Garment(
        picture,
        False,
        (necks[0], necks[1]),
        (shoulders[0], shoulders[1]),
        (armpits[0], armpits[1]),
        hem,
        left,
        right,
        (sleeves[0], sleeves[1]),
        ease,
    )


def _opened(garment: Garment) -> Rgba:
    """The cut-out without the inside of its back, which a garment laid flat shows in its neckline.

    The inside lies in shade: it is what is clearly darker than the chest between the corners of the collar.
    """
    image = garment.image
    (left, left_row), (right, right_row) = garment.neck
    span = right - left
    top, bottom = round(min(left_row, right_row)), round(max(left_row, right_row) + 0.9 * span)
    box = (slice(max(0, top), bottom), slice(max(0, round(left)), round(right) + 1))
    lab = cv2.cvtColor(image[..., :3], cv2.COLOR_RGB2LAB).astype(np.float32)
    chest = lab[bottom : bottom + round(span), round(left) : round(right)]
    if not chest.size:
        return image
    dark = (lab[box][..., 0] < float(np.median(chest[..., 0])) - INSIDE_DARKER_LAB) & (image[box][..., 3] > 127)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8))
    if count < 2:
        return image
    best = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, wide, tall, area = (int(value) for value in stats[best])
    hollow = (
        area > 0.45 * wide * tall
        and wide > 0.45 * span
        and y < 0.35 * span
        and abs(x + wide / 2 - span / 2) < 0.2 * span
    )
    if not hollow:  # a print or a fold
        return image
    inside = cv2.morphologyEx((labels == best).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    inside = np.maximum.accumulate(inside[::-1], axis=0)[::-1]  # and all above it: the back of the collar
    gone = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.8)
    out = image.copy()
    out[box][..., 3] = np.round(out[box][..., 3] * (1 - gone)).astype(np.uint8)
    return out


def _armpit(contour: NDArray[np.int32], middle: float, side: int, width: int, height: int) -> Point | None:
    """The deepest dent of the outline beside the body; None for a garment without sleeves."""
    hull = cv2.convexHull(contour.reshape(-1, 1, 2), returnPoints=False)
    hull[::-1].sort(axis=0)
    defects = cv2.convexityDefects(contour.reshape(-1, 1, 2), hull)
    best: tuple[float, Point] | None = None
    top = contour[:, 1].min()
    for start, end, far, depth in [] if defects is None else defects.reshape(-1, 4):
        x, y = contour[far]
        aside = side * (x - middle) > 0.1 * width
        neckline = max(contour[start][1], contour[end][1]) - top < 0.25 * height  # hangs between two high points
        if aside and not neckline and 0.14 * height < y - top < 0.8 * height and depth / 256 > 0.045 * height:
            best = max(best or (0.0, (0.0, 0.0)), (depth / 256, (float(x), float(y))))
    return best[1] if best else None


def _shoulder(contour: NDArray[np.int32], pit: Point, middle: float, side: int, *, sleeveless: bool) -> Point:
    """Where the seam of the sleeve meets the upper outline: near the armpit, and above it rather than beside it."""
    top = contour[:, 1].min()
    points = contour.astype(np.float64)
    aside = side * (points[:, 0] - middle)
    reach = side * (pit[0] - middle)
    candidates = points[(points[:, 1] < pit[1] - 0.3 * (pit[1] - top)) & (aside > 0.45 * reach)]
    if not len(candidates):
        return pit[0], float(top)
    if sleeveless:  # the outermost point of the strap
        upper = candidates[candidates[:, 1] < top + 0.35 * (pit[1] - top)]
        best = max(upper if len(upper) else candidates, key=lambda point: side * point[0])
        return float(best[0]), float(best[1])
    # Cloth laid flat has its seam about above the armpit; sleeves may slope away from it or hang down beside it.
    cost = np.abs(candidates[:, 0] - pit[0]) + 0.15 * np.hypot(candidates[:, 0] - pit[0], candidates[:, 1] - pit[1])
    best = candidates[int(np.argmin(cost))]
    return float(best[0]), float(best[1])


def _neck(inside: NDArray[np.bool_], middle: float, side: int, span: float) -> Point:
    """The corner of the collar: the highest point between the middle and the shoulder."""
    near, far = middle + side * 0.12 * span, middle + side * 0.4 * span
    columns = np.arange(max(0, round(min(near, far))), min(inside.shape[1], round(max(near, far)) + 1))
    tops = np.where(inside[:, columns].any(axis=0), inside[:, columns].argmax(axis=0), inside.shape[0])
    best = int(np.argmin(tops))
    return float(columns[best]), float(tops[best])


def _hem(inside: NDArray[np.bool_], middle: float, span: float) -> float:
    columns = inside[:, max(0, round(middle - 0.25 * span)) : round(middle + 0.25 * span) + 1]
    ys = np.nonzero(columns)[0]
    return float(np.percentile(ys, 99.5)) if len(ys) else float(inside.shape[0] - 1)


def _run_edges(inside: NDArray[np.bool_], middle: float) -> tuple[Floats, Floats]:
    """Left and right end of the run that contains the middle, per row; rows without one repeat their neighbour."""
    height, width = inside.shape
    left, right = np.full(height, np.nan), np.full(height, np.nan)
    centre = min(width - 1, max(0, round(middle)))
    for y in range(height):
        if not inside[y, centre]:
            continue
        gaps_left = np.flatnonzero(~inside[y, :centre])
        gaps_right = np.flatnonzero(~inside[y, centre:])
        left[y] = gaps_left[-1] + 1 if len(gaps_left) else 0
        right[y] = centre + gaps_right[0] - 1 if len(gaps_right) else width - 1
    known = np.flatnonzero(~np.isnan(left))
    if not known.size:  # two pieces side by side, for example a pair of socks
        raise _not_found()
    rows = np.arange(height)
    return np.interp(rows, known, left[known]), np.interp(rows, known, right[known])


def _body_edges(
    body: tuple[Floats, Floats], shoulders: list[Point], armpits: list[Point], hem: float
) -> tuple[Floats, Floats]:
    rows = np.arange(len(body[0]))
    edges = []
    for index, side in enumerate((-1, 1)):
        (sx, sy), (px, py) = shoulders[index], armpits[index]
        flare = px + side * (0.06 * abs(armpits[1][0] - armpits[0][0]) + 0.55 * np.maximum(0, rows - py))
        below = np.minimum(body[1], flare) if side > 0 else np.maximum(body[0], flare)
        edge = np.where(rows < sy, sx, np.where(rows < py, np.interp(rows, [sy, max(py, sy + 1)], [sx, px]), below))
        edge[rows > hem] = edge[min(len(edge) - 1, int(hem) - 2)]
        edges.append(cv2.GaussianBlur(edge.reshape(-1, 1), (0, 0), 3).ravel())
    return edges[0], edges[1]


def _sleeve(inside: NDArray[np.bool_], shoulder: Point, pit: Point, edge: Floats, side: int) -> Sleeve | None:
    height, width = inside.shape
    root = ((shoulder[0] + pit[0]) / 2, (shoulder[1] + pit[1]) / 2)
    ys, xs = np.mgrid[0:height, 0:width]
    beyond = inside & (side * (xs - edge[:, None]) > 2) & (ys > shoulder[1] - 0.1 * height)
    py, px = np.nonzero(largest(beyond.astype(np.float32), keep_share=1.0) > 0)
    if len(py) < 40:
        return None
    away = np.hypot(px - root[0], py - root[1])
    far = away > 0.6 * away.max()
    direction = np.array([px[far].mean() - root[0], py[far].mean() - root[1]])
    direction /= np.linalg.norm(direction)
    along = (px - root[0]) * direction[0] + (py - root[1]) * direction[1]
    across = -(px - root[0]) * direction[1] + (py - root[1]) * direction[0]
    length = float(np.percentile(along, 99.3))
    end = along > 0.9 * length
    offset = float((across[end].min() + across[end].max()) / 2)
    cuff = (
        root[0] + direction[0] * length - direction[1] * offset,
        root[1] + direction[1] * length + direction[0] * offset,
    )
    half = hypot(shoulder[0] - pit[0], shoulder[1] - pit[1]) / 2
    return Sleeve(root, cuff, half, float(np.ptp(across[end]) / 2))


def _not_found() -> JobFailed:
    return JobFailed(
        "garment_not_found",
        "No garment was found. Please send a photo of one garment, laid flat or worn, before a plain background.",
    )
