"""Characters keep their look from scene to scene, by whatever means the engine has.

Engines that know roles draw each with the same figure. Engines that denoise get the same seed for every scene with a
character, and its first picture as a reference where they can go by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import (
    Diffuser,
    Guided,
    Illustrator,
    Picture,
    Reference,
    Rgb,
    Role,
    Size,
    StepReport,
)
from gpu_handlers.engines.people import faces, nets
from gpu_handlers.stages import keyframe
from gpu_handlers.stages.script import Scene, Story
from studio.catalog import MAX_SEED

LIKENESS = 0.45  # of IP-Adapter; from about 0.6 it copies the first picture's place along with its character
FACE_LIKENESS = 0.6
SEEN_PX = 512  # longer side of a kept picture; image encoders look at 224
FACE_ROOM = 1.8  # of a face's height: with hair and chin
FAMILY = 1000  # between the seeds of characters, more than a story has scenes


@dataclass(slots=True)
class Cast:
    """Everybody in a story, and how they looked when they first appeared.

    Attributes:
        seed: of the story; scene n without a character is drawn from seed + n - 1.
        roles: one for each distinct subject, in order of appearance.
    """

    seed: int
    roles: tuple[Role, ...]
    _looks: dict[str, Reference] = field(default_factory=dict)

    @classmethod
    def of(cls, story: Story, seed: int) -> Self:
        """The characters of `story`; the same story and seed give the same looks."""
        subjects = list(dict.fromkeys(scene.subject for scene in story.scenes if scene.subject))
        # "A girl and a fox" are two of the cast, not a third.
        names = [name for name in subjects if not (" and " in name and any(o != name and o in name for o in subjects))]
        return cls(seed, tuple(Role(name, (seed + number) % (MAX_SEED + 1)) for number, name in enumerate(names)))

    def seed_of(self, scene: Scene, illustrator: Illustrator) -> int:
        """What the scene's picture is drawn from."""
        known = [role.words for role in self.roles]
        if isinstance(illustrator, Diffuser) and scene.subject in known:
            return (self.seed + FAMILY * (1 + known.index(scene.subject))) % (MAX_SEED + 1)
        return (self.seed + scene.number - 1) % (MAX_SEED + 1)

    def appearing(self, scene: Scene) -> tuple[Role, ...]:
        """The roles of one scene: whom it is about, then whoever else its picture names."""
        about = [role for role in self.roles if role.words in scene.subject]
        visual = scene.visual.lower()
        return (*about, *(role for role in self.roles if role not in about and role.words.lower() in visual))

    def draw(
        self, illustrator: Illustrator, scene: Scene, *, style: str, size: Size, on_step: StepReport
    ) -> Picture:  # fmt: skip
        """The scene's picture, at `size`.

        Raises:
            JobFailed: the engine cannot do it.
        """
        picture = keyframe.draw(
            illustrator,
            scene.visual,
            style=style,
            size=size,
            seed=self.seed_of(scene, illustrator),
            on_step=on_step,
            cast=self.appearing(scene),
            reference=self._looks.get(scene.subject),
        )
        if scene.subject and scene.subject not in self._looks and isinstance(illustrator, Guided):
            look = _look(picture.image, illustrator)
            if look is not None:
                self._looks[scene.subject] = look
        return picture


def _look(image: Rgb, illustrator: Guided) -> Reference | None:
    """What is kept of a character's first picture: its face where there is one, else the picture; None if no use."""
    able = illustrator.abilities
    found = faces.find(image) if "face" in able and nets.folder() else []
    if found:
        face = max(found, key=lambda each: each.height)
        side = face.height * FACE_ROOM
        across, down = face.centre
        return Reference(faces.cut(image, across - side / 2, down - side / 2, side, SEEN_PX), "face", FACE_LIKENESS)
    if "style" not in able:
        return None
    share = min(1.0, SEEN_PX / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return Reference(np.asarray(small, np.uint8), "style", LIKENESS)
