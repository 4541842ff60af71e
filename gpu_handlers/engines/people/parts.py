"""Which pixels of a person are head, hands and clothes: the outline split by joints and by the face's own colours."""

from __future__ import annotations

from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people.outline import WORK_PX, Mask, largest, smooth

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Joints = dict[str, tuple[float, float]]
Bools = NDArray[np.bool_]

SKIN_DISTANCE = 16.0  # in the a*b* plane of CIELAB; light and shade move L*, hardly a* and b*
SURE_OF_GLOVES = 0.9
HAIR_DISTANCE = 26.0  # in CIELAB; below it hair and clothes cannot be told apart by colour


def head(image: Rgb, person: Mask, face: Box) -> Mask:
    """Face, hair and what is worn on the head; long hair too, where its colour is not that of the clothes.

    Args:
        image: H×W×3 uint8.
        person: H×W, 0 … 1.
        face: the detector's box, brows to chin.
    """
    height, width = image.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    small = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    body = cv2.resize(person, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA) > 0.5
    left, top, right, bottom = (value * scale for value in face)
    wide, tall, x = right - left, bottom - top, (left + right) / 2
    ys, xs = np.mgrid[0 : small.shape[0], 0 : small.shape[1]].astype(np.float32)
    across = np.abs(xs - x) / wide

    oval = ((xs - x) / (0.5 * wide)) ** 2 + ((ys - (top + 0.40 * tall)) / (0.66 * tall)) ** 2 < 1
    crown = (ys < top) & (across < 0.45)
    beside = (ys < bottom - 0.05 * tall) & (across < 1.5)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    hair = _median(lab, body & (crown | (beside & (across > 0.55) & (ys > top) & (ys < bottom - 0.35 * tall))))
    cloth = _median(lab, body & (ys > bottom + 0.8 * tall) & (ys < bottom + 2.0 * tall) & (across < 1.0))
    apart = hair is not None and cloth is not None and float(np.linalg.norm(hair - cloth)) > HAIR_DISTANCE
    reach = 2.2 if apart else 0.12
    below = (ys >= bottom - 0.05 * tall) & (ys < bottom + reach * tall) & (across < 1.25) & (across > 0.34)

    trimap = np.full(body.shape, cv2.GC_BGD, np.uint8)
    trimap[body & beside] = cv2.GC_PR_FGD
    if apart:
        like_hair = np.linalg.norm(lab - hair, axis=2) < HAIR_DISTANCE
        trimap[body & below] = cv2.GC_PR_BGD
        trimap[body & below & like_hair] = cv2.GC_PR_FGD
    trimap[body & (oval | crown)] = cv2.GC_FGD
    if apart:
        cv2.setRNGSeed(1)
        cv2.grabCut(small, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
    inside |= body & beside  # between the crown and the chin, whatever belongs to the person is head
    return np.minimum(smooth(largest(inside.astype(np.float32), keep_share=0.3), (width, height)), person)


def skin_colour(image: Rgb, face: Box) -> NDArray[np.float32] | None:
    """The middle colour of the cheeks and nose, sRGB 0 … 255; None when the box is empty."""
    left, top, right, bottom = face
    inner = image[
        _row(top + 0.35 * (bottom - top), image) : _row(top + 0.8 * (bottom - top), image),
        _column(left + 0.22 * (right - left), image) : _column(right - 0.22 * (right - left), image),
    ].reshape(-1, 3)
    if not len(inner):
        return None
    luma = inner @ np.array([0.299, 0.587, 0.114])
    keep = inner[(luma >= np.percentile(luma, 25)) & (luma <= np.percentile(luma, 90))]
    return np.asarray(np.median(keep, axis=0), np.float32)


def skin(image: Rgb, face: Box, person: Mask) -> Bools:
    """Pixels of the person that have the face's skin colour, in light or in shade."""
    colour = skin_colour(image, face)
    if colour is None:
        return np.zeros(image.shape[:2], np.bool_)
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.2), cv2.COLOR_RGB2LAB).astype(np.float32)
    pixel = cv2.cvtColor(colour.astype(np.uint8).reshape(1, 1, 3), cv2.COLOR_RGB2LAB).astype(np.float32).reshape(3)
    tint = np.hypot(lab[..., 1] - pixel[1], lab[..., 2] - pixel[2])
    alike = (tint < SKIN_DISTANCE) & (np.abs(lab[..., 0] - pixel[0]) < 75) & (person > 0.5)
    return np.asarray(cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)


def hands(person: Mask, skin_like: Bools, joints: Joints, seen: dict[str, float]) -> Mask:
    """Both hands, as far as they are seen: a disc at each, its skin alone where there is enough of it."""
    height, width = person.shape
    found = np.zeros((height, width), np.float32)
    for side in ("l", "r"):
        wrist, index, pinky, elbow = (joints.get(f"{side}_{part}") for part in ("wrist", "index", "pinky", "elbow"))
        if wrist is None or seen.get(f"{side}_wrist", 0.0) < 0.5:
            continue
        tips = [tip for tip in (index, pinky) if tip is not None]
        if tips:
            x, y = np.mean([wrist, *tips], axis=0)
            reach = 1.25 * max(hypot(tip[0] - wrist[0], tip[1] - wrist[1]) for tip in tips)
        elif elbow is not None:
            x, y = (wrist[0] + 0.25 * (wrist[0] - elbow[0]), wrist[1] + 0.25 * (wrist[1] - elbow[1]))
            reach = 0.4 * hypot(elbow[0] - wrist[0], elbow[1] - wrist[1])
        else:
            continue
        disc = np.zeros((height, width), np.uint8)
        cv2.circle(disc, (round(x), round(y)), max(3, round(reach)), 1, -1)
        area = (disc > 0) & (person > 0.5)
        bare = area & skin_like
        if area.any() and bare.sum() > 0.2 * area.sum():
            kernel = np.ones((5, 5), np.uint8)
            area = cv2.morphologyEx(bare.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0
        elif seen.get(f"{side}_wrist", 0.0) < SURE_OF_GLOVES:
            continue  # no skin: the network guesses wrists that sleeves or the edge of the picture hide
        found = np.maximum(found, area.astype(np.float32))
    return np.minimum(cv2.GaussianBlur(found, (0, 0), 1.2), person) if found.any() else found


def upper_clothes(person: Mask, head_mask: Mask, hands_mask: Mask, skin_like: Bools, joints: Joints) -> Mask:
    """What is worn between the neck and the hips, sleeves included."""
    rest = (person > 0.5) & (head_mask < 0.5) & (hands_mask < 0.5) & ~skin_like
    shoulders = (joints["l_shoulder"][1] + joints["r_shoulder"][1]) / 2
    hips = (joints["l_hip"][1] + joints["r_hip"][1]) / 2
    ys = np.arange(person.shape[0])[:, None]
    rest &= (ys < hips + 0.1 * abs(hips - shoulders)) & (ys > shoulders - 0.5 * abs(hips - shoulders))
    kernel = np.ones((5, 5), np.uint8)
    tidy = cv2.morphologyEx(rest.astype(np.uint8), cv2.MORPH_CLOSE, kernel).astype(np.float32)
    return largest(tidy) if tidy.any() else tidy


def _median(lab: NDArray[np.float32], where: Bools) -> NDArray[np.float32] | None:
    return np.asarray(np.median(lab[where], axis=0), np.float32) if where.sum() > 20 else None


def _row(y: float, image: Rgb) -> int:
    return int(min(max(y, 0), image.shape[0]))


def _column(x: float, image: Rgb) -> int:
    return int(min(max(x, 0), image.shape[1]))
