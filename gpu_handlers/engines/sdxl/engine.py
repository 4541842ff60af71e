"""`SdxlEngine`: prompt → encoded once → UNet, some pictures at a time → VAE, one picture at a time.

Only what an operation needs is on the device while it runs; see `residency` and `ladder`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline
from diffusers.utils import logging as diffusers_logging
from torch import nn

from gpu_handlers.engines.illustrator import (
    CannotDraw,
    Drawing,
    EngineFacts,
    Picture,
    PictureOrder,
    PreviewReport,
    Reference,
    Rgb,
    Size,
    StepReport,
    unreported,
)
from gpu_handlers.engines.ladder import DoesNotFit, Ladder, Operation, Way
from gpu_handlers.engines.memory import GIB, RESERVE, Memory, is_out_of_memory, memory_of
from gpu_handlers.engines.residency import Residency
from gpu_handlers.engines.sdxl import budget, lora, schedulers, style, vae
from gpu_handlers.engines.sdxl.components import IMAGE_ENCODER, PREVIEW, STYLE, VAE, Components
from gpu_handlers.engines.sdxl.prompts import worded
from gpu_handlers.engines.sdxl.schedulers import QUALITY, Plan
from gpu_handlers.engines.sdxl.text import Conditioning, PromptEncoder

FP8 = " fp8"
"""Ends the name of a UNet that is stored in eight bits."""

SMALLEST_ADVISED = 512  # pixels; SDXL draws nothing useful below


@dataclass(slots=True)
class _Job:
    """One call of `draw`: what is wanted, and what became of it so far."""

    order: PictureOrder
    plan: Plan
    loras: list[tuple[lora.Lora, float]]
    ladder: Ladder
    on_step: StepReport
    on_preview: PreviewReport | None
    start: torch.Tensor | None = None
    """Latents of the reference to begin from."""
    look: torch.Tensor | None = None
    """What the image encoder saw in the reference."""
    adapter: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    reported: int = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - started, 3)

    def step(self, done: int, all_steps: int) -> None:
        """Tell of progress; it never goes back, though the ladder may repeat steps."""
        self.reported = max(self.reported, done)
        self.on_step(self.reported, all_steps)

    @property
    def reference(self) -> Reference | None:
        return self.order.reference

    @property
    def steps(self) -> int:
        """Steps that are really run for a picture: from a reference only the last part of them."""
        return int(self.plan.steps * self.strength) if self.start is not None else self.plan.steps

    @property
    def strength(self) -> float:
        """How much of a composition may change; at least one step's worth, or nothing would be drawn."""
        asked = self.reference.strength if self.reference else 1.0
        # Raised by less than a step: floats make 5 × 0.2 a little less than 1, which would be no step.
        return min(max(asked, 1 / self.plan.steps) + 1e-6, 1.0)

    @property
    def look_scale(self) -> float:
        """How much of a reference's look is taken over."""
        return self.reference.strength if self.reference else 0.0


