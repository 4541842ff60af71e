"""The one interface every picture engine speaks: words in, a `Picture` out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""Picture of shape H×W×3, sRGB, 0–255."""

Rgba = NDArray[np.uint8]
"""Picture of shape H×W×4, sRGB with straight (not premultiplied) alpha, 0–255."""

Metres = NDArray[np.float32]
"""Distance from the camera per pixel, shape H×W."""

StepReport = Callable[[int, int], None]
"""Called as `report(step, steps)` after every step; it may raise to stop the work."""


def unreported(step: int, steps: int) -> None:
    """The step report of a caller who does not watch."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width × height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One flat cut-out of a scene, the unit the camera moves in parallax.

    Attributes:
        lead: whether it shows somebody of the order's cast.
    """

    name: str
    image: Rgba
    depth_m: float
    lead: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A finished picture with what is known of its depth.

    `layers` run back to front. `depth_m` is there when the engine knows the distance of every pixel.
    """

    image: Rgb
    depth_m: Metres | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What every result says of the engine that made it."""

    engine: str
    model: str
    revision: str
    licence: str
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody or something that shall look the same in several pictures.

    Attributes:
        words: how prompts name it, for example ``a young girl named Mia``.
        seed: settles what the words leave open; roles with neighbouring seeds differ.
    """

    words: str
    seed: int


class Illustrator(Protocol):
    """A picture engine: `sketch`, `tiny`, and the diffusion engines alike."""

    @property
    def facts(self) -> EngineFacts:
        """Engine, model, revision and licence, as recorded in every result."""
        ...

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,
        cast: tuple[Role, ...] = (),
        steps: int | None = None,
        on_step: StepReport = unreported,
    ) -> Picture:
        """Draw `prompt`; the same arguments give the same bytes.

        Args:
            style: a style name of the feature that asks, for example ``cinematic``.
            size: output size in pixels.
            seed: 0 … 2³²−1.
            negative: what the picture should not show.
            reference: a picture to stay close to, where the engine can.
            cast: who may appear, so that it looks the same whatever the seed, where the engine can.
            steps: denoising steps, for engines that have them.
            on_step: told of every finished step; raises to stop the work at once.
        """
        ...


class CannotDraw(Exception):
    """The engine cannot do what was asked, however often it tries; `message` is for the customer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """A LoRA of the operator's list and how strongly it is applied, usually 0 … 1."""

    id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A picture to go by.

    Attributes:
        image: the picture, any size.
        mode: ``composition`` starts from it (img2img); ``style`` takes over its look, ``face`` the person in it, for
            which it should be cut to the face (both by IP-Adapter).
        strength: 0 … 1. Composition: how much may change. Otherwise: how much is taken over.
    """

    image: Rgb
    mode: Literal["composition", "style", "face"] = "composition"
    strength: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class PoseGuide:
    """How a person is to stand.

    Attributes:
        image: a skeleton on black in OpenPose's colours, H×W×3, of the order's size; both sides multiples of 16.
        strength: 0 … 1, how closely it is followed.
    """

    image: Rgb
    strength: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class PictureOrder:
    """Several pictures of one prompt, one per seed, for engines that denoise.

    Attributes:
        seeds: each 0 … 2³²−1.
        steps: denoising steps; None leaves them to the engine.
        scheduler: a name of the engine's schedulers; ``auto`` leaves it to the engine.
    """

    prompt: str
    style: str
    size: Size
    seeds: tuple[int, ...]
    negative: str = ""
    steps: int | None = None
    scheduler: str = "auto"
    loras: tuple[LoraChoice, ...] = ()
    reference: Reference | None = None
    pose: PoseGuide | None = None


@dataclass(frozen=True, slots=True, eq=False)
class InpaintOrder:
    """A part of a picture to draw anew.

    Attributes:
        image: H×W×3, both sides multiples of 8.
        mask: H×W, 0 … 1: how much of the new picture each pixel takes. Where it is 0 the picture stays bit for bit.
        strength: 0 … 1, how much of what is under the mask may change; at 1 nothing of it is seen.
        reference: what the new part should look like, ``style`` or ``face``.
    """

    image: Rgb
    mask: NDArray[np.float32]
    prompt: str
    style: str
    seed: int
    negative: str = ""
    steps: int | None = None
    strength: float = 1.0
    reference: Reference | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """The pictures of an order, and how they came about as JSON for the result."""

    pictures: tuple[Picture, ...]
    record: dict[str, Any]


PreviewReport = Callable[[int, Rgb], None]
"""Called as `report(index, image)` with a small picture of what image number `index` is becoming."""


@runtime_checkable
class Diffuser(Illustrator, Protocol):
    """A picture engine that draws several pictures of one prompt faster than one by one, with more to choose from."""

    def draw(
        self,
        order: PictureOrder,
        *,
        on_step: StepReport = unreported,
        on_preview: PreviewReport | None = None,
    ) -> Drawing:
        """Draw every picture of the order.

        Args:
            on_step: told of every finished step of the whole order; raises to stop the work at once.
            on_preview: shown every picture while it comes about, where the engine can.
        Raises:
            CannotDraw: unknown scheduler or LoRA, or a size for which this machine has too little memory.
        """
        ...


Ability = Literal["style", "face", "pose"]
"""A kind of guidance beside words: references of that mode, or pose guides."""


@runtime_checkable
class Guided(Diffuser, Protocol):
    """A picture engine that can go by more than words, as far as its weights are on this machine."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """What an order may contain here; anything else raises `CannotDraw`."""
        ...

    @property
    def native_px(self) -> int:
        """Side of the square picture the model was trained on; other shapes do best at about as many pixels."""
        ...

    def inpaint(
        self,
        order: InpaintOrder,
        *,
        on_step: StepReport = unreported,
        on_preview: PreviewReport | None = None,
    ) -> Drawing:
        """Draw what is under the mask anew, to fit with what is around it.

        Raises:
            CannotDraw: a reference beyond `abilities`, or a size for which this machine has too little memory.
        """
        ...
