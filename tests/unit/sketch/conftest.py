"""One way to draw for all tests of the sketch engine; the vector set must be installed (`npm ci`)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gpu_handlers.engines.illustrator import Picture, Size
from gpu_handlers.engines.sketch import SketchEngine

Draw = Callable[..., Picture]


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draw a prompt small: 512 × 512, seed 1, in the style without any finish."""
    engine = SketchEngine()

    def _draw(
        prompt: str,
        *,
        style: str = "motion-graphics",
        size: tuple[int, int] = (512, 512),
        seed: int = 1,
        negative: str = "",
    ) -> Picture:
        return engine.illustrate(prompt, style=style, size=Size(*size), seed=seed, negative=negative)

    return _draw
