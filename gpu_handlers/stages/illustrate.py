"""Words to pictures, by whatever engine the worker has."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import (
    CannotDraw,
    Diffuser,
    Drawing,
    Illustrator,
    LoraChoice,
    Picture,
    PictureOrder,
    PreviewReport,
    Reference,
    Rgb,
    Size,
)
from gpu_handlers.failures import JobFailed
from studio.catalog import MAX_SEED, ImageGeneration


def seeds(first: int | None, count: int) -> list[int]:
    """`count` seeds, counting up from `first` or from a random one; they wrap at `MAX_SEED`."""
    start = secrets.randbelow(MAX_SEED + 1) if first is None else first
    return [(start + offset) % (MAX_SEED + 1) for offset in range(count)]


def variations(
    illustrator: Illustrator,
    order: ImageGeneration,
    seeds: list[int],
    stage: Stage,
    *,
    reference: Rgb | None = None,
    on_preview: PreviewReport | None = None,
) -> Drawing:
    """One picture per seed; every step of the engine is reported, so a cancel stops within one step.

    Engines that cannot go by a picture leave the reference out, and the record says so.

    Raises:
        JobFailed: the engine cannot do what was ordered, for example a size that its memory cannot hold.
    """
    try:
        if isinstance(illustrator, Diffuser):
            return illustrator.draw(_picture_order(order, seeds, reference), on_step=stage.step, on_preview=on_preview)
        ignored = {} if reference is None else {"reference": "not used: this engine draws from words alone"}
        return Drawing(tuple(_one_by_one(illustrator, order, seeds, stage)), ignored)
    except CannotDraw as error:
        raise JobFailed(error.code, error.message) from error


def _picture_order(order: ImageGeneration, seeds: list[int], reference: Rgb | None) -> PictureOrder:
    return PictureOrder(
        order.prompt,
        order.style,
        Size(order.width, order.height),
        tuple(seeds),
        negative=order.negative_prompt,
        steps=order.steps,
        scheduler=order.scheduler,
        reference=None if reference is None else Reference(reference, order.reference_mode, order.strength),
        loras=tuple(LoraChoice(lora.id, lora.weight) for lora in order.loras),
    )


def _one_by_one(
    illustrator: Illustrator, order: ImageGeneration, seeds: list[int], stage: Stage
) -> Iterator[Picture]:  # fmt: skip
    for index, seed in enumerate(seeds):

        def on_step(step: int, steps: int, done: int = index) -> None:
            stage.step(done * steps + step, len(seeds) * steps)

        yield illustrator.illustrate(
            order.prompt,
            style=order.style,
            size=Size(order.width, order.height),
            seed=seed,
            negative=order.negative_prompt,
            steps=order.steps,
            on_step=on_step,
        )
