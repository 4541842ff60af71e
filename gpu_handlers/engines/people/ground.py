"""What stands out from a background of about one colour: where grabCut starts when there is no network."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb

APART_LAB = 11.0  # a thing's colour differs from its background by this much in CIELAB, mostly by far more
SHADOW_TINT_LAB = 7.0
MIN_SHARE = 0.03
"""Of the picture that a thing covers."""


def trimap(small: Rgb, *, open_below: bool = False) -> tuple[NDArray[np.uint8], float]:
    """Seeds for `cv2.grabCut`, and the share of the picture that stands out.

    Args:
        open_below: whether the thing may reach the lower edge, as people do.
    """
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    edge = max(2, round(0.02 * min(small.shape[:2])))
    upper = lab[: round(0.6 * len(lab))] if open_below else lab
    strips = [lab[:edge], upper[:, :edge], upper[:, -edge:]] + ([] if open_below else [lab[-edge:]])
    rim = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    ground = np.median(rim, axis=0)
    spread = float(np.median(np.linalg.norm(rim - ground, axis=1)))
    away = np.linalg.norm(lab - ground, axis=2)
    apart = max(APART_LAB, 3 * spread)
    shade = _shadow(lab, ground)
    if float(((away > apart) & ~shade).mean()) > MIN_SHARE:  # else the thing itself is grey on grey
        away = np.where(shade, 0, away)
    seeds = np.where(away > apart, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[away > 2.5 * apart] = cv2.GC_FGD
    seeds[:edge] = seeds[:, :edge] = seeds[:, -edge:] = cv2.GC_BGD
    if not open_below:
        seeds[-edge:] = cv2.GC_BGD
    return seeds, float((away > apart).mean())


def _shadow(lab: NDArray[np.float32], ground: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where only less light falls on the background: darker, of the same hue."""
    tint = np.hypot(lab[..., 1] - ground[1], lab[..., 2] - ground[2])
    darker = ground[0] - lab[..., 0]
    return np.asarray((tint < SHADOW_TINT_LAB) & (darker > 0) & (darker < 0.4 * ground[0]))
