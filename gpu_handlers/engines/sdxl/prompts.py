"""What a style adds to the customer's words."""

from __future__ import annotations

from dataclasses import dataclass

# Wanted words go after the customer's, so that the subject stays what the text encoder sees first.
# CLIP was trained on captions: short noun phrases work, sentences and numbers do not.
_STYLES: dict[str, tuple[str, str]] = {
    "realistic": ("photograph, natural light, sharp focus, fine detail", "drawing, painting, illustration, render"),
    "artistic": ("oil painting, visible brush strokes, rich colours, canvas texture", "photograph, render, flat"),
    "cinematic": (
        "film still, dramatic light, shallow depth of field, colour graded, anamorphic",
        "drawing, cartoon, flat light, overexposed",
    ),
    "anime": ("anime key visual, cel shading, clean line art, vivid colours", "photograph, realistic, 3d render"),
    "3d-render": (
        "3d render, physically based materials, global illumination, studio light",
        "photograph, sketch, line art",
    ),
    "cartoon": ("cartoon, bold outlines, flat bright colours", "photograph, realistic, 3d render"),
    "abstract": ("abstract composition, geometric shapes, strong colours", "photograph, realistic"),
    "pixar": ("animated feature film still, rounded characters, soft global illumination", "photograph, line art"),
    "3d-cgi": ("clean 3d scientific visualisation, soft studio light", "photograph, sketch, clutter"),
    "whiteboard": ("black marker drawing on a whiteboard, simple line art", "photograph, colour fill, shading"),
    "explainer": ("flat vector illustration, simple shapes, pastel colours", "photograph, texture, clutter"),
    "motion-graphics": ("bold flat graphic design, geometric shapes, high contrast", "photograph, texture, clutter"),
    "professional": ("portrait photograph, business clothing, soft key light", "drawing, render"),
    "casual": ("lifestyle photograph, everyday clothing, daylight", "drawing, render"),
    "fashion": ("fashion editorial photograph, studio light", "drawing, render"),
}

_ALWAYS_UNWANTED = "blurry, low quality, jpeg artifacts, watermark, text, deformed, bad anatomy"


@dataclass(frozen=True, slots=True)
class Wording:
    """The two texts that are encoded."""

    wanted: str
    unwanted: str


def worded(prompt: str, style: str, negative: str) -> Wording:
    """The customer's words with what `style` adds; a style without an entry is named as it is."""
    wanted, unwanted = _STYLES.get(style, (style.replace("-", " "), ""))
    return Wording(_listed(prompt, wanted), _listed(negative, unwanted, _ALWAYS_UNWANTED))


def _listed(*phrases: str) -> str:
    return ", ".join(phrase.strip() for phrase in phrases if phrase.strip())
