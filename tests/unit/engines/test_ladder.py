"""Short of memory: every rung in its order, by estimate and by running out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from gpu_handlers.engines.illustrator import CannotDraw, Size
from gpu_handlers.engines.ladder import DoesNotFit, Ladder, Operation, Way
from gpu_handlers.engines.memory import GIB, RESERVE, is_out_of_memory
from gpu_handlers.engines.residency import Residency
from tests.unit.engines.conftest import META, FakeMemory, Weights, order

UNET, UNET_FP8, VAE, TEXT = 500, 250, 20, 160
SIZES = {"unet": UNET, "unet fp8": UNET_FP8, "vae": VAE, "text": TEXT}


class FakeDevice:
    """A residency of sized models on a device of `capacity` units beside the reserve."""

    def __init__(self, capacity: int) -> None:
        self.memory = FakeMemory(capacity + RESERVE)
        self.residency = self.memory.residency = Residency(META, self.memory, host_bytes=10_000)
        for name, size in SIZES.items():
            self.residency.add(name, lambda size=size: Weights(size), size=size)
        self.ladder = Ladder(self.residency)

    def hold(self, *names: str) -> FakeDevice:
        for name in names:
            with self.residency.held(name):
                pass
        return self

    def steps(self) -> list[str]:
        return [rung.step for rung in self.ladder.rungs]


def denoise(working: int) -> Operation:
    return Operation(
        "denoise",
        lambda way: ("unet fp8" if way.fp8 else "unet",),
        lambda way: working * way.batch,
        can_fp8=True,
    )


def decode(whole: int, tile: int) -> Operation:
    return Operation("decode", lambda _: ("vae",), lambda way: tile if way.tiled else whole, can_tile=True)


def way_of(way: Way, modules: tuple[nn.Module, ...]) -> Way:
    return way


def test_with_room_nothing_is_done():
    device = FakeDevice(600)
    assert device.ladder.run(denoise(100), Way(), way_of) == (Way(), Way())
    assert device.steps() == []


def test_tiling_comes_first_because_it_keeps_the_unet_where_it_is():
    device = FakeDevice(600).hold("unet")
    assert device.ladder.run(decode(200, 60), Way(), way_of)[1] == Way(tiled=True)
    assert device.steps() == ["tile the VAE"]
    assert "unet" in device.residency.resident()


def test_then_others_leave_the_least_recently_used_first():
    device = FakeDevice(700).hold("text", "unet")
    device.ladder.run(decode(700, 150), Way(), way_of)
    assert device.steps() == ["tile the VAE", "evict text"]
    device = FakeDevice(700).hold("text", "unet")
    device.ladder.run(decode(700, 500), Way(), way_of)
    assert device.steps() == ["tile the VAE", "evict text", "evict unet"]


def test_then_the_unet_shrinks_and_the_full_one_leaves():
    device = FakeDevice(450).hold("text")
    assert device.ladder.run(denoise(100), Way(), way_of)[1] == Way(fp8=True)
    assert device.steps() == ["evict text", "store the UNet in fp8"]


def test_then_fewer_pictures_go_at_once():
    device = FakeDevice(450)
    assert device.ladder.run(denoise(100), Way(batch=4), way_of)[1] == Way(fp8=True, batch=2)
    assert device.steps() == ["store the UNet in fp8", "2 at once instead of 4"]


def test_and_in_the_end_it_says_so():
    device = FakeDevice(300)
    with pytest.raises(DoesNotFit, match="denoise: needs"):
        device.ladder.run(denoise(100), Way(batch=4), way_of)
    assert device.steps() == ["store the UNet in fp8", "2 at once instead of 4", "1 at once instead of 2"]


def test_running_out_in_spite_of_the_estimate_takes_the_same_rungs():
    device = FakeDevice(1000).hold("text")
    tried = []

    def work(way: Way, modules: tuple[nn.Module, ...]) -> str:
        tried.append((way, sorted(device.residency.resident())))
        if len(tried) < 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "done"

    assert device.ladder.run(denoise(10), Way(batch=4), work) == ("done", Way(fp8=True, batch=2))
    assert device.steps() == ["evict text", "store the UNet in fp8", "evict unet", "2 at once instead of 4"]
    assert [way.batch for way, _ in tried] == [4, 4, 4, 4, 2]
    assert tried[-1][1] == ["unet fp8"]
    assert {rung["why"] for rung in device.ladder.record()} == {"ran out of memory"}
    assert device.memory.calls.count("reclaim") >= 4
    assert device.residency.locks == 0


def test_other_errors_are_not_ours():
    device = FakeDevice(1000)

    def work(way: Way, modules: tuple[nn.Module, ...]) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        device.ladder.run(denoise(10), Way(), work)
    assert device.steps() == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes do not match"), False),
        (InterruptedError(), False),
    ],
)
def test_running_out_has_several_names(error, expected):
    assert is_out_of_memory(error) is expected


# ---- The engine on the ladder ----------------------------------------------------------------------------------------


@pytest.fixture
def small_engine():
    """A tiny engine on a device whose free memory a test sets."""
    from gpu_handlers.engines import tiny_components
    from gpu_handlers.engines.sdxl import SdxlEngine

    memory = FakeMemory(100 * GIB)
    engine = SdxlEngine(tiny_components.components(), memory=memory, host_bytes=GIB)
    memory.residency = engine.residency
    return engine


def test_a_result_names_the_rungs_that_were_taken(small_engine):
    small_engine.residency.memory.capacity = RESERVE + 60 * 2**20
    drawing = small_engine.draw(order(size=Size(128, 128), seeds=(1, 2)))
    taken = {(rung["operation"], rung["step"]) for rung in drawing.record["memory"]["steps"]}
    assert drawing.pictures[1].image.shape == (128, 128, 3)
    assert any(step == "tile the VAE" for _, step in taken), taken


def test_a_picture_too_large_is_refused_with_the_size_that_fits(small_engine):
    small_engine.residency.memory.capacity = RESERVE + 900 * 2**20
    with pytest.raises(CannotDraw) as refused:
        small_engine.draw(order(size=Size(1536, 1536)))
    assert refused.value.code == "too_large"
    assert "1536 × 1536 pixels need more memory than this machine has; " in refused.value.message
    width, height = refused.value.message.split("; ")[1].removesuffix(" would fit.").split(" × ")
    assert 512 <= int(width) < 1536
    assert int(width) % 8 == int(height) % 8 == 0
    small_engine.residency.memory.capacity = RESERVE + 20 * 2**20
    with pytest.raises(CannotDraw, match="so would smaller ones"):
        small_engine.draw(order(size=Size(1536, 1536)))


def test_the_unet_runs_in_eight_bits_when_the_estimate_says_so(small_engine):
    from gpu_handlers.engines.sdxl import budget

    weights = small_engine._components.modules["unet fast"].size
    small_engine.draw(order())  # encodes the prompt with room to spare
    working = budget.denoise(Size(64, 64), pictures=1, guided=False, itemsize=4)
    small_engine.residency.memory.capacity = RESERVE + working + weights * 3 // 4
    drawing = _until_denoised(small_engine)
    assert "store the UNet in fp8" in [rung["step"] for rung in drawing]


def _until_denoised(engine):
    """The rungs of an order that ends with its first step: decoding needs more than this device has."""
    job = engine._job(order(), _stop, None)
    conditioning = engine._encoder.encode(_wording(), guided=False, ladder=job.ladder)
    with pytest.raises(InterruptedError):
        engine._denoised(job, conditioning)
    return job.ladder.record()


def _stop(step: int, steps: int) -> None:
    raise InterruptedError


def _wording():
    from gpu_handlers.engines.sdxl.prompts import worded

    return worded("a cat", "anime", "")


def test_a_device_that_runs_out_in_the_middle_still_delivers_the_same_pictures(small_engine, monkeypatch):
    wanted = [picture.image.tolist() for picture in small_engine.draw(order(seeds=(1, 2, 3))).pictures]
    original = type(small_engine)._sampled
    reported = []

    def sampled(self, job, conditioning, done, way, modules):
        latents = original(self, job, conditioning, done, way, modules)
        if way.batch > 1 or (not way.fp8 and "text encoder 1" in self.residency.resident()):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return latents

    # Eight bits would change the pictures; without them the rungs are eviction and smaller batches.
    monkeypatch.setattr(type(small_engine), "_sampled", sampled)
    monkeypatch.setattr(type(small_engine), "_denoising", _without_fp8(type(small_engine)._denoising))
    drawing = small_engine.draw(order(seeds=(1, 2, 3)), on_step=lambda step, steps: reported.append(step))
    steps = [rung["step"] for rung in drawing.record["memory"]["steps"]]
    assert [picture.image.tolist() for picture in drawing.pictures] == wanted
    assert steps[-1] == "1 at once instead of 2"
    assert all(step.startswith("evict ") for step in steps[:-1])
    assert reported == sorted(reported)  # progress never goes back, though steps were repeated
    assert small_engine.residency.locks == 0


def _without_fp8(denoising):
    return lambda self, job: replace(denoising(self, job), can_fp8=False)
