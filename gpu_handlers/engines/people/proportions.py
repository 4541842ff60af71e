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
from gpu_handlers.engines.people.outline import WORK_PX, Mask, largest, smooth
from gpu_handlers.engines.people.parts import Box, Joints

HEAD_WIDTHS_TO_SHOULDERS = 2.1  # head breadth to shoulder joints, adult, front view
TORSO_HEADS = 2.45  # chin to hip joints in head heights


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
    if not 0.04 < inside.mean() < 0.92:
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
    """grabCut from a frame: what touches the left, right and upper edge is background."""
    height, width = small.shape[:2]
    trimap = np.full((height, width), cv2.GC_PR_FGD, np.uint8)
    edge = max(2, round(0.03 * width))
    trimap[: max(2, round(0.02 * height))] = cv2.GC_BGD
    trimap[:, :edge] = trimap[:, -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    opened = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return largest(opened.astype(np.float32), keep_share=0.6)


def _head(inside: Mask) -> tuple[float, float, float, float] | None:
    """Top, neck row, middle and width of a head: the outline widens, narrows to a neck, and widens to shoulders."""
    rows = np.flatnonzero(inside.any(axis=1))
    top, tall = int(rows[0]), len(rows)
    widths = np.array([_run(inside[y]) for y in range(top, top + tall)], dtype=np.float32)
    widths = cv2.GaussianBlur(widths.reshape(-1, 1), (0, 0), max(1.0, tall * 0.008)).ravel()
    upper = widths[: max(8, round(tall * 0.5))]
    for neck in range(4, len(upper) - 2):
        wide = float(upper[:neck].max())
        below = upper[neck : neck + max(6, round(neck * 0.8))]
        narrow = upper[neck] <= upper[neck - 1] and upper[neck] <= upper[neck + 1] and upper[neck] < 0.92 * wide
        if narrow and below.max() > 1.35 * wide and 0.8 < neck / wide < 2.2:
            xs = np.flatnonzero(inside[top + neck // 2])
            return float(top), float(top + neck), float(xs.mean()), wide
    return None


def _run(row: NDArray[np.float32]) -> int:
    xs = np.flatnonzero(row)
    return int(xs[-1] - xs[0] + 1) if len(xs) else 0


def _joints(inside: Mask, x: float, top: float, neck: float, wide: float) -> Joints:
    tall = neck - top
    shoulder, hip = neck + 0.32 * tall, neck + 0.1 * tall + TORSO_HEADS * tall
    half = 0.5 * HEAD_WIDTHS_TO_SHOULDERS * wide
    row = inside[min(inside.shape[0] - 1, round(shoulder + 0.25 * tall))]
    edges = np.flatnonzero(row)
    if len(edges):
        half = min(half, 0.44 * (edges[-1] - edges[0]))
        x = 0.5 * x + 0.25 * (edges[-1] + edges[0])
    arm = 1.45 * tall
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
