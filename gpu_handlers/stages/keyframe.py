"""One picture for the camera, at the size the camera wants, from any engine."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import (
    CannotDraw,
    Diffuser,
    Illustrator,
    Picture,
    PictureOrder,
    Reference,
    Rgb,
    Role,
    Size,
    StepReport,
)
from gpu_handlers.failures import JobFailed

NATIVE_PIXELS = 1024 * 1024  # what SDXL was trained on; other areas repeat subjects or lose them
NATIVE_STEP_PX = 64


def draw(
    illustrator: Illustrator,
    prompt: str,
    *,
    style: str,
    size: Size,
    seed: int,
    on_step: StepReport,
    cast: tuple[Role, ...] = (),
    reference: Reference | None = None,
) -> Picture:
    """Draw `prompt` at `size`; engines that denoise draw at their own size, and the result is scaled.

    Args:
        cast: who may appear and shall look as in other pictures, for engines that know how.
        reference: for engines that denoise, and of a kind they are able to go by; others do without.
    Raises:
        JobFailed: the engine cannot do it.
    """
    own = native(size) if isinstance(illustrator, Diffuser) else size
    try:
        if reference is not None and isinstance(illustrator, Diffuser):
            order = PictureOrder(prompt, style, own, (seed,), reference=reference)
            (picture,) = illustrator.draw(order, on_step=on_step).pictures
        else:
            picture = illustrator.illustrate(prompt, style=style, size=own, seed=seed, cast=cast, on_step=on_step)
    except CannotDraw as error:
        raise JobFailed(error.code, error.message) from error
    return picture if own == size else _scaled(picture, size)


def native(size: Size) -> Size:
    """The shape of `size` with the area a diffusion model is at home with, never larger than asked."""
    share = min(1.0, sqrt(NATIVE_PIXELS / (size.width * size.height)))
    step = NATIVE_STEP_PX if share < 1 else 8
    return Size(*(max(step, round(side * share / step) * step) for side in (size.width, size.height)))


def _scaled(picture: Picture, size: Size) -> Picture:
    """Image and depth at `size`; layers are left out, engines with layers draw at any size."""
    whole = (size.width, size.height)
    image: Rgb = np.asarray(cv2.resize(picture.image, whole, interpolation=cv2.INTER_LANCZOS4), np.uint8)
    if picture.depth_m is None:
        return Picture(image)
    return Picture(image, np.asarray(cv2.resize(picture.depth_m, whole, interpolation=cv2.INTER_LINEAR), np.float32))
