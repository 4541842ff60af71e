"""The stage that orders pictures, on engines that denoise and engines that do not."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import CannotDraw, EngineFacts, Picture, Size
from gpu_handlers.engines.sdxl import schedulers
from gpu_handlers.failures import JobFailed
from gpu_handlers.features import image_generation
from gpu_handlers.stages import illustrate
from studio import catalog
from studio.catalog import ImageGeneration


def ordered(**options) -> ImageGeneration:
    order = catalog.parse(
        "image-generation", {"prompt": "a cat", "seed": 7, "width": 512, "height": 512, "steps": 1} | options
    )
    assert isinstance(order, ImageGeneration)
    return order


class Plain:
    """An engine that draws one picture in two steps."""

    facts = EngineFacts(engine="plain", model="none", revision="1", licence="MIT")

    def illustrate(self, prompt, *, size: Size, seed: int, on_step, **_) -> Picture:
        on_step(1, 2)
        on_step(2, 2)
        return Picture(np.full((size.height, size.width, 3), seed, np.uint8))


def run(engine, order):
    progress = []
    context = JobContext(
        engine,
        report=lambda report: progress.append((report.value, report.stage)),
        picture=lambda field: pytest.fail("this order has no pictures"),
    )
    return image_generation.run(order, context), progress


@pytest.mark.parametrize("steps", [1, 11])
def test_an_order_becomes_files_with_how_they_came_about(tiny, steps):
    outputs, progress = run(tiny, ordered(numImages=2, steps=steps))
    assert [file.name for file in outputs.files] == ["image-1.png", "image-2.png"]
    assert outputs.metadata["seeds"] == [7, 8]
    assert outputs.metadata["steps"] == steps
    assert outputs.metadata["models"] == [{"id": "random-sdxl", "revision": "0", "licence": "Apache-2.0"}]
    values = [value for value, _ in progress]
    assert values == sorted(values)


def test_engines_without_steps_draw_one_by_one(tiny):
    outputs, progress = run(Plain(), ordered(numImages=2, loras=[{"id": "ink"}]))
    assert len(outputs.files) == 2
    assert "steps" not in outputs.metadata
    assert len([stage for _, stage in progress if stage == "illustrate"]) == 1 + 4


def test_what_an_engine_cannot_do_fails_the_job_in_its_words(tiny):
    with pytest.raises(JobFailed, match="There is no LoRA 'ink' here") as failed:
        run(tiny, ordered(loras=[{"id": "ink"}]))
    assert failed.value.code == "unknown_lora"


def test_a_single_picture_engine_fails_the_same_way():
    class Refusing(Plain):
        def illustrate(self, prompt, **_) -> Picture:
            raise CannotDraw("too_large", "No.")

    with pytest.raises(JobFailed, match="No"):
        run(Refusing(), ordered())


def test_every_scheduler_on_sale_exists():
    sold = set(ImageGeneration.model_json_schema()["properties"]["scheduler"]["enum"])
    assert sold - {"auto"} <= set(schedulers.NAMES)


def test_seeds_count_up_and_wrap():
    assert illustrate.seeds(2**32 - 1, 3) == [2**32 - 1, 0, 1]
    assert len(set(illustrate.seeds(None, 4))) == 4
