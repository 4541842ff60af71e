"""Schedules: what a model was trained with is what it gets."""

from __future__ import annotations

import pytest

from gpu_handlers.engines.sdxl import schedulers
from gpu_handlers.engines.sdxl.schedulers import FAST, QUALITY
from gpu_handlers.engines.tiny_components import SCHEDULER


def test_lightning_ends_at_the_last_timestep():
    scheduler = schedulers.build("euler", SCHEDULER, trailing=True)
    scheduler.set_timesteps(4)
    assert scheduler.timesteps.tolist() == [999, 749, 499, 249]


def test_the_full_model_keeps_its_own_spacing():
    scheduler = schedulers.build("dpm++-2m-karras", SCHEDULER, trailing=False)
    assert scheduler.config.timestep_spacing == "leading"
    assert scheduler.config.use_karras_sigmas


@pytest.mark.parametrize(
    ("steps", "pace", "count"), [(None, "fast", 8), (4, "fast", 4), (10, "fast", 10), (11, "quality", 11)]
)
def test_steps_choose_the_pace(steps, pace, count):
    plan = schedulers.plan(FAST, steps=steps, scheduler="auto", negative="")
    assert (plan.pace.name, plan.steps) == (pace, count)


def test_negative_words_bring_a_little_guidance_to_the_fast_pace():
    assert not schedulers.plan(FAST, steps=8, scheduler="auto", negative=" ").guided
    assert schedulers.plan(FAST, steps=8, scheduler="auto", negative="fur").guidance == 1.5
    assert schedulers.plan(FAST, steps=30, scheduler="auto", negative="").guidance == QUALITY.guidance
