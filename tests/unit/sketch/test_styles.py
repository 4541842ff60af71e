"""Every style is a look of its own: measured, not only different in its bytes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.sketch.styles import STYLES

Vector = NDArray[np.float64]

PROMPTS = (
    "a lighthouse on a cliff in a storm",
    "three cats on a sofa",
    "a red bicycle under a cherry tree in spring",
    "a sailboat on the sea at sunset",
    "an astronaut beside a campfire on the moon",
)
SIDE = 384
MARGIN, PROMPT_MARGIN = 0.5, 0.25
"""Least distance of any two styles: averaged over the prompts, and in any one of them.

1 is, for instance, half of all pixels in other colours, or a tenth of all pixels turned from smooth to edge.
"""


def lab(pixels: NDArray[np.uint8]) -> Vector:
    """CIE L*a*b* (D65) of sRGB pixels."""
    value = pixels.astype(np.float64) / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    out: Vector = np.stack(
        [116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1
    )
    return out


def described(image: NDArray[np.uint8]) -> Vector:
    """Palette (a soft histogram of Lab), share of edges, energy of fine texture, flatness, black bars.

    Each part is scaled so that 1 is a difference that anybody sees at a glance.
    """
    colours = lab(image)
    histogram, _ = np.histogramdd(colours.reshape(-1, 3), bins=(6, 8, 8), range=((0, 100.01), (-80, 80), (-80, 80)))
    palette = _softened(histogram / histogram.sum()).ravel()
    light = colours[..., 0]
    down, right = np.diff(light, axis=0)[:, :-1], np.diff(light, axis=1)[:-1]
    slope = np.hypot(down, right)
    fine = light[1:-1, 1:-1] - (light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]) / 4
    bars = float((image.max(axis=(1, 2)) < 12).mean())
    return np.array(
        [*palette, (slope > 8).mean() / 0.1, np.abs(fine).mean() / 2.0, (slope < 0.05).mean() / 0.5, bars / 0.15]
    )


def _softened(histogram: Vector) -> Vector:
    """Neighbouring bins share, so that a colour near an edge of a bin does not count as another one."""
    for axis in range(3):
        pad = [(1, 1) if axis == at else (0, 0) for at in range(3)]
        wide = np.pad(histogram, pad, mode="edge")
        shares = [np.take(wide, range(step, step + histogram.shape[axis]), axis) for step in range(3)]
        histogram = np.mean(shares, axis=0)
    return histogram


def apart(one: Vector, other: Vector) -> float:
    """Distance of two descriptions: the palettes' share that differs counts double, the rest as it is."""
    palette = np.abs(one[:-4] - other[:-4]).sum()
    return float(np.hypot(palette, np.linalg.norm(one[-4:] - other[-4:])))


@pytest.fixture(scope="module")
def descriptions() -> dict[str, list[Vector]]:
    engine = SketchEngine()

    def seen(style: str, prompt: str) -> Vector:
        return described(engine.illustrate(prompt, style=style, size=Size(SIDE, SIDE), seed=1).image)

    return {style: [seen(style, prompt) for prompt in PROMPTS] for style in STYLES}


def test_any_two_styles_are_told_apart(descriptions: dict[str, list[Vector]]) -> None:
    for one, other in combinations(STYLES, 2):
        distances = [apart(a, b) for a, b in zip(descriptions[one], descriptions[other], strict=True)]
        assert np.mean(distances) > MARGIN, (one, other, distances)
        assert min(distances) > PROMPT_MARGIN, (one, other, distances)


@pytest.mark.parametrize("size", [(256, 256), (216, 384), (384, 256)])
def test_a_picture_that_is_not_wide_has_no_bars(size: tuple[int, int]) -> None:
    image = SketchEngine().illustrate(PROMPTS[1], style="cinematic", size=Size(*size), seed=1).image
    assert not (image.max(axis=(1, 2)) < 12).any()


def test_bars_of_a_wide_picture_are_modest() -> None:
    image = SketchEngine().illustrate(PROMPTS[1], style="cinematic", size=Size(640, 360), seed=1).image
    black = image.max(axis=(1, 2)) < 12
    assert black[0] and black[-1]
    assert black.mean() < 0.13
