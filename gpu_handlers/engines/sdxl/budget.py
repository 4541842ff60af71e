"""How many bytes an operation needs beside its weights. Estimates: what is live in theory, times what engines waste."""

from __future__ import annotations

from gpu_handlers.engines.illustrator import Size

LATENT_PX = 8
"""Pixels per latent pixel, each way."""

# Activations alive at once in the full SDXL UNet, per latent pixel and picture: 10,108 bytes at two bytes per number.
# Counted by running its configuration on meta tensors (benchmarks/gpu.py); the same at 1024² and 1536², batch 1 to 4.
_UNET_ELEMENTS = 10_108 / 2

# InvokeAI's measured working sets of the SDXL VAE, in numbers per pixel (invokeai/backend/util/vae_working_memory.py).
# They are 2.9 times what is live in theory: convolution workspaces and the allocator's own. The same factor is assumed
# for the UNet, whose working set nobody published.
_VAE_DECODE_ELEMENTS = 2200
_VAE_ENCODE_ELEMENTS = 1100
_WASTE = 2.9

# Two encodings of 77 tokens, generously.
_TEXT_BYTES_PER_CHUNK = 16 * 2**20
_IMAGE_ENCODER_BYTES = 128 * 2**20


def denoise(size: Size, *, pictures: int, guided: bool, itemsize: int, extra: int = 0) -> int:
    """Of the UNet for `pictures` at once; guidance runs it on twice as many.

    Args:
        itemsize: bytes per number.
        extra: bytes of weights that are added to the UNet for the job.
    """
    latent_pixels = (size.width // LATENT_PX) * (size.height // LATENT_PX)
    samples = pictures * (2 if guided else 1)
    return int(latent_pixels * samples * _UNET_ELEMENTS * itemsize * _WASTE) + extra


def pose(size: Size, *, pictures: int, guided: bool, itemsize: int) -> int:
    """Of the pose adapter's features: kept for all steps, and copied for each."""
    # Per 16 × 16 pixels: 320 and 640 channels, and twice 1280 at half that resolution (diffusers' FullAdapterXL).
    elements = (320 + 640 + 2 * 1280 / 4) * (size.width // 16) * (size.height // 16)
    return int(elements * itemsize * 2 * pictures * (2 if guided else 1))


def decode(size: Size, *, tile_px: int | None, itemsize: int) -> int:
    """Of the VAE from latents to pixels, whole or in tiles."""
    return _vae(size, _VAE_DECODE_ELEMENTS, tile_px, itemsize)


def encode(size: Size, *, tile_px: int | None, itemsize: int) -> int:
    """Of the VAE from pixels to latents, whole or in tiles."""
    return _vae(size, _VAE_ENCODE_ELEMENTS, tile_px, itemsize)


def text(chunks: int) -> int:
    """Of the text encoders for a prompt of `chunks` × 75 tokens."""
    return chunks * _TEXT_BYTES_PER_CHUNK


def image_encoder() -> int:
    """Of the image encoder for one picture of 224 pixels."""
    return _IMAGE_ENCODER_BYTES


def _vae(size: Size, elements: int, tile_px: int | None, itemsize: int) -> int:
    pixels = size.width * size.height
    if tile_px is None:
        return pixels * elements * itemsize
    # A quarter more for the tiles kept for blending their edges, and the picture they are put together to.
    return int(min(pixels, tile_px**2) * elements * itemsize * 1.25) + pixels * 3 * itemsize * 2
