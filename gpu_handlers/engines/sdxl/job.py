"""One call of the engine: what is wanted, and what became of it so far."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from gpu_handlers.engines.illustrator import PictureOrder, PoseGuide, PreviewReport, Reference, StepReport
from gpu_handlers.engines.ladder import Ladder
from gpu_handlers.engines.sdxl import lora
from gpu_handlers.engines.sdxl.schedulers import Plan


@dataclass(slots=True)
class Job:
    """The state of one `draw` or `inpaint`.

    Attributes:
        change: 0 … 1, how much of the picture that is begun from may change.
        start: latents to begin from, 1 × 4 × height/8 × width/8.
        mask: 1 where the picture is drawn anew and 0 where it stays, 1 × 1 × height × width.
        adapter, look: IP-Adapter of the reference, and what the image encoder saw in it.
        reported: the last step that was told of.
    """

    order: PictureOrder
    plan: Plan
    loras: list[tuple[lora.Lora, float]]
    ladder: Ladder
    on_step: StepReport
    on_preview: PreviewReport | None
    change: float = 1.0
    start: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    look: torch.Tensor | None = None
    adapter: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    reported: int = 0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Record the seconds of the block under `name`."""
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
        """The picture to go by."""
        return self.order.reference

    @property
    def pose(self) -> PoseGuide | None:
        """How the person stands."""
        return self.order.pose

    @property
    def steps(self) -> int:
        """Steps that are really run for a picture: from another picture only the last part of them."""
        return int(self.plan.steps * self.strength) if self.start is not None else self.plan.steps

    @property
    def strength(self) -> float:
        """How much of the start may change; at least one step's worth, or nothing would be drawn."""
        # Raised by less than a step: floats make 5 × 0.2 a little less than 1, which would be no step.
        return min(max(self.change, 1 / self.plan.steps) + 1e-6, 1.0)

    @property
    def look_scale(self) -> float:
        """How much of the reference is taken over through the IP-Adapter."""
        return self.reference.strength if self.reference else 0.0
