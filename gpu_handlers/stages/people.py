"""A photograph of one person to what try-on needs of it: joints, a face box, and masks of head, hands and clothes."""

from __future__ import annotations

from dataclasses import dataclass
from math import dist
from typing import Literal

import numpy as np

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.people import faces, nets, outline, parts, pose, proportions
from gpu_handlers.engines.people.faces import Face
from gpu_handlers.engines.people.outline import Mask
from gpu_handlers.engines.people.parts import Box, Joints
from gpu_handlers.failures import JobFailed

MIN_FACE_PX = 40
MIN_SHOULDERS_PX = 72
SECOND_PERSON_SHARE = 0.4  # of the largest face; smaller ones are passers-by or pictures on a wall
MIN_PRESENCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PersonFacts:
    """One person in a photograph of H×W pixels.

    Attributes:
        method: ``networks`` (BlazeFace, BlazePose, selfie segmentation), or ``proportions``, the fallback without
            weights: outline by grabCut, joints by the proportions of a standing body.
        persons: how many people were found; the fallback cannot count and says 1.
        box: around the person, pixels.
        joints: "l_shoulder", "r_wrist" … to (x, y) in pixels; l and r are the person's own.
        seen: how surely each joint is in the picture, 0 … 1.
        face: brows to chin, pixels.
        person, head, hands, clothes: H×W float32, 0 … 1. Head is face with hair, clothes those above the hips.
    """

    method: Literal["networks", "proportions"]
    persons: int
    box: Box
    joints: Joints
    seen: dict[str, float]
    face: Box
    person: Mask
    head: Mask
    hands: Mask
    clothes: Mask

    def record(self) -> dict[str, object]:
        """What the result tells of it."""
        return {"method": self.method, "persons": self.persons, "box": [round(value) for value in self.box]}


def look(image: Rgb) -> PersonFacts:
    """The one person in the photograph.

    Raises:
        JobFailed: ``no_person``, ``several_people``, ``person_too_small`` or ``torso_not_visible``.
    """
    return _by_networks(image) if nets.folder() else _by_proportions(image)


def _by_networks(image: Rgb) -> PersonFacts:
    found = faces.find(image)
    if not found:
        raise _nobody()
    face = found[0]
    persons = sum(other.height >= SECOND_PERSON_SHARE * face.height for other in found)
    if persons > 1:
        raise JobFailed(
            "several_people", f"There are {persons} people in the picture; please send one with a single person."
        )
    if face.height < MIN_FACE_PX:
        raise _too_small(f"The face is {face.height:.0f} pixels tall, at least {MIN_FACE_PX} are needed.")
    body = pose.find(image, face, None)
    if body is None or body.presence < MIN_PRESENCE:
        raise _nobody()
    shoulders = dist(body.joints["l_shoulder"], body.joints["r_shoulder"])
    if min(body.seen["l_shoulder"], body.seen["r_shoulder"]) < 0.4 or shoulders < 0.9 * face.width:
        raise JobFailed(
            "torso_not_visible", "Both shoulders must be in the picture, seen from the front. Please send another one."
        )
    if shoulders < MIN_SHOULDERS_PX:
        raise _too_small(f"The shoulders are {shoulders:.0f} pixels apart, at least {MIN_SHOULDERS_PX} are needed.")
    person = outline.crisp(image, np.maximum(body.outline, outline.rough(image) * _near(image, face)))
    return _facts("networks", image, _box_of(face), body.joints, body.seen, person)


def _by_proportions(image: Rgb) -> PersonFacts:
    guess = proportions.find(image)
    if guess is None:
        raise _nobody()
    if dist(guess.joints["l_shoulder"], guess.joints["r_shoulder"]) < MIN_SHOULDERS_PX:
        raise _too_small("Please send a picture in which the person fills more of the frame.")
    height, width = image.shape[:2]
    seen = {name: float(0 <= x < width and 0 <= y < height) * 0.6 for name, (x, y) in guess.joints.items()}
    return _facts("proportions", image, guess.face, guess.joints, seen, guess.person)


def _facts(
    method: Literal["networks", "proportions"],
    image: Rgb,
    face: Box,
    joints: Joints,
    seen: dict[str, float],
    person: Mask,
) -> PersonFacts:
    head = parts.head(image, person, face)
    skin = parts.skin(image, face, person)
    hands = parts.hands(person, skin, joints, seen)
    clothes = parts.upper_clothes(person, head, hands, skin, joints)
    ys, xs = np.nonzero(person > 0.5)
    if not len(ys):
        raise _nobody()
    box = (float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
    return PersonFacts(method, 1, box, joints, seen, face, person, head, hands, clothes)


def _near(image: Rgb, face: Face) -> Mask:
    """1 where the body of this face can be, 0 beyond: segmentation also marks whoever stands in the background."""
    height, width = image.shape[:2]
    reach = 5.5 * face.height
    xs = np.arange(width, dtype=np.float32)[None, :]
    inside = (np.abs(xs - face.centre[0]) < reach).astype(np.float32)
    return np.broadcast_to(inside, (height, width)).copy()


def _box_of(face: Face) -> Box:
    return face.left, face.top, face.right, face.bottom


def _nobody() -> JobFailed:
    return JobFailed(
        "no_person",
        "No person was found. Please send a photo of one person from the front, with face and shoulders in the frame.",
    )


def _too_small(detail: str) -> JobFailed:
    return JobFailed("person_too_small", f"The person is too small in the picture. {detail}")
