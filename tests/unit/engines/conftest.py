"""One tiny engine for all, and a device whose memory a test decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from gpu_handlers.engines.illustrator import PictureOrder, Size

if TYPE_CHECKING:
    from gpu_handlers.engines.residency import Residency

torch.set_num_threads(1)  # the models are so small that a second thread only costs


@dataclass
class FakeMemory:
    """A device of `capacity` bytes that holds what the residency put there, and `taken` by somebody else."""

    capacity: int
    residency: Residency | None = None
    taken: int = 0
    calls: list[str] = field(default_factory=list)

    def free(self) -> int:
        held = sum(self.residency.resident().values()) if self.residency else 0
        return self.capacity - self.taken - held

    def peak(self) -> int:
        return self.capacity - self.free()

    def reset_peak(self) -> None:
        self.calls.append("reset_peak")

    def reclaim(self) -> None:
        self.calls.append("reclaim")


META = torch.device("meta")  # stands for a device of its own: modules really move there, and nothing is computed


class Weights(nn.Module):
    """A module of some bytes that remembers its moves."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("data", torch.zeros(size, dtype=torch.uint8))
        self.moves: list[str] = []

    def to(self, device):
        self.moves.append(torch.device(device).type)
        return self


@pytest.fixture(scope="session")
def tiny():
    from gpu_handlers.engines.tiny import TinyEngine

    return TinyEngine()


SQUARE = Size(64, 64)


def order(prompt: str = "a cat", *, seeds: tuple[int, ...] = (1,), size: Size = SQUARE, **options) -> PictureOrder:
    return PictureOrder(prompt, options.pop("style", "anime"), size, seeds, **{"steps": 2} | options)
