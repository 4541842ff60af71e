"""Latents to pixels and back, and the small pictures shown on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.engines.ladder import Way

PREVIEWS = 4  # shown per picture, evenly spread over its steps


@torch.no_grad()
def decoded(latents: torch.Tensor, vae: nn.Module, way: Way, tile_px: int) -> Rgb:
    """The picture of latents of shape 1 × 4 × h × w; 8·h × 8·w pixels."""
    model: Any = vae
    _tile(model, way, tile_px)
    device = next(model.parameters()).device
    scaled = latents.to(device, model.dtype) / model.config.scaling_factor
    return rgb(model.decode(scaled, return_dict=False)[0])


@torch.no_grad()
def encoded(image: Rgb, size: Size, vae: nn.Module, way: Way, tile_px: int) -> torch.Tensor:
    """Latents of shape 1 × 4 × h × w of the picture, cut to `size`; on the CPU."""
    model: Any = vae
    _tile(model, way, tile_px)
    device = next(model.parameters()).device
    cut = ImageOps.fit(Image.fromarray(image), (size.width, size.height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(cut)).permute(2, 0, 1)[None].to(device, model.dtype) / 127.5 - 1
    distribution = model.encode(pixels).latent_dist
    # Its mode, not a sample: the same reference gives the same latents whatever the seed.
    return torch.Tensor((distribution.mode() * model.config.scaling_factor).to("cpu"))


@torch.no_grad()
def previewed(latents: torch.Tensor, taesd: nn.Module) -> list[Rgb]:
    """What latents of shape n × 4 × h × w look like so far, by a decoder of 1.2 million weights (TAESD)."""
    model: Any = taesd
    return [rgb(model.decode(one[None].to(model.dtype), return_dict=False)[0]) for one in latents]


def is_preview_step(step: int, steps: int) -> bool:
    """Whether a preview is shown after `step` of `steps`; never after the last, which shows the picture itself."""
    return step < steps and step % max(1, steps // PREVIEWS) == 0


def rgb(pixels: torch.Tensor) -> Rgb:
    """A picture of a tensor of shape 1 × 3 × H × W, −1 … 1.

    Raises:
        FloatingPointError: numbers overflowed on the way; it would be a black picture that somebody pays for.
    """
    if pixels.isnan().any():
        raise FloatingPointError("the picture has pixels that are no numbers")
    unit = (pixels[0].float() / 2 + 0.5).clamp(0, 1)
    return np.asarray(unit.permute(1, 2, 0).mul(255).round().to(torch.uint8).cpu().numpy())


def _tile(vae: Any, way: Way, tile_px: int) -> None:
    vae.use_tiling = way.tiled
    # diffusers takes the tile size from the configuration's `sample_size`, which is 1024 for SDXL: no tiling at all for
    # the pictures that need it.
    vae.tile_sample_min_size = tile_px
    vae.tile_latent_min_size = tile_px // 2 ** (len(vae.config.block_out_channels) - 1)
