"""An invisible watermark in the picture's own pixels, for when platforms strip the metadata.

Spread spectrum with the host's own interference taken out (improved spread spectrum, Malvar & Florêncio, IEEE Trans.
Signal Processing 2003) on low DCT coefficients of the luminance. It is laid on a 512 × 512 version of the picture, so
that it survives scaling, and JPEG at quality 85. It is not a secret and no proof: whoever wants to remove it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gpu_handlers.engines.illustrator import Rgb

NAME = "spread-spectrum-1"
SIDE, BLOCK = 512, 8
MIN_SIDE_PX = 256
ROUNDS = 4  # rounding to whole levels takes some of the mark away; each round puts it back
STRENGTH = 1.7  # mean of a coefficient along its pattern, in levels of an orthonormal 8 × 8 DCT
COEFFICIENTS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))
MARK = b"ACS"  # what a payload starts with before it is checked
BITS = 8 + 32 + 16
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Payload:
    """What the watermark says: this studio made it, how, and from which seed.

    Attributes:
        trained: whether a trained model made the picture; a computer drawing otherwise.
        seed: of the picture, 0 … 2³²−1.
    """

    trained: bool
    seed: int


def mark(image: Rgb, payload: Payload) -> Rgb:
    """A copy of the picture that carries `payload`; pictures under 256 px carry none and come back as they are."""
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        return image
    signs = np.where(_bits(payload), 1.0, -1.0).astype(np.float32)
    out = image
    for _ in range(ROUNDS):
        plane = _plane(out)
        added = _towards(plane, signs)
        grown = _resized(added, width, height)
        # Luminance moves by the same step in all channels, so hue stays.
        out = np.clip(np.round(out.astype(np.float32) + grown[..., None]), 0, 255).astype(np.uint8)
    return out


def read_watermark(image: Rgb) -> Payload | None:
    """The payload the picture carries; None when there is none that its checksum confirms."""
    if min(image.shape[:2]) < MIN_SIDE_PX // 2:
        return None
    levels = _correlation(_coefficients(_plane(image)))
    return _payload(levels > 0)


def _towards(plane: Plane, signs: NDArray[np.float32]) -> Plane:
    """What to add to the 512 × 512 luminance so that every bit's pattern stands out by `STRENGTH`."""
    coefficients = _coefficients(plane)
    pattern, owner, weights = _pattern(), _owner(), _room(plane)
    found = _correlation(coefficients)
    mean_room = np.bincount(owner, weights.ravel(), BITS) / np.bincount(owner, minlength=BITS)
    # Enough is enough: bits that the picture already says clearly are left alone.
    missing = np.where(signs * found >= STRENGTH, 0.0, signs * STRENGTH - found) / np.maximum(mean_room, 1e-3)
    step = (missing[owner] * pattern.ravel() * weights.ravel()).reshape(coefficients.shape)
    blocks = np.zeros((len(coefficients), BLOCK, BLOCK), np.float32)
    for index, (v, u) in enumerate(COEFFICIENTS):
        blocks[:, v, u] = step[:, index]
    basis = _basis()
    return _joined(np.asarray(basis.T @ blocks @ basis, np.float32))


def _coefficients(plane: Plane) -> Plane:
    """The chosen coefficients of each block, blocks × coefficients."""
    basis = _basis()
    spectrum = basis @ _blocks(plane) @ basis.T
    return np.stack([spectrum[:, v, u] for v, u in COEFFICIENTS], axis=1)


def _correlation(coefficients: Plane) -> Plane:
    """How strongly each bit's pattern stands out, in levels; outliers (hard edges) count only so far."""
    limit = 40.0
    seen = np.clip(coefficients, -limit, limit) * _pattern()
    totals = np.bincount(_owner(), seen.ravel(), BITS)
    return np.asarray(totals / np.bincount(_owner(), minlength=BITS), np.float32)


def _room(plane: Plane) -> Plane:
    """How much change each block hides, blocks × coefficients: little in flat areas, more in texture."""
    quarters = _blocks(plane).reshape(-1, 2, BLOCK // 2, 2, BLOCK // 2).std(axis=(2, 4)).reshape(-1, 4)
    # The second calmest quarter counts: an edge through a flat block hides nothing beside it.
    spread = np.sort(quarters, axis=1)[:, 1]
    return np.repeat(np.clip(0.6 + spread / 10.0, 0.6, 2.0)[:, None], len(COEFFICIENTS), axis=1).astype(np.float32)


@cache
def _owner() -> NDArray[np.int64]:
    """Which bit each coefficient of each block carries: all evenly, shuffled once and for all."""
    count = (SIDE // BLOCK) ** 2 * len(COEFFICIENTS)
    owner = np.arange(count) % BITS
    np.random.default_rng(crc32(MARK)).shuffle(owner)
    return owner


@cache
def _pattern() -> Plane:
    count = (SIDE // BLOCK) ** 2
    signs = np.random.default_rng(crc32(MARK) + 1).integers(0, 2, (count, len(COEFFICIENTS)))
    return np.asarray(2.0 * signs - 1.0, np.float32)


@cache
def _basis() -> Plane:
    """The orthonormal DCT-II of length 8."""
    k, n = np.mgrid[0:BLOCK, 0:BLOCK]
    basis = np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK)) * np.sqrt(2 / BLOCK)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float32)


def _plane(image: Rgb) -> Plane:
    return _resized(image.astype(np.float32) @ LUMA, SIDE, SIDE)


def _resized(plane: Plane, width: int, height: int) -> Plane:
    if plane.shape == (height, width):
        return plane
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC), np.float32)


def _blocks(plane: Plane) -> Plane:
    count = SIDE // BLOCK
    return plane.reshape(count, BLOCK, count, BLOCK).transpose(0, 2, 1, 3).reshape(-1, BLOCK, BLOCK)


def _joined(blocks: Plane) -> Plane:
    count = SIDE // BLOCK
    return np.ascontiguousarray(blocks.reshape(count, count, BLOCK, BLOCK).transpose(0, 2, 1, 3).reshape(SIDE, SIDE))


def _bits(payload: Payload) -> NDArray[np.bool_]:
    said = bytes([int(payload.trained)]) + payload.seed.to_bytes(4, "big")
    check = crc32(MARK + said) & 0xFFFF
    return np.unpackbits(np.frombuffer(said + check.to_bytes(2, "big"), np.uint8)).astype(np.bool_)


def _payload(bits: NDArray[np.bool_]) -> Payload | None:
    raw = np.packbits(bits).tobytes()
    said, check = raw[:5], int.from_bytes(raw[5:], "big")
    if said[0] > 1 or check != crc32(MARK + said) & 0xFFFF:
        return None
    return Payload(bool(said[0]), int.from_bytes(said[1:], "big"))
