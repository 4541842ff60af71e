"""The drawn person: the same one again, and every variant of it drawn."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.persona import figure, hair
from gpu_handlers.engines.persona.look import AGE_RANGES, ETHNICITIES, GENDERS, look_of
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import poses
from gpu_handlers.stages.persona import Persona

CLOTHES = {"style", "top", "layer", "legs", "accent", "outfit"}


SIZE = Size(160, 240)


def drawn(look, pose_name="relaxed"):
    pose = poses.library()[pose_name]
    top, bottom = poses.crop(pose)
    scale = SIZE.height / (bottom - top)
    return figure.draw(
        look, pose.joints, SIZE, origin=(SIZE.width / 2, -top * scale), scale=scale, front=pose.front, turn=pose.turn
    )


@pytest.mark.parametrize("gender", GENDERS)
def test_clothes_change_with_the_style_and_nothing_else_does(gender):
    for seed in range(12):
        looks = [look_of(gender, "mixed", "36-45", style, seed) for style in ("professional", "casual", "fashion")]
        for field in fields(looks[0]):
            if field.name not in CLOTHES:
                assert len({str(getattr(look, field.name)) for look in looks}) == 1, field.name


def test_other_seeds_are_other_people():
    looks = {str(look_of("female", "asian", "26-35", "casual", seed)) for seed in range(20)}
    assert len(looks) == 20


def test_an_id_brings_the_same_person_back():
    for gender in GENDERS:
        for ethnicity in ETHNICITIES:
            for age in AGE_RANGES:
                one = Persona(gender, ethnicity, age, 2**32 - 1)
                assert Persona.of(one.id) == one
                assert 5 <= len(one.id) <= 40  # what the order takes


@pytest.mark.parametrize(
    "name", ["", "persona", "persona-x00-00000000", "persona-f90-00000000", "persona-f00-0000000g"]
)
def test_an_unknown_id_is_refused(name):
    with pytest.raises(JobFailed) as failure:
        Persona.of(name)
    assert failure.value.code == "unknown_persona"


def test_older_people_are_greyer_and_have_more_lines():
    young, old = (look_of("male", "caucasian", age, "casual", 5) for age in ("18-25", "60+"))
    assert young.lines < old.lines
    assert np.ptp(old.hair) < np.ptp(young.hair)


def test_the_same_person_in_the_same_pose_is_the_same_picture():
    look = look_of("female", "indian", "26-35", "fashion", 8)
    assert np.array_equal(drawn(look), drawn(look))


def test_every_pose_and_outfit_shows_a_figure():
    look = look_of("male", "hispanic", "26-35", "casual", 2)
    outfits = (
        "blazer",
        "blazer-skirt",
        "blazer-tie",
        "tee",
        "tee-open-shirt",
        "sweater",
        "hoodie",
        "coat",
        "dress",
        "turtleneck",
    )
    for name in poses.library():
        for outfit in outfits:
            alpha = drawn(replace(look, outfit=outfit), name)[..., 3]
            assert 0.05 < (alpha > 127).mean() < 0.75


def test_every_hair_style_is_drawn():
    look = look_of("female", "black", "18-25", "fashion", 2)
    faces = set()
    for style in (*hair._FRONT, "curls", "short-curls"):
        faces.add(drawn(replace(look, hair_style=style), "portrait").tobytes())
    assert len(faces) == len(hair._FRONT) + 2


def test_skin_tones_span_their_range():
    lightness = {
        ethnicity: np.mean([sum(look_of("female", ethnicity, "26-35", "casual", seed).skin) for seed in range(12)])
        for ethnicity in ETHNICITIES
    }
    assert lightness["black"] < lightness["indian"] < lightness["hispanic"] < lightness["caucasian"]
