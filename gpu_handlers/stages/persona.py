"""A persona drawn into places: the same person in every picture, in other poses, framings and surroundings.

The person is a vector figure, so identity holds by construction; nothing is measured because nothing can drift.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import Illustrator, Picture, Rgb, Rgba, Size
from gpu_handlers.engines.persona import figure
from gpu_handlers.engines.persona.look import (
    AGE_RANGES,
    ETHNICITIES,
    GENDERS,
    AgeRange,
    DressStyle,
    Ethnicity,
    Gender,
    Look,
    look_of,
)
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import poses
from gpu_handlers.stages.poses import Pose

METHOD = "drawn"
IDENTITY = "by construction"
PLACE_STYLE = "motion-graphics"  # flat like the figure, without grain or letterbox
SIZES = {"portrait": Size(1024, 1024), "waist-up": Size(832, 1216), "full": Size(832, 1216)}

_ID = re.compile(r"persona-([fmn])([0-9])([0-9])-([0-9a-f]{8})")

# No ground to stand on in front of these: a skyline rises from water.
WITHOUT_GROUND = ("skyline",)

PLACES = {
    "professional": (
        "office room in the morning",
        "city street in the morning",
        "library room in the afternoon",
        "city skyline at sunset",
        "studio",
        "park at noon",
    ),
    "casual": (
        "park in the morning",
        "cafe room in the afternoon",
        "beach in the afternoon",
        "street at noon",
        "living room at noon",
        "mountains in the morning",
    ),
    "fashion": (
        "city street at sunset",
        "studio",
        "beach at sunset",
        "city skyline at night",
        "hotel room at sunset",
        "village in the morning",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One picture of the persona and what it shows."""

    picture: Picture
    pose: str
    framing: str
    place: str

    def record(self) -> dict[str, object]:
        """What the result tells of it. Similarity is not measured on drawings: the face is the same vectors."""
        return {
            "pose": self.pose,
            "framing": self.framing,
            "place": self.place,
            "similarity": None,
            "identity": IDENTITY,
        }


@dataclass(frozen=True, slots=True)
class Persona:
    """Who the person is, apart from the clothes. Its id carries all of it, so that nothing has to be kept."""

    gender: Gender
    ethnicity: Ethnicity
    age_range: AgeRange
    seed: int
    """Of the face, 0 … 2³²−1."""

    @property
    def id(self) -> str:
        """Give it in a later order to get the same person."""
        kind = f"{self.gender[0]}{ETHNICITIES.index(self.ethnicity)}{AGE_RANGES.index(self.age_range)}"
        return f"persona-{kind}-{self.seed:08x}"

    @classmethod
    def of(cls, persona_id: str) -> Persona:
        """The persona of an id.

        Raises:
            JobFailed: ``unknown_persona``.
        """
        match = _ID.fullmatch(persona_id)
        if match is None or int(match[2]) >= len(ETHNICITIES) or int(match[3]) >= len(AGE_RANGES):
            raise JobFailed("unknown_persona", f"There is no persona {persona_id!r}; use the personaId of a result.")
        gender = next(gender for gender in GENDERS if gender[0] == match[1])
        return cls(gender, ETHNICITIES[int(match[2])], AGE_RANGES[int(match[3])], int(match[4], 16))

    def dressed(self, style: DressStyle) -> Look:
        """The person in clothes of a style; the face does not depend on them."""
        return look_of(self.gender, self.ethnicity, self.age_range, style, self.seed)


def shoot(illustrator: Illustrator, look: Look, count: int, seed: int, stage: Stage) -> list[Shot]:
    """`count` pictures in different poses and places; every one is a step."""
    chosen = poses.chosen(count, seed, seated=not look.skirted)
    places = _places(look.style, chosen, seed)
    shots = []
    for number, (pose, place) in enumerate(zip(chosen, places, strict=True)):
        size = SIZES[pose.framing]
        ground = illustrator.illustrate(place, style=PLACE_STYLE, size=size, seed=(seed + number) % 2**32)
        smile = 0.62 + 0.3 * ((seed + 3 * number) % 4) / 3
        shots.append(Shot(Picture(_placed(look, pose, ground.image, smile)), pose.name, pose.framing, place))
        stage.step(number + 1, count)
    return shots


def _places(style: str, chosen: Sequence[Pose], seed: int) -> list[str]:
    """A place for each pose; those who sit do so indoors, and none comes twice before all have come."""
    rng = Random(f"places {seed}")  # noqa: S311 - surroundings, not secrets
    left: list[str] = []
    found = []
    for pose in chosen:
        if not left:
            left = rng.sample(PLACES[style], len(PLACES[style]))
        place = next((place for place in left if _fits(place, pose)), None)
        if place is None:  # those left have no ground or no seat
            place = next(place for place in PLACES[style] if _fits(place, pose))
        else:
            left.remove(place)
        found.append(place)
    return found


