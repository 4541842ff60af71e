"""A persona photographed: one anchor portrait settles the face, and every picture takes it over in another pose.

The anchor is drawn from the persona's own seed and from nothing else, so the same id means the same face in every job.
Its face goes into each picture through IP-Adapter plus-face, the pose through a T2I-Adapter. That is likeness, not
identity: the adapters that carry face embeddings are not licensed for selling. So likeness is measured where the means
are on the machine, and a picture that fails is drawn again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeGuard

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import (
    CannotDraw,
    Drawing,
    Guided,
    Illustrator,
    Picture,
    PictureOrder,
    PoseGuide,
    PreviewReport,
    Reference,
    Rgb,
    Size,
    StepReport,
)
from gpu_handlers.engines.people import faces, likeness, nets
from gpu_handlers.engines.people.likeness import Likeness
from gpu_handlers.engines.persona.look import DressStyle, Look
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import persona, poses
from gpu_handlers.stages.persona import Persona
from gpu_handlers.stages.poses import Pose

METHOD = "diffusion"
ANCHOR_POSE = "portrait"
FACE_SCALE = 0.75  # above it every picture becomes the anchor's close-up, whatever its pose
POSE_STRENGTH = 1.0
MOST_TRIES = 2
NEXT_TRY = 1_000_003  # added to the seed; far from those of the other pictures
STEP_PX = 16  # the pose adapter's
SDXL_PX = 1024  # the side that `persona.SIZES` are made for

_GENDERS = {"female": "woman", "male": "man", "non-binary": "androgynous person"}
_AGES = {"18-25": 22, "26-35": 30, "36-45": 40, "46-60": 53, "60+": 68}
_ETHNICITIES = {"mixed": "mixed-race", "indian": "south asian indian", "middle-eastern": "middle eastern"}


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """One picture of the persona, what it shows, and how alike it is to the anchor."""

    picture: Picture
    seed: int
    pose: str
    framing: str
    place: str
    likeness: Likeness
    tries: int

    def record(self) -> dict[str, object]:
        """What the result tells of it."""
        return {
            "pose": self.pose,
            "framing": self.framing,
            "place": self.place,
            "seed": self.seed,
            "tries": self.tries,
            "similarity": self.likeness.score,
            "similarityUnknown": self.likeness.why,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Anchor:
    """The portrait that settles the face, and the square around that face."""

    portrait: Rgb
    face: Rgb


def possible(illustrator: Illustrator) -> TypeGuard[Guided]:
    """Whether this worker's engine can draw a given face in a given pose."""
    return isinstance(illustrator, Guided) and illustrator.abilities >= {"face", "pose"}


def shoot(
    engine: Guided,
    person: Persona,
    style: DressStyle,
    count: int,
    seed: int,
    stage: Stage,
    on_preview: PreviewReport | None = None,
) -> tuple[tuple[Photo, ...], dict[str, Any]]:
    """`count` pictures of the person in different poses and places, and a record of how the model made them.

    Args:
        seed: of poses, places and pictures; the face depends on the persona alone.
        on_preview: shown each picture while it comes about, numbered from 0; the anchor is nobody's order.
    Raises:
        JobFailed: the machine has too little memory for it.
    """
    watch = _Watch(stage, count + 1)
    words = described(person)
    try:
        anchor, drawing = _anchor(engine, person, words, watch.picture(0))
        drawings = [drawing]
        photos = []
        chosen = poses.chosen(count, seed)
        for number, (pose, place) in enumerate(zip(chosen, _places(style, count, seed), strict=True)):
            prompt = f"{words}, {pose.words}, {place}"
            shown = _numbered(on_preview, number)
            photo, tried = _photo(
                engine, anchor, prompt, style, pose, place, seed + number, watch.picture(number + 1), shown
            )  # fmt: skip
            photos.append(photo)
            drawings += tried
    except CannotDraw as error:
        raise JobFailed(error.code, error.message) from error
    return tuple(photos), _summed(drawings)


def described(person: Persona) -> str:
    """The person in words that hold for every picture: what the face adapter does not carry over well."""
    look: Look = person.dressed("casual")
    ethnicity = _ETHNICITIES.get(person.ethnicity, person.ethnicity)
    hair = look.hair_style.replace("-", " ")
    words = [
        f"photograph of a {_AGES[person.age_range]} year old {ethnicity} {_GENDERS[person.gender]}",
        hair if hair.endswith(("hair", "curls", "afro", "braids")) else f"{hair} hair",
    ]
    words += ["beard" if look.beard == "full" else "stubble"] * (look.beard != "none")
    words += ["glasses"] * look.glasses + ["freckles"] * look.freckles
    return ", ".join(words)


def size_of(framing: str, native_px: int) -> Size:
    """How large pictures of a framing are drawn by a model that was trained on squares of `native_px`."""
    made = persona.SIZES[framing]
    sides = (side * native_px / SDXL_PX for side in (made.width, made.height))
    return Size(*(max(STEP_PX, round(side / STEP_PX) * STEP_PX) for side in sides))


