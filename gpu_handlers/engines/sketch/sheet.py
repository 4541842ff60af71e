"""The contact sheet: 24 prompts × styles in one PNG, to be looked at by a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.engines.sketch.engine import SketchEngine

PROMPTS = (
    "A futuristic cityscape at sunset, cyberpunk style",
    "a futuristic cityscape at night in the rain",
    "A lighthouse on a cliff at sunset",
    "a lighthouse on a cliff in a storm",
    "a dragon flying over snow-capped mountains at sunset",
    "Photosynthesis: sunlight, leaf, water",
    "three cats on a sofa",
    "an astronaut beside a campfire on the moon",
    "the pyramids at noon",
    "a red bicycle under a cherry tree in spring",
    "a red balloon over a meadow in the morning",
    "a dog in front of a house",
    "a fox in a snowy forest at dawn",
    "a sailboat on the sea at sunset",
    "tropical fish and a turtle in a coral reef",
    "a rocket in space among the stars",
    "a camel in the desert at noon",
    "a wizard and a knight near a castle at dusk",
    "two children playing with a dog in a park in autumn",
    "a robot in a futuristic street at night",
    "a cup of coffee on a table in the morning",
    "an elephant in the savanna at sunset",
    "a village in winter with a snowman at night",
    "a hot air balloon above the clouds at dawn",
)
SHEET_STYLES = (
    "realistic",
    "cinematic",
    "anime",
    "pixar",
    "cartoon",
    "artistic",
    "3d-render",
    "3d-cgi",
    "abstract",
    "whiteboard",
    "explainer",
    "motion-graphics",
)
CELL = Size(256, 256)
_GAP_PX, _CAPTION_PX = 8, 22
_PAPER, _INK = 0xFFF4F2EE, 0xFF2A2A33


def contact_sheet(
    prompts: Sequence[str] = PROMPTS, styles: Sequence[str] = SHEET_STYLES, seed: int = 1, cell: Size = CELL
) -> Any:
    """A `skia.Image`: one row per prompt, one column per style."""
    engine = SketchEngine()
    wide, high = cell.width + _GAP_PX, cell.height + _GAP_PX + _CAPTION_PX
    surface = skia.Surface(wide * len(styles) + _GAP_PX, high * len(prompts) + _GAP_PX + _CAPTION_PX)
    font, ink = skia.Font(skia.Typeface("DejaVu Sans"), 13), skia.Paint(Color=_INK, AntiAlias=True)
    with surface as canvas:
        canvas.clear(_PAPER)
        for column, style in enumerate(styles):
            canvas.drawString(style, _GAP_PX + column * wide + 2, _CAPTION_PX - 5, font, ink)
        for row, prompt in enumerate(prompts):
            y = _GAP_PX + _CAPTION_PX + row * high
            canvas.drawString(prompt, _GAP_PX + 2, y + cell.height + 15, font, ink)
            for column, style in enumerate(styles):
                picture = engine.illustrate(prompt, style=style, size=cell, seed=seed)
                canvas.drawImage(image_of(picture.image), _GAP_PX + column * wide, y)
    return surface.makeImageSnapshot()


def image_of(pixels: Rgb) -> Any:
    """A `skia.Image` of an H×W×3 array."""
    opaque = np.full(pixels.shape[:2], 255, np.uint8)
    return skia.Image.fromarray(np.ascontiguousarray(np.dstack([pixels, opaque])), colorType=skia.kRGBA_8888_ColorType)


def save(image: Any, path: Path) -> None:
    """Write a `skia.Image` as PNG, JPEG or WebP, by the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    formats = {".jpg": skia.kJPEG, ".jpeg": skia.kJPEG, ".webp": skia.kWEBP}
    image.save(str(path), formats.get(path.suffix.lower(), skia.kPNG), 88)
