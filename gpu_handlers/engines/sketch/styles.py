"""The table of styles: what each does to colours, lines, texture and finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, luma, mix, saturated

Staging = Literal["scene", "paper", "blob", "bold", "shards"]
"""How the place is shown: whole; ink on paper; inside a soft blob; flat with bold shapes; in facets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One look. Lengths are fractions of the picture's short side, amounts 0–1 unless said otherwise.

    Attributes:
        saturation, contrast: factors on every colour before it is painted.
        tint, tint_share: colour that everything leans to.
        shadows, highlights: colours that dark and light tones lean to (split toning).
        ink, ink_width: line around every shape (`contour` False) or around subjects only (True).
        ramp: when set, every colour is mapped by its brightness into this list, `ramp_share` of the way.
        volume: soft shading of subjects into round bodies.
        rim: light edge on subjects. bloom, grain, vignette: finish. letterbox: width:height, 0 for none.
        soften: blur of far layers.
    """

    saturation: float = 1.0
    contrast: float = 1.0
    tint: Colour = WHITE
    tint_share: float = 0.0
    shadows: Colour | None = None
    highlights: Colour | None = None
    ink: Colour | None = None
    ink_width: float = 0.0
    contour: bool = False
    ramp: tuple[Colour, ...] = ()
    ramp_share: float = 1.0
    volume: float = 0.35
    rim: float = 0.5
    haze: float = 1.0
    bloom: float = 0.0
    grain: float = 0.0
    vignette: float = 0.0
    letterbox: float = 0.0
    soften: float = 0.0
    texture: Literal["none", "paper", "canvas", "dots"] = "none"
    staging: Staging = "scene"

    def grade(self, colour: Colour) -> Colour:
        """`colour` as this style paints it."""
        out = saturated(colour, self.saturation)
        if self.contrast != 1.0:
            red, green, blue = (min(1.0, max(0.0, 0.5 + (part - 0.5) * self.contrast)) for part in out)
            out = red, green, blue
        tone = luma(out)
        if self.shadows is not None:
            out = mix(out, self.shadows, 0.36 * (1.0 - tone) ** 1.5)
        if self.highlights is not None:
            out = mix(out, self.highlights, 0.3 * tone**1.5)
        if self.ramp:
            out = mix(out, _on_ramp(self.ramp, tone), self.ramp_share)
        return mix(out, self.tint, self.tint_share)


def _on_ramp(ramp: tuple[Colour, ...], tone: float) -> Colour:
    at = min(0.9999, max(0.0, tone)) * (len(ramp) - 1)
    return mix(ramp[int(at)], ramp[int(at) + 1], at - int(at))


def _ramp(colours: str) -> tuple[Colour, ...]:
    return tuple(from_hex(part) for part in colours.split())


_INK = from_hex("232a3b")

STYLES: dict[str, Style] = {
    "realistic": Style(
        saturation=0.86,
        contrast=1.04,
        volume=0.6,
        rim=0.6,
        haze=1.1,
        grain=0.28,
        vignette=0.3,
        soften=0.0022,
        bloom=0.18,
    ),
    "artistic": Style(
        saturation=1.22,
        contrast=0.95,
        tint=from_hex("f6dfb8"),
        tint_share=0.16,
        shadows=from_hex("3c2a63"),
        highlights=from_hex("ffe3b0"),
        volume=0.25,
        rim=0.35,
        texture="canvas",
        vignette=0.2,
        grain=0.2,
    ),
    "cinematic": Style(
        saturation=0.94,
        contrast=1.14,
        shadows=from_hex("0a3440"),
        highlights=from_hex("ffb878"),
        volume=0.55,
        rim=0.9,
        haze=1.3,
        bloom=0.35,
        grain=0.4,
        vignette=0.6,
        letterbox=2.2,
        soften=0.003,
    ),
    "anime": Style(
        saturation=1.32,
        contrast=1.04,
        tint=from_hex("bfe3ff"),
        tint_share=0.06,
        highlights=from_hex("fff3f7"),
        ink=from_hex("2c1f45"),
        ink_width=0.0032,
        contour=True,
        volume=0.0,
        rim=0.85,
        haze=0.7,
        bloom=0.3,
    ),
    "3d-render": Style(
        saturation=1.14,
        contrast=1.02,
        tint=from_hex("efe4ff"),
        tint_share=0.12,
        volume=1.0,
        rim=0.8,
        bloom=0.3,
        vignette=0.16,
        soften=0.004,
    ),
    "cartoon": Style(
        saturation=1.28,
        contrast=1.06,
        ink=_INK,
        ink_width=0.0052,
        contour=True,
        volume=0.0,
        rim=0.0,
        haze=0.55,
    ),
    "abstract": Style(
        ramp=_ramp("1b1036 4b1d8c 1f6fc9 ef476f ff9f43 ffe66d fdfbf3"),
        ramp_share=0.66,
        volume=0.0,
        rim=0.0,
        saturation=1.2,
        staging="shards",
        texture="dots",
    ),
    "pixar": Style(
        saturation=1.26,
        contrast=1.04,
        tint=from_hex("ffcf90"),
        tint_share=0.12,
        highlights=from_hex("fff0c9"),
        shadows=from_hex("4a2f7a"),
        volume=1.0,
        rim=1.0,
        bloom=0.35,
        vignette=0.22,
        soften=0.005,
    ),
    "3d-cgi": Style(
        saturation=1.02,
        contrast=1.1,
        tint=from_hex("dcecff"),
        tint_share=0.08,
        shadows=from_hex("12284d"),
        volume=0.95,
        rim=0.9,
        bloom=0.28,
        vignette=0.3,
        soften=0.002,
    ),
    "whiteboard": Style(
        tint=WHITE,
        tint_share=0.8,
        saturation=1.5,
        ink=_INK,
        ink_width=0.0046,
        volume=0.0,
        rim=0.0,
        haze=0.25,
        staging="paper",
    ),
    "explainer": Style(
        saturation=1.2,
        tint=from_hex("fff8ee"),
        tint_share=0.14,
        volume=0.1,
        rim=0.0,
        haze=0.5,
        staging="blob",
    ),
    "motion-graphics": Style(
        ramp=_ramp("1c1147 3d23a8 6a3df0 ff4f8b ff8f6b ffd166 fff7e6"),
        ramp_share=0.3,
        saturation=1.35,
        contrast=1.05,
        volume=0.0,
        rim=0.0,
        haze=0.4,
        staging="bold",
    ),
}
"""Image: realistic artistic cinematic anime 3d-render. 3D video: realistic cartoon cinematic abstract.
Story: pixar realistic anime cartoon cinematic. Study: 3d-cgi whiteboard explainer motion-graphics."""

DEFAULT_STYLE = "realistic"

_ALIASES = {
    "photorealistic": "realistic",
    "photo": "realistic",
    "3d": "3d-render",
    "3d render": "3d-render",
    "cgi": "3d-cgi",
    "3d cgi": "3d-cgi",
    "3d_render": "3d-render",
    "motion graphics": "motion-graphics",
    "disney": "pixar",
    "painting": "artistic",
    "watercolor": "artistic",
    "comic": "cartoon",
}


def style_named(name: str) -> Style:
    """The style called `name`; the default for a name the table does not know."""
    key = name.strip().lower().replace("_", "-")
    return STYLES.get(_ALIASES.get(key, key), STYLES[DEFAULT_STYLE])
