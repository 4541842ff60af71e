"""The features on sale: what an order may contain, what it costs, how long it may take.

Adding a feature starts here: one `Order` class in `ORDERS`, and one file of the same name in `gpu_handlers/features/`.
The API route, its validation, OpenAPI, `GET /features` and the price all follow from the class.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from studio.bounds import Text, Whole
from studio.errors import Fault, InvalidOrder, NotFound

MAX_PROMPT_CHARACTERS = 10_000
MAX_SEED = 2**32 - 1  # what torch and numpy generators take on every platform

Prompt = Annotated[str, Text(1, MAX_PROMPT_CHARACTERS)]
Side = Annotated[int, Whole(512, 1536, step=8)]
"""One side of a picture in pixels; the latents of diffusion models need multiples of 8."""


class Order(BaseModel):
    """What a customer asks for. Unknown fields and wrong types are refused, never guessed."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        field_title_generator=lambda name, _: name.replace("_", " ").capitalize(),
        extra="forbid",
        strict=True,
        frozen=True,
    )  # fmt: skip

    feature: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    credits_per_unit: ClassVar[int]
    unit: ClassVar[str]
    deadline_seconds: ClassVar[int]
    example: ClassVar[dict[str, Any]]

    quality: Literal["standard", "draft"] = Field(
        "standard", description="A draft is free, quick and drawn without a model."
    )

    @property
    @abstractmethod
    def units(self) -> int:
        """How many units of the price list this order is."""

    @property
    def cost(self) -> int:
        """The exact price in credits; drafts are free."""
        return 0 if self.draft else self.credits_per_unit * self.units

    @property
    def draft(self) -> bool:
        """Whether this is a free draft."""
        return self.quality == "draft"

    def stored(self) -> dict[str, Any]:
        """The order as JSON, in the spelling of the API."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ImageGeneration(Order):
    """Pictures from words."""

    feature = "image-generation"
    title = "Image generation"
    summary = "One to four pictures from a prompt, in five styles."
    credits_per_unit = 2
    unit = "image"
    deadline_seconds = 3600
    example = {  # read-only by convention; pydantic keeps ClassVars as they are
        "prompt": "A lighthouse on a cliff at sunset",
        "style": "cinematic",
        "negativePrompt": "blurry, low quality, distorted",
        "width": 1024,
        "height": 1024,
        "steps": 30,
        "numImages": 2,
    }

    prompt: Prompt = Field(description="What the picture shows.")
    style: Literal["realistic", "artistic", "cinematic", "anime", "3d-render"] = "realistic"
    negative_prompt: Annotated[str, Text(0, 2_000)] = Field("", description="What the picture must not show.")
    width: Side = Field(1024, description="Pixels, a multiple of 8.")
    height: Side = Field(1024, description="Pixels, a multiple of 8.")
    steps: Annotated[int, Whole(1, 50)] = Field(20, description="Denoising steps, for engines that have them.")
    num_images: Annotated[int, Whole(1, 4)] = Field(1, description="Each is charged.")
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = Field(
        None, description="Same seed, same picture; image n uses seed + n. Random if left out."
    )

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("must contain something other than spaces")
        return prompt

    @property
    def units(self) -> int:
        """Pictures."""
        return self.num_images


ORDERS: dict[str, type[Order]] = {kind.feature: kind for kind in (ImageGeneration,)}


def order_type(feature: str) -> type[Order]:
    """The order class of a feature name such as ``image-generation``.

    Raises:
        NotFound: no such feature.
    """
    try:
        return ORDERS[feature]
    except KeyError as error:
        raise NotFound(f"There is no feature {feature!r}.") from error


def parse(feature: str, body: object) -> Order:
    """The order in `body`, as stored on a job or sent by a caller.

    Raises:
        InvalidOrder: names every field that is wrong and what it may be.
    """
    try:
        return order_type(feature).model_validate(body)
    except ValidationError as error:
        raise InvalidOrder(faults=faults_of(error.errors())) from error


def faults_of(errors: list[Any]) -> tuple[Fault, ...]:
    """Pydantic's findings as JSON pointers into the body, with the allowed range in words."""
    return tuple(Fault(_pointer(error["loc"]), _words(error)) for error in errors)


def _pointer(loc: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in loc)


def _words(error: dict[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "is not a field of this request"
        case "missing":
            return "is required"
        case "json_invalid":
            return "is not valid JSON"
        case "value_error":
            return str(error.get("ctx", {}).get("error", error["msg"]))
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a JSON object"
        case "literal_error":
            return f"must be {error['ctx']['expected']}"
    return str(error["msg"])[:1].lower() + str(error["msg"])[1:]