def _fits(place: str, pose: Pose) -> bool:
    if pose.seated:
        return "room" in place or place == "studio"
    return pose.framing != "full" or not any(word in place for word in WITHOUT_GROUND)


def _placed(look: Look, pose: Pose, place: Rgb, smile: float) -> Rgb:
    """The figure before the place: soft surroundings for close shots, light from their bright side, a shadow."""
    height, width = place.shape[:2]
    size = Size(width, height)
    top, bottom = poses.crop(pose)
    scale = height / (bottom - top)
    joints = poses.framed(pose, size)
    origin = (joints["neck"][0] - pose.joints["neck"][0] * scale, -top * scale)
    ground = _receding(place, pose)
    light = _light_side(ground)
    person = figure.draw(
        look,
        pose.joints,
        size,
        origin=origin,
        scale=scale,
        front=pose.front,
        turn=pose.turn,
        tilt=pose.tilt,
        seated=pose.seated,
        light=light,
        smile=smile,
    )
    shaded = ground.astype(np.float32)
    if pose.framing == "full":
        shaded *= _contact(joints, size, scale, light, seated=pose.seated)[..., None]
    else:  # a breath of shade around the figure parts it from a busy place
        halo = cv2.GaussianBlur(person[..., 3].astype(np.float32) / 255, (0, 0), 0.05 * width)
        shaded *= (1 - 0.16 * halo)[..., None]
    return _composited(shaded, _toned(person, ground))


def _receding(place: Rgb, pose: Pose) -> Rgb:
    """The place as a lens would show it behind a close figure: larger and softer."""
    if pose.framing == "full":
        return place
    height, width = place.shape[:2]
    zoom = 1.25 if pose.framing == "waist-up" else 1.45
    crop_w, crop_h = round(width / zoom), round(height / zoom)
    left, top = (width - crop_w) // 2, round((height - crop_h) * 0.42)
    near = cv2.resize(place[top : top + crop_h, left : left + crop_w], (width, height), interpolation=cv2.INTER_CUBIC)
    sigma = (0.004 if pose.framing == "waist-up" else 0.009) * height
    return np.asarray(cv2.GaussianBlur(near, (0, 0), sigma), np.uint8)


def _light_side(ground: Rgb) -> float:
    """−1 when the upper half of the place is brighter on its left, 1 on its right."""
    upper = ground[: ground.shape[0] // 2].astype(np.float32).mean(axis=2)
    half = upper.shape[1] // 2
    return -1.0 if upper[:, :half].mean() >= upper[:, half:].mean() else 1.0


def _toned(person: Rgba, ground: Rgb) -> Rgba:
    """The figure in the light of the place: a share of its colour cast, dimmer in the dark, features still clear."""
    cast = ground.reshape(-1, 3).astype(np.float32).mean(axis=0) / 255
    bright = float(cast @ np.array([0.299, 0.587, 0.114], np.float32))
    tint = cast / max(float(cast.max()), 1e-3)
    level = min(1.0, 0.80 + 0.36 * bright)
    colour = person[..., :3].astype(np.float32) * (0.80 + 0.20 * tint) * level
    return np.dstack([np.clip(np.round(colour), 0, 255).astype(np.uint8), person[..., 3]])


def _contact(
    joints: dict[str, tuple[float, float]], size: Size, scale: float, light: float, *, seated: bool
) -> NDArray[np.float32]:
    """What the figure leaves of the light on the ground, H×W, 0 … 1: dark under the soles, soft away from the light."""
    shade = np.zeros((size.height, size.width), np.float32)
    feet = [joints["r_ankle"], joints["l_ankle"]]
    sole = max(y for _, y in feet) + 0.27 * scale
    for x, y in feet:
        tight = np.zeros_like(shade)
        cv2.ellipse(
            tight, (round(x), round(y + 0.27 * scale)), (round(0.3 * scale), round(0.055 * scale)), 0, 0, 360, 1.0, -1
        )
        shade = np.maximum(shade, 0.55 * cv2.GaussianBlur(tight, (0, 0), 0.035 * scale))
    middle = sum(x for x, _ in feet) / 2
    wide = (1.15 if seated else 0.85) * scale
    soft = np.zeros_like(shade)
    cv2.ellipse(
        soft,
        (round(middle - light * 0.35 * scale), round(sole)),
        (round(wide), round(0.13 * scale)),
        0,
        0,
        360,
        1.0,
        -1,
    )
    return np.asarray(1 - np.maximum(shade, 0.36 * cv2.GaussianBlur(soft, (0, 0), 0.1 * scale)), np.float32)


def _composited(ground: NDArray[np.float32], person: Rgba) -> Rgb:
    alpha = person[..., 3:].astype(np.float32) / 255
    mixed = ground * (1 - alpha) + person[..., :3].astype(np.float32) * alpha
    return np.asarray(np.clip(np.round(mixed), 0, 255), np.uint8)
