"""Words to pictures, by whatever engine the worker has."""

from __future__ import annotations

import secrets

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import Illustrator, Picture, Size
from studio.catalog import MAX_SEED, ImageGeneration


def seeds(first: int | None, count: int) -> list[int]:
    """`count` seeds, counting up from `first` or from a random one; they wrap at `MAX_SEED`."""
    start = secrets.randbelow(MAX_SEED + 1) if first is None else first
    return [(start + offset) % (MAX_SEED + 1) for offset in range(count)]


def variations(illustrator: Illustrator, order: ImageGeneration, seeds: list[int], stage: Stage) -> list[Picture]:
    """One picture per seed; every step of the engine is reported, so a cancel stops within one step."""
    pictures: list[Picture] = []
    for index, seed in enumerate(seeds):

        def on_step(step: int, steps: int, done: int = index) -> None:
            stage.step(done * steps + step, len(seeds) * steps)

        pictures.append(
            illustrator.illustrate(
                order.prompt,
                style=order.style,
                size=Size(order.width, order.height),
                seed=seed,
                negative=order.negative_prompt,
                steps=order.steps,
                on_step=on_step,
            )
        )
    return pictures
