"""Small pictures for a few words, where the vector set has something that the words name."""

from __future__ import annotations

import re

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.sketch import keywords, subjects, words

INK = (0.13, 0.15, 0.19)
INK_SHARE = 0.022  # of the icon's height
MARGIN = 0.06


def named(text: str) -> str | None:
    """The vector that `text` names; None when it names none, or only by a keyword, which is too often off the mark."""
    said = re.findall(r"[^\W\d_]+", text.lower())
    try:
        reading = words.read(text)
        tags = {keywords.subject_tagged(word, "en") for word in said}
    except subjects.SubjectsMissing:
        return None
    stems = {word[:-1] if word.endswith("s") else word for word in said} | set(said)
    for mention in reading.mentions:
        if not subjects.exists(mention.subject):
            continue
        if stems & set(mention.subject.split("-")) or mention.subject not in tags:
            return mention.subject
    return next((name for name in reading.sky if subjects.exists(name)), None)


def picture(name: str, side_px: int) -> Rgb:
    """The vector called `name` on white with an ink line around every shape, `side_px` square."""
    icon = subjects.vector(name)
    left, top, right, bottom = icon.ink
    across, down = (right - left) * icon.width, (bottom - top) * icon.height
    scale = side_px * (1 - 2 * MARGIN) / max(across, down)
    surface = skia.Surface(side_px, side_px)
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorWHITE)
    canvas.translate(side_px / 2, side_px / 2)
    canvas.scale(scale, scale)
    canvas.translate(-(left + right) / 2 * icon.width, -(top + bottom) / 2 * icon.height)
    body = subjects.outlined(icon.body, INK, max(across, down) * INK_SHARE)
    subjects.parsed(body, icon.width, icon.height).render(canvas)
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return np.ascontiguousarray(pixels[..., :3])
