"""Influencer creation: one invented person, the same in one to ten pictures, and again in later jobs by its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gpu_handlers.context import JobContext, Stage
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import illustrate, persona, portraits, provenance, safety
from gpu_handlers.stages.persona import Persona, Shot
from gpu_handlers.stages.portraits import Photo
from studio.catalog import InfluencerCreation


def run(order: InfluencerCreation, ctx: JobContext) -> Outputs:
    """Settle who the person is, draw it in its places, and sign the pictures."""
    (seed,) = illustrate.seeds(order.seed, 1)
    person = _person(order, seed)
    with ctx.stage("illustrate", until=0.85) as stage:
        sitting = _sitting(order, ctx, person, seed, stage)
    flags = safety.check_pictures([shot.picture.image for shot in sitting.shots])
    shown = [index for index, flag in enumerate(flags) if not flag.blocked]
    if not shown:
        raise JobFailed(safety.CODE, "The content check held back every picture. Please try other options.")
    with ctx.stage("encode", until=0.98) as stage:
        files = provenance.png_files(
            [sitting.shots[index].picture for index in shown],
            [sitting.seeds[index] for index in shown],
            ctx.illustrator.facts,
            stage,
            draft=order.draft,
        )
    metadata = {
        "method": sitting.method,
        "personaId": order.persona_id or person.id,
        "seeds": sitting.seeds,
        "quality": order.quality,
        "images": [shot.record() | {"safety": flag.record()} for shot, flag in zip(sitting.shots, flags, strict=True)],
        "provenance": provenance.record(),
    }
    missing = len(sitting.shots) - len(shown)
    return Outputs(files, metadata | sitting.record, undelivered=missing, parts=len(sitting.shots))


@dataclass(frozen=True, slots=True)
class _Sitting:
    """The persona's pictures, drawn or photographed."""

    method: str
    shots: Sequence[Shot | Photo]
    seeds: list[int]
    record: dict[str, Any]


def _sitting(order: InfluencerCreation, ctx: JobContext, person: Persona, seed: int, stage: Stage) -> _Sitting:
    """Photographs where the engine can keep a face and follow a pose, else drawings."""
    if portraits.possible(ctx.illustrator) and not order.draft:
        photos, record = portraits.shoot(
            ctx.illustrator, person, order.style, order.poses, seed, stage, on_preview=ctx.show
        )  # fmt: skip
        return _Sitting(portraits.METHOD, photos, [photo.seed for photo in photos], record)
    shots = persona.shoot(ctx.illustrator, person.dressed(order.style), order.poses, seed, stage)
    return _Sitting(persona.METHOD, shots, illustrate.seeds(seed, order.poses), {})


def _person(order: InfluencerCreation, seed: int) -> Persona:
    """Who the order is about: the studio fills in the traits of a persona it knows, whose id then settles the face."""
    if order.gender and order.ethnicity and order.age_range:
        face = _face_seed(order.persona_id) if order.persona_id else seed
        return Persona(order.gender, order.ethnicity, order.age_range, face)
    if order.persona_id:
        return Persona.of(order.persona_id)
    raise JobFailed("traits_missing", "Please give gender, ethnicity and ageRange, or a personaId.")


def _face_seed(persona_id: str) -> int:
    """0 … 2³²−1, the same for an id in every job and on every machine."""
    return int.from_bytes(sha256(persona_id.encode()).digest()[:4], "big")
