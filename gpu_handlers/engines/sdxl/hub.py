"""The components of a profile, from weights that are on this machine. Nothing is downloaded here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, T2IAdapter, UNet2DConditionModel
from safetensors import safe_open
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from gpu_handlers.engines.illustrator import EngineFacts
from gpu_handlers.engines.sdxl import lora
from gpu_handlers.engines.sdxl.components import (
    FACE,
    IMAGE_ENCODER,
    POSE,
    PREVIEW,
    STYLE,
    TEXT_ENCODERS,
    VAE,
    Components,
    Part,
)
from gpu_handlers.engines.sdxl.schedulers import FAST, QUALITY, Pace
from gpu_handlers.engines.weights import Model, Recipe

# VegaRT is a consistency model and runs on LCM's own scheduler (segmind/Segmind-VegaRT).
_PACES: dict[str, Pace] = {
    "sdxl-lightning-8step": FAST,
    "segmind-vega-rt": replace(FAST, steps=4, scheduler="lcm", trailing=False),
}


class WeightsMissing(RuntimeError):
    """The profile needs weights that are not on this machine."""


def components(recipe: Recipe) -> Components:
    """Everything `recipe` names, loaded on first use.

    Raises:
        WeightsMissing: says which, and how to get them.
    """
    if recipe.missing:
        fetch = f"python -m gpu_handlers.engines prefetch --profile {recipe.name}"
        raise WeightsMissing(f"profile {recipe.name} lacks {', '.join(recipe.missing)}; run: {fetch}")
    device = torch.device(recipe.device)
    dtype = torch.float16 if recipe.device == "cuda" else torch.float32  # CPUs compute fp16 slower than fp32
    base = _folder(recipe.base)
    return Components(
        facts=EngineFacts("sdxl", recipe.base.repo, recipe.base.revision, recipe.base.licence),
        device=device,
        dtype=dtype,
        modules=_modules(recipe, dtype),
        tokenizers=lambda: (_tokenizer(base / "tokenizer"), _tokenizer(base / "tokenizer_2")),
        scheduler=json.loads((base / "scheduler" / "scheduler_config.json").read_text()),
        style_adapter=_image_adapter(recipe.style_adapter),
        face_adapter=_image_adapter(recipe.face_adapter),
        loras=lora.allowed(),
        models={
            FAST.name: _named(recipe.base, recipe.vae, recipe.fast),
            QUALITY.name: _named(recipe.base, recipe.vae),
            STYLE: _named(recipe.style_adapter, recipe.style_encoder),
            FACE: _named(recipe.face_adapter, recipe.style_encoder),
            POSE: _named(recipe.pose_adapter),
        },
        fast=_PACES[recipe.fast.id],
        micro_batch=recipe.micro_batch,
    )


def _modules(recipe: Recipe, dtype: torch.dtype) -> dict[str, Part]:
    base, distilled = _folder(recipe.base), _folder(recipe.fast) / recipe.fast.files[0]

    def unet() -> nn.Module:
        return _from(UNet2DConditionModel, base / "unet", dtype, variant="fp16")

    def part(load: Callable[[], nn.Module], file: Path, *, stored: int = 2) -> Part:
        """`stored` is how many bytes a number has in the file."""
        return Part(load, file.stat().st_size * dtype.itemsize // stored)

    unet_file = base / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    vae = _folder(recipe.vae)
    parts = {
        QUALITY.unet: part(unet, unet_file),
        FAST.unet: part(lambda: lora.merge(unet(), distilled), unet_file),
        VAE: part(_loader(AutoencoderKL, vae, dtype), vae / "diffusion_pytorch_model.safetensors", stored=4),
    }
    encoders = (("text_encoder", CLIPTextModel), ("text_encoder_2", CLIPTextModelWithProjection))
    for name, (subfolder, kind) in zip(TEXT_ENCODERS, encoders, strict=True):
        load = _loader(kind, base / subfolder, dtype, variant="fp16")
        parts[name] = part(load, base / subfolder / "model.fp16.safetensors")
    if recipe.preview:
        folder = _folder(recipe.preview)
        file = folder / "diffusion_pytorch_model.safetensors"
        parts[PREVIEW] = part(_loader(AutoencoderTiny, folder, dtype), file, stored=4)
    if recipe.style_encoder:
        folder = (_folder(recipe.style_encoder) / recipe.style_encoder.files[0]).parent
        file = folder / "model.safetensors"
        parts[IMAGE_ENCODER] = part(_loader(CLIPVisionModelWithProjection, folder, dtype), file, stored=4)
    if recipe.pose_adapter:
        folder = _folder(recipe.pose_adapter)
        file = folder / "diffusion_pytorch_model.safetensors"
        parts[POSE] = part(_loader(T2IAdapter, folder, dtype), file, stored=4)
    return parts


def _loader(kind: Any, folder: Path, dtype: torch.dtype, **options: Any) -> Callable[[], nn.Module]:
    return lambda: _from(kind, folder, dtype, **options)


def _from(kind: Any, folder: Path, dtype: torch.dtype, **options: Any) -> nn.Module:
    model = kind.from_pretrained(folder, dtype=dtype, use_safetensors=True, local_files_only=True, **options)
    module: nn.Module = model.eval().requires_grad_(False)
    return module


def _tokenizer(folder: Path) -> Any:
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def _image_adapter(model: Model | None) -> Callable[[], dict[str, Any]] | None:
    if model is None:
        return None
    file = _folder(model) / model.files[0]

    def load() -> dict[str, Any]:
        state: dict[str, Any] = {"image_proj": {}, "ip_adapter": {}}
        with safe_open(file, framework="pt", device="cpu") as tensors:
            for key in tensors.keys():  # noqa: SIM118  # not a dict
                part, name = key.split(".", 1)
                state[part][name] = tensors.get_tensor(key)
        return state

    return load


def _folder(model: Model) -> Path:
    folder = model.folder
    if folder is None:
        raise WeightsMissing(model.id)
    return folder


def _named(*models: Model | None) -> list[dict[str, str]]:
    return [{"id": model.id, "revision": model.revision, "licence": model.licence} for model in models if model]
