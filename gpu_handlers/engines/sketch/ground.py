"""What all ground is painted with: crest lines, planes to the camera, blades of grass."""

from __future__ import annotations

import numpy as np
import skia

from gpu_handlers.engines.sketch.colour import Colour
from gpu_handlers.engines.sketch.noise import Line, smooth_line
from gpu_handlers.engines.sketch.painting import Brush, Painting, polygon, rect

GRASS = {"spring": "7ec850", "summer": "5fb04a", "autumn": "c9993f", "winter": "dfe9f2"}
"""Grass by season."""
SAND = "eccb8c"


def under(xs: Line, crest: Line, base: float) -> object:
    """The closed shape from a crest line down to `base`."""
    points = [(float(x), float(y)) for x, y in zip(xs, crest, strict=True)]
    return polygon([*points, (float(xs[-1]), base), (float(xs[0]), base)])


def tops(crest: Line, apart: int) -> list[int]:
    """Samples that are the highest within `apart` samples on both sides."""
    return [
        at
        for at in range(2, len(crest) - 2)
        if crest[at] == crest[max(0, at - apart) : at + apart + 1].min() and crest[at] < crest[at - 2]
    ]


def plane(painting: Painting, name: str, far: Colour, near: Colour) -> Line:
    """The ground from the horizon to the camera; gives back the row it begins at, per column sample."""
    frame = painting.frame
    crest = frame.horizon + frame.height * (0.05 - 0.03 * smooth_line(painting.rng, 60, 1.6, 2))
    xs = np.linspace(-2, frame.width + 2, 60)
    with painting.cutout(name, 14, (0, float(crest.min()) - 2, frame.width, frame.height), plane=True) as brush:
        brush.shade(
            under(xs, crest, frame.height + 2),
            [(painting.colour(far, 60), 1), (painting.colour(far, 14), 1), (painting.colour(near, 4), 1)],
            (0, float(crest.min())),
            (0, frame.height),
        )
    return crest


def ground_fill(painting: Painting, brush: Brush, far: Colour, near: Colour, top: float | None = None) -> None:
    """Fill from the horizon (or `top`) to the camera, hazy far off and darker near."""
    frame = painting.frame
    top = frame.horizon if top is None else top
    brush.shade(
        rect(-2, top, frame.width + 2, frame.height + 2),
        [(painting.colour(far, 60), 1), (painting.colour(far, 14), 1), (painting.colour(near, 4), 1)],
        (0, top),
        (0, frame.height),
    )


def blade(brush: Brush, x: float, y: float, tall: float, lean: float, colour: Colour) -> None:
    """One blade of grass."""
    path = skia.Path()
    path.moveTo(x - tall * 0.12, y)
    path.quadTo(x, y - tall * 0.5, x + tall * lean, y - tall)
    path.quadTo(x + tall * 0.16, y - tall * 0.5, x + tall * 0.14, y)
    path.close()
    brush.fill(path, colour, inked=False)
