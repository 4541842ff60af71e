"""What a model has to compute and to keep in memory, counted on meta tensors: exact, and no GPU needed."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

LATENT_PX = 8


def unet_run(unet: Any, *, samples: int, width: int, height: int) -> Callable[[], object]:
    """One forward pass on `samples` latents, ready to be counted."""
    config = unet.config
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    size = {"dtype": unet.dtype, "device": "meta"}
    latents = torch.empty(samples, config.in_channels, height // LATENT_PX, width // LATENT_PX, **size)
    added = {"text_embeds": torch.empty(samples, pooled, **size), "time_ids": torch.empty(samples, 6, **size)}
    words = torch.empty(samples, 77, config.cross_attention_dim, **size)
    timestep = torch.empty((), device="meta")
    return lambda: unet(
        latents, timestep, encoder_hidden_states=words, added_cond_kwargs=added, return_dict=False
    )  # fmt: skip


def decode_run(vae: Any, *, width: int, height: int) -> Callable[[], object]:
    """One decoding of latents, ready to be counted."""
    latents = torch.empty(1, 4, height // LATENT_PX, width // LATENT_PX, dtype=vae.dtype, device="meta")
    return lambda: vae.decode(latents, return_dict=False)


def flops(run: Callable[[], object]) -> int:
    """Multiplications and additions; a multiply-add is two."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run()
    return int(counter.get_total_flops())


def live_bytes(model: nn.Module, run: Callable[[], object]) -> int:
    """The most bytes of activations that are alive at once, weights not counted."""
    tracker = _Tracker(model)
    with torch.no_grad(), _flash_attention(), tracker:
        run()
    return tracker.peak


@contextmanager
def _flash_attention() -> Iterator[None]:
    """Attention that keeps no matrix of weights, as the fused kernels of every current GPU do."""
    original = functional.scaled_dot_product_attention

    def fused(query: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return torch.empty_like(query)

    functional.scaled_dot_product_attention = fused
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = original


class _Tracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up storages as operations make them, and subtracts them as Python lets go."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._live = 0
        self._known = {parameter.untyped_storage()._cdata for parameter in model.parameters()}  # noqa: SLF001

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # fmt: skip
        result = operation(*args, **(kwargs or {}))
        tree_map_only(torch.Tensor, self._made, result)
        return result

    def _made(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()  # noqa: SLF001
        if key not in self._known:
            self._known.add(key)
            self._live += size
            self.peak = max(self.peak, self._live)
            weakref.finalize(storage, self._gone, key, size)
        return tensor

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._live -= size