def face_of(image: Rgb, pose: Pose) -> Rgb:
    """The square around the face, H×H×3: where a face is found, or where the pose has put it."""
    height, width = image.shape[:2]
    found = faces.find(image) if nets.folder() else []
    if found:
        (x, y), side = found[0].centre, 1.7 * found[0].height  # brows to chin, grown to hair and neck
    else:
        joints = poses.framed(pose, Size(width, height))
        heads = pose.joints["neck"][1] - pose.joints["nose"][1]
        head_px = (joints["neck"][1] - joints["nose"][1]) / heads
        (x, y), side = (joints["nose"][0], joints["nose"][1] - 0.1 * head_px), 1.3 * head_px
    side = min(side, width, height)
    left, top = (round(min(max(0.0, at - side / 2), extent - side)) for at, extent in ((x, width), (y, height)))
    return image[top : top + round(side), left : left + round(side)]


def _anchor(engine: Guided, person: Persona, words: str, on_step: StepReport) -> tuple[_Anchor, Drawing]:
    """The persona from the front; a function of the persona, the engine and its weights."""
    pose = poses.library()[ANCHOR_POSE]
    size = size_of("portrait", engine.native_px)
    order = PictureOrder(
        f"{words}, {pose.words}, plain grey t-shirt, plain light background",
        "realistic",
        size,
        (person.seed,),
        pose=PoseGuide(poses.draw_openpose(pose, size), POSE_STRENGTH),
    )
    drawing = engine.draw(order, on_step=on_step)
    portrait = drawing.pictures[0].image
    return _Anchor(portrait, face_of(portrait, pose)), drawing


def _photo(
    engine: Guided,
    anchor: _Anchor,
    prompt: str,
    style: str,
    pose: Pose,
    place: str,
    seed: int,
    on_step: StepReport,
    on_preview: PreviewReport | None,
) -> tuple[Photo, list[Drawing]]:
    """The picture most like the anchor of up to `MOST_TRIES`, and the drawings it took."""
    size = size_of(pose.framing, engine.native_px)
    guide = PoseGuide(poses.draw_openpose(pose, size), POSE_STRENGTH)
    drawings: list[Drawing] = []
    best: Photo | None = None
    for number in range(MOST_TRIES):
        own_seed = (seed + number * NEXT_TRY) % 2**32
        order = PictureOrder(
            prompt, style, size, (own_seed,), reference=Reference(anchor.face, "face", FACE_SCALE), pose=guide
        )  # fmt: skip
        drawings.append(engine.draw(order, on_step=on_step, on_preview=on_preview))
        picture = drawings[-1].pictures[0]
        alike = likeness.compare(anchor.portrait, picture.image)
        if best is None or alike.rank > best.likeness.rank:
            best = Photo(picture, own_seed, pose.name, pose.framing, place, alike, number + 1)
        if alike.same:
            break
    assert best is not None  # noqa: S101  # there is at least one try
    return best, drawings


def _numbered(on_preview: PreviewReport | None, number: int) -> PreviewReport | None:
    """Every drawing has one picture, its number 0; the customer's pictures count on."""
    return on_preview and (lambda _, image: on_preview(number, image))


def _places(style: DressStyle, count: int, seed: int) -> list[str]:
    """None comes twice before all have come."""
    rng = Random(f"places {seed}")  # noqa: S311 - surroundings, not secrets
    found: list[str] = []
    while len(found) < count:
        found += rng.sample(persona.PLACES[style], len(persona.PLACES[style]))
    return found[:count]


def _summed(drawings: Iterable[Drawing]) -> dict[str, Any]:
    """One record of all drawings: every model once, seconds added up, the highest peak."""
    records = [drawing.record for drawing in drawings]
    models = {model["id"]: model for record in records for model in record["models"]}
    if likeness.folder():
        models |= {model["id"]: model for model in likeness.MODELS}
    phases = {phase: 0.0 for record in records for phase in record["seconds"]}
    seconds = {phase: round(sum(record["seconds"].get(phase, 0.0) for record in records), 3) for phase in phases}
    rungs = {tuple(sorted(rung.items())): rung for record in records for rung in record["memory"]["steps"]}
    memory = {
        "peakGib": max(record["memory"]["peakGib"] for record in records),
        "freeGib": min(record["memory"]["freeGib"] for record in records),
        "steps": list(rungs.values()),
    }
    same = {key: records[-1][key] for key in ("pace", "steps", "guidance", "scheduler", "reference")}
    return same | {"models": list(models.values()), "drawings": len(records), "seconds": seconds, "memory": memory}


class _Watch:
    """Progress over several pictures of equal weight; a picture that is drawn again does not set it back."""

    def __init__(self, stage: Stage, pictures: int) -> None:
        self._stage = stage
        self._pictures = pictures
        self._reached = 0

    def picture(self, number: int) -> StepReport:
        """The step report of picture `number`, counted from 0."""

        def on_step(step: int, steps: int) -> None:
            self._reached = max(self._reached, number * steps + step)
            self._stage.step(self._reached, self._pictures * steps)  # raises when the work must stop

        return on_step
