"""Which pixels are a person: selfie segmentation and the pose network's own mask, made crisp by grabCut."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import nets
from gpu_handlers.engines.people.nets import Floats

SIDE_PX = 256
WORK_PX = 512  # grabCut's cost grows with the pixels; its edge is scaled up and feathered afterwards
Mask = NDArray[np.float32]
"""H×W, 0 … 1: how much of each pixel belongs."""


def rough(image: Rgb) -> Floats:
    """Probability of "person" per pixel by selfie segmentation (MediaPipe stretches the picture to a square)."""
    height, width = image.shape[:2]
    square = np.asarray(cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)
    (share,) = nets.run(nets.OUTLINE, square, ("activation_10",))
    stretched = cv2.resize(share.reshape(SIDE_PX, SIDE_PX), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched, np.float32)


def crisp(image: Rgb, share: Floats, *, rounds: int = 2) -> Mask:
    """`share` snapped to the edges in the picture.

    Pixels above 0.9 and below 0.1 are settled, grabCut (Rother et al., SIGGRAPH 2004) decides the rest.
    """
    height, width = image.shape[:2]
    scale = min(1.0, WORK_PX / max(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(share, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    trimap = np.full(weight.shape, cv2.GC_PR_BGD, np.uint8)
    trimap[weight > 0.5] = cv2.GC_PR_FGD
    trimap[weight > 0.9] = cv2.GC_FGD
    trimap[weight < 0.1] = cv2.GC_BGD
    if not ((trimap == cv2.GC_FGD).any() and (trimap == cv2.GC_BGD).any()):
        return (share > 0.5).astype(np.float32)
    cv2.setRNGSeed(1)  # grabCut starts from k-means: the same photograph must give the same mask
    cv2.grabCut(small, trimap, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return smooth(largest(inside), (width, height))


def largest(inside: Mask, *, keep_share: float = 0.08) -> Mask:
    """The biggest connected piece, and others of at least `keep_share` of it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((inside > 0.5).astype(np.uint8))
    if count <= 2:
        return inside
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = 1 + np.flatnonzero(areas >= areas.max() * keep_share)
    return np.isin(labels, keep).astype(np.float32)


def smooth(inside: Mask, size: tuple[int, int]) -> Mask:
    """A mask at working size brought to `size` (width, height) with an edge a pixel or two soft, without stairs."""
    grown = cv2.resize(inside, size, interpolation=cv2.INTER_CUBIC)
    sigma = max(0.8, 0.9 * size[0] / inside.shape[1])
    soft = cv2.GaussianBlur(grown, (0, 0), sigma)
    return np.asarray(np.clip((soft - 0.5) * 2.2 + 0.5, 0, 1), np.float32)
