"""Drawing a part of a picture anew with the base UNet: no inpainting weights, the rest is put back after every step.

Pose adapters do not work here: diffusers has no pipeline with both. Whoever wants a pose kept says so by the mask and
by a strength below 1, so that the large shapes under the mask stay.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate, max_pool2d

from gpu_handlers.engines.illustrator import InpaintOrder, PictureOrder, Rgb, Size
from gpu_handlers.engines.sdxl.budget import LATENT_PX


def as_picture(order: InpaintOrder) -> PictureOrder:
    """The order without its canvas.

    Raises:
        ValueError: picture and mask are not of one size, or a side is not a multiple of 8.
    """
    height, width = order.image.shape[:2]
    if order.mask.shape != (height, width) or height % LATENT_PX or width % LATENT_PX:
        raise ValueError(f"picture {order.image.shape} and mask {order.mask.shape}: sides must agree and divide by 8")
    return PictureOrder(
        order.prompt,
        order.style,
        Size(width, height),
        (order.seed,),
        negative=order.negative,
        steps=order.steps,
        reference=order.reference,
    )


def latent_mask(mask: NDArray[np.float32]) -> torch.Tensor:
    """1 in every latent pixel that the mask touches, shape 1 × 1 × H × W.

    The pipeline takes one pixel of 8 × 8 for the whole latent pixel, so a thin mask could be lost.
    """
    touched = torch.from_numpy(np.ascontiguousarray(mask > 0)).float()[None, None]
    return interpolate(max_pool2d(touched, LATENT_PX), scale_factor=LATENT_PX)


def blended(before: Rgb, drawn: Rgb, mask: NDArray[np.float32]) -> Rgb:
    """`drawn` as far as the mask goes; decoding changes every pixel, so the rest comes from the picture itself."""
    share = mask.astype(np.float32)[..., None]
    mixed = np.clip(np.round(before * (1 - share) + drawn * share), 0, 255).astype(np.uint8)
    return np.where(share > 0, mixed, before)
