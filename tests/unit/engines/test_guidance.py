"""Faces and poses beside words: each matters, each can be taken away again, and the record names what took part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import CannotDraw, InpaintOrder, PoseGuide, Reference, Size
from gpu_handlers.engines.ladder import Way
from gpu_handlers.engines.memory import GIB, RESERVE
from gpu_handlers.engines.sdxl import SdxlEngine, pose
from gpu_handlers.engines.sdxl.components import Part
from tests.unit.engines.conftest import SQUARE, FakeMemory, order
from tests.unit.engines.test_sdxl import QUALITY_STEPS, image, same

FACE = np.random.default_rng(3).integers(0, 255, (48, 48, 3), np.uint8)


def skeleton(size: Size = SQUARE, *, across: bool = False):
    """A coloured line on black, down the middle or across it."""
    picture = np.zeros((size.height, size.width, 3), np.uint8)
    if across:
        picture[size.height // 2 - 4 : size.height // 2 + 4] = (255, 85, 0)
    else:
        picture[:, size.width // 2 - 4 : size.width // 2 + 4] = (255, 85, 0)
    return picture


UPRIGHT, LYING = PoseGuide(skeleton()), PoseGuide(skeleton(across=True))
PERSONA = {"reference": Reference(FACE, "face", 0.8), "pose": UPRIGHT}


@pytest.mark.parametrize("steps", [4, QUALITY_STEPS])
def test_a_pose_matters_and_at_strength_zero_it_does_not(tiny, steps):
    without = image(tiny, steps=steps)
    upright, lying = (image(tiny, steps=steps, pose=guide) for guide in (UPRIGHT, LYING))
    assert same(without, image(tiny, steps=steps, pose=replace(UPRIGHT, strength=0.0)))
    assert not same(without, upright)
    assert not same(upright, lying)
    assert same(without, image(tiny, steps=steps))  # and nothing of the adapter is left


@pytest.mark.parametrize("steps", [4, QUALITY_STEPS])
@pytest.mark.parametrize("guide", [None, UPRIGHT])
def test_a_face_matters_with_a_pose_and_without(tiny, steps, guide):
    without = image(tiny, steps=steps, pose=guide)
    none, some, other = (
        image(tiny, steps=steps, pose=guide, reference=Reference(face, "face", strength))
        for face, strength in ((FACE, 0.0), (FACE, 1.0), (255 - FACE, 1.0))
    )
    assert same(without, none)
    assert not same(without, some)
    assert not same(some, other)


def test_face_and_style_of_one_picture_are_different_things(tiny):
    assert not same(*(image(tiny, reference=Reference(FACE, mode, 1.0)) for mode in ("face", "style")))


def test_the_same_order_gives_the_same_bytes_alone_and_among_others(tiny):
    alone = image(tiny, seeds=(7,), **PERSONA)
    among = tiny.draw(order(seeds=(5, 6, 7), **PERSONA)).pictures
    assert same(alone, image(tiny, seeds=(7,), **PERSONA))
    assert same(alone, among[2].image)


@pytest.mark.parametrize("size", [Size(64, 96), Size(112, 80)])
def test_poses_come_in_any_size_in_steps_of_sixteen(tiny, size):
    assert image(tiny, size=size, pose=PoseGuide(skeleton(size))).shape == (size.height, size.width, 3)


@pytest.mark.parametrize("size", [Size(64, 72), Size(80, 64)])
def test_a_skeleton_of_another_size_is_a_mistake(tiny, size):
    with pytest.raises(ValueError, match="divide by 16"):
        image(tiny, size=size, pose=UPRIGHT)


def test_the_adapter_gets_the_skeleton_in_the_colours_it_was_trained_on():
    control = pose.control(UPRIGHT, SQUARE)
    assert control.shape == (1, 3, 64, 64)
    assert control[0, :, 0, 32].mul(255).round().tolist() == [0, 85, 255]  # orange, blue first


def test_the_pose_adapter_runs_once_per_picture_not_per_step(tiny, monkeypatch):
    from diffusers import T2IAdapter

    runs = []
    original = T2IAdapter.forward
    monkeypatch.setattr(T2IAdapter, "forward", lambda self, x: runs.append(x.shape) or original(self, x))
    image(tiny, steps=6, pose=UPRIGHT)
    assert runs == [(1, 3, 64, 64)]


def test_a_cancel_stops_within_one_step_and_the_next_job_is_as_ever(tiny):
    before, steps = image(tiny), []

    def cancel_at_three(step: int, steps_in_all: int) -> None:
        steps.append((step, steps_in_all))
        if step >= 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny.draw(order(seeds=(1, 2, 3), steps=4, **PERSONA), on_step=cancel_at_three)
    assert steps == [(2, 12), (4, 12)]  # two pictures at once
    assert tiny.residency.locks == 0
    assert same(before, image(tiny))


def test_previews_come_with_poses_too(tiny):
    shown = []
    tiny.draw(order(steps=4, pose=UPRIGHT), on_preview=lambda index, image: shown.append(image.shape))
    assert shown == [(64, 64, 3)] * 3


def test_the_record_names_every_model_with_its_licence(tiny):
    record = tiny.draw(order(**PERSONA)).record
    assert [model["id"] for model in record["models"]] == [
        "random-sdxl",
        "random-ip-adapter-plus-face",
        "random-image-encoder",
        "random-t2i-adapter",
    ]
    assert {model["licence"] for model in record["models"]} == {"Apache-2.0"}
    assert record["reference"] == {"mode": "face", "strength": 0.8}
    assert record["pose"] == {"strength": 1.0}
    assert [model["id"] for model in tiny.draw(order()).record["models"]] == ["random-sdxl"]


def test_a_face_is_looked_at_once_for_all_its_pictures(tiny, monkeypatch):
    from gpu_handlers.engines.sdxl import style

    looks = []
    original = style.seen
    monkeypatch.setattr(style, "seen", lambda *arguments, **options: looks.append(1) or original(*arguments, **options))
    new = np.full((40, 40, 3), 77, np.uint8)
    pictures = [image(tiny, seeds=(seed,), reference=Reference(new, "face", 1.0)) for seed in (1, 2, 1)]
    assert looks == [1]
    assert same(pictures[0], pictures[2])
    image(tiny, reference=Reference(new, "style", 1.0))  # another adapter reads another layer
    assert looks == [1, 1]


def test_a_pose_and_a_picture_to_start_from_cannot_be_had_together(tiny):
    with pytest.raises(CannotDraw, match="not both"):
        image(tiny, pose=UPRIGHT, reference=Reference(FACE))


def test_without_the_weights_a_pose_is_refused_in_words():
    parts = tiny_components.components()
    modules = {name: part for name, part in parts.modules.items() if name != "pose adapter"}
    engine = SdxlEngine(replace(parts, modules=modules))
    assert engine.abilities == {"style", "face"}
    with pytest.raises(CannotDraw, match="in a given pose"):
        image(engine, pose=UPRIGHT)


def test_the_ladder_is_climbed_as_for_any_picture():
    memory = FakeMemory(100 * GIB)
    engine = SdxlEngine(tiny_components.components(), memory=memory, host_bytes=GIB)
    memory.residency = engine.residency
    wanted = [picture.image for picture in engine.draw(order(seeds=(1, 2, 3), **PERSONA)).pictures]
    original = type(engine)._sampled

    def sampled(self, job, conditioning, done, way, modules):
        latents = original(self, job, conditioning, done, way, modules)
        if way.batch > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return latents

    engine._sampled = sampled.__get__(engine)
    drawing = engine.draw(order(seeds=(1, 2, 3), **PERSONA))
    steps = [rung["step"] for rung in drawing.record["memory"]["steps"]]
    assert steps[-1] == "1 at once instead of 2"
    # An image adapter casts the UNet it is put on, so there is no rung of eight bits here.
    assert all(step.startswith("evict ") for step in steps[:-1])
    assert all(same(one, picture.image) for one, picture in zip(wanted, drawing.pictures, strict=True))
    assert engine.residency.locks == 0


@pytest.mark.parametrize("steps", [2, QUALITY_STEPS])
def test_a_unet_in_eight_bits_takes_poses(tiny, steps):
    job = tiny._job(order(steps=steps, pose=UPRIGHT), lambda *_: None, None)
    conditioning = tiny._encoder.encode(_words(), guided=job.plan.guided, ladder=job.ladder)
    operation = tiny._denoising(job)
    assert operation.can_fp8
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


def test_a_picture_too_large_is_refused_with_the_size_that_fits():
    memory = FakeMemory(RESERVE + 900 * 2**20)
    engine = SdxlEngine(tiny_components.components(), memory=memory, host_bytes=GIB)
    memory.residency = engine.residency
    size = Size(1536, 1536)
    with pytest.raises(CannotDraw, match="would fit"):
        engine.draw(order(size=size, pose=PoseGuide(skeleton(size))))


@pytest.mark.parametrize("steps", [2, QUALITY_STEPS])
def test_all_of_it_runs_in_half_precision_as_on_a_gpu(steps):
    parts = tiny_components.components()
    modules = {name: Part(lambda part=part: part.load().half(), part.size // 2) for name, part in parts.modules.items()}
    engine = SdxlEngine(replace(parts, modules=modules, dtype=torch.float16))
    assert image(engine, steps=steps, **PERSONA).std() > 0
    half = np.zeros((64, 64), np.float32)
    half[:32] = 1
    retouch = InpaintOrder(skeleton(), half, "a coat", "anime", 1, steps=steps, reference=Reference(FACE, "style"))
    assert engine.inpaint(retouch).pictures[0].image[:32].std() > 0


def test_the_published_pose_adapter_fits_the_published_unet():
    """Shapes only: both configurations at full size on the meta device, where nothing is stored or computed."""
    from diffusers import T2IAdapter

    from benchmarks.sdxl_full import unet
    from gpu_handlers.engines.sdxl import budget

    with torch.device("meta"), torch.no_grad():
        full = unet()
        # config.json of TencentARC/t2i-adapter-openpose-sdxl-1.0: 79 million weights
        adapter = T2IAdapter(3, [320, 640, 1280, 1280], 2, 16, "full_adapter_xl")
        assert sum(weight.numel() for weight in adapter.parameters()) == pytest.approx(79e6, rel=0.01)
        for size in (Size(1024, 1024), Size(832, 1216), Size(848, 1200)):
            features = adapter(torch.zeros(1, 3, size.height, size.width))
            live = 2 * 4 * sum(feature.numel() for feature in features)
            assert budget.pose(size, pictures=1, guided=False, itemsize=4) == pytest.approx(live, rel=0.03)
            latents = torch.zeros(1, 4, size.height // 8, size.width // 8)
            drawn = full(
                latents,
                1,
                encoder_hidden_states=torch.zeros(1, 77, 2048),
                added_cond_kwargs={"text_embeds": torch.zeros(1, 1280), "time_ids": torch.zeros(1, 6)},
                down_intrablock_additional_residuals=features,
            ).sample
            assert drawn.shape == latents.shape
