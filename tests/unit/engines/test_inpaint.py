"""Drawing a part of a picture anew: what is under the mask changes, what is beside it does not."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import CannotDraw, Guided, InpaintOrder, Reference, Size
from gpu_handlers.engines.ladder import Way
from gpu_handlers.engines.memory import GIB, RESERVE
from gpu_handlers.engines.sdxl import SdxlEngine
from gpu_handlers.engines.sketch import SketchEngine
from tests.unit.engines.conftest import FakeMemory
from tests.unit.engines.conftest import order as picture_order
from tests.unit.engines.test_sdxl import QUALITY_STEPS, same

WIDTH, HEIGHT = 96, 64
PICTURE = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
GARMENT = np.random.default_rng(1).integers(0, 255, (40, 30, 3), np.uint8)
LEFT_HALF = np.zeros((HEIGHT, WIDTH), np.float32)
LEFT_HALF[:, : WIDTH // 2] = 1


def order(mask=LEFT_HALF, **options) -> InpaintOrder:
    return InpaintOrder(PICTURE, mask, "a coat", "realistic", **{"seed": 1, "steps": 4} | options)


def image(engine, *arguments, **options):
    (picture,) = engine.inpaint(order(*arguments, **options)).pictures
    return picture.image


def test_engines_say_whether_they_can_be_guided(tiny):
    assert isinstance(tiny, Guided)
    assert tiny.abilities == {"style", "face", "pose"}
    assert not isinstance(SketchEngine(), Guided)


@pytest.mark.parametrize("steps", [4, QUALITY_STEPS])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_outside_the_mask_the_picture_is_the_same_bit_for_bit_and_inside_it_is_not(tiny, steps, strength):
    drawn = image(tiny, steps=steps, strength=strength)
    assert same(drawn[:, WIDTH // 2 :], PICTURE[:, WIDTH // 2 :])
    assert (drawn[:, : WIDTH // 2] != PICTURE[:, : WIDTH // 2]).any(axis=2).mean() > 0.9


def test_a_soft_mask_mixes(tiny):
    hard, soft = image(tiny), image(tiny, LEFT_HALF * 0.25)
    expected = np.round(PICTURE * 0.75 + hard * np.float32(0.25))
    assert np.abs(soft[:, : WIDTH // 2] - expected[:, : WIDTH // 2]).max() <= 1


def test_an_empty_mask_changes_nothing(tiny):
    assert same(image(tiny, np.zeros_like(LEFT_HALF)), PICTURE)


def test_a_single_pixel_of_mask_is_not_lost(tiny):
    mask = np.zeros_like(LEFT_HALF)
    mask[13, 21] = 1
    changed = (image(tiny, mask) != PICTURE).any(axis=2)
    assert changed[13, 21]
    assert changed.sum() == 1


def test_what_is_beside_the_mask_is_seen_by_the_model(tiny):
    other = InpaintOrder(255 - PICTURE, LEFT_HALF, "a coat", "realistic", seed=1, steps=4)
    ours, theirs = image(tiny), tiny.inpaint(other).pictures[0].image
    assert not same(ours[:, : WIDTH // 2], theirs[:, : WIDTH // 2])


def test_the_same_order_gives_the_same_bytes_and_every_part_of_it_matters(tiny):
    ours = image(tiny)
    assert same(ours, image(tiny))
    for change in ({"seed": 2}, {"strength": 0.5}, {"steps": QUALITY_STEPS}, {"negative": "fur"}):
        assert not same(ours, image(tiny, **change)), change


@pytest.mark.parametrize("steps", [4, QUALITY_STEPS])
@pytest.mark.parametrize("mode", ["style", "face"])
def test_the_garment_matters_and_at_strength_zero_it_does_not(tiny, steps, mode):
    without = image(tiny, steps=steps)
    none, some, other = (
        image(tiny, steps=steps, reference=Reference(picture, mode, strength))
        for picture, strength in ((GARMENT, 0.0), (GARMENT, 1.0), (255 - GARMENT, 1.0))
    )
    assert same(without, none)
    assert not same(without, some)
    assert not same(some, other)
    assert same(without, image(tiny, steps=steps))  # and nothing of the adapter is left


@pytest.mark.parametrize(("steps", "strength", "run"), [(4, 1.0, 4), (4, 0.5, 2), (4, 0.01, 1), (20, 0.55, 11)])
def test_only_the_steps_that_the_strength_leaves_are_run(tiny, steps, strength, run):
    told = []
    drawing = tiny.inpaint(
        order(steps=steps, strength=strength), on_step=lambda step, steps: told.append((step, steps))
    )  # fmt: skip
    assert told == [(step, run) for step in range(1, run + 1)]
    assert (drawing.record["steps"], drawing.record["strength"]) == (run, strength)


def test_a_cancel_stops_within_one_step_and_the_next_job_is_as_ever(tiny):
    before, steps = image(tiny), []

    def cancel_at_two(step: int, steps_in_all: int) -> None:
        steps.append(step)
        if step == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny.inpaint(order(reference=Reference(GARMENT, "style", 1.0)), on_step=cancel_at_two)
    assert steps == [1, 2]
    assert tiny.residency.locks == 0
    assert same(before, image(tiny))


def test_the_record_names_every_model_with_its_licence(tiny):
    record = tiny.inpaint(order(reference=Reference(GARMENT, "style", 0.5))).record
    assert [model["id"] for model in record["models"]] == ["random-sdxl", "random-ip-adapter", "random-image-encoder"]
    assert {model["licence"] for model in record["models"]} == {"Apache-2.0"}
    assert set(record["seconds"]) == {"prompt", "reference", "denoise", "decode"}


def test_the_picture_is_the_one_of_the_bare_pipeline(tiny):
    """At full strength and before blending, so that only our own steps around the pipeline differ."""
    import torch
    from diffusers import StableDiffusionXLInpaintPipeline

    from gpu_handlers.engines.sdxl import inpaint, schedulers, vae

    parts = tiny._components
    job = tiny._job(inpaint.as_picture(order(steps=QUALITY_STEPS)), lambda *_: None, None)
    conditioning = tiny._encoder.encode(_words(), guided=True, ladder=job.ladder)
    module = parts.modules["vae"].load()
    bare = StableDiffusionXLInpaintPipeline(
        vae=module,
        unet=parts.modules["unet quality"].load(),
        scheduler=schedulers.build("dpm++-2m-karras", parts.scheduler, trailing=False),
        **dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")),
        add_watermarker=False,
    )
    bare.set_progress_bar_config(disable=True)
    result = bare(
        **tiny._steering(job, conditioning),
        image=vae.encoded(PICTURE, Size(WIDTH, HEIGHT), module, Way(), 64),
        mask_image=torch.from_numpy(LEFT_HALF)[None, None],
        strength=1.0,
        width=WIDTH,
        height=HEIGHT,
        num_inference_steps=QUALITY_STEPS,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(1),
        output_type="np",
    )
    bare_image = np.round(result.images[0] * 255).astype(np.uint8)
    job.mask, job.change = inpaint.latent_mask(LEFT_HALF), 1.0
    job.start = tiny._encoded(job, PICTURE)
    assert same(tiny._decoded(job, tiny._denoised(job, conditioning))[0].image, bare_image)


def _words():
    from gpu_handlers.engines.sdxl.prompts import worded

    return worded("a coat", "realistic", "fur")


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH - 8), (HEIGHT - 4, WIDTH)])
def test_a_mask_of_another_size_is_a_mistake(tiny, shape):
    with pytest.raises(ValueError, match="sides must agree"):
        tiny.inpaint(order(np.ones(shape, np.float32)))


# ---- Short of memory -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_engine():
    memory = FakeMemory(100 * GIB)
    engine = SdxlEngine(tiny_components.components(), memory=memory, host_bytes=GIB)
    memory.residency = engine.residency
    return engine


def test_the_ladder_is_climbed_as_for_any_picture(small_engine):
    small_engine.residency.memory.capacity = RESERVE + 50 * 2**20
    drawing = small_engine.inpaint(order())
    assert ("decode", "tile the VAE") in {
        (rung["operation"], rung["step"]) for rung in drawing.record["memory"]["steps"]
    }  # fmt: skip
    assert same(drawing.pictures[0].image[:, WIDTH // 2 :], PICTURE[:, WIDTH // 2 :])
    assert small_engine.residency.locks == 0


def test_a_picture_too_large_is_refused_with_the_size_that_fits(small_engine):
    small_engine.residency.memory.capacity = RESERVE + 900 * 2**20
    side = 1536
    large = InpaintOrder(
        np.zeros((side, side, 3), np.uint8), np.ones((side, side), np.float32), "a coat", "realistic", seed=1
    )  # fmt: skip
    with pytest.raises(CannotDraw, match="would fit") as refused:
        small_engine.inpaint(large)
    assert refused.value.code == "too_large"


def test_what_this_machine_has_no_weights_for_is_refused_in_words():
    from dataclasses import replace

    bare = SdxlEngine(replace(tiny_components.components(), style_adapter=None, face_adapter=None))
    assert bare.abilities == {"pose"}
    for mode in ("style", "face"):
        with pytest.raises(CannotDraw, match=f"take over the {mode}"):
            bare.inpaint(order(reference=Reference(GARMENT, mode, 0.5)))
        with pytest.raises(CannotDraw, match=f"take over the {mode}"):
            bare.draw(picture_order(reference=Reference(GARMENT, mode, 0.5)))
