"""The one owner of the device's memory: which models are on it, which wait in RAM, which must be loaded again.

A model that is used is locked; the least recently used unlocked one makes room first. Modules are moved whole, with
`.to()`: accelerate's offload hooks keep state of their own and break when pipelines share parts.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import torch
from torch import nn

from gpu_handlers.engines.memory import Memory, host_budget

# diffusers and transformers patch torch globally while they load, so no two models may load at once in a process.
_loading = threading.Lock()


@dataclass(slots=True)
class _Resident:
    """One model and where it is."""

    load: Callable[[], nn.Module]
    size: int
    module: nn.Module | None = None
    on_device: bool = False
    locks: int = 0
    used: int = 0
    """Number of the last use; the smallest goes first."""


class Residency:
    """Models by name on one device."""

    def __init__(self, device: torch.device, memory: Memory, *, host_bytes: int | None = None) -> None:
        self.device = device
        self.memory = memory
        self._host_bytes = host_budget() if host_bytes is None else host_bytes
        self._models: dict[str, _Resident] = {}
        self._uses = count(1)
        self._lock = threading.RLock()

    def add(self, name: str, load: Callable[[], nn.Module], *, size: int) -> None:
        """Make a model known without loading it.

        Args:
            load: returns the module in RAM, in evaluation mode and in its final type.
            size: of its weights in bytes as expected; corrected once it is loaded.
        """
        self._models[name] = _Resident(load, size)

    @contextmanager
    def held(self, *names: str) -> Iterator[tuple[nn.Module, ...]]:
        """The modules on the device, and kept there while the block runs. The same name may be held several times."""
        with self._lock:
            held = [self._models[name] for name in names]
            for model in held:
                model.locks += 1
                model.used = next(self._uses)
        try:
            with self._lock:
                modules = tuple(self._on_device(name) for name in names)
            yield modules
        finally:
            with self._lock:
                for model in held:
                    model.locks -= 1

    def missing(self, names: Collection[str]) -> int:
        """Bytes of weights among `names` that would still have to be moved to the device."""
        return sum(self._models[name].size for name in names if not self._models[name].on_device)

    def resident(self) -> dict[str, int]:
        """Sizes in bytes of the models on the device."""
        return {name: model.size for name, model in self._models.items() if model.on_device}

    def evictable(self, keep: Collection[str] = ()) -> int:
        """Bytes that evicting everything but `keep` would free."""
        return sum(self._models[name].size for name in self._unlocked(keep))

    def evict(self, keep: Collection[str] = ()) -> str | None:
        """Take the least recently used model off the device, `keep` and locked ones excepted; its name, or None."""
        with self._lock:
            unlocked = self._unlocked(keep)
            if not unlocked:
                return None
            name = min(unlocked, key=lambda name: self._models[name].used)
            model = self._models[name]
            if self._fits_in_ram(model.size):
                assert model.module is not None  # noqa: S101  # on_device implies it
                model.module.to("cpu")
                model.on_device = False
            else:
                self._forget(model)
            self.memory.reclaim()
            return name

    def drop(self, name: str) -> None:
        """Forget a model wherever it is; the next use loads it afresh. For models that may have been left changed."""
        with self._lock:
            self._forget(self._models[name])
            self.memory.reclaim()

    @property
    def locks(self) -> int:
        """How many holds are open; zero between jobs."""
        return sum(model.locks for model in self._models.values())

    def _unlocked(self, keep: Collection[str]) -> list[str]:
        return [
            name for name, model in self._models.items() if model.on_device and not model.locks and name not in keep
        ]

    def _on_device(self, name: str) -> nn.Module:
        model = self._models[name]
        if model.module is None:
            self._make_room_in_ram(model.size)
            with _loading:
                model.module = model.load()
            model.size = weight_bytes(model.module)
        if not model.on_device:
            model.module.to(self.device)
            model.on_device = True
        return model.module

    def _fits_in_ram(self, size: int) -> bool:
        # Without a device of its own the model is in RAM already: taking it off means letting go of it.
        return self.device.type != "cpu" and self._in_ram() + size <= self._host_bytes

    def _in_ram(self) -> int:
        return sum(model.size for model in self._models.values() if model.module is not None and not model.on_device)

    def _make_room_in_ram(self, size: int) -> None:
        waiting = [model for model in self._models.values() if model.module is not None and not model.on_device]
        for model in sorted(waiting, key=lambda model: model.used):
            if self._in_ram() + size <= self._host_bytes:
                return
            if not model.locks:
                self._forget(model)

    @staticmethod
    def _forget(model: _Resident) -> None:
        model.module = None
        model.on_device = False
        gc.collect()  # modules and their hooks refer to each other; without this the memory stays taken


def weight_bytes(module: nn.Module) -> int:
    """Bytes of the module's parameters and buffers."""
    return sum(tensor.nbytes for tensor in [*module.parameters(), *module.buffers()])
