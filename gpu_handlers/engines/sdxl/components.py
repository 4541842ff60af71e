"""What an SDXL engine is made of, wherever it comes from: the hub, a random generator, a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from gpu_handlers.engines.illustrator import EngineFacts
from gpu_handlers.engines.sdxl.lora import Lora
from gpu_handlers.engines.sdxl.schedulers import FAST, Pace

TEXT_ENCODERS = ("text encoder 1", "text encoder 2")
VAE = "vae"
PREVIEW = "preview"
IMAGE_ENCODER = "image encoder"
STYLE: Literal["style"] = "style"
FACE: Literal["face"] = "face"
POSE = "pose adapter"


@dataclass(frozen=True, slots=True)
class Part:
    """A module that is loaded when needed.

    Attributes:
        load: returns it in RAM, in evaluation mode and in its final type.
        size: of its weights in bytes, as far as known before loading.
    """

    load: Callable[[], nn.Module]
    size: int


@dataclass(frozen=True, slots=True)
class Components:
    """The parts and habits of one SDXL model.

    Attributes:
        modules: by name: `TEXT_ENCODERS`, `VAE`, both paces' `unet`, and optionally `PREVIEW`, `IMAGE_ENCODER`, `POSE`.
        tokenizers: returns both, of CLIP-L and OpenCLIP-G.
        scheduler: configuration of the noise schedule the model was trained with.
        style_adapter, face_adapter: return an IP-Adapter's state dict; None where there is none.
        models: what the result says of the weights behind each pace, behind `STYLE` and `FACE` references, and `POSE`.
        micro_batch: pictures that go through the UNet together.
        tile_px: side of a VAE tile in pixels.
        native_px: side of the square pictures the model was trained on.
    """

    facts: EngineFacts
    device: torch.device
    dtype: torch.dtype
    modules: Mapping[str, Part]
    tokenizers: Callable[[], tuple[Any, Any]]
    scheduler: dict[str, Any]
    style_adapter: Callable[[], dict[str, Any]] | None = None
    face_adapter: Callable[[], dict[str, Any]] | None = None
    loras: Mapping[str, Lora] = field(default_factory=dict)
    models: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    fast: Pace = FAST
    micro_batch: int = 1
    tile_px: int = 512
    native_px: int = 1024

    @property
    def image_adapters(self) -> dict[Literal["style", "face"], Callable[[], dict[str, Any]]]:
        """The IP-Adapters that can be used here, by the mode of the references they serve."""
        if IMAGE_ENCODER not in self.modules:
            return {}
        found: dict[Literal["style", "face"], Callable[[], dict[str, Any]]] = {}
        if self.style_adapter:
            found[STYLE] = self.style_adapter
        if self.face_adapter:
            found[FACE] = self.face_adapter
        return found
