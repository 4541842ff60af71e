"""SDXL at its full size with random weights: speed and memory do not depend on what the weights are.

The configurations are those published with stabilityai/stable-diffusion-xl-base-1.0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, T2IAdapter, UNet2DConditionModel
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import EngineFacts
from gpu_handlers.engines.residency import weight_bytes
from gpu_handlers.engines.sdxl.components import (
    IMAGE_ENCODER,
    POSE,
    PREVIEW,
    TEXT_ENCODERS,
    VAE,
    Components,
    Part,
)
from gpu_handlers.engines.sdxl.schedulers import FAST, QUALITY


def components(device: torch.device, dtype: torch.dtype, *, micro_batch: int = 1) -> Components:
    """The parts of the `gpu8` profile."""
    return Components(
        facts=EngineFacts("sdxl", "random weights, published configuration", "none", "none"),
        device=device,
        dtype=dtype,
        modules={
            TEXT_ENCODERS[0]: _part(lambda: CLIPTextModel(_clip_l()), dtype),
            TEXT_ENCODERS[1]: _part(lambda: CLIPTextModelWithProjection(_open_clip_g()), dtype),
            QUALITY.unet: _part(unet, dtype),
            FAST.unet: _part(unet, dtype),
            VAE: _part(vae, dtype),
            PREVIEW: _part(AutoencoderTiny, dtype),
            IMAGE_ENCODER: _part(image_encoder, dtype),
            POSE: _part(pose_adapter, dtype),
        },
        tokenizers=lambda: (tiny_components.tokenizer(), tiny_components.tokenizer()),
        scheduler=tiny_components.SCHEDULER,
        style_adapter=lambda: _adapter(dtype),
        face_adapter=lambda: _adapter(dtype),
        micro_batch=micro_batch,
    )


@cache
def _adapter(dtype: torch.dtype) -> dict[str, Any]:
    """Of ip-adapter-plus_sdxl_vit-h, and the same for faces: 16 image tokens from a resampler of 1280 channels."""
    state = tiny_components.plus_adapter(unet, image_dim=1280, words=2048, queries=16, hidden=1280)
    return {part: {name: tensor.to(dtype) for name, tensor in tensors.items()} for part, tensors in state.items()}


def _part(make: Callable[[], nn.Module], dtype: torch.dtype) -> Part:
    def load() -> nn.Module:
        with torch.device("meta"):
            module = make().to(dtype)
        module = module.to_empty(device="cpu").eval().requires_grad_(False)
        for tensor in [*module.parameters(), *module.buffers()]:
            # Small, so that nothing overflows: infinities are as fast, but they make warnings.
            tensor.normal_(0, 0.01) if tensor.is_floating_point() else tensor.copy_(_counted(tensor))
        return module

    with torch.device("meta"):
        return Part(load, weight_bytes(make().to(dtype)))


def _counted(tensor: torch.Tensor) -> torch.Tensor:
    """Position ids, the only integers in these models."""
    return torch.arange(tensor.shape[-1]).expand(tensor.shape)


def unet() -> nn.Module:
    """2.57 billion weights."""
    module: nn.Module = UNet2DConditionModel(
        sample_size=128,
        in_channels=4,
        out_channels=4,
        layers_per_block=2,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(5, 10, 20),
        transformer_layers_per_block=(1, 2, 10),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=6 * 256 + 1280,
        cross_attention_dim=2048,
    )
    return module


def vae() -> nn.Module:
    """84 million weights."""
    module: nn.Module = AutoencoderKL(
        block_out_channels=[128, 256, 512, 512],
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=1024,
        scaling_factor=0.13025,
        force_upcast=False,
    )
    return module


def image_encoder() -> nn.Module:
    """CLIP ViT-H/14, 632 million weights: what the adapters of h94/IP-Adapter look through."""
    module: nn.Module = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=1280,
            intermediate_size=5120,
            num_attention_heads=16,
            num_hidden_layers=32,
            patch_size=14,
            projection_dim=1024,
            hidden_act="gelu",
        )
    )
    return module


def pose_adapter() -> nn.Module:
    """79 million weights, as TencentARC/t2i-adapter-openpose-sdxl-1.0."""
    module: nn.Module = T2IAdapter(
        in_channels=3,
        channels=[320, 640, 1280, 1280],
        num_res_blocks=2,
        downscale_factor=16,
        adapter_type="full_adapter_xl",
    )
    return module


def _clip_l() -> Any:
    return CLIPTextConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_attention_heads=12,
        num_hidden_layers=12,
        projection_dim=768,
        vocab_size=49408,
    )


def _open_clip_g() -> Any:
    return CLIPTextConfig(
        hidden_size=1280,
        intermediate_size=5120,
        num_attention_heads=20,
        num_hidden_layers=32,
        projection_dim=1280,
        hidden_act="gelu",
        vocab_size=49408,
    )
