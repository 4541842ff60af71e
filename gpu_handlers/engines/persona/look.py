"""Who the drawn person is: everything that stays the same from picture to picture, settled by traits and a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from gpu_handlers.engines.sketch.colour import Colour, from_hex, mix, saturated, times

Gender = Literal["female", "male", "non-binary"]
Ethnicity = Literal["asian", "black", "caucasian", "hispanic", "middle-eastern", "indian", "mixed"]
AgeRange = Literal["18-25", "26-35", "36-45", "46-60", "60+"]
DressStyle = Literal["professional", "casual", "fashion"]

# Their order is part of every persona's id: append, never insert.
GENDERS: tuple[Gender, ...] = get_args(Gender)
ETHNICITIES: tuple[Ethnicity, ...] = get_args(Ethnicity)
AGE_RANGES: tuple[AgeRange, ...] = get_args(AgeRange)

# Ranges, not types: neighbours overlap, and the seed decides within them.
_SKIN = {
    "asian": "f6d7b8 efc9a2 e3b48a",
    "black": "8a5a3c 74472e 5d3824 9c6a47",
    "caucasian": "fbdcc6 f5ceb0 eec0a0",
    "hispanic": "e6b98f d6a377 c68f63",
    "middle-eastern": "ebc19a dcab80 c8946a",
    "indian": "c98f63 b57a50 9d6640",
    "mixed": "d3a27a bd8a63 e2b38c a87550",
}
_HAIR = {
    "asian": "1f1a1e 2a2023 3a2a26",
    "black": "1a1416 261a18 33211c",
    "caucasian": "6b4428 8f5b34 c79a5b a8532e 3d2a22 d9b579",
    "hispanic": "2a1c1a 3f281f 54341f",
    "middle-eastern": "1f1818 33221c 4a3022",
    "indian": "181416 241a1a 33231e",
    "mixed": "241a1a 4a2e20 6b4428 8a5a34",
}
_EYES = {
    "caucasian": "4f7ea8 5f8f6b 6b4a2e 7a8a94",
    "mixed": "6b4a2e 5f7f5b 4a3324",
    "middle-eastern": "5a3d26 6f7a4a 4a3020",
    "hispanic": "5a3a22 4a2f1e",
}
_LONG = ("long", "wavy", "bob", "bun", "ponytail", "curls", "pixie")
_SHORT = ("parted", "quiff", "crop", "short-curls", "swept")
_ANY = ("pixie", "bob", "swept", "quiff", "short-curls", "bun")
_AFRO = ("afro", "short-curls", "crop", "braids", "bun")

# Palettes that go together: top, layer over it, trousers or skirt, accent.
_WARDROBE = {
    "professional": (
        "f7f3ec 2f4060 2f4060 c9a45c",
        "f4f6f8 3a3f4a 33373f a9554f",
        "fbeee6 6b3f4d 3a3038 d7a98c",
        "eef3f1 2f5d57 26413f d9b56a",
        "fdf6ea 8a6f56 4b4038 3f6f8c",
    ),
    "casual": (
        "e2725b 4a6a8f 3f5577 f4d9a0",
        "f3ede2 7d9470 46587a d98f5c",
        "4f8f8b e9dcc6 3a4a66 f0b94f",
        "f0b94f 5f6f8f 44506b e9e4da",
        "b8a2d8 f1eae4 4a5876 7d63c9",
    ),
    "fashion": (
        "231f2b c8453f 231f2b e7c66b",
        "f1e3d3 0f6b62 16302f e8b04a",
        "f7efe6 d99a2b 5a2a3a 2f2530",
        "2b2f5b e85d75 1f2140 f2c9a8",
        "efe7f7 6b3fa0 2a2140 f0a35e",
    ),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One person. Colours are sRGB 0 … 1, lengths head heights."""

    gender: Gender
    style: DressStyle
    skin: Colour
    hair: Colour
    hair_style: str
    eyes: Colour
    lips: Colour
    beard: Literal["none", "stubble", "full"]
    glasses: bool
    freckles: bool
    lines: int
    """Of age in the face, 0 … 3."""
    jaw: float
    """Half its width."""
    brow: float
    eye_shape: float
    """−1 narrow … 1 round."""
    nose: float
    waist: float
    hips: float
    shoulders: float
    """Half widths of the body beyond the skeleton."""
    top: Colour
    layer: Colour
    legs: Colour
    accent: Colour
    outfit: str

    @property
    def shade(self) -> Colour:
        """Skin that the light does not reach."""
        return shadow_of(self.skin)

    @property
    def skirted(self) -> bool:
        """Whether a skirt or dress is worn; it does not sit down well."""
        return self.outfit in ("blazer-skirt", "dress")


