# Made by clients/generate.py from docs/openapi.json; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""Orders as keyword arguments. Pictures are ids of uploads, or paths and bytes that are uploaded first."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Required, TypedDict


class LoraUse(TypedDict, total=False):
    """A LoRA of the operator's list and how strongly it is applied."""

    id: Required[str]
    weight: float


class ImageGeneration(TypedDict, total=False):
    """Pictures from words."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    prompt: Required[str]
    """What the picture shows."""
    style: Literal["realistic", "artistic", "cinematic", "anime", "3d-render"]
    negative_prompt: str
    """What the picture must not show."""
    width: int
    """Pixels, a multiple of 8."""
    height: int
    """Pixels, a multiple of 8."""
    steps: int | None
    """Denoising steps, for engines that have them. Left out, or up to 10: a fast model, 8 steps unless said
    otherwise. From 11: the full model, which follows the prompt more closely; 20 to 30 are enough.
    """
    scheduler: Literal["auto", "euler", "euler-a", "dpm++-2m", "dpm++-2m-karras", "unipc", "ddim"]
    """How noise becomes the picture, for engines that have steps."""
    loras: list[LoraUse]
    """Additions to the model from the operator's list, for engines that have steps."""
    num_images: int
    """Each is charged."""
    reference: str | Path | bytes | None
    """A picture to go by; needs `consent`."""
    consent: Literal[True] | None
    """The reference may be used, and any person in it agreed to this."""
    reference_mode: Literal["composition", "style"]
    """Start from the reference, or take over its look."""
    strength: float
    """Composition: how much of the reference may change. Style: how much of its look is taken."""
    seed: int | None
    """Same seed, same picture; image n uses seed + n. Random if left out."""


class ClothSwap(TypedDict, total=False):
    """A person wearing another garment."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    person: Required[str | Path | bytes]
    """One person, seen from the front, at least from head to hip."""
    cloth: Required[str | Path | bytes]
    """The garment, laid flat or worn, on a plain background."""
    category: Literal["formal", "traditional", "western", "fitness", "casual"]
    preserve_face: bool
    """Keep face, hair and hands exactly as in the photo."""
    consent: Required[Literal[True]]
    """The person in the photo agreed to this. Required."""
    seed: int | None


class InfluencerCreation(TypedDict, total=False):
    """An invented person in several pictures."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    gender: Literal["female", "male", "non-binary"] | None
    ethnicity: Literal["asian", "black", "caucasian", "hispanic", "indian", "middle-eastern", "mixed"] | None
    age_range: Literal["18-25", "26-35", "36-45", "46-60", "60+"] | None
    style: Literal["professional", "casual", "fashion"]
    poses: int
    persona_id: str | None
    """Of an earlier job: the same person again. Otherwise gender, ethnicity and ageRange are needed."""
    seed: int | None
    """Varies poses and places, not the person."""


class Video3d(TypedDict, total=False):
    """A camera moving through a drawn scene."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    prompt: Required[str]
    """What the video shows."""
    duration: Literal[15, 30, 60]
    """Seconds."""
    camera_movement: Literal["orbit", "dolly", "pan", "static"]
    """Around the subject, towards it, turning past it, or standing still with a slight sway."""
    style: Literal["realistic", "cartoon", "cinematic", "abstract"]
    aspect: Literal["landscape", "portrait"]
    """1280×720 or 720×1280."""
    seed: int | None
    """Same seed, same video; shot n is drawn from seed + n - 1. Random if left out."""


class StudyAnimation(TypedDict, total=False):
    """A lesson with a voice."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    voice_style: Literal["male-warm", "male-deep", "male-dramatic", "male-calm", "female-warm", "female-soft", "female-bright", "female-calm"]
    """Who speaks. The language is the script's own."""
    captions: Literal["burned", "files"]
    """Captions come as SRT and VTT; `burned` also puts them into the picture."""
    aspect: Literal["landscape", "portrait"]
    """1280×720 or 720×1280."""
    overflow: Literal["fail", "trim"]
    """When the script takes longer to speak than the video may last: the job fails, says by how much and is
    refunded, or sentences at the end are left out.
    """
    seed: int | None
    """Same seed, same video."""
    topic: str
    """The title on the screen."""
    script: str | None
    """What is said, word for word. Without one the video says how to study the topic and invents no facts."""
    subject: Literal["science", "math", "history", "literature", "technology"]
    animation_style: Literal["3d-cgi", "whiteboard", "explainer", "motion-graphics"]
    duration: Literal[30, 60, 120, 180]
    """Seconds."""
    background_music: Literal["calm", "none"]
    fill: Literal["guide", "pauses"]
    """When the script is much shorter than the video: a guide on how to study the topic follows it (English scripts
    only), or the pauses grow.
    """


class StoryVideo(TypedDict, total=False):
    """A told story."""

    quality: Literal["standard", "draft"]
    """A draft is free, quick and drawn without a model."""
    priority: Literal["normal", "low"]
    """`low`: paid work that may wait while there is other paid work. Free drafts have a queue of their own."""
    callback_url: str | None
    """Called once when the job has ended, signed with your callback secret (see Callbacks)."""
    voice_style: Literal["male-warm", "male-deep", "male-dramatic", "male-calm", "female-warm", "female-soft", "female-bright", "female-calm"]
    """Who speaks. The language is the script's own."""
    captions: Literal["burned", "files"]
    """Captions come as SRT and VTT; `burned` also puts them into the picture."""
    aspect: Literal["landscape", "portrait"]
    """1920×1080 or 1080×1920."""
    overflow: Literal["fail", "trim"]
    """When the script takes longer to speak than the video may last: the job fails, says by how much and is
    refunded, or sentences at the end are left out.
    """
    seed: int | None
    """Same seed, same video."""
    script: Required[str]
    """What is told, word for word; about 430 English words are 3 minutes."""
    story_title: str
    """On the opening card."""
    visual_style: Literal["pixar", "realistic", "anime", "cartoon", "cinematic"]
    background_music: Literal["epic", "emotional", "uplifting", "mysterious", "none"]
