"""Smooth random lines for ridges, dunes and waves."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]
"""Heights 0–1, one per sample from left to right."""


def smooth_line(rng: Random, samples: int, waves: float, octaves: int = 3, roughness: float = 0.5) -> Line:
    """Sum of `octaves` of cosine-interpolated noise; `waves` bumps across the picture in the first one."""
    at = np.linspace(0.0, 1.0, samples)
    total = np.zeros(samples)
    weight, weights = 1.0, 0.0
    for _ in range(octaves):
        total += weight * _interpolated(rng, at * waves, curved=True)
        weights += weight
        weight *= roughness
        waves *= 2.1
    return total / weights


def ridged_line(rng: Random, samples: int, peaks: float, octaves: int = 5, roughness: float = 0.5) -> Line:
    """Pointed crests: noise folded at its middle, as of mountain ranges."""
    at = np.linspace(0.0, 1.0, samples)
    total = np.zeros(samples)
    weight, weights = 1.0, 0.0
    for _ in range(octaves):
        total += weight * _interpolated(rng, at * peaks, curved=False)
        weights += weight
        weight *= roughness
        peaks *= 2.0
    return total / weights


def _interpolated(rng: Random, at: Line, *, curved: bool) -> Line:
    knots = np.array([rng.random() for _ in range(int(at[-1]) + 3)])
    if not curved:  # high and low knots in turn make peaks instead of plateaus
        knots[::2] = 0.55 + 0.45 * knots[::2]
        knots[1::2] *= 0.45
    start = at.astype(int)
    part = at - start
    if curved:
        part = (1.0 - np.cos(part * np.pi)) / 2.0
    line: Line = knots[start] * (1.0 - part) + knots[start + 1] * part
    return line
