"""The one interface every picture engine speaks: words in, a `Picture` out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""Picture of shape H×W×3, sRGB, 0–255."""

Rgba = NDArray[np.uint8]
"""Picture of shape H×W×4, sRGB with straight (not premultiplied) alpha, 0–255."""

Metres = NDArray[np.float32]
"""Distance from the camera per pixel, shape H×W."""

StepReport = Callable[[int, int], None]
"""Called as `report(step, steps)` after every step; it may raise to stop the work."""


def unreported(step: int, steps: int) -> None:
    """The step report of a caller who does not watch."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width × height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One flat cut-out of a scene, the unit the camera moves in parallax."""

    name: str
    image: Rgba
    depth_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A finished picture with what is known of its depth.

    `layers` run back to front. `depth_m` is there when the engine knows the distance of every pixel.
    """

    image: Rgb
    depth_m: Metres | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What every result says of the engine that made it."""

    engine: str
    model: str
    revision: str
    licence: str
    notes: tuple[str, ...] = field(default=())


class Illustrator(Protocol):
    """A picture engine: `sketch`, `tiny`, and the diffusion engines alike."""

    @property
    def facts(self) -> EngineFacts:
        """Engine, model, revision and licence, as recorded in every result."""
        ...

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,
        steps: int | None = None,
        on_step: StepReport = unreported,
    ) -> Picture:
        """Draw `prompt`; the same arguments give the same bytes.

        Args:
            style: a style name of the feature that asks, for example ``cinematic``.
            size: output size in pixels.
            seed: 0 … 2³²−1.
            negative: what the picture should not show.
            reference: a picture to stay close to, where the engine can.
            steps: denoising steps, for engines that have them.
            on_step: told of every finished step; raises to stop the work at once.
        """
        ...
