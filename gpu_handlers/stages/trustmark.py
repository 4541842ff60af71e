"""Adobe's TrustMark watermark (MIT) beside our own, where an operator has installed it with its weights.

It survives more than ours does, but comes with torchvision, Lightning and checkpoints that its package fetches by
itself; so it is never a dependency, and nothing is fetched here: without the three files in its folder it stays off.
Torch reads checkpoints as plain tensors since 2.6, so that a pickle in them cannot run.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages.watermark import Payload

NAME = "trustmark-Q"
VARIANT = "Q"  # ResNet-50 decoder, about 43 dB: the authors' default
FILES = (f"trustmark_{VARIANT}.yaml", f"encoder_{VARIANT}.ckpt", f"decoder_{VARIANT}.ckpt")

_SEED_BITS = 32
_OURS = "0100000101000011010100110000"  # "ACS" in ASCII and four zeros: with mark and seed, the 61 bits of BCH_5


def available() -> bool:
    """Whether package and weights are on this machine."""
    found = find_spec("trustmark")
    if found is None or found.origin is None:
        return False
    folder = Path(found.origin).parent / "models"
    return all((folder / file).is_file() for file in FILES)


def mark(image: Rgb, payload: Payload) -> Rgb:
    """A copy of the picture that carries `payload`."""
    bits = f"{_OURS}{payload.trained:b}{payload.seed:0{_SEED_BITS}b}"
    return np.asarray(_model().encode(Image.fromarray(image), bits, MODE="binary").convert("RGB"), np.uint8)


def read(image: Rgb) -> Payload | None:
    """The payload the picture carries; None when there is none, or somebody else's."""
    bits, found, _ = _model().decode(Image.fromarray(image), MODE="binary")
    if not found or not bits.startswith(_OURS):
        return None
    trained, seed = bits[len(_OURS)], bits[len(_OURS) + 1 : len(_OURS) + 1 + _SEED_BITS]
    return Payload(trained == "1", int(seed, 2))


@cache
def _model() -> Any:
    """Encoder and decoder, without the network that removes marks; on the CPU, beside the engines."""
    return import_module("trustmark").TrustMark(verbose=False, model_type=VARIANT, loadRemover=False, device="cpu")
