"""The features on sale: what an order may contain, what it costs, how long it may take.

Adding a feature starts here: one `Order` class in `ORDERS`, and one file of the same name in `gpu_handlers/features/`.
The API route, its validation, OpenAPI, `GET /features` and the price all follow from the class.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic.fields import FieldInfo

from studio.bounds import Number, PictureName, Text, Whole
from studio.errors import Fault, InvalidOrder, NotFound, first
from studio.outbound import MAX_URL_CHARACTERS

MAX_PROMPT_CHARACTERS = 10_000
MIN_SCRIPT_CHARACTERS = 4  # a sentence in Chinese; workers refuse single words, which need a language to be told
MAX_SCRIPT_CHARACTERS = 10_000  # three times what can be said in the longest video
MAX_TITLE_CHARACTERS = 120
_OTHER_CASE = re.compile(r"[A-Za-z]{1,30}(?:[_-][A-Za-z0-9]{1,30}){1,3}")  # num_images, num-images
_SHOULD = re.compile(r"^\w+ should ")  # how pydantic begins: "String should have at least 8 characters"
MAX_NAME_CHARACTERS = 100  # of a field, as an answer repeats it; ours are shorter
MAX_SEED = 2**32 - 1  # what torch and numpy generators take on every platform

_TAG = re.compile(r"<[^<>]*>")


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("must contain something other than spaces")
    return text


Prompt = Annotated[str, Text(1, MAX_PROMPT_CHARACTERS), AfterValidator(_says_something)]
Script = Annotated[str, Text(MIN_SCRIPT_CHARACTERS, MAX_SCRIPT_CHARACTERS), AfterValidator(_says_something)]
"""What is to be spoken."""
Side = Annotated[int, Whole(512, 1536, step=8)]
"""One side of a picture in pixels; the latents of diffusion models need multiples of 8."""


PICTURE = PictureName()
Picture = Annotated[str, PICTURE]
"""A picture of the customer, by the id of its upload or the URL it is fetched from."""


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
    priority: Literal["normal", "low"] = Field(
        "normal",
        exclude=True,  # says when to make it, not what
        description="`low`: paid work that may wait while there is other paid work. Free drafts have a queue of "
        "their own.",
    )
    callback_url: Annotated[str, Text(1, MAX_URL_CHARACTERS)] | None = Field(
        None,
        exclude=True,  # says where to tell of the job, not what to make: workers never see it
        json_schema_extra={"format": "uri"},
        description="Called once when the job has ended, signed with your callback secret (see Callbacks).",
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

    def pictures(self) -> list[tuple[str, str]]:
        """JSON pointer of every picture the order refers to, and its upload id or URL."""
        named = ((name, field) for name, field in type(self).model_fields.items() if _is_picture(field))
        given = {to_camel(name): getattr(self, name) for name, _ in named}
        return [(f"/{name}", value) for name, value in sorted(given.items()) if value is not None]

    def with_pictures(self, upload_ids: dict[str, str]) -> Self:
        """The order with these uploads as its pictures, by JSON pointer."""
        names = {f"/{to_camel(name)}": name for name in type(self).model_fields}
        return self.model_copy(update={names[pointer]: upload_id for pointer, upload_id in upload_ids.items()})

    @classmethod
    def picture_fields(cls) -> set[str]:
        """Names of the fields that take a picture, as the API spells them."""
        return {to_camel(name) for name, field in cls.model_fields.items() if _is_picture(field)}

    def stored(self) -> dict[str, Any]:
        """The order as JSON, in the spelling of the API."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class LoraUse(BaseModel):
    """A LoRA of the operator's list and how strongly it is applied."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)

    id: Annotated[str, Text(1, 100)]
    weight: Annotated[float, Number(0, 2)] = 1.0


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
    steps: Annotated[int, Whole(1, 50)] | None = Field(
        None,
        description="Denoising steps, for engines that have them. Left out, or up to 10: a fast model, 8 steps unless "
        "said otherwise. From 11: the full model, which follows the prompt more closely; 20 to 30 are enough.",
    )
    scheduler: Literal["auto", "euler", "euler-a", "dpm++-2m", "dpm++-2m-karras", "unipc", "ddim"] = Field(
        "auto", description="How noise becomes the picture, for engines that have steps."
    )
    loras: list[LoraUse] = Field(
        [], max_length=3, description="Additions to the model from the operator's list, for engines that have steps."
    )
    num_images: Annotated[int, Whole(1, 4)] = Field(1, description="Each is charged.")
    reference: Picture | None = Field(None, description="A picture to go by; needs `consent`.")
    consent: Literal[True] | None = Field(
        None, description="The reference may be used, and any person in it agreed to this."
    )
    reference_mode: Literal["composition", "style"] = Field(
        "composition", description="Start from the reference, or take over its look."
    )
    strength: Annotated[float, Number(0.05, 1)] = Field(
        0.6, description="Composition: how much of the reference may change. Style: how much of its look is taken."
    )
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = Field(
        None, description="Same seed, same picture; image n uses seed + n. Random if left out."
    )

    @model_validator(mode="after")
    def _agreed(self) -> Self:
        if self.reference is not None and self.consent is None:
            raise ValueError("needs consent: true with a reference")
        return self

    @property
    def units(self) -> int:
        """Pictures."""
        return self.num_images


class ClothSwap(Order):
    """A person wearing another garment."""

    feature = "cloth-swap"
    title = "Cloth swap"
    summary = "A photo of a person and a photo of a garment become the person wearing it."
    credits_per_unit = 3
    unit = "swap"
    deadline_seconds = 3600
    example = {
        "person": "upl_00000000000000000000000001",
        "cloth": "upl_00000000000000000000000002",
        "category": "formal",
        "preserveFace": True,
        "consent": True,
    }

    person: Picture = Field(description="One person, seen from the front, at least from head to hip.")
    cloth: Picture = Field(description="The garment, laid flat or worn, on a plain background.")
    category: Literal["formal", "traditional", "western", "fitness", "casual"] = "casual"
    preserve_face: bool = Field(True, description="Keep face, hair and hands exactly as in the photo.")
    consent: Literal[True] = Field(description="The person in the photo agreed to this. Required.")
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = None

    @property
    def units(self) -> int:
        """One swap."""
        return 1


class InfluencerCreation(Order):
    """An invented person in several pictures."""

    feature = "influencer-creation"
    title = "AI influencer"
    summary = "An invented person with the same face in one to ten poses."
    credits_per_unit = 5
    unit = "set"
    deadline_seconds = 3600
    example = {"gender": "female", "ethnicity": "asian", "ageRange": "26-35", "style": "professional", "poses": 5}

    gender: Literal["female", "male", "non-binary"] | None = None
    ethnicity: (
        Literal["asian", "black", "caucasian", "hispanic", "indian", "middle-eastern", "mixed"] | None
    ) = None  # fmt: skip
    age_range: Literal["18-25", "26-35", "36-45", "46-60", "60+"] | None = None
    style: Literal["professional", "casual", "fashion"] = "professional"
    poses: Annotated[int, Whole(1, 10)] = 5
    persona_id: Annotated[str, Text(5, 40)] | None = Field(
        None,
        description="Of an earlier job: the same person again. Otherwise gender, ethnicity and ageRange are needed.",
    )
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = Field(
        None, description="Varies poses and places, not the person."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.persona_id is None:
            missing = [name for name in ("gender", "ethnicity", "age_range") if getattr(self, name) is None]
            if missing:
                names = ", ".join(to_camel(name) for name in missing)
                raise ValueError(f"needs {names}, or the personaId of an earlier job")
        return self

    @property
    def units(self) -> int:
        """One set, however many poses."""
        return 1


class Video3d(Order):
    """A camera moving through a drawn scene."""

    feature = "3d-video"
    title = "3D video"
    summary = "A clip of 15, 30 or 60 seconds from a prompt, filmed by a moving camera."
    credits_per_unit = 8
    unit = "video"
    deadline_seconds = 3600
    example = {
        "prompt": "A dragon flying over snow-capped mountains",
        "duration": 30,
        "cameraMovement": "orbit",
        "style": "cinematic",
    }

    prompt: Prompt = Field(description="What the video shows.")
    duration: Literal[15, 30, 60] = Field(15, description="Seconds.")
    camera_movement: Literal["orbit", "dolly", "pan", "static"] = Field(
        "orbit",
        description="Around the subject, towards it, turning past it, or standing still with a slight sway.",
    )
    style: Literal["realistic", "cartoon", "cinematic", "abstract"] = "cinematic"
    aspect: Literal["landscape", "portrait"] = Field("landscape", description="1280×720 or 720×1280.")
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = Field(
        None, description="Same seed, same video; shot n is drawn from seed + n - 1. Random if left out."
    )

    @property
    def units(self) -> int:
        """One video, however long."""
        return 1


class NarratedVideo(Order):
    """What films with a voice have in common."""

    unit = "video"
    deadline_seconds = 3600

    voice_style: Literal[
        "male-warm", "male-deep", "male-dramatic", "male-calm",
        "female-warm", "female-soft", "female-bright", "female-calm",
    ] = Field("female-warm", description="Who speaks. The language is the script's own.")  # fmt: skip
    captions: Literal["burned", "files"] = Field(
        "files", description="Captions come as SRT and VTT; `burned` also puts them into the picture."
    )
    aspect: Literal["landscape", "portrait"] = "landscape"
    overflow: Literal["fail", "trim"] = Field(
        "fail",
        description="When the script takes longer to speak than the video may last: the job fails, says by how much "
        "and is refunded, or sentences at the end are left out.",
    )
    seed: Annotated[int, Whole(0, MAX_SEED)] | None = Field(None, description="Same seed, same video.")

    @property
    def units(self) -> int:
        """One video, however long."""
        return 1


class StudyAnimation(NarratedVideo):
    """A lesson with a voice."""

    feature = "study-animation"
    title = "Study animation"
    summary = "A narrated lesson of 30 seconds to 3 minutes, from a script or a topic, in four styles."
    credits_per_unit = 5
    example = {
        "topic": "Photosynthesis",
        "script": "Plants convert sunlight into energy through photosynthesis. Chlorophyll in leaves absorbs light. "
        "The roots bring water, the leaves take in carbon dioxide. From these the plant makes sugar and oxygen.",
        "subject": "science",
        "animationStyle": "3d-cgi",
        "duration": 30,
    }

    topic: Annotated[str, Text(0, MAX_TITLE_CHARACTERS)] = Field("", description="The title on the screen.")
    script: Script | None = Field(
        None,
        description="What is said, word for word. Without one the video says how to study the topic and invents no "
        "facts.",
    )
    subject: Literal["science", "math", "history", "literature", "technology"] = "science"
    animation_style: Literal["3d-cgi", "whiteboard", "explainer", "motion-graphics"] = "explainer"
    duration: Literal[30, 60, 120, 180] = Field(60, description="Seconds.")
    captions: Literal["burned", "files"] = Field(
        "burned", description="Captions come as SRT and VTT; `burned` also puts them into the picture."
    )
    background_music: Literal["calm", "none"] = "calm"
    fill: Literal["guide", "pauses"] = Field(
        "guide",
        description="When the script is much shorter than the video: a guide on how to study the topic follows it "
        "(English scripts only), or the pauses grow.",
    )
    aspect: Literal["landscape", "portrait"] = Field("landscape", description="1280×720 or 720×1280.")

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        # Letters within tags, and signs alone, name nothing that a lesson could be about.
        if self.script is None and not any(map(str.isalnum, _TAG.sub("", self.topic))):
            raise ValueError("needs a topic of letters or digits, a script, or both")
        return self


class StoryVideo(NarratedVideo):
    """A told story."""

    feature = "story-video"
    title = "Story video"
    summary = "A script becomes an illustrated, narrated film of up to 3 minutes with music."
    credits_per_unit = 10
    example = {
        "script": "Once upon a time in a magical forest, a young wizard discovered an ancient spell book. "
        "She opened it under the old oak. Light rose from its pages, and the whole forest began to sing.",
        "visualStyle": "pixar",
        "voiceStyle": "male-warm",
        "backgroundMusic": "epic",
    }

    script: Script = Field(description="What is told, word for word; about 430 English words are 3 minutes.")
    story_title: Annotated[str, Text(0, MAX_TITLE_CHARACTERS)] = Field("", description="On the opening card.")
    visual_style: Literal["pixar", "realistic", "anime", "cartoon", "cinematic"] = "cinematic"
    background_music: Literal["epic", "emotional", "uplifting", "mysterious", "none"] = "emotional"
    aspect: Literal["landscape", "portrait"] = Field("landscape", description="1920×1080 or 1080×1920.")


ORDERS: dict[str, type[Order]] = {
    kind.feature: kind for kind in (ImageGeneration, ClothSwap, InfluencerCreation, Video3d, StudyAnimation, StoryVideo)
}


def _is_picture(field: FieldInfo) -> bool:
    """Whether a field is a `Picture`, optional or not."""
    kinds = get_args(field.annotation)
    return PICTURE in field.metadata or any(PICTURE in getattr(kind, "__metadata__", ()) for kind in kinds)


def order_type(feature: str) -> type[Order]:
    """The order class of a feature name such as ``image-generation``.

    Raises:
        NotFound: no such feature.
    """
    try:
        return ORDERS[feature]
    except KeyError as error:
        raise NotFound(f"There is no feature {feature!r}; there are {', '.join(ORDERS)}.") from error


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
    """The first of pydantic's findings as JSON pointers into the body, with the allowed range in words."""
    return first((Fault(pointer(*error["loc"]), _words(error)) for error in errors), len(errors))


def pointer(*steps: int | str) -> str:
    """A JSON pointer (RFC 6901); names that no field of ours has may be long and are cut."""
    return "".join(f"/{_cut(str(step)).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[:MAX_NAME_CHARACTERS]}…"


def _words(error: dict[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            name = str(error["loc"][-1])
            hint = f"; fields are written like {to_camel(to_snake(name))}" if _OTHER_CASE.fullmatch(name) else ""
            return f"is not a field of this request{hint}"
        case "missing":
            return "is required"
        case "value_error":
            return str(error.get("ctx", {}).get("error", error["msg"]))
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a JSON object"
        case "literal_error":
            return f"must be {error['ctx']['expected']}".replace("True", "true")
    return _SHOULD.sub("must ", str(error["msg"])[:1].lower() + str(error["msg"])[1:])
