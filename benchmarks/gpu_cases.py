"""What the GPU benchmark runs: an order for our engine, the same work through a bare pipeline, and what it computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch
from diffusers import (
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image
from transformers import CLIPImageProcessor

from benchmarks import counting, sdxl_full
from gpu_handlers.context import Stage
from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import InpaintOrder, PictureOrder, Reference, Rgb, Size
from gpu_handlers.engines.sdxl import SdxlEngine, prompts, schedulers
from gpu_handlers.engines.sdxl.components import IMAGE_ENCODER, POSE, TEXT_ENCODERS, VAE, Components
from gpu_handlers.engines.sdxl.schedulers import Plan
from gpu_handlers.stages import fitting, portraits, poses
from gpu_handlers.stages.persona import Persona

PROMPT = "a lighthouse on a cliff at sunset, waves below, warm light"
FAST = schedulers.plan(schedulers.FAST, steps=None, scheduler="auto", negative="")


class Case(Protocol):
    """One row."""

    @property
    def name(self) -> str:
        """In the table."""
        ...

    @property
    def capped(self) -> bool:
        """Whether it may use only what an 8 GB card has."""
        ...

    def ours(self, engine: SdxlEngine, run: int) -> dict[str, Any]:
        """Do it and return the record; runs differ in their prompts, because the engine remembers encoded ones."""
        ...

    def bare(self, components: Components) -> Callable[[], object]:
        """The same with diffusers' own pipeline and everything on the device, loaded and ready to be called."""
        ...

    def flops(self, *, tiny: bool) -> int:
        """Of the UNet and the VAE; encoders and adapters add about a hundredth."""
        ...


@dataclass(frozen=True, slots=True)
class Draw:
    """Pictures of one prompt."""

    name: str
    steps: int
    size: Size
    pictures: int = 1
    capped: bool = False

    @property
    def plan(self) -> Plan:
        """As the engine plans it."""
        return schedulers.plan(schedulers.FAST, steps=self.steps, scheduler="auto", negative="")

    def ours(self, engine: SdxlEngine, run: int) -> dict[str, Any]:
        """One call of `draw`."""
        order = PictureOrder(f"{PROMPT}, {run}", "realistic", self.size, tuple(range(self.pictures)), steps=self.steps)
        return engine.draw(order).record

    def bare(self, components: Components) -> Callable[[], object]:
        """`pipe(...)` as its own documentation uses it."""
        pipeline = StableDiffusionXLPipeline(**_parts(self.plan, components), add_watermarker=False)
        call = _call(self.plan, self.size) | {"num_images_per_prompt": self.pictures}
        return lambda: pipeline(**call)

    def flops(self, *, tiny: bool) -> int:
        """Every step and every decoding."""
        step = step_flops(self.size, 2 if self.plan.guided else 1, tiny)
        return self.pictures * (self.steps * step + decode_flops(self.size, tiny))


