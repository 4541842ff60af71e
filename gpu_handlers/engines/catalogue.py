"""Which engine serves pictures on this machine. `STUDIO_PROFILE` names a profile; `auto` picks one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from gpu_handlers.engines import weights
from gpu_handlers.engines.illustrator import Illustrator
from studio.telemetry import logger

GIB = 2**30


def _sketch() -> Illustrator:
    from gpu_handlers.engines.sketch import SketchEngine

    return SketchEngine()


def _tiny() -> Illustrator:
    from gpu_handlers.engines.tiny import TinyEngine

    return TinyEngine()


def _sdxl(name: str) -> Illustrator:
    from gpu_handlers.engines.sdxl import SdxlEngine, hub

    engine = SdxlEngine(hub.components(weights.table().recipes[name]))
    engine.warm_up()
    return engine


# Engines are imported when chosen: torch takes seconds and hundreds of megabytes that sketch does not need.
PROFILES: dict[str, Callable[[], Illustrator]] = {
    "gpu24": partial(_sdxl, "gpu24"),
    "gpu8": partial(_sdxl, "gpu8"),
    "cpu": partial(_sdxl, "cpu"),
    "sketch": _sketch,
    "tiny": _tiny,
}


@dataclass(frozen=True, slots=True)
class Gpu:
    """The accelerator of this machine."""

    name: str
    vram_gib: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A profile and the reason it was taken."""

    profile: str
    why: str


def profile() -> str:
    """The name of this machine's profile; one log line says why.

    Raises:
        ValueError: `STUDIO_PROFILE` names none.
    """
    wanted = os.environ.get("STUDIO_PROFILE", "auto")
    if wanted == "auto":
        choice = choose()
        logger.info("profile chosen", extra={"profile": choice.profile, "why": choice.why})
        return choice.profile
    if wanted not in PROFILES:
        raise ValueError(f"STUDIO_PROFILE={wanted!r} is not one of auto, {', '.join(PROFILES)}")
    return wanted


def choose() -> Choice:
    """The best profile whose weights and hardware are here; `sketch` needs neither.

    Weights are looked for before torch is imported: without them its seconds would be wasted.
    """
    recipes = weights.table().recipes.values()
    ready = [recipe for recipe in recipes if not recipe.missing]
    if not ready:
        nearest = min(recipes, key=lambda recipe: len(recipe.missing))
        return Choice("sketch", f"no weights on this machine (for {nearest.name}: {', '.join(nearest.missing)})")
    gpu = find_gpu()
    for recipe in ready:
        if recipe.device == "cpu":
            return Choice(recipe.name, f"{_seen(gpu)}; of the weights here only these run without a larger one")
        if gpu and gpu.vram_gib >= recipe.min_vram_gib:
            return Choice(recipe.name, _seen(gpu))
    least = min(recipe.min_vram_gib for recipe in ready)
    return Choice("sketch", f"{_seen(gpu)}; the weights here need {least:g} GiB of VRAM")


def _seen(gpu: Gpu | None) -> str:
    return f"{gpu.name}, {gpu.vram_gib:.1f} GiB" if gpu else "no GPU"


def find_gpu() -> Gpu | None:
    """The first CUDA device; None without one, or without torch."""
    if find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    device = torch.cuda.get_device_properties(0)
    return Gpu(device.name, device.total_memory / GIB)


def illustrator(name: str) -> Illustrator:
    """The picture engine of the profile `name`, ready to draw."""
    return PROFILES[name]()