def shadow_of(colour: Colour) -> Colour:
    """A colour in shade: darker, a little cooler and richer, never grey."""
    return saturated(times(colour, (0.80, 0.72, 0.76)), 1.06)


def look_of(gender: Gender, ethnicity: Ethnicity, age_range: AgeRange, style: DressStyle, seed: int) -> Look:
    """The person of these traits that `seed` names; the same arguments, the same person."""
    rng = Random(f"persona {seed}")  # noqa: S311 - a face, not a secret
    feminine = gender == "female" or (gender == "non-binary" and rng.random() < 0.5)
    skin = _between(_SKIN[ethnicity], rng)
    hair = from_hex(rng.choice(_HAIR[ethnicity].split()))
    age = AGE_RANGES.index(age_range)
    grey = (0.0, 0.0, 0.06, 0.42, 0.82)[age] * rng.uniform(0.7, 1.15)
    hair = mix(hair, from_hex("c9c7c6"), min(0.95, grey))
    styles: tuple[str, ...] = _ANY if gender == "non-binary" else _LONG if feminine else _SHORT
    if ethnicity == "black":
        styles = tuple(name for name in _AFRO if feminine or name not in ("braids", "bun"))
    beard_odds = 0.0 if feminine else 0.5
    beard = rng.choice(("stubble", "full")) if rng.random() < beard_odds else "none"
    colours = [from_hex(part) for part in rng.choice(_WARDROBE[style]).split()]
    lips = mix(times(skin, (0.86, 0.55, 0.55)), from_hex("c2454f"), 0.45 if feminine else 0.12)
    outfits = {
        "professional": ("blazer", "blazer-skirt") if feminine else ("blazer", "blazer-tie"),
        "casual": ("tee-open-shirt", "sweater", "hoodie", "tee"),
        "fashion": ("coat", "dress") if feminine else ("coat", "turtleneck"),
    }[style]
    return Look(
        gender=gender,
        style=style,
        skin=skin,
        hair=hair,
        hair_style=rng.choice(styles),
        eyes=from_hex(rng.choice(_EYES.get(ethnicity, "3f2a1e 2f211b").split())),
        lips=lips,
        beard=beard,  # type: ignore[arg-type]
        glasses=rng.random() < (0.16, 0.2, 0.24, 0.4, 0.5)[age],
        freckles=ethnicity in ("caucasian", "mixed") and rng.random() < 0.3,
        lines=max(0, age - 1),
        jaw=rng.uniform(0.235, 0.255) if feminine else rng.uniform(0.265, 0.285),
        brow=rng.uniform(0.024, 0.03) if feminine else rng.uniform(0.034, 0.044),
        eye_shape=rng.uniform(-0.2, 0.1) if ethnicity == "asian" else rng.uniform(0.2, 0.9),
        nose=rng.uniform(0.8, 1.2),
        waist=rng.uniform(0.46, 0.5) if feminine else rng.uniform(0.56, 0.61),
        hips=rng.uniform(0.6, 0.64) if feminine else rng.uniform(0.55, 0.58),
        shoulders=rng.uniform(0.02, 0.05) if feminine else rng.uniform(0.13, 0.17),
        top=colours[0],
        layer=colours[1],
        legs=colours[2],
        accent=colours[3],
        outfit=rng.choice(outfits) if gender != "non-binary" else outfits[0],
    )


def _between(colours: str, rng: Random) -> Colour:
    """A colour on the way between two neighbours of the list."""
    stops = [from_hex(part) for part in colours.split()]
    at = rng.randrange(len(stops) - 1)
    return mix(stops[at], stops[at + 1], rng.random())
