"""Try-on by geometry: the garment is bent to the torso and arms, lit like the person, and put on under face and hands.

No model: it keeps the garment's print exactly and knows nothing of how cloth falls. Results say so: `"geometric"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import parts
from gpu_handlers.engines.people.outline import Mask, largest
from gpu_handlers.stages.garment import Garment, Sleeve
from gpu_handlers.stages.people import PersonFacts

METHOD = "geometric"
CORE = 0.98  # of a mask: where a kept part is the photograph itself, bit for bit

Floats = NDArray[np.float32]
Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Torso:
    """The person's trunk as a strip: rows down the spine, each with a left and right edge.

    Lengths in pixels from the middle of the shoulders, `down` along the spine, `side` to the viewer's right.
    """

    origin: Point
    down: Point
    side: Point
    half: float
    length: float
    tilt_top: float
    tilt_bottom: float


def wear(image: Rgb, person: PersonFacts, garment: Garment, *, preserve_face: bool) -> Rgb:
    """The person in the garment.

    Args:
        image: H×W×3 uint8, the photograph that `person` describes.
        preserve_face: face, hair and hands are the photograph's own pixels wherever their mask exceeds `CORE`.
            Without it the cloth may cast its shadow on them, and loose ends of it may cover them.
    """
    torso = _torso(person)
    x, y = _pattern(image.shape[:2], person, torso, garment)
    cloth, cover = _body(garment, x, y)
    for index, sleeve in enumerate(garment.sleeves):
        if sleeve is None:
            continue
        arm, over = _arm(person, torso, garment, sleeve, index, (x, y))
        shade = 1 - 0.22 * _soft(over, 0.05 * torso.half) * (1 - over)  # where the sleeve lies on the body
        cloth = cloth * shade[..., None] * (1 - over[..., None]) + arm * over[..., None]
        cover = np.maximum(cover, over)
    cloth, cover = _grown(cloth, cover, person, torso)
    if garment.long_sleeved:
        cloth, cover = _sleeved(cloth, cover, person, torso)
    bare = _undressed(image, person, torso, garment, cover)
    lit = np.clip(cloth * _light(image, person, torso, cover)[..., None], 0, 255)
    kept = _kept(person, torso, preserve_face=preserve_face)
    alpha = (cover * (1 - kept))[..., None]
    result = bare * (1 - alpha) + lit * alpha
    out = np.clip(np.round(result), 0, 255).astype(np.uint8)
    return with_own_parts(image, out, person) if preserve_face else out


def with_own_parts(image: Rgb, dressed: Rgb, person: PersonFacts) -> Rgb:
    """`dressed` with the photograph's head and hands: bit for bit where their mask exceeds `CORE`, feathered around."""
    own = np.maximum(person.head, person.hands)
    soft = _feathered(own)[..., None]
    mixed = np.clip(np.round(dressed * (1 - soft) + image * soft), 0, 255).astype(np.uint8)
    return np.asarray(np.where((own >= CORE)[..., None], image, mixed), np.uint8)


