"""The table of styles: what each does to colours, lines, light, texture and finish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, luma, mix, saturated, scaled

Staging = Literal["scene", "paper", "blob", "bold", "shards"]
"""How the place is shown: whole; ink on paper; inside a soft blob; flat with bold shapes; in facets."""

Shadow = Literal["none", "cel", "dots", "hatch"]
"""The hard shaded side of subjects: none; one flat tone; printed dots; pen strokes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One look. Lengths are fractions of the picture's short side, amounts 0–1 unless said otherwise.

    Painted on the layers:

    Attributes:
        saturation, contrast: factors on every colour before it is painted.
        tint, tint_share: colour that everything leans to.
        shadows, highlights, split: colours that dark and light tones lean to, and how much (split toning).
        poles, pole_share: a cool and a warm colour that all hues are pulled to, and how far.
        ramp: when set, every colour is mapped by its brightness into this list, `ramp_share` of the way.
        subject_share: how much of tint, poles and ramp subjects take.
        accent: the one colour that subjects are drawn with, unless the words name another.
        backing: the colour of the card behind a blob.
        ink, ink_width: the outline. contour: around subjects as a whole (True) or around every shape (False).
        scenery_ink, inner_ink: outline of scenery, and of the shapes within a contoured subject, as shares of it.
        uneven_ink: the contour swells on the side away from the light.
        bands, sky_bands: flat tones that gradients are cut into, 0 for smooth ones.
        shadow: the hard shaded side of subjects. long_shadow: a flat shadow drawn out over the ground.
        volume: soft shading across a whole subject. rim: light edge on subjects.
        sculpt, sculpt_scenery: every shape swells into a round body. gloss: the highlight on such bodies.
        key, fill: colours of the light and of the shade on round bodies.
        occlusion: dark under what touches the ground. defocus: blur of far layers. haze: factor on distance haze.
        clouds: drawn after nature, or sculpted into towers. rays: beams from the sun.
        floor: lines in perspective on the ground, and a mirror image of what stands there.

    Over the whole picture:

    Attributes:
        bloom, streak: spill of light, all round and as a horizontal flare.
        strokes: brush strokes that the picture is repainted with. halftone: printed dots in the dark parts.
        texture: paper or cloth. grain, vignette.
        letterbox: width:height of what shows between the bars of a wide picture, 0 for none; see `effects.bar_height`.
    """

    saturation: float = 1.0
    contrast: float = 1.0
    tint: Colour = WHITE
    tint_share: float = 0.0
    shadows: Colour | None = None
    highlights: Colour | None = None
    split: float = 0.33
    poles: tuple[Colour, Colour] | None = None
    pole_share: float = 0.0
    ramp: tuple[Colour, ...] = ()
    ramp_share: float = 1.0
    subject_share: float = 1.0
    accent: Colour | None = None
    backing: Colour | None = None
    ink: Colour | None = None
    ink_width: float = 0.0
    contour: bool = False
    scenery_ink: float = 0.0
    inner_ink: float = 0.0
    uneven_ink: bool = False
    bands: int = 0
    sky_bands: int = 0
    shadow: Shadow = "none"
    long_shadow: float = 0.0
    volume: float = 0.35
    rim: float = 0.5
    sculpt: float = 0.0
    sculpt_scenery: float = 0.0
    gloss: float = 0.0
    key: Colour = WHITE
    fill: Colour = (0.08, 0.07, 0.18)
    occlusion: float = 0.42
    defocus: float = 0.0
    haze: float = 1.0
    clouds: Literal["natural", "sculpted"] = "natural"
    rays: float = 0.0
    floor: Literal["plain", "grid"] = "plain"
    bloom: float = 0.0
    streak: float = 0.0
    strokes: float = 0.0
    halftone: float = 0.0
    grain: float = 0.0
    vignette: float = 0.0
    letterbox: float = 0.0
    texture: Literal["none", "paper", "canvas"] = "none"
    staging: Staging = "scene"

    def grade(self, colour: Colour, share: float = 1.0) -> Colour:
        """`colour` as this style paints it; `share` of tint, poles and ramp."""
        out = saturated(colour, self.saturation)
        if self.contrast != 1.0:
            red, green, blue = (min(1.0, max(0.0, 0.5 + (part - 0.5) * self.contrast)) for part in out)
            out = red, green, blue
        tone = luma(out)
        if self.shadows is not None:
            out = mix(out, self.shadows, self.split * share * (1.0 - tone) ** 1.5)
        if self.highlights is not None:
            out = mix(out, self.highlights, self.split * share * tone**1.5)
        if self.poles is not None:
            out = self._pulled(out, share)
        if self.ramp:
            out = mix(out, _on_ramp(self.ramp, tone), self.ramp_share * share)
        return mix(out, self.tint, self.tint_share * share)

    def grade_subject(self, colour: Colour) -> Colour:
        """`colour` as this style paints subjects: with less of what would hide whose colour it is."""
        return self.grade(colour, self.subject_share)

    def _pulled(self, colour: Colour, share: float) -> Colour:
        """`colour` moved towards the pole of its own temperature, as bright as before."""
        if self.poles is None:
            return colour
        warmth = colour[0] - max(colour[2], 0.88 * colour[1])  # greens belong to the cool side
        pole = self.poles[1] if warmth > 0 else self.poles[0]
        target = scaled(pole, luma(colour) / max(0.05, luma(pole)))
        return mix(colour, target, self.pole_share * share * min(1.0, 0.25 + 2.0 * abs(warmth)))


def _on_ramp(ramp: tuple[Colour, ...], tone: float) -> Colour:
    at = min(0.9999, max(0.0, tone)) * (len(ramp) - 1)
    return mix(ramp[int(at)], ramp[int(at) + 1], at - int(at))


def _ramp(colours: str) -> tuple[Colour, ...]:
    return tuple(from_hex(part) for part in colours.split())


_INK = from_hex("232a3b")

STYLES: dict[str, Style] = {
    # A quiet photograph: fine gradients, air between near and far.
    "realistic": Style(
        saturation=0.76,
        contrast=1.02,
        tint=from_hex("ffe9c8"),
        tint_share=0.05,
        volume=0.5,
        sculpt=0.34,
        rim=0.4,
        haze=1.35,
        bloom=0.14,
        grain=0.05,
        vignette=0.1,
    ),
    # Oil on canvas: repainted with a brush, few warm pigments.
    "artistic": Style(
        saturation=1.34,
        contrast=1.2,
        poles=(from_hex("3a6ea0"), from_hex("e08a2c")),
        pole_share=0.26,
        tint=from_hex("f6d79c"),
        tint_share=0.08,
        shadows=from_hex("3a1e4a"),
        highlights=from_hex("ffe9b8"),
        subject_share=0.5,
        volume=0.5,
        rim=0.3,
        haze=0.6,
        strokes=1.0,
        texture="canvas",
    ),
    # A wide-screen film: teal and orange, flares, black bars on wide pictures.
    "cinematic": Style(
        saturation=0.95,
        contrast=1.3,
        tint=from_hex("06222b"),
        tint_share=0.16,
        poles=(from_hex("1f7f8c"), from_hex("f0913f")),
        pole_share=0.6,
        shadows=from_hex("041c26"),
        highlights=from_hex("ffc48a"),
        split=0.42,
        subject_share=0.5,
        volume=0.75,
        rim=1.0,
        haze=1.05,
        bloom=0.26,
        streak=1.0,
        grain=0.12,
        vignette=0.5,
        letterbox=2.39,
        defocus=0.0022,
    ),
    # A drawn film: crisp uneven line, two tones, towering clouds, beams.
    "anime": Style(
        saturation=1.42,
        contrast=1.06,
        tint=from_hex("bfe3ff"),
        tint_share=0.05,
        ink=from_hex("2a1838"),
        ink_width=0.0034,
        contour=True,
        uneven_ink=True,
        inner_ink=0.42,
        scenery_ink=0.5,
        bands=3,
        shadow="cel",
        volume=0.0,
        rim=0.9,
        haze=0.6,
        clouds="sculpted",
        rays=0.2,
        bloom=0.16,
    ),
    # A product shot: glossy plastic under neutral studio lamps, shallow focus.
    "3d-render": Style(
        saturation=1.05,
        contrast=1.12,
        ramp=_ramp("1c2433 66768c a9b9cc dbe5ee fcfdfe"),
        ramp_share=0.62,
        tint=from_hex("e6edf5"),
        tint_share=0.1,
        subject_share=0.1,
        volume=0.15,
        rim=0.8,
        sculpt=1.0,
        sculpt_scenery=1.0,
        gloss=1.0,
        key=from_hex("ffffff"),
        fill=from_hex("1d2a44"),
        occlusion=0.72,
        haze=0.7,
        defocus=0.0042,
        bloom=0.1,
    ),
    # A printed comic: thick even line, flat fills, dots in the shade.
    "cartoon": Style(
        saturation=1.36,
        contrast=1.1,
        ink=from_hex("14141f"),
        ink_width=0.0062,
        contour=True,
        inner_ink=0.36,
        scenery_ink=0.62,
        bands=3,
        sky_bands=5,
        shadow="dots",
        volume=0.0,
        rim=0.0,
        haze=0.45,
        halftone=0.34,
    ),
    # Colour fields: the whole place in triangles of seven colours.
    "abstract": Style(
        ramp=_ramp("1b1036 4b1d8c 1f6fc9 ef476f ff9f43 ffe66d fdfbf3"),
        ramp_share=0.66,
        subject_share=0.4,
        volume=0.0,
        rim=0.0,
        saturation=1.2,
        staging="shards",
    ),
    # A family film: golden key light, violet shade, everything round and glowing.
    "pixar": Style(
        saturation=1.4,
        contrast=1.08,
        ramp=_ramp("2b1460 6d3bb0 e0637f ffb04f ffe48f fffbe6"),
        ramp_share=0.34,
        subject_share=0.25,
        volume=0.6,
        rim=1.0,
        sculpt=0.95,
        sculpt_scenery=0.9,
        gloss=0.28,
        key=from_hex("ffe08a"),
        fill=from_hex("4a2490"),
        occlusion=0.5,
        bloom=0.42,
        defocus=0.0024,
    ),
    # A lesson in space: teal palette, a grid on the mirror floor.
    "3d-cgi": Style(
        saturation=1.0,
        contrast=1.06,
        ramp=_ramp("06202e 0b4a5c 12808a 45b8b4 a4e2d8 f2fffb"),
        ramp_share=0.66,
        subject_share=0.16,
        volume=0.2,
        rim=0.9,
        sculpt=0.85,
        gloss=0.55,
        key=from_hex("dcfffa"),
        fill=from_hex("07384a"),
        occlusion=0.6,
        floor="grid",
        bloom=0.2,
        vignette=0.14,
    ),
    # Markers on white: line, hatching, and what is drawn in its own colours.
    "whiteboard": Style(
        tint=WHITE,
        tint_share=0.62,
        saturation=0.95,
        ramp=_ramp("9aa3b2 d5dae2 eef1f5 ffffff"),
        ramp_share=0.9,
        subject_share=0.12,
        ink=_INK,
        ink_width=0.0046,
        scenery_ink=1.0,
        shadow="hatch",
        volume=0.0,
        rim=0.0,
        haze=0.25,
        staging="paper",
    ),
    # Flat shapes of one brand in a soft window.
    "explainer": Style(
        saturation=1.1,
        ramp=_ramp("27306f 3f5bd0 6a94f7 9cc2ff ffd9b4 fff3e4"),
        ramp_share=0.5,
        subject_share=0.22,
        backing=from_hex("e4e9ff"),
        bands=2,
        volume=0.0,
        rim=0.0,
        haze=0.4,
        staging="blob",
    ),
    # Posters in motion: bold geometry, long flat shadows.
    "motion-graphics": Style(
        ramp=_ramp("1c1147 3d23a8 6a3df0 ff4f8b ff8f6b ffd166 fff7e6"),
        ramp_share=0.3,
        subject_share=0.7,
        saturation=1.5,
        contrast=1.05,
        bands=2,
        long_shadow=0.3,
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
