"""The look of a reference picture, or the face in it, through an IP-Adapter that is put on the UNet for one job."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from transformers import CLIPImageProcessor

from gpu_handlers.engines.illustrator import Reference, Rgb


@torch.no_grad()
def seen(image: Rgb, encoder: nn.Module, *, deep: bool) -> torch.Tensor:
    """What the image encoder sees, with what it sees in an empty picture before it; on the CPU.

    Args:
        deep: whether the adapter reads the last layer but one (the "plus" kind) instead of the single summary.
    Returns:
        Shape 2 × 1 × dim for a summary, 2 × 1 × tokens × dim for layers.
    """
    model: Any = encoder
    side = model.config.image_size
    processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    device = next(model.parameters()).device
    pixels = processor(Image.fromarray(image), return_tensors="pt").pixel_values.to(device, model.dtype)
    if deep:
        there = model(pixels, output_hidden_states=True).hidden_states[-2]
        empty = model(torch.zeros_like(pixels), output_hidden_states=True).hidden_states[-2]
    else:
        there = model(pixels).image_embeds
        empty = torch.zeros_like(there)
    return torch.stack([empty, there]).to("cpu")


class Sights:
    """What the image encoder saw in the last few references: the poses of one persona share a face."""

    def __init__(self, remembered: int = 8) -> None:
        self._remembered = remembered
        self._known: OrderedDict[tuple[str, str], torch.Tensor] = OrderedDict()

    def of(self, reference: Reference, look: Callable[[], torch.Tensor]) -> torch.Tensor:
        """What was seen in the reference; `look` sees it when it is new."""
        image = np.ascontiguousarray(reference.image)
        key = (reference.mode, sha256(repr(image.shape).encode() + image.tobytes()).hexdigest())
        if key not in self._known:
            self._known[key] = look()
            if len(self._known) > self._remembered:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def is_deep(state: dict[str, Any]) -> bool:
    """Whether an adapter's state dict is of the kind that reads layers; they resample with learned `latents`."""
    return "latents" in state["image_proj"]


@contextmanager
def worn(pipeline: Any, state: dict[str, Any] | None, scale: float) -> Iterator[None]:
    """The pipeline's UNet with the adapter while the block runs, and with its own attention afterwards."""
    if state is None:
        yield
        return
    try:
        pipeline.load_ip_adapter(
            [state], subfolder=[""], weight_name=[""], image_encoder_folder=None, low_cpu_mem_usage=False
        )
        pipeline.set_ip_adapter_scale(scale)
        yield
    finally:
        pipeline.unload_ip_adapter()
