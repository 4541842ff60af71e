"""`SdxlEngine`: prompt → encoded once → UNet, some pictures at a time → VAE, one picture at a time.

Only what an operation needs is on the device while it runs; see `residency` and `ladder`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from diffusers.utils import logging as diffusers_logging
from torch import nn

from gpu_handlers.engines.illustrator import (
    Ability,
    CannotDraw,
    Drawing,
    EngineFacts,
    InpaintOrder,
    Picture,
    PictureOrder,
    PreviewReport,
    Reference,
    Rgb,
    Role,
    Size,
    StepReport,
    unreported,
)
from gpu_handlers.engines.ladder import DoesNotFit, Ladder, Operation, Way
from gpu_handlers.engines.memory import GIB, RESERVE, Memory, is_out_of_memory, memory_of
from gpu_handlers.engines.residency import Residency
from gpu_handlers.engines.sdxl import budget, inpaint, lora, pipelines, schedulers, style, vae
from gpu_handlers.engines.sdxl.components import IMAGE_ENCODER, POSE, PREVIEW, VAE, Components
from gpu_handlers.engines.sdxl.job import Job
from gpu_handlers.engines.sdxl.prompts import worded
from gpu_handlers.engines.sdxl.schedulers import QUALITY
from gpu_handlers.engines.sdxl.text import Conditioning, PromptEncoder

FP8 = " fp8"
"""Ends the name of a UNet that is stored in eight bits."""

SMALLEST_ADVISED = 512  # pixels; SDXL draws nothing useful below


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
        self._sights = style.Sights()

    def warm_up(self) -> None:
        """Load what the first order is most likely to need; where weights or driver are broken, it shows here."""
        with self.residency.held(self._components.fast.unet):
            pass

    @property
    def facts(self) -> EngineFacts:
        """Of the base model; `record` of a drawing names every model that took part."""
        return self._components.facts

    @property
    def abilities(self) -> frozenset[Ability]:
        """What orders may contain, by the weights that are here."""
        able: set[Ability] = {"pose"} if POSE in self._components.modules else set()
        return frozenset(able | self._components.image_adapters.keys())

    @property
    def native_px(self) -> int:
        """Side of the square pictures the model was trained on."""
        return self._components.native_px

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,
        cast: tuple[Role, ...] = (),  # noqa: ARG002 - here a look is kept by seeds and by references of an order
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
            CannotDraw: unknown scheduler or LoRA, guidance beyond `abilities`, or too large for this machine.
        """
        job = self._job(order, on_step, on_preview)
        composition = order.reference if order.reference and order.reference.mode == "composition" else None
        if composition:
            job.change = composition.strength
        return Drawing(self._pictures(job, composition.image if composition else None), self._record(job))

    def inpaint(
        self,
        order: InpaintOrder,
        *,
        on_step: StepReport = unreported,
        on_preview: PreviewReport | None = None,
    ) -> Drawing:
        """One picture: the order's own outside its mask, drawn anew inside; the same order gives the same bytes.

        Raises:
            CannotDraw: a reference beyond `abilities`, or too large for this machine.
        """
        job = self._job(inpaint.as_picture(order), on_step, on_preview)
        job.mask, job.change = inpaint.latent_mask(order.mask), order.strength
        (drawn,) = self._pictures(job, order.image)
        picture = Picture(inpaint.blended(order.image, drawn.image, order.mask))
        return Drawing((picture,), self._record(job) | {"strength": order.strength})

    def _pictures(self, job: Job, start: Rgb | None) -> tuple[Picture, ...]:
        """The pictures of a job, begun from `start` where there is one."""
        order = job.order
        self.residency.memory.reset_peak()
        try:
            with job.phase("prompt"):
                wording = worded(order.prompt, order.style, order.negative)
                conditioning = self._encoder.encode(wording, guided=job.plan.guided, ladder=job.ladder)
            with job.phase("reference"):
                self._look_at_reference(job)
                if start is not None:
                    job.start = self._encoded(job, start)
            with job.phase("denoise"):
                latents = self._denoised(job, conditioning)
            with job.phase("decode"):
                return self._decoded(job, latents)
        except DoesNotFit as error:
            raise CannotDraw("too_large", self._advice(job)) from error

    # ---- Planning ----------------------------------------------------------------------------------------------------

    def _job(self, order: PictureOrder, on_step: StepReport, on_preview: PreviewReport | None) -> Job:
        plan = schedulers.plan(
            self._components.fast, steps=order.steps, scheduler=order.scheduler, negative=order.negative
        )  # fmt: skip
        schedulers.build(plan.scheduler, self._components.scheduler, trailing=False)  # refuses unknown names early
        loras = lora.chosen(order.loras, self._components.loras)
        self._refuse_unable(order)
        shown = on_preview if PREVIEW in self._components.modules else None
        return Job(order, plan, loras, Ladder(self.residency), on_step, shown)

    def _refuse_unable(self, order: PictureOrder) -> None:
        mode = order.reference.mode if order.reference else "composition"
        if mode != "composition" and mode not in self.abilities:
            raise CannotDraw(f"no_{mode}_adapter", f"This machine cannot take over the {mode} of a picture.")
        if order.pose is None:
            return
        if "pose" not in self.abilities:
            raise CannotDraw("no_pose_adapter", "This machine cannot draw people in a given pose.")
        if order.reference and mode == "composition":  # diffusers has no pipeline with both
            raise CannotDraw("pose_and_composition", "A picture can follow a pose or start from a picture, not both.")

    def _record(self, job: Job) -> dict[str, Any]:
        plan, reference = job.plan, job.reference
        parts = [plan.pace.name]
        if reference and job.adapter is not None:
            parts.append(reference.mode)
        if job.pose:
            parts.append(POSE)
        return {
            "pace": plan.pace.name,
            "steps": job.steps,
            "guidance": plan.guidance,
            "scheduler": plan.scheduler,
            "models": [model for part in parts for model in self._components.models.get(part, [])],
            "loras": [{"id": entry.id, "weight": weight, "licence": entry.licence} for entry, weight in job.loras],
            "reference": {"mode": reference.mode, "strength": reference.strength} if reference else None,
            "pose": {"strength": job.pose.strength} if job.pose else None,
            "seconds": job.seconds,
            "memory": {
                "peakGib": round(self.residency.memory.peak() / GIB, 3),
                "freeGib": round(self.residency.memory.free() / GIB, 3),
                "steps": job.ladder.record(),
            },
        }

    def _advice(self, job: Job) -> str:
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

    def _fits(self, job: Job, size: Size) -> bool:
        """Whether a picture of `size` has room on the last rung, with everything else out of the way."""
        room = self.residency.memory.free() + sum(self.residency.resident().values()) - RESERVE
        itemsize = self._components.dtype.itemsize
        weights = self._components.modules[job.plan.pace.unet].size
        unet = weights if job.loras or job.adapter else weights // 2
        denoise = budget.denoise(size, pictures=1, guided=job.plan.guided, itemsize=itemsize)
        decode = budget.decode(size, tile_px=self._components.tile_px, itemsize=itemsize)
        return max(unet + denoise, self._components.modules[VAE].size + decode) <= room

    # ---- Reference ---------------------------------------------------------------------------------------------------

    def _look_at_reference(self, job: Job) -> None:
        reference = job.reference
        if reference is None or reference.mode == "composition":
            return
        job.adapter = self._components.image_adapters[reference.mode]()
        deep = style.is_deep(job.adapter)
        operation = Operation("look at reference", lambda _: (IMAGE_ENCODER,), lambda _: budget.image_encoder())

        def look() -> torch.Tensor:
            seen, _ = job.ladder.run(
                operation, Way(), lambda _, modules: style.seen(reference.image, modules[0], deep=deep)
            )  # fmt: skip
            return seen

        job.look = self._sights.of(reference, look)

    def _encoded(self, job: Job, image: Rgb) -> torch.Tensor:
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

    def _denoised(self, job: Job, conditioning: Conditioning) -> list[torch.Tensor]:
        """Latents on the CPU, each of shape 1 × 4 × height/8 × width/8."""
        operation = self._denoising(job)
        latents: list[torch.Tensor] = []
        way = Way(batch=self._components.micro_batch)
        while pending := job.order.seeds[len(latents) :]:
            way = replace(way, batch=min(way.batch, len(pending)))
            batch, way = job.ladder.run(operation, way, partial(self._sampled, job, conditioning, len(latents)))
            latents += batch.to("cpu").unsqueeze(1)
        return latents

    def _denoising(self, job: Job) -> Operation:
        unet, others = job.plan.pace.unet, pipelines.helpers(job)
        added = sum(tensor.nbytes for part in (job.adapter or {}).values() for tensor in part.values())
        itemsize = self._components.dtype.itemsize

        def working(way: Way) -> int:
            shape: Any = {"pictures": way.batch, "guided": job.plan.guided, "itemsize": itemsize}
            features = budget.pose(job.order.size, **shape) if job.pose else 0
            return budget.denoise(job.order.size, **shape, extra=added + features)

        # Adapters and LoRAs cast the UNet they are put on to one type, which would undo the eight bits.
        plain = not job.loras and job.adapter is None
        return Operation(
            "denoise", lambda way: (unet + FP8 if way.fp8 else unet, *others), working, can_fp8=plain
        )  # fmt: skip

    def _sampled(
        self, job: Job, conditioning: Conditioning, done: int, way: Way, modules: tuple[nn.Module, ...]
    ) -> torch.Tensor:
        """Latents of the next `way.batch` pictures after `done`."""
        seeds = job.order.seeds[done : done + way.batch]
        pace = job.plan.pace
        scheduler = schedulers.build(job.plan.scheduler, self._components.scheduler, trailing=pace.trailing)
        others = dict(zip(pipelines.helpers(job), modules[1:], strict=True))
        pipeline = pipelines.assembled(job, modules[0], others, scheduler)
        with lora.applied(modules[0], job.loras), style.worn(pipeline, job.adapter, job.look_scale):
            result = pipeline(
                **self._steering(job, conditioning),
                **pipelines.beginning(job),
                **pipelines.watched(job, partial(self._after_step, job, done, len(seeds))),
                num_images_per_prompt=len(seeds),
                num_inference_steps=job.plan.steps,
                guidance_scale=job.plan.guidance,
                # On the CPU, so that a seed means the same noise on every machine.
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                output_type="latent",
            )
        latents: torch.Tensor = result.images
        return latents

    def _steering(self, job: Job, conditioning: Conditioning) -> dict[str, Any]:
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

    def _after_step(
        self, job: Job, done: int, batch: int, pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]
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

    def _decoded(self, job: Job, latents: list[torch.Tensor]) -> tuple[Picture, ...]:
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
