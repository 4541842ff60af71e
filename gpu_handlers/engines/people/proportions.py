"""A person without any network: the foreground's outline, and joints by the proportions of a standing body.

The fallback for machines without the people weights. It cannot count people and takes what stands out from the
background for one person, provided that it has a head, a neck and shoulders.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import ground
from gpu_handlers.engines.people.outline import WORK_PX, Mask, largest, smooth
from gpu_handlers.engines.people.parts import Box, Joints

MIN_SHARE, MAX_SHARE = 0.04, 0.92  # of the picture that a person covers
SHOULDERS_TO_HEAD = 1.42  # where the outline is this much wider than the head, shoulders have begun
HEAD_WIDTHS_TO_SHOULDERS = 2.1  # head breadth to shoulder joints, adult, front view
TORSO_HEADS = 1.85  # neck to hip joints in heights of head and neck together


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What the outline suggests, in pixels of the photograph."""

    person: Mask
    face: Box
    joints: Joints


def find(image: Rgb) -> Guess | None:
    """The person that fills the foreground; None when its outline is not that of one."""
    height, width = image.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    small = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    inside = _foreground(small)
    if not MIN_SHARE < inside.mean() < MAX_SHARE:
        return None
    profile = _head(inside)
    if profile is None:
        return None
    top, neck, x, wide = profile
    tall = neck - top
    person = smooth(inside, (width, height))
    grow = 1 / scale
    face = (x - 0.42 * wide, top + 0.3 * tall, x + 0.42 * wide, top + 0.92 * tall)
    return Guess(
        person,
        (face[0] * grow, face[1] * grow, face[2] * grow, face[3] * grow),
        {name: (px * grow, py * grow) for name, (px, py) in _joints(inside, x, top, neck, wide).items()},
    )


def _foreground(small: Rgb) -> Mask:
    """What stands out from the wall behind it; it may reach the lower edge only."""
    seeds, share = ground.trimap(small, open_below=True)
    if not (MIN_SHARE < share < MAX_SHARE and (seeds == cv2.GC_FGD).any()):
        return np.zeros(seeds.shape, np.float32)
    cv2.setRNGSeed(1)
    cv2.grabCut(small, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return largest(opened.astype(np.float32), keep_share=0.6)


def _head(inside: Mask) -> tuple[float, float, float, float] | None:
    """Top, neck row, middle and width of a head: a narrow part on top that soon widens to shoulders."""
    rows = np.flatnonzero(inside.any(axis=1))
    top, tall = int(rows[0]), len(rows)
    widths = np.array([_run(inside[y]) for y in range(top, top + tall)], dtype=np.float32)
    widths = np.asarray(cv2.GaussianBlur(widths.reshape(-1, 1), (0, 0), max(1.0, tall * 0.006)), np.float32).ravel()
    for end in range(max(8, round(0.07 * tall)), round(0.62 * tall)):
        wide = float(np.median(widths[:end]))
        if widths[end] < SHOULDERS_TO_HEAD * wide:
            continue
        if not 0.75 < end / wide < 2.4:
            return None
        # The neck is the narrowest row before the shoulders; under long hair it cannot be seen.
        start = round(0.62 * end)
        neck = start + int(np.argmin(widths[start:end]))
        xs = np.flatnonzero(inside[top + end // 2])
        return float(top), float(top + neck), float(xs.mean()), min(wide, 0.9 * (neck or end))
    return None


def _run(row: NDArray[np.float32]) -> int:
    xs = np.flatnonzero(row)
    return int(xs[-1] - xs[0] + 1) if len(xs) else 0


def _joints(inside: Mask, x: float, top: float, neck: float, wide: float) -> Joints:
    tall = neck - top
    shoulder, hip = neck + 0.16 * tall, neck + TORSO_HEADS * tall
    half = 0.5 * HEAD_WIDTHS_TO_SHOULDERS * wide
    row = inside[min(inside.shape[0] - 1, round(shoulder + 0.25 * tall))]
    edges = np.flatnonzero(row)
    if len(edges):
        half = min(half, 0.37 * (edges[-1] - edges[0]))
        x = 0.5 * x + 0.25 * (edges[-1] + edges[0])
    arm = 1.05 * tall
    return {
        "nose": (x, top + 0.62 * tall),
        "l_shoulder": (x + half, shoulder),
        "r_shoulder": (x - half, shoulder),
        "l_elbow": (x + 1.22 * half, shoulder + arm),
        "r_elbow": (x - 1.22 * half, shoulder + arm),
        "l_wrist": (x + 1.3 * half, shoulder + 1.9 * arm),
        "r_wrist": (x - 1.3 * half, shoulder + 1.9 * arm),
        "l_hip": (x + 0.6 * half, hip),
        "r_hip": (x - 0.6 * half, hip),
    }