def before_after(before: Rgb, after: Rgb) -> Rgb:
    """Both pictures of one size side by side with a thin light gap."""
    gap = np.full((before.shape[0], max(4, before.shape[1] // 128), 3), 245, np.uint8)
    return np.concatenate([before, gap, after], axis=1)


def _torso(person: PersonFacts) -> _Torso:
    joints = person.joints
    # The viewer's left is the person's right, unless the photograph is mirrored or taken from behind.
    one, other = np.array(joints["r_shoulder"]), np.array(joints["l_shoulder"])
    if one[0] > other[0]:
        one, other = other, one
    hip_one, hip_other = sorted((np.array(joints["r_hip"]), np.array(joints["l_hip"])), key=_x)
    origin, hips = (one + other) / 2, (hip_one + hip_other) / 2
    half = max(8.0, float(np.linalg.norm(other - one)) / 2)
    spine = hips - origin
    length = float(np.linalg.norm(spine))
    if min(person.seen.get("l_hip", 0), person.seen.get("r_hip", 0)) < 0.5 or length < 1.6 * half:
        length = max(length, 2.6 * half)  # hips below the picture's edge are guesses
    down = spine / max(1.0, float(np.linalg.norm(spine)))
    if down[1] < 0.7:
        down = np.array([0.0, 1.0])
    side = np.array([down[1], -down[0]])
    return _Torso(
        origin, down, side, half, length, _tilt(one, other, side, down), _tilt(hip_one, hip_other, side, down)
    )


def _x(point: Point) -> float:
    return float(point[0])


def _tilt(one: Point, other: Point, side: Point, down: Point) -> float:
    line = other - one
    return float(np.clip(float(line @ down) / max(1.0, abs(float(line @ side))), -0.5, 0.5))


def _pattern(shape: tuple[int, ...], person: PersonFacts, torso: _Torso, garment: Garment) -> tuple[Floats, Floats]:
    """Which place of the garment lies on each pixel, column and row, if it were all trunk."""
    along, across = _strip(shape, torso)
    share = np.clip(along / torso.length, 0, 1)
    along = along - across * (torso.tilt_top * (1 - share) + torso.tilt_bottom * share)

    half = torso.half
    grown = _scale(torso, garment)
    neck, shoulder, pit = (_mean_row(pair) for pair in (garment.neck, garment.shoulder, garment.armpit))
    pit_row = float(np.clip(0.9 * (pit - shoulder) * grown - 0.18 * half, 0.66 * half, 1.15 * half))
    hem_row = pit_row + (garment.hem - (garment.armpit[0][1] + garment.armpit[1][1]) / 2) * grown * _drape(garment)
    if garment.cut:  # its lower part was not photographed: what there is is stretched over the trunk
        hem_row = max(hem_row, min(1.1 * torso.length, pit_row + 2.2 * (hem_row - pit_row)))
    elif hem_row > 0.75 * torso.length:  # not cropped on purpose: then it covers the hips, as what was worn before did
        hem_row = max(hem_row, min(1.2 * torso.length, pit_row + 1.35 * (hem_row - pit_row)))
    collar_row, tip_row = _tops(person, torso)
    rows_here = np.array([collar_row, tip_row, pit_row, max(hem_row, pit_row + 0.5 * half)])
    rows_there = np.maximum.accumulate(np.array([neck, shoulder + 0.01, pit + 0.02, garment.hem + 0.03]))
    y = np.interp(along.ravel(), rows_here, rows_there).reshape(along.shape)
    y = y + np.minimum(0, along - rows_here[0]) / grown + np.maximum(0, along - rows_here[3]) / grown

    left, right = _edges(person, torso, garment.ease, rows_here)
    table = np.arange(len(left), dtype=np.float64) + _FIRST_ROW * half
    here_left = np.interp(along.ravel(), table, left).reshape(along.shape)
    here_right = np.interp(along.ravel(), table, right).reshape(along.shape)
    lines = np.arange(len(garment.left))
    there_left = np.interp(y.ravel(), lines, garment.left).reshape(y.shape)
    there_right = np.interp(y.ravel(), lines, garment.right).reshape(y.shape)
    x = there_left + (across - here_left) / (here_right - here_left) * (there_right - there_left)

    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def _tops(person: PersonFacts, torso: _Torso) -> tuple[float, float]:
    """Rows of the strip where the clothed body begins: beside the neck, and at the tips of the shoulders."""
    half = torso.half
    height, width = person.person.shape
    body = (person.person > 0.5) & (person.head < 0.5)
    downs = np.arange(-0.8 * half, 0.5 * half)
    rows = []
    for share, usual, low, high in ((0.42, -0.40, -0.52, -0.24), (0.82, -0.18, -0.34, 0.06)):
        tops = []
        for out in (-1.0, 1.0):
            places = torso.origin + downs[:, None] * torso.down + out * share * half * torso.side
            xs, ys = np.round(places[:, 0]).astype(int), np.round(places[:, 1]).astype(int)
            fits = (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
            hit = np.flatnonzero(fits & body[ys.clip(0, height - 1), xs.clip(0, width - 1)])
            tops.append(float(downs[hit[0]]) if len(hit) else usual * half)
        rows.append(float(np.clip(np.mean(tops), low * half, high * half)))
    return rows[0], max(rows[1], rows[0] + 0.06 * half)


def _body(garment: Garment, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The garment without its sleeves: colour H×W×3 in 0 … 255 and cover H×W in 0 … 1."""
    body = garment.image.copy()
    columns = np.arange(body.shape[1])[None, :]
    edge = 1.5
    inside = (columns >= garment.left[:, None] - edge) & (columns <= garment.right[:, None] + edge)
    (x0, y0), (x1, y1) = garment.shoulder
    upper = np.arange(body.shape[0])[:, None] < np.interp(columns[0], [x0, x1], [y0, y1])[None, :]
    body[..., 3] = np.where(inside | upper, body[..., 3], 0)
    return _sampled(body, x, y)


def _arm(
    person: PersonFacts, torso: _Torso, garment: Garment, sleeve: Sleeve, index: int, pattern: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """One sleeve bent along shoulder, elbow and wrist; at its seam it goes over into the `pattern` of the trunk."""
    shape = person.person.shape
    shoulder, elbow, wrist = _arm_joints(person, torso, index)
    half = torso.half
    out = -1.0 if index == 0 else 1.0
    start = shoulder + torso.down * 0.29 * half
    first, second = elbow - start, wrist - elbow
    upper = max(1.0, float(np.linalg.norm(first)))
    fore = max(1.0, float(np.linalg.norm(second)))
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)

    grown = _scale(torso, garment)
    reach = min(sleeve.length * grown * 1.06, (upper + fore) * 1.02)
    if garment.long_sleeved:
        reach = (upper + fore) * 0.97

    along_a, across_a = _along(xs, ys, start, first / upper)
    along_b, across_b = _along(xs, ys, elbow, second / fore)
    off_a = np.hypot(across_a, np.maximum(0, along_a - upper) + np.maximum(0, -along_a - 0.6 * half))
    off_b = np.hypot(across_b, np.maximum(0, -along_b) + np.maximum(0, along_b - fore * 1.1))
    lower = off_b < off_a - 0.01  # outside the bend both are the way to the elbow: no dice there
    along = np.where(lower, upper + along_b, along_a)
    across = np.where(lower, across_b, across_a)

    ratio = along / reach
    body_half = np.interp(along, [0, upper, upper + fore], [0.34 * half, 0.29 * half, 0.2 * half])
    body_half = np.maximum(body_half, np.interp(along, *_arm_widths(person, torso, start, elbow, wrist, out)))
    cloth_half = (sleeve.root_half + (sleeve.cuff_half - sleeve.root_half) * np.clip(ratio, 0, 1)) * grown
    here_half = np.maximum(body_half * garment.ease * 1.06, np.minimum(cloth_half, 1.3 * body_half))
    there_half = sleeve.root_half + (sleeve.cuff_half - sleeve.root_half) * np.clip(ratio, 0, 1)
    axis = np.array([sleeve.cuff[0] - sleeve.root[0], sleeve.cuff[1] - sleeve.root[1]]) / max(1.0, sleeve.length)
    # Across the sleeve: the armpit side of the cloth lies on the body's side of the arm.
    s = across / here_half * there_half
    t = ratio * sleeve.length
    x = sleeve.root[0] + axis[0] * t - axis[1] * s
    y = sleeve.root[1] + axis[1] * t + axis[0] * s

    # From the seam on the sleeve turns away from the trunk's pattern; the turn takes half an arm's breadth.
    turned = np.clip((along + 0.3 * half) / (0.75 * half), 0, 1)
    turned = turned * turned * (3 - 2 * turned)
    x, y = (flat + (bent - flat) * turned for flat, bent in zip(pattern, (x, y), strict=True))

    cloth = garment.image.copy()
    columns = np.arange(cloth.shape[1])[None, :]
    # The sleeve takes a strip of the trunk along with it, faded out, so that the seam never opens.
    strip = 0.07 * (garment.armpit[1][0] - garment.armpit[0][0])
    inwards = (columns - garment.left[:, None]) if index == 0 else (garment.right[:, None] - columns)
    rows = np.arange(cloth.shape[0])[:, None]
    above_pit = rows < garment.armpit[index][1]
    strength = np.where(above_pit, np.clip(1 - inwards / strip, 0, 1), inwards < 1)
    cloth[..., 3] = np.round(cloth[..., 3] * strength).astype(np.uint8)
    colour, cover = _sampled(cloth, np.asarray(x, np.float32), np.asarray(y, np.float32))
    near = (np.minimum(off_a, off_b) < here_half * 1.15) & (along > -0.6 * half) & (along < reach * 1.06)
    rounding = 1 - 0.20 * np.clip(np.abs(across) / here_half, 0, 1) ** 2.2
    return np.asarray(colour * rounding[..., None], np.float32), np.asarray(cover * near, np.float32)


def _arm_joints(person: PersonFacts, torso: _Torso, index: int) -> tuple[Point, Point, Point]:
    """Shoulder, elbow and wrist on the viewer's left (0) or right (1); unseen ones hang down."""
    sides = sorted(("l", "r"), key=lambda side: person.joints[f"{side}_shoulder"][0])
    side = sides[index]
    shoulder = np.array(person.joints[f"{side}_shoulder"])
    out = -1.0 if index == 0 else 1.0
    elbow = np.array(person.joints[f"{side}_elbow"])
    if person.seen.get(f"{side}_elbow", 0) < 0.25:
        elbow = shoulder + torso.down * 1.55 * torso.half + torso.side * out * 0.3 * torso.half
    wrist = np.array(person.joints[f"{side}_wrist"])
    if person.seen.get(f"{side}_wrist", 0) < 0.15:
        wrist = elbow + torso.down * 1.3 * torso.half
    return shoulder, elbow, wrist


def _arm_widths(
    person: PersonFacts, torso: _Torso, start: Point, elbow: Point, wrist: Point, out: float
) -> tuple[Floats, Floats]:
    """How far the outline is from the arm's axis on its outer side: ways along the arm, and widths there, px."""
    half = torso.half
    height, width = person.person.shape
    ways, widths, gone = [], [], 0.0
    for one, other, typical in ((start, elbow, 0.42), (elbow, wrist, 0.27)):
        part = max(1.0, float(np.linalg.norm(other - one)))
        way = (other - one) / part
        across = np.array([way[1], -way[0]])
        across = across if across @ torso.side * out > 0 else -across
        steps = np.arange(0, 1.0 * half)
        for share in (0.15, 0.4, 0.65, 0.9):
            places = (one + way * part * share)[None] + steps[:, None] * across[None]
            xs, ys = np.round(places[:, 0]).astype(int), np.round(places[:, 1]).astype(int)
            fits = (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
            empty = np.flatnonzero(fits & (person.person[ys.clip(0, height - 1), xs.clip(0, width - 1)] < 0.5))
            run = float(steps[empty[0]]) if len(empty) else typical * half
            ways.append(gone + part * share)
            widths.append(min(run * 1.02, 1.5 * typical * half))
        gone += part
    return np.asarray(ways, np.float32), np.asarray(widths, np.float32)


def _along(xs: Floats, ys: Floats, start: Point, way: Point) -> tuple[Floats, Floats]:
    dx, dy = xs - start[0], ys - start[1]
    return np.asarray(dx * way[0] + dy * way[1], np.float32), np.asarray(-dx * way[1] + dy * way[0], np.float32)


def _strip(shape: tuple[int, ...], torso: _Torso) -> tuple[Floats, Floats]:
    """Every pixel's way down the spine and to the side, px."""
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    dx, dy = xs - torso.origin[0], ys - torso.origin[1]
    return (
        np.asarray(dx * torso.down[0] + dy * torso.down[1], np.float32),
        np.asarray(dx * torso.side[0] + dy * torso.side[1], np.float32),
    )


def _mean_row(pair: tuple[tuple[float, float], tuple[float, float]]) -> float:
    return (pair[0][1] + pair[1][1]) / 2


def _scale(torso: _Torso, garment: Garment) -> float:
    """Pixels of the photograph per pixel of the garment: its width under the arms on that of the body."""
    return 1.86 * torso.half * garment.ease / max(1.0, garment.armpit[1][0] - garment.armpit[0][0])


def _drape(garment: Garment) -> float:
    """Cloth laid flat is as wide as half its girth; on a body it is seen rounded, so its length counts for more."""
    return 1.0 if garment.worn else 1.12


_FIRST_ROW = -1.5  # of the edge tables, in half shoulder spans


def _edges(person: PersonFacts, torso: _Torso, ease: float, rows: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Left and right edge of the clothed trunk per pixel row down the spine, the first row `_FIRST_ROW` half spans up.

    Where the outline of the person is about as wide as a trunk, it is followed; where arms widen it, the trunk is
    taken from proportions.
    """
    half = torso.half
    downs = np.arange(round(_FIRST_ROW * half), round(rows[3] + 1.2 * half)).astype(np.float64)
    typical = np.interp(
        downs,
        [-0.16 * half, rows[2], rows[2] + 0.9 * half, torso.length, torso.length + half],
        [1.06 * half, 0.93 * half, 0.84 * half, 0.95 * half, 1.02 * half],
    )
    edges = []
    height, width = person.person.shape
    clothed = person.person > 0.5
    for out in (-1.0, 1.0):
        measured = typical.copy()
        for index, down in enumerate(downs):
            if down < rows[2]:
                continue
            x0, y0 = torso.origin + torso.down * down
            steps = np.arange(0, 1.6 * half)
            xs = np.round(x0 + torso.side[0] * out * steps).astype(int)
            ys = np.round(y0 + torso.side[1] * out * steps).astype(int)
            fits = (xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)
            if not fits.all() or not fits.any():
                continue
            empty = np.flatnonzero(~clothed[ys, xs])
            run = float(empty[0]) if len(empty) else float(len(steps))
            if 0.8 * typical[index] < run < 1.32 * typical[index]:
                measured[index] = max(run * 1.015, 0.96 * typical[index] * ease)
            else:
                measured[index] = typical[index] * ease
        smooth = cv2.GaussianBlur(measured.reshape(-1, 1), (0, 0), max(2.0, 0.14 * half)).ravel()
        edges.append(np.asarray(out * smooth, np.float32))
    return edges[0], edges[1]


def _sampled(cloth: NDArray[np.uint8], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Colour and cover of a garment at the given places, premultiplied so that edges stay clean."""
    alpha = cloth[..., 3:].astype(np.float32) / 255
    layers = np.concatenate([cloth[..., :3] * alpha, alpha], axis=2).astype(np.float32)
    grown = max(1.0, float(np.median(np.abs(np.diff(x, axis=1)))))
    if grown > 1.5:  # shrinking: average first
        layers = cv2.GaussianBlur(layers, (0, 0), 0.45 * grown)
    found = cv2.remap(
        layers,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    cover = np.clip(found[..., 3], 0, 1)
    return np.asarray(found[..., :3] / np.maximum(cover, 1e-3)[..., None], np.float32), np.asarray(cover, np.float32)


def _light(image: Rgb, person: PersonFacts, torso: _Torso, cover: Floats) -> Floats:
    """How the cloth is lit: the person's own broad light and folds, the roundness of the trunk, the chin's shadow."""
    half = torso.half
    luma = (image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)) + 8.0
    worn = ((person.clothes > 0.5) & (person.head < 0.1) & (person.hands < 0.1)).astype(np.float32)
    own = np.ones(luma.shape, np.float32)
    if worn.sum() > 200:
        logs = np.log(luma)
        middle = float(np.median(logs[worn > 0]))
        broad, folds = (_within(logs - middle, worn, sigma * half) for sigma in (0.30, 0.045))
        detail = folds - broad
        rough = float(np.std(detail[worn > 0]))
        # Strong fine contrast is a print of the old clothes, not their folds: then less of it is taken over.
        trust = 0.75 * min(1.0, 0.12 / max(rough, 1e-3)) if rough > 0.12 else 0.75
        own = np.exp(np.clip(0.35 * np.clip(broad, -0.7, 0.7) + trust * np.clip(detail, -0.4, 0.3), -0.5, 0.25))
    along, across = _strip(image.shape[:2], torso)
    round_share = np.clip(np.abs(across) / (1.05 * half), 0, 1)
    rounding = 1 - 0.16 * round_share**2.6
    shadow = _soft(np.roll(person.head, round(0.16 * half), axis=0), 0.09 * half)
    chin = 1 - 0.34 * shadow * np.clip(1 - along / (0.9 * half), 0, 1)
    edge = 1 - 0.18 * (1 - np.clip((_soft(cover, 0.02 * half) - 0.5) * 2, 0, 1))
    return np.asarray(own * rounding * chin * edge, np.float32)


def _within(values: Floats, mask: Floats, sigma: float) -> Floats:
    """Gaussian mean over the masked pixels only."""
    weight = cv2.GaussianBlur(mask, (0, 0), max(1.0, sigma))
    return np.asarray(cv2.GaussianBlur(values * mask, (0, 0), max(1.0, sigma)) / np.maximum(weight, 1e-3), np.float32)


def _old(person: PersonFacts) -> NDArray[np.bool_]:
    """Where the old clothes are, with the band just outside that still carries their colour."""
    old = cv2.dilate((person.clothes > 0.3).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.asarray(old & (person.head < 0.5) & (person.hands < 0.5))


def _grown(cloth: Floats, cover: Floats, person: PersonFacts, torso: _Torso) -> tuple[Floats, Floats]:
    """The cloth without stray islands, and drawn up over slivers of the old clothes on the shoulders."""
    piece = largest((cover > 0.5).astype(np.float32), keep_share=0.1)
    cover = cover * cv2.dilate(piece, np.ones((5, 5), np.uint8))
    reach = max(2, round(0.045 * torso.half))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    along, across = _strip(cover.shape, torso)
    top = (along < 0.25 * torso.half) & (np.abs(across) > 0.42 * torso.half) & (np.abs(across) < 1.05 * torso.half)
    slivers = _old(person) & top & (cv2.dilate(piece, kernel) > 0)
    if not slivers.any():
        return cloth, np.asarray(cover, np.float32)
    weight = cv2.GaussianBlur(cover, (0, 0), reach)
    near = cv2.GaussianBlur(cloth * cover[..., None], (0, 0), reach) / np.maximum(weight, 1e-3)[..., None]
    mixed = np.where((cover > 0.5)[..., None], cloth, near)
    whole = _soft(np.maximum(cover, slivers), 1.0)
    return np.asarray(mixed, np.float32), np.asarray(np.where(top, np.maximum(cover, whole), cover), np.float32)


def _sleeved(cloth: Floats, cover: Floats, person: PersonFacts, torso: _Torso) -> tuple[Floats, Floats]:
    """Long sleeves widened to where the old ones were: what is left free takes the colour of the cloth beside it."""
    reach = max(2, round(0.16 * torso.half))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    beside = cv2.dilate((cover > 0.5).astype(np.uint8), kernel) > 0
    free = _old(person) & (_limbs(person, torso, 0.8) > 0) & beside & (cover < 0.98)
    if not free.any():
        return cloth, cover
    weight = cv2.GaussianBlur(cover, (0, 0), 0.7 * reach)
    near = cv2.GaussianBlur(cloth * cover[..., None], (0, 0), 0.7 * reach) / np.maximum(weight, 1e-3)[..., None]
    mixed = cloth * cover[..., None] + near * (1 - cover[..., None])
    whole = np.maximum(cover, np.clip(2 * _soft(free.astype(np.float32), 1.2), 0, 1))
    return np.asarray(mixed, np.float32), np.asarray(whole, np.float32)


def _limbs(person: PersonFacts, torso: _Torso, breadth: float) -> NDArray[np.uint8]:
    """1 along both arms, `breadth` half shoulder spans wide; H×W."""
    limbs = np.zeros(person.person.shape, np.uint8)
    for index in (0, 1):
        joints = [tuple(round(float(value)) for value in joint) for joint in _arm_joints(person, torso, index)]
        for one, other in pairwise(joints):
            cv2.line(limbs, one, other, 1, max(3, round(breadth * torso.half)))
    return limbs


def _undressed(image: Rgb, person: PersonFacts, torso: _Torso, garment: Garment, cover: Floats) -> Floats:
    """The photograph with what sticks out of the old clothes replaced: by skin at neck and arms, else by background."""
    half = torso.half
    out = image.astype(np.float32)
    along, across = _strip(image.shape[:2], torso)
    old = _old(person)
    covered = cover > 0.5
    bottom = along[covered].max() if covered.any() else 0.0
    left_over = old & (cover < 0.98) & (along < bottom - 0.04 * half)
    if not left_over.any():
        return out
    face = person.face[2] - person.face[0]
    breadth = np.interp(along, [-0.5 * half, 0.1 * half], [0.42 * face, 0.7 * half])
    neck = left_over & (along < 0.85 * half) & (np.abs(across) < breadth) & (person.person > 0.5)
    limbs = _limbs(person, torso, 0.52)
    limbs[along < 0.3 * half] = 0
    roundness = _soft(limbs.astype(np.float32), 0.16 * half)
    arms = left_over & (limbs > 0) & (person.person > 0.5) & ~neck
    if garment.worn or garment.long_sleeved:
        arms &= False
    bare = neck | arms
    skin = parts.skin_colour(image, person.face)
    if skin is not None and bare.any():
        luma = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) + 12
        worn = (person.clothes > 0.5).astype(np.float32)
        logs = np.log(luma)
        middle = float(np.median(logs[worn > 0])) if worn.any() else 0.0
        shade = _within(np.asarray(logs - middle, np.float32), worn, 0.06 * half)
        tone = skin * np.exp(np.clip(np.where(neck, 0.1, 0.4) * shade, -0.4, 0.08))[..., None]
        near = np.clip(1 - along / (0.9 * half), 0, 1) * _soft(
            np.roll(person.head, round(0.2 * half), axis=0), 0.1 * half
        )
        tone = tone * (1 - 0.14 * near * neck)[..., None]
        tone = tone * np.where(neck, 1.0, 0.78 + 0.22 * np.clip(roundness, 0, 1) ** 0.8)[..., None]
        share = _soft(bare.astype(np.float32), 0.012 * half)[..., None] * (person.person > 0.3)[..., None]
        out = out * (1 - share) + tone * share
    # Only a hem's breadth of the old clothes is painted out: what lies behind more of it nobody can know.
    near_cloth = (
        cv2.dilate(covered.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(1, round(0.2 * half))) > 0
    )
    fringe = left_over & ~bare & ~(limbs > 0) & near_cloth
    if fringe.any() and fringe.mean() < 0.25:
        holes = (fringe | (covered & (person.person < 0.6))).astype(np.uint8)
        filled = _behind(image, person.person)
        share = _soft(cv2.dilate(holes, np.ones((3, 3), np.uint8)).astype(np.float32), 1.0)[..., None]
        out = out * (1 - share) + filled * share
    return np.asarray(out, np.float32)


def _behind(image: Rgb, person: Mask) -> Floats:
    """The background carried on behind the person, from coarse to fine (pull-push, Gortler et al., SIGGRAPH 1996)."""
    weight = (cv2.dilate((person > 0.2).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0).astype(np.float32)
    levels = [(image.astype(np.float32) * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 4:
        colour, share = (cv2.resize(part, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for part in levels[-1])
        levels.append((np.asarray(colour, np.float32), np.asarray(share, np.float32)))
    colour, share = levels[-1]
    filled = colour / np.maximum(share, 1e-4)[..., None]
    for colour, share in reversed(levels[:-1]):
        coarse = cv2.resize(filled, (share.shape[1], share.shape[0]), interpolation=cv2.INTER_LINEAR)
        known = np.minimum(share, 1.0)[..., None]
        filled = np.where(share[..., None] > 1e-4, colour / np.maximum(share, 1e-4)[..., None], 0) * known + coarse * (
            1 - known
        )
    return np.asarray(filled, np.float32)


def _kept(person: PersonFacts, torso: _Torso, *, preserve_face: bool) -> Floats:
    """What the cloth goes under: head and hands, with soft edges."""
    own = np.maximum(person.head, person.hands)
    return _feathered(own) if preserve_face else _soft(own, 0.01 * torso.half)


def _feathered(mask: Mask) -> Floats:
    """A soft edge outside the mask's core, none inside it."""
    return np.asarray(np.maximum(mask, np.clip(_soft(mask, 1.5) * 1.1 - 0.1, 0, 1)), np.float32)


def _soft(mask: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(np.asarray(mask, np.float32), (0, 0), max(0.6, sigma)), np.float32)
