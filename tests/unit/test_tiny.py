"""The tiny engine: the real SDXL pipeline classes, random weights, no download."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size

SIZE = Size(64, 64)


@pytest.fixture(scope="module")
def tiny():
    from gpu_handlers.engines.tiny import TinyEngine

    return TinyEngine()


def draw(tiny, prompt: str = "a cat", *, seed: int = 1, **options):
    return tiny.illustrate(prompt, style="anime", size=SIZE, seed=seed, steps=2, **options).image


def test_it_draws_the_size_asked_for_in_eight_bit_rgb(tiny):
    image = tiny.illustrate("a cat", style="anime", size=Size(72, 64), seed=1, steps=1).image
    assert (image.shape, image.dtype) == ((64, 72, 3), np.uint8)


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(tiny):
    assert np.array_equal(draw(tiny), draw(tiny))
    assert not np.array_equal(draw(tiny), draw(tiny, seed=2))


def test_the_prompt_and_its_negative_matter(tiny):
    assert not np.array_equal(draw(tiny), draw(tiny, "a dog"))
    assert not np.array_equal(draw(tiny), draw(tiny, negative="fur"))


def test_any_text_can_be_drawn(tiny):
    for prompt in ("猫と犬", "🦊🌙", "x" * 5000, "\x00"):
        draw(tiny, prompt)


def test_every_step_is_told_and_a_raise_stops_there(tiny):
    steps = []

    def stop_at_two(step: int, count: int) -> None:
        steps.append((step, count))
        if step == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny.illustrate("a cat", style="anime", size=SIZE, seed=1, steps=5, on_step=stop_at_two)
    assert steps == [(1, 5), (2, 5)]
