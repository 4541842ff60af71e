"""The SDXL engine over tiny random components: the real code path of every option."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch

from gpu_handlers.engines.illustrator import CannotDraw, Diffuser, Reference, Size
from gpu_handlers.engines.sketch import SketchEngine
from tests.unit.engines.conftest import order

QUALITY_STEPS = 11  # the fewest that take the full model


def image(engine, *arguments, **options):
    (picture,) = engine.draw(order(*arguments, **options)).pictures
    return picture.image


def same(first, second) -> bool:
    return np.array_equal(first, second)


@pytest.fixture(scope="module")
def photograph():
    return np.random.default_rng(0).integers(0, 255, (50, 80, 3), np.uint8)


def test_engines_say_whether_they_denoise(tiny):
    assert isinstance(tiny, Diffuser)
    assert not isinstance(SketchEngine(), Diffuser)


def test_a_seed_gives_the_same_picture_alone_and_among_others(tiny):
    alone = image(tiny, seeds=(7,))
    among = tiny.draw(order(seeds=(5, 6, 7, 8))).pictures
    assert same(alone, among[2].image)
    assert len({picture.image.tobytes() for picture in among}) == 4


@pytest.mark.parametrize("steps", [2, QUALITY_STEPS])
def test_the_same_order_gives_the_same_bytes(tiny, steps):
    assert same(image(tiny, steps=steps), image(tiny, steps=steps))


@pytest.mark.parametrize("size", [Size(64, 96), Size(104, 72)])
def test_any_size_in_steps_of_eight(tiny, size):
    assert image(tiny, size=size).shape == (size.height, size.width, 3)


def test_every_style_draws_another_picture(tiny):
    styles = ("realistic", "artistic", "cinematic", "anime", "3d-render", "never-heard-of")
    assert len({image(tiny, style=style).tobytes() for style in styles}) == len(styles)


@pytest.mark.parametrize("steps", [2, QUALITY_STEPS])
def test_prompt_and_negative_words_matter_at_both_paces(tiny, steps):
    plain = image(tiny, steps=steps)
    assert not same(plain, image(tiny, "a dog", steps=steps))
    assert not same(plain, image(tiny, steps=steps, negative="fur"))


def test_few_steps_are_fast_without_guidance_and_many_are_guided(tiny):
    fast, asked = tiny.draw(order(steps=None)).record, tiny.draw(order(steps=QUALITY_STEPS)).record
    assert (fast["pace"], fast["steps"], fast["guidance"], fast["scheduler"]) == ("fast", 8, 0.0, "euler")
    assert (asked["pace"], asked["guidance"], asked["scheduler"]) == ("quality", 5.0, "dpm++-2m-karras")
    assert set(fast["seconds"]) == {"prompt", "reference", "denoise", "decode"}


@pytest.mark.parametrize("scheduler", ["euler", "euler-a", "dpm++-2m", "dpm++-2m-karras", "unipc", "ddim", "lcm"])
@pytest.mark.parametrize("steps", [1, 4, QUALITY_STEPS])
def test_every_scheduler_draws_the_same_each_time(tiny, scheduler, steps):
    assert same(*(image(tiny, scheduler=scheduler, steps=steps) for _ in range(2)))


def test_an_unknown_scheduler_is_refused_in_words(tiny):
    with pytest.raises(CannotDraw, match="choose one of euler, "):
        image(tiny, scheduler="magic")


def test_a_cancel_stops_within_one_step_and_the_next_job_is_as_ever(tiny):
    before = image(tiny)
    steps = []

    def cancel_at_three(step: int, steps_in_all: int) -> None:
        steps.append((step, steps_in_all))
        if step >= 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny.draw(order(seeds=(1, 2, 3), steps=4), on_step=cancel_at_three)
    assert steps == [(2, 12), (4, 12)]  # two pictures at once
    assert tiny.residency.locks == 0
    assert same(before, image(tiny))


def test_previews_come_between_the_steps_and_change_nothing(tiny):
    shown = []
    drawing = tiny.draw(order(seeds=(1, 2, 3), steps=4), on_preview=lambda index, image: shown.append((index, image)))
    assert [index for index, _ in shown] == [0, 1, 0, 1, 0, 1, 2, 2, 2]
    assert {image.shape for _, image in shown} == {(64, 64, 3)}
    assert same(drawing.pictures[0].image, image(tiny, steps=4))


def test_a_composition_reference_keeps_what_its_strength_leaves(tiny, photograph):
    weak, strong = (
        tiny.draw(order(steps=4, reference=Reference(photograph, strength=strength))) for strength in (0.01, 0.75)
    )
    assert (weak.record["steps"], strong.record["steps"]) == (1, 3)
    assert not same(weak.pictures[0].image, strong.pictures[0].image)
    assert not same(strong.pictures[0].image, image(tiny, steps=4))
    assert strong.record["reference"] == {"mode": "composition", "strength": 0.75}


def test_the_reference_of_the_simple_call_is_a_composition(tiny, photograph):
    call = {"style": "anime", "size": Size(64, 64), "seed": 1, "steps": 4}
    drawn = tiny.illustrate("a cat", reference=photograph, **call).image
    assert same(drawn, image(tiny, steps=4, reference=Reference(photograph)))


@pytest.mark.parametrize("steps", [4, QUALITY_STEPS])
def test_a_style_reference_at_strength_zero_is_as_if_there_were_none(tiny, photograph, steps):
    without = image(tiny, steps=steps)
    none, some = (
        image(tiny, steps=steps, reference=Reference(photograph, "style", strength)) for strength in (0.0, 1.0)
    )
    assert same(without, none)
    assert not same(without, some)
    assert same(without, image(tiny, steps=steps))  # and nothing of the adapter is left


def test_the_picture_is_the_one_of_the_bare_pipeline(tiny):
    from diffusers import StableDiffusionXLPipeline

    from gpu_handlers.engines.sdxl import schedulers
    from gpu_handlers.engines.sdxl.prompts import worded

    parts, words = tiny._components, worded("a cat", "anime", "")
    one, two = parts.tokenizers()
    bare = StableDiffusionXLPipeline(
        vae=parts.modules["vae"].load(),
        text_encoder=parts.modules["text encoder 1"].load(),
        text_encoder_2=parts.modules["text encoder 2"].load(),
        tokenizer=one,
        tokenizer_2=two,
        unet=parts.modules["unet quality"].load(),
        scheduler=schedulers.build("dpm++-2m-karras", parts.scheduler, trailing=False),
        add_watermarker=False,
    )
    bare.set_progress_bar_config(disable=True)
    # Chunks of 75 tokens are ours; the bare pipeline cuts long texts off, so both get short ones.
    short = type(words)("a cat", "fur")
    conditioning = tiny._encoder.encode(short, guided=True, ladder=_no_ladder(tiny))
    theirs = bare.encode_prompt("a cat", negative_prompt="fur", device="cpu")
    ours = (conditioning.wanted.words, conditioning.unwanted.words, conditioning.wanted.pooled)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs[:3], strict=True))
    result = bare(
        **tiny._steering(_job_with(tiny, None), conditioning),
        width=64,
        height=64,
        num_inference_steps=QUALITY_STEPS,
        guidance_scale=5.0,
        generator=torch.Generator("cpu").manual_seed(1),
        output_type="np",
    )
    job = _job_with(tiny, QUALITY_STEPS)
    latents = tiny._denoised(job, conditioning)
    assert same(tiny._decoded(job, latents)[0].image, np.round(result.images[0] * 255).astype(np.uint8))


def _no_ladder(engine):
    from gpu_handlers.engines.ladder import Ladder

    return Ladder(engine.residency)


def _job_with(engine, steps):
    return engine._job(order(steps=steps), lambda *_: None, None)


def test_long_prompts_are_read_to_their_end(tiny):
    words = "a cat and a dog " * 8  # 128 bytes are as many tokens here
    assert not same(image(tiny, words + "x"), image(tiny, words + "y"))
    image(tiny, "x" * 10_000)


def test_prompts_are_encoded_once_for_all_pictures_and_repeats(tiny, monkeypatch):
    from gpu_handlers.engines.sdxl.text import PromptEncoder

    encoded = []
    original = PromptEncoder._encoded
    monkeypatch.setattr(
        PromptEncoder, "_encoded", lambda self, text, *rest: encoded.append(text) or original(self, text, *rest)
    )
    for _ in range(2):
        tiny.draw(order("something new", seeds=(1, 2, 3, 4)))
    assert encoded == ["something new, anime key visual, cel shading, clean line art, vivid colours"]


def test_our_pipelines_keep_the_type_that_from_pipe_would_change():
    """`from_pipe` casts the parts it shares to fp32 in place, doubling the memory of a UNet that others still use."""
    from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline

    from gpu_handlers.engines import tiny_components

    engine_unet = tiny_components.unet().half()
    nothing = dict.fromkeys(("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    from diffusers import EulerDiscreteScheduler

    pipe = StableDiffusionXLPipeline(
        **nothing, unet=engine_unet, scheduler=EulerDiscreteScheduler(), add_watermarker=False
    )
    StableDiffusionXLImg2ImgPipeline(**pipe.components, add_watermarker=False)
    assert engine_unet.dtype == torch.float16
    StableDiffusionXLImg2ImgPipeline.from_pipe(pipe)
    assert engine_unet.dtype == torch.float32  # the trap; when this fails, diffusers has mended it


def test_a_job_leaves_no_tensor_and_no_lock_behind(tiny, photograph):
    def work() -> None:
        tiny.draw(order(seeds=(1, 2, 3), reference=Reference(photograph, "style", 0.5)))
        tiny.draw(order(seeds=(1,), reference=Reference(photograph)))
        with pytest.raises(InterruptedError):
            tiny.draw(order(), on_step=_interrupt)

    def tensors() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    work()
    before = tensors()
    for _ in range(2):
        work()
    assert tensors() == before
    assert tiny.residency.locks == 0


def test_numbers_that_overflowed_are_an_error_not_a_black_picture():
    from gpu_handlers.engines.sdxl.vae import rgb

    pixels = torch.zeros(1, 3, 8, 8)
    assert rgb(pixels).tolist() == np.full((8, 8, 3), 128).tolist()
    pixels[0, 1, 2, 3] = torch.nan
    with pytest.raises(FloatingPointError):
        rgb(pixels)


def _interrupt(step: int, steps: int) -> None:
    raise InterruptedError


@pytest.mark.parametrize("steps", [2, QUALITY_STEPS])
def test_a_unet_in_eight_bits_draws_nearly_the_same(tiny, steps):
    from gpu_handlers.engines.ladder import Way

    job = _job_with(tiny, steps)
    conditioning = tiny._encoder.encode(_words(), guided=job.plan.guided, ladder=job.ladder)
    operation = tiny._denoising(job)
    latents = []
    for way in (Way(), Way(fp8=True)):
        with tiny.residency.held(*operation.models(way)) as modules:
            latents.append(tiny._sampled(job, conditioning, 0, way, modules))
    tiny.residency.drop(operation.models(Way(fp8=True))[0])
    plain, small = latents
    assert not torch.equal(plain, small)
    assert (plain - small).abs().mean() < 0.1 * plain.abs().mean()


def _words():
    from gpu_handlers.engines.sdxl.prompts import worded

    return worded("a cat", "anime", "")
