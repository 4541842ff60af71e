"""Poses through a T2I-Adapter: it runs once per picture, and its features are added in the UNet at every step."""

from __future__ import annotations

import numpy as np
import torch

from gpu_handlers.engines.illustrator import PoseGuide, Size

UNSHUFFLE_PX = 16  # the adapter folds 16 × 16 pixels to one; other sizes do not fit the UNet's


def control(guide: PoseGuide, size: Size) -> torch.Tensor:
    """The skeleton as the adapter wants it, shape 1 × 3 × height × width, 0 … 1.

    TencentARC's card for t2i-adapter-openpose-sdxl-1.0 reverses the colour channels of the usual drawing; so do we.

    Raises:
        ValueError: not of the order's size, or not in steps of 16 pixels.
    """
    if guide.image.shape != (size.height, size.width, 3) or size.width % UNSHUFFLE_PX or size.height % UNSHUFFLE_PX:
        raise ValueError(f"a pose guide of {guide.image.shape} for {size}: sides must agree and divide by 16")
    reversed_channels = np.ascontiguousarray(guide.image[..., ::-1])
    return torch.from_numpy(reversed_channels).permute(2, 0, 1)[None].float() / 255
