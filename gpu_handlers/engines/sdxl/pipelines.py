"""Which of diffusers' SDXL pipelines draws a job, and what it is told beside words, seeds and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers import (
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from torch import nn

from gpu_handlers.engines.sdxl import pose
from gpu_handlers.engines.sdxl.components import POSE, VAE
from gpu_handlers.engines.sdxl.job import Job

AfterStep = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


def helpers(job: Job) -> tuple[str, ...]:
    """The models that must be on the device beside the UNet."""
    if job.pose:
        return (POSE,)  # 0.16 GB in fp16
    # img2img and inpainting ask the VAE for its configuration, so it stays on the device: 0.2 GB in fp16.
    return () if job.start is None else (VAE,)


def assembled(job: Job, unet: nn.Module, others: Mapping[str, nn.Module], scheduler: Any) -> Any:
    """A pipeline around modules that are already where they should be.

    By constructor, never by `from_pipe`: that one casts shared modules to fp32 in place unless told otherwise.
    """
    parts: dict[str, Any] = dict.fromkeys(("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    parts |= {"unet": unet, "scheduler": scheduler}
    if job.pose:
        pipeline = StableDiffusionXLAdapterPipeline(**parts, adapter=others[POSE])
    elif job.mask is not None:
        pipeline = StableDiffusionXLInpaintPipeline(**parts | {"vae": others[VAE]}, add_watermarker=False)
    elif job.start is not None:
        pipeline = StableDiffusionXLImg2ImgPipeline(**parts | {"vae": others[VAE]}, add_watermarker=False)
    else:
        pipeline = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def beginning(job: Job) -> dict[str, Any]:
    """What the pipeline starts from."""
    size = {"width": job.order.size.width, "height": job.order.size.height}
    if job.pose:
        guide = pose.control(job.pose, job.order.size)
        return size | {"image": guide, "adapter_conditioning_scale": job.pose.strength}
    if job.mask is not None:
        return size | {"image": job.start, "mask_image": job.mask, "strength": job.strength}
    if job.start is not None:
        return {"image": job.start, "strength": job.strength}
    return size


def watched(job: Job, after_step: AfterStep) -> dict[str, Any]:
    """How the pipeline is told to call `after_step`; the adapter's only knows the older kind of callback."""
    if not job.pose:
        return {"callback_on_step_end": after_step}

    def callback(step: int, timestep: Any, latents: torch.Tensor) -> None:
        after_step(None, step, timestep, {"latents": latents})

    return {"callback": callback, "callback_steps": 1}