@dataclass(frozen=True, slots=True)
class TryOn:
    """The clothes of a person drawn anew after a picture of the garment: what cloth-swap asks of the engine."""

    name: str
    size: Size
    capped: bool = False

    def ours(self, engine: SdxlEngine, run: int) -> dict[str, Any]:
        """One call of `inpaint`."""
        photo, garment, mask = self._pictures()
        reference = Reference(garment, "style", fitting.GARMENT_SCALE)
        order = InpaintOrder(
            photo, mask, f"{PROMPT}, {run}", "realistic", seed=1, strength=fitting.STRENGTH, reference=reference
        )
        return engine.inpaint(order).record

    def bare(self, components: Components) -> Callable[[], object]:
        """The inpainting pipeline of diffusers with an IP-Adapter."""
        parts = _parts(FAST, components) | _eyes(components)
        pipeline = StableDiffusionXLInpaintPipeline(**parts, add_watermarker=False)
        _wear(pipeline, components.image_adapters["style"](), fitting.GARMENT_SCALE)
        photo, garment, mask = self._pictures()
        call = _call(FAST, self.size) | {
            "image": Image.fromarray(photo),
            "mask_image": Image.fromarray((mask * 255).astype(np.uint8)),
            "strength": fitting.STRENGTH,
            "ip_adapter_image": Image.fromarray(garment),
        }
        return lambda: pipeline(**call)

    def flops(self, *, tiny: bool) -> int:
        """Encoding costs about half of decoding."""
        steps = int(FAST.steps * fitting.STRENGTH)
        return steps * step_flops(self.size, 1, tiny) + decode_flops(self.size, tiny) * 3 // 2

    def _pictures(self) -> tuple[Rgb, Rgb, Any]:
        noise = np.random.default_rng(1)
        photo = noise.integers(0, 255, (self.size.height, self.size.width, 3), np.uint8)
        mask = np.zeros(photo.shape[:2], np.float32)
        mask[self.size.height // 4 :, self.size.width // 4 : -self.size.width // 4] = 1
        return photo, noise.integers(0, 255, (512, 512, 3), np.uint8), mask


@dataclass(frozen=True, slots=True)
class Sitting:
    """A persona in several poses: an anchor portrait, then every picture after its face and a skeleton."""

    name: str
    pictures: int
    native_px: int = portraits.SDXL_PX
    capped: bool = False

    def ours(self, engine: SdxlEngine, run: int) -> dict[str, Any]:
        """The stage itself, likeness included where its networks are."""
        stage = Stage("sitting", 0, 1, lambda _: None)
        _, record = portraits.shoot(engine, _persona(run), "casual", self.pictures, run, stage)
        return record

    def bare(self, components: Components) -> Callable[[], object]:
        """The T2I-Adapter pipeline of diffusers with an IP-Adapter, picture after picture."""
        parts = _parts(FAST, components) | _eyes(components)
        pipeline = StableDiffusionXLAdapterPipeline(
            **parts, adapter=components.modules[POSE].load().to(components.device)
        )
        pipeline.set_progress_bar_config(disable=True)
        _wear(pipeline, components.image_adapters["face"](), portraits.FACE_SCALE)
        face = Image.fromarray(np.random.default_rng(1).integers(0, 255, (512, 512, 3), np.uint8))

        def sitting() -> None:
            for pose, size in self._shots():
                pipeline(
                    **_call(FAST, size),
                    image=Image.fromarray(poses.draw_openpose(pose, size)),
                    ip_adapter_image=face,
                )

        return sitting

    def flops(self, *, tiny: bool) -> int:
        """Of the anchor and all pictures."""
        each = (FAST.steps * step_flops(size, 1, tiny) + decode_flops(size, tiny) for _, size in self._shots())
        return sum(each)

    def _shots(self) -> list[tuple[Any, Size]]:
        chosen = [poses.library()[portraits.ANCHOR_POSE], *poses.chosen(self.pictures, 1)]
        return [(pose, portraits.size_of(pose.framing, self.native_px)) for pose in chosen]


def _persona(run: int) -> Persona:
    return Persona("female", "asian", "26-35", run)


def _parts(plan: Plan, components: Components) -> dict[str, Any]:
    one, two = components.tokenizers()
    loaded = {name: components.modules[name].load().to(components.device) for name in (*TEXT_ENCODERS, VAE)}
    return {
        "vae": loaded[VAE],
        "text_encoder": loaded[TEXT_ENCODERS[0]],
        "text_encoder_2": loaded[TEXT_ENCODERS[1]],
        "tokenizer": one,
        "tokenizer_2": two,
        "unet": components.modules[plan.pace.unet].load().to(components.device),
        "scheduler": schedulers.build(plan.scheduler, components.scheduler, trailing=plan.pace.trailing),
    }


def _eyes(components: Components) -> dict[str, Any]:
    encoder: Any = components.modules[IMAGE_ENCODER].load().to(components.device)
    side = encoder.config.image_size
    processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    return {"image_encoder": encoder, "feature_extractor": processor}


def _wear(pipeline: Any, state: dict[str, Any], scale: float) -> None:
    pipeline.load_ip_adapter(
        [state], subfolder=[""], weight_name=[""], image_encoder_folder=None, low_cpu_mem_usage=False
    )  # fmt: skip
    pipeline.set_ip_adapter_scale(scale)


def _call(plan: Plan, size: Size) -> dict[str, Any]:
    wording = prompts.worded(PROMPT, "realistic", "")
    return {
        "prompt": wording.wanted,
        "negative_prompt": wording.unwanted if plan.guided else None,
        "width": size.width,
        "height": size.height,
        "num_inference_steps": plan.steps,
        "guidance_scale": plan.guidance,
        "output_type": "np",
    }


@cache
def step_flops(size: Size, samples: int, tiny: bool) -> int:
    """One run of the UNet."""
    with torch.device("meta"):
        unet = tiny_components.unet() if tiny else sdxl_full.unet()
    return counting.flops(counting.unet_run(unet, samples=samples, width=size.width, height=size.height))


@cache
def decode_flops(size: Size, tiny: bool) -> int:
    """One run of the VAE's decoder."""
    with torch.device("meta"):
        vae = tiny_components.vae() if tiny else sdxl_full.vae()
    return counting.flops(counting.decode_run(vae, width=size.width, height=size.height))
