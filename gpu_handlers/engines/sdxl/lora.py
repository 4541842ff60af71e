"""LoRAs: an operator's list of small additions to the UNet, put in for one job and taken out again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffusers import StableDiffusionXLPipeline
from torch import nn

from gpu_handlers.engines.illustrator import CannotDraw, LoraChoice
from gpu_handlers.engines.weights import COMMERCIAL_LICENCES, LicenceForbids


@dataclass(frozen=True, slots=True)
class Lora:
    """An entry of the operator's list: a safetensors file, or in tests the tensors themselves."""

    id: str
    weights: Path | dict[str, Any]
    licence: str


def allowed() -> dict[str, Lora]:
    """The list in the file that `STUDIO_LORAS` names; empty without one.

    The file is TOML: `[[lora]]` with `id`, `file` (relative to the list) and `licence`.

    Raises:
        LicenceForbids: a LoRA whose pictures may not be sold.
        ValueError: a file that is not safetensors.
    """
    path = os.environ.get("STUDIO_LORAS")
    if not path:
        return {}
    entries = tomllib.loads(Path(path).read_text())["lora"]
    return {lora.id: lora for lora in (_entry(Path(path).parent, entry) for entry in entries)}


def _entry(folder: Path, entry: dict[str, str]) -> Lora:
    if not entry["file"].endswith(".safetensors"):
        raise ValueError(f"LoRA {entry['id']}: {entry['file']} is not safetensors")
    if entry["licence"] not in COMMERCIAL_LICENCES:
        raise LicenceForbids(f"LoRA {entry['id']}: {entry['licence']}")
    return Lora(entry["id"], folder / entry["file"], entry["licence"])


def chosen(choices: Sequence[LoraChoice], allow_list: Mapping[str, Lora]) -> list[tuple[Lora, float]]:
    """The list's entries for an order's choices.

    Raises:
        CannotDraw: one of them is not on the list.
    """
    for choice in choices:
        if choice.id not in allow_list:
            known = ", ".join(sorted(allow_list)) or "none"
            raise CannotDraw("unknown_lora", f"There is no LoRA {choice.id!r} here; available: {known}.")
    return [(allow_list[choice.id], choice.weight) for choice in choices]


@contextmanager
def applied(unet: nn.Module, choices: Sequence[tuple[Lora, float]]) -> Iterator[None]:
    """The UNet with the LoRAs while the block runs, and exactly as before afterwards.

    They are not merged into the weights: taking fp16 numbers out again would leave rounding errors behind. The parts of
    a LoRA for the text encoders are left out, so that encoded prompts can be shared.
    """
    if not choices:
        yield
        return
    model: Any = unet
    try:
        for number, (lora, _) in enumerate(choices):
            _load(model, lora.weights, f"job-{number}")
        model.set_adapters([f"job-{number}" for number in range(len(choices))], [weight for _, weight in choices])
        yield
    finally:
        model.unload_lora()


def merge(unet: nn.Module, weights: Path) -> nn.Module:
    """The UNet with a LoRA in its weights for good, as a distilled model is made of its base."""
    model: Any = unet
    _load(model, weights, "merged")
    model.fuse_lora(adapter_names=["merged"])
    model.unload_lora()
    return unet


def _load(unet: Any, weights: Path | dict[str, Any], name: str) -> None:
    source = dict(weights) if isinstance(weights, dict) else str(weights)
    state, alphas = StableDiffusionXLPipeline.lora_state_dict(source, unet_config=unet.config)
    StableDiffusionXLPipeline.load_lora_into_unet(state, alphas, unet, adapter_name=name)
