"""The small mark in the corner of a draft, so that nobody mistakes it for the real thing."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gpu_handlers.engines.illustrator import Rgb

TEXT = "DRAFT"
TEXT_SHARE = 1 / 36  # of the picture's shorter side
INK = (255, 255, 255, 235)
PLATE = (20, 22, 30, 150)


def draft(image: Rgb) -> Rgb:
    """A copy of the picture with the mark in its lower right corner; the rest is untouched."""
    height, width = image.shape[:2]
    size = max(12, round(min(width, height) * TEXT_SHARE))
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(TEXT)
    pad = size // 2
    plate = Image.new("RGBA", (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), radius=pad, fill=PLATE)
    draw.text((pad - left, pad - top), TEXT, font=font, fill=INK)
    picture = Image.fromarray(image)
    picture.paste(plate, (width - plate.width - size, height - plate.height - size), plate)
    return np.asarray(picture)
