"""How noise becomes a picture: the schedulers on offer, and the two paces of an SDXL model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)

from gpu_handlers.engines.illustrator import CannotDraw

# LMS needs scipy and PNDM fails below four steps, so neither is offered.
_SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler-a": (EulerAncestralDiscreteScheduler, {}),
    "dpm++-2m": (DPMSolverMultistepScheduler, {}),
    "dpm++-2m-karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "unipc": (UniPCMultistepScheduler, {}),
    "ddim": (DDIMScheduler, {}),
    "lcm": (LCMScheduler, {}),
}
NAMES = tuple(_SCHEDULERS)


@dataclass(frozen=True, slots=True)
class Pace:
    """A way to denoise.

    Attributes:
        unet: name of the UNet in the residency.
        guidance: classifier-free guidance scale; at 1 or below the UNet runs once per step instead of twice.
        trailing: whether timesteps end at the last one, as models distilled to few steps are trained.
    """

    name: str
    unet: str
    steps: int
    guidance: float
    scheduler: str
    trailing: bool


FAST = Pace("fast", "unet fast", steps=8, guidance=0.0, scheduler="euler", trailing=True)
"""SDXL-Lightning as its authors run it: Euler, trailing timesteps, no guidance (ByteDance/SDXL-Lightning)."""

QUALITY = Pace("quality", "unet quality", steps=25, guidance=5.0, scheduler="dpm++-2m-karras", trailing=False)
"""The full model. 5.0 is the guidance that diffusers gives SDXL; DPM++ 2M needs 20 to 30 steps."""

# Distilled models gain nothing from more steps, and the full model is not usable with so few.
MOST_FAST_STEPS = 10

# A distilled model ignores negative words, for want of guidance. A little of it makes them count, for twice the time.
GUIDANCE_FOR_NEGATIVE_WORDS = 1.5


@dataclass(frozen=True, slots=True)
class Plan:
    """A pace with what the order asks for filled in."""

    pace: Pace
    steps: int
    guidance: float
    scheduler: str

    @property
    def guided(self) -> bool:
        """Whether every step runs the UNet with and without the prompt."""
        return self.guidance > 1


def plan(fast: Pace, *, steps: int | None, scheduler: str, negative: str) -> Plan:
    """The plan for an order; up to `MOST_FAST_STEPS` steps take the `fast` pace."""
    if steps is None or steps <= MOST_FAST_STEPS:
        pace, guidance = fast, GUIDANCE_FOR_NEGATIVE_WORDS if negative.strip() else fast.guidance
    else:
        pace, guidance = QUALITY, QUALITY.guidance
    return Plan(pace, steps or pace.steps, guidance, pace.scheduler if scheduler == "auto" else scheduler)


def build(name: str, config: dict[str, Any], *, trailing: bool) -> Any:
    """A fresh scheduler over the model's own noise schedule.

    Raises:
        CannotDraw: no such scheduler.
    """
    if name not in _SCHEDULERS:
        raise CannotDraw("unknown_scheduler", f"There is no scheduler {name!r}; choose one of {', '.join(NAMES)}.")
    kind, options = _SCHEDULERS[name]
    spacing = {"timestep_spacing": "trailing"} if trailing else {}
    return kind.from_config(config | options | spacing)
