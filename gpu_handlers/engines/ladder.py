"""What to do when memory is short: the next cheaper way of running the same operation, one rung at a time.

Tile the VAE → evict other models → store the UNet in fp8 → send fewer pictures at once → say that it does not fit.
A rung is taken when the estimate exceeds what is free, and again when the device runs out in spite of the estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from torch import nn

from gpu_handlers.engines.memory import GIB, RESERVE, is_out_of_memory
from gpu_handlers.engines.residency import Residency

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Way:
    """How an operation is run."""

    tiled: bool = False
    fp8: bool = False
    batch: int = 1
    """Pictures at once."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that needs models and memory.

    Attributes:
        models: names in the residency, for a way.
        working: estimated bytes beside the weights, for a way.
        can_tile, can_fp8: whether these rungs exist for it.
    """

    name: str
    models: Callable[[Way], tuple[str, ...]]
    working: Callable[[Way], int]
    can_tile: bool = False
    can_fp8: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung that was taken, as it stands in the result."""

    operation: str
    step: str
    why: str


class DoesNotFit(Exception):
    """The last rung was taken and memory is still short."""

    def __init__(self, operation: Operation, why: str) -> None:
        super().__init__(f"{operation.name}: {why}")
        self.operation = operation


class Ladder:
    """Runs operations of one job and remembers the rungs it took."""

    def __init__(self, residency: Residency) -> None:
        self._residency = residency
        self.rungs: list[Rung] = []

    def run(
        self, operation: Operation, way: Way, work: Callable[[Way, tuple[nn.Module, ...]], T]
    ) -> tuple[T, Way]:  # fmt: skip
        """`work(way, modules)` with the models on the device; returns its result and the way that worked.

        `work` may be started several times, each time from its beginning.

        Raises:
            DoesNotFit: no way is left.
        """
        while True:
            why = self._shortage(operation, way)
            if why is None:
                try:
                    with self._residency.held(*operation.models(way)) as modules:
                        return work(way, modules), way
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                # Out here the traceback is gone, and with it the tensors its frames held.
                self._residency.memory.reclaim()
                why = "ran out of memory"
            way = self._next(operation, way, why)

    def record(self) -> list[dict[str, str]]:
        """The rungs as JSON."""
        return [asdict(rung) for rung in self.rungs]

    def _shortage(self, operation: Operation, way: Way) -> str | None:
        needed = operation.working(way) + self._residency.missing(operation.models(way)) + RESERVE
        free = self._residency.memory.free()
        if needed <= free:
            return None
        return f"needs {needed / GIB:.2f} GiB, {free / GIB:.2f} GiB are free"

    def _next(self, operation: Operation, way: Way, why: str) -> Way:
        keep = operation.models(way)
        if operation.can_tile and not way.tiled:
            step, way = "tile the VAE", replace(way, tiled=True)
        elif (evicted := self._residency.evict(keep)) is not None:
            step = f"evict {evicted}"
        elif operation.can_fp8 and not way.fp8:
            step, way = "store the UNet in fp8", replace(way, fp8=True)
        elif way.batch > 1:
            step, way = f"{way.batch // 2} at once instead of {way.batch}", replace(way, batch=way.batch // 2)
        else:
            raise DoesNotFit(operation, why)
        self.rungs.append(Rung(operation.name, step, why))
        return way