class SdxlEngine:
    """The `gpu24`, `gpu8` and `cpu` profiles, and behind `tiny` the one of the tests."""

    def __init__(
        self, components: Components, *, memory: Memory | None = None, host_bytes: int | None = None
    ) -> None:  # fmt: skip
        diffusers_logging.set_verbosity_error()
        self._components = components
        self.residency = Residency(
            components.device, memory or memory_of(components.device), host_bytes=host_bytes
        )  # fmt: skip
        for name, part in components.modules.items():
            self.residency.add(name, part.load, size=part.size)
        for unet in (QUALITY.unet, components.fast.unet):
            part = components.modules[unet]
            self.residency.add(unet + FP8, partial(_in_fp8, part.load, components.dtype), size=part.size // 2)
        self._encoder = PromptEncoder(components)

    def warm_up(self) -> None:
        """Load what the first order is most likely to need; where weights or driver are broken, it shows here."""
        with self.residency.held(self._components.fast.unet):
            pass

    @property
    def facts(self) -> EngineFacts:
        """Of the base model; `record` of a drawing names every model that took part."""
        return self._components.facts

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,
        steps: int | None = None,
        on_step: StepReport = unreported,
    ) -> Picture:
        """One picture; a reference is what the picture starts from."""
        start = None if reference is None else Reference(reference)
        order = PictureOrder(prompt, style, size, (seed,), negative=negative, steps=steps, reference=start)
        return self.draw(order, on_step=on_step).pictures[0]

    def draw(
        self,
        order: PictureOrder,
        *,
        on_step: StepReport = unreported,
        on_preview: PreviewReport | None = None,
    ) -> Drawing:
        """Every picture of the order; the same order gives the same bytes.

        A seed stands for the same noise alone and among others; on a GPU the last bits may still differ with the number
        of pictures that go through the UNet together.

        Raises:
            CannotDraw: unknown scheduler or LoRA, no style adapter in this profile, or too large for this machine.
        """
        job = self._job(order, on_step, on_preview)
        self.residency.memory.reset_peak()
        try:
            with job.phase("prompt"):
                wording = worded(order.prompt, order.style, order.negative)
                conditioning = self._encoder.encode(wording, guided=job.plan.guided, ladder=job.ladder)
            with job.phase("reference"):
                self._look_at_reference(job)
            with job.phase("denoise"):
                latents = self._denoised(job, conditioning)
            with job.phase("decode"):
                pictures = self._decoded(job, latents)
        except DoesNotFit as error:
            raise CannotDraw("too_large", self._advice(job)) from error
        return Drawing(pictures, self._record(job))

    # ---- Planning ----------------------------------------------------------------------------------------------------

    def _job(self, order: PictureOrder, on_step: StepReport, on_preview: PreviewReport | None) -> _Job:
        plan = schedulers.plan(
            self._components.fast, steps=order.steps, scheduler=order.scheduler, negative=order.negative
        )  # fmt: skip
        schedulers.build(plan.scheduler, self._components.scheduler, trailing=False)  # refuses unknown names early
        loras = lora.chosen(order.loras, self._components.loras)
        shown = on_preview if PREVIEW in self._components.modules else None
        return _Job(order, plan, loras, Ladder(self.residency), on_step, shown)

    def _record(self, job: _Job) -> dict[str, Any]:
        plan, reference = job.plan, job.reference
        parts = [plan.pace.name] if job.adapter is None else [plan.pace.name, STYLE]
        return {
            "pace": plan.pace.name,
            "steps": job.steps,
            "guidance": plan.guidance,
            "scheduler": plan.scheduler,
            "models": [model for part in parts for model in self._components.models.get(part, [])],
            "loras": [{"id": entry.id, "weight": weight, "licence": entry.licence} for entry, weight in job.loras],
            "reference": {"mode": reference.mode, "strength": reference.strength} if reference else None,
            "seconds": job.seconds,
            "memory": {
                "peakGib": round(self.residency.memory.peak() / GIB, 3),
                "freeGib": round(self.residency.memory.free() / GIB, 3),
                "steps": job.ladder.record(),
            },
        }

    def _advice(self, job: _Job) -> str:
        """What would fit, for the customer."""
        size = job.order.size
        for percent in range(95, 0, -5):
            smaller = Size(size.width * percent // 800 * 8, size.height * percent // 800 * 8)
            if min(smaller.width, smaller.height) < SMALLEST_ADVISED:
                break
            if self._fits(job, smaller):
                return (
                    f"{size.width} × {size.height} pixels need more memory than this machine has; "
                    f"{smaller.width} × {smaller.height} would fit."
                )
        return f"{size.width} × {size.height} pixels need more memory than this machine has, and so would smaller ones."

    def _fits(self, job: _Job, size: Size) -> bool:
        """Whether a picture of `size` has room on the last rung, with everything else out of the way."""
        room = self.residency.memory.free() + sum(self.residency.resident().values()) - RESERVE
        itemsize = self._components.dtype.itemsize
        weights = self._components.modules[job.plan.pace.unet].size
        unet = weights if job.loras or job.adapter else weights // 2
        denoise = budget.denoise(size, pictures=1, guided=job.plan.guided, itemsize=itemsize)
        decode = budget.decode(size, tile_px=self._components.tile_px, itemsize=itemsize)
        return max(unet + denoise, self._components.modules[VAE].size + decode) <= room

    # ---- Reference ---------------------------------------------------------------------------------------------------

    def _look_at_reference(self, job: _Job) -> None:
        reference = job.reference
        if reference is None:
            return
        if reference.mode == "composition":
            job.start = self._encoded(job, reference.image)
            return
        if self._components.style_adapter is None or IMAGE_ENCODER not in self._components.modules:
            raise CannotDraw("no_style_adapter", "This machine cannot take over the style of a picture.")
        job.adapter = self._components.style_adapter()
        deep = style.is_deep(job.adapter)
        operation = Operation("look at reference", lambda _: (IMAGE_ENCODER,), lambda _: budget.image_encoder())
        job.look, _ = job.ladder.run(
            operation, Way(), lambda _, modules: style.seen(reference.image, modules[0], deep=deep)
        )  # fmt: skip

    def _encoded(self, job: _Job, image: Rgb) -> torch.Tensor:
        size, tile_px = job.order.size, self._components.tile_px
        operation = Operation(
            "encode reference",
            lambda _: (VAE,),
            lambda way: budget.encode(
                size, tile_px=tile_px if way.tiled else None, itemsize=self._components.dtype.itemsize
            ),
            can_tile=True,
        )
        latents, _ = job.ladder.run(
            operation, Way(), lambda way, modules: vae.encoded(image, size, modules[0], way, tile_px)
        )  # fmt: skip
        return latents

    # ---- Denoising ---------------------------------------------------------------------------------------------------

    def _denoised(self, job: _Job, conditioning: Conditioning) -> list[torch.Tensor]:
        """Latents on the CPU, each of shape 1 × 4 × height/8 × width/8."""
        operation = self._denoising(job)
        latents: list[torch.Tensor] = []
        way = Way(batch=self._components.micro_batch)
        while pending := job.order.seeds[len(latents) :]:
            way = replace(way, batch=min(way.batch, len(pending)))
            batch, way = job.ladder.run(operation, way, partial(self._sampled, job, conditioning, len(latents)))
            latents += batch.to("cpu").unsqueeze(1)
        return latents

    def _denoising(self, job: _Job) -> Operation:
        unet = job.plan.pace.unet
        # img2img asks the VAE for its configuration, so it stays on the device: 0.2 GB in fp16.
        others = () if job.start is None else (VAE,)
        added = sum(tensor.nbytes for tensor in job.adapter["ip_adapter"].values()) if job.adapter else 0

        def working(way: Way) -> int:
            return budget.denoise(
                job.order.size,
                pictures=way.batch,
                guided=job.plan.guided,
                itemsize=self._components.dtype.itemsize,
                extra=added,
            )

        # Adapters and LoRAs cast the UNet they are put on to one type, which would undo the eight bits.
        plain = not job.loras and job.adapter is None
        return Operation(
            "denoise", lambda way: (unet + FP8 if way.fp8 else unet, *others), working, can_fp8=plain
        )  # fmt: skip

    def _sampled(
        self, job: _Job, conditioning: Conditioning, done: int, way: Way, modules: tuple[nn.Module, ...]
    ) -> torch.Tensor:
        """Latents of the next `way.batch` pictures after `done`."""
        seeds = job.order.seeds[done : done + way.batch]
        pipeline = self._pipeline(job, modules)
        with lora.applied(modules[0], job.loras), style.worn(pipeline, job.adapter, job.look_scale):
            result = pipeline(
                **self._steering(job, conditioning),
                **self._begin(job),
                num_images_per_prompt=len(seeds),
                num_inference_steps=job.plan.steps,
                guidance_scale=job.plan.guidance,
                # On the CPU, so that a seed means the same noise on every machine.
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                callback_on_step_end=partial(self._after_step, job, done, len(seeds)),
                output_type="latent",
            )
        latents: torch.Tensor = result.images
        return latents

    def _pipeline(self, job: _Job, modules: tuple[nn.Module, ...]) -> Any:
        """A pipeline around modules that are already where they should be.

        By constructor, never by `from_pipe`: that one casts shared modules to fp32 in place unless told otherwise.
        """
        plan = job.plan
        scheduler = schedulers.build(plan.scheduler, self._components.scheduler, trailing=plan.pace.trailing)
        parts = dict.fromkeys(("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
        kind = StableDiffusionXLPipeline
        if job.start is not None:
            kind, parts["vae"] = StableDiffusionXLImg2ImgPipeline, modules[1]
        pipeline = kind(**parts, unet=modules[0], scheduler=scheduler, add_watermarker=False)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _steering(self, job: _Job, conditioning: Conditioning) -> dict[str, Any]:
        steering: dict[str, Any] = {
            "prompt_embeds": conditioning.wanted.words,
            "pooled_prompt_embeds": conditioning.wanted.pooled,
        }
        if conditioning.unwanted:
            steering["negative_prompt_embeds"] = conditioning.unwanted.words
            steering["negative_pooled_prompt_embeds"] = conditioning.unwanted.pooled
        if job.look is not None:
            look = job.look if job.plan.guided else job.look[1:]
            steering["ip_adapter_image_embeds"] = [look.to(self._components.device, self._components.dtype)]
        return steering

    def _begin(self, job: _Job) -> dict[str, Any]:
        if job.start is not None:
            return {"image": job.start, "strength": job.strength}
        return {"width": job.order.size.width, "height": job.order.size.height}

    def _after_step(
        self, job: _Job, done: int, batch: int, pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:  # fmt: skip
        """Called by the pipeline after every step; what the job's listeners raise ends the pipeline there."""
        del pipeline, timestep
        steps = job.steps
        if job.on_preview and vae.is_preview_step(step + 1, steps):
            self._show(job.on_preview, done, tensors["latents"])
        job.step(done * steps + (step + 1) * batch, len(job.order.seeds) * steps)
        return tensors

    def _show(self, on_preview: PreviewReport, done: int, latents: torch.Tensor) -> None:
        try:
            with self.residency.held(PREVIEW) as (taesd,):
                images = vae.previewed(latents, taesd)
        except Exception as error:
            if is_out_of_memory(error):  # the picture matters more than the sight of it
                return
            raise
        for offset, image in enumerate(images):
            on_preview(done + offset, image)

    # ---- Decoding ----------------------------------------------------------------------------------------------------

    def _decoded(self, job: _Job, latents: list[torch.Tensor]) -> tuple[Picture, ...]:
        """One by one: a decoder's working set is several times that of the UNet."""
        size, tile_px = job.order.size, self._components.tile_px
        operation = Operation(
            "decode",
            lambda _: (VAE,),
            lambda way: budget.decode(
                size, tile_px=tile_px if way.tiled else None, itemsize=self._components.dtype.itemsize
            ),
            can_tile=True,
        )
        pictures, way = [], Way()
        for one in latents:
            image, way = job.ladder.run(operation, way, partial(_decoded, one, tile_px))
            pictures.append(Picture(image))
        return tuple(pictures)


def _decoded(latents: torch.Tensor, tile_px: int, way: Way, modules: tuple[nn.Module, ...]) -> Rgb:
    return vae.decoded(latents, modules[0], way, tile_px)


def _in_fp8(load: Any, dtype: torch.dtype) -> nn.Module:
    """The UNet stored in eight bits and computed in `dtype`; half the memory for some rounding."""
    unet = load()
    unet.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
    module: nn.Module = unet
    return module
