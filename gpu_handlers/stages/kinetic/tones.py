"""Pictures in the film's own colours."""

from __future__ import annotations

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages.figures.page import Colour
from gpu_handlers.stages.figures.palette import Palette, contrast, mix

DARK = 7.0  # contrast to white from which a ground is dark


def inset(image: Rgb, palette: Palette) -> Rgb:
    """From dark to light in three tones, to stand beside type."""
    if _dark(palette):
        return _toned(image, (palette.ground, palette.mark, mix(palette.accent, palette.ink, 0.35)))
    return _toned(
        image, (mix(palette.ink, palette.accent, 0.3), mix(palette.accent, palette.tint, 0.4), palette.surface)
    )


def backdrop(image: Rgb, palette: Palette) -> Rgb:
    """From the ground towards the accent, to stand behind type under a veil."""
    if _dark(palette):
        return _toned(image, (palette.ground, palette.mark, mix(palette.mark, palette.accent, 0.45)))
    return _toned(image, (mix(palette.mark, palette.accent, 0.45), palette.mark, palette.ground))


def _dark(palette: Palette) -> bool:
    return contrast(palette.ground, 0xFFFFFF) > DARK


def _toned(image: Rgb, tones: tuple[Colour, ...]) -> Rgb:
    """Brightness, spread over the whole range, mapped to colours."""
    grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(grey, (1, 99))
    spread = np.clip((np.arange(256) - low) / max(8.0, high - low), 0, 1)
    at = np.linspace(0, 1, len(tones))
    table = np.stack([np.interp(spread, at, [tone >> shift & 255 for tone in tones]) for shift in (16, 8, 0)], axis=-1)
    return np.asarray(np.round(table).astype(np.uint8)[grey], np.uint8)
