"""Image generation: one to four pictures of one prompt, each with its own seed."""

from __future__ import annotations

from gpu_handlers.context import JobContext
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import illustrate, provenance, safety
from studio.catalog import ImageGeneration


def run(order: ImageGeneration, ctx: JobContext) -> Outputs:
    """Draw the pictures, hold back what may not be shown, and sign the rest with how they were made."""
    safety.check_prompt(order.prompt, negative=order.negative_prompt)
    seeds = illustrate.seeds(order.seed, order.num_images)
    with ctx.stage("illustrate", until=0.95) as stage:
        reference = ctx.picture("reference") if order.reference else None
        drawing = illustrate.variations(
            ctx.illustrator, order, seeds, stage, reference=reference, on_preview=ctx.show
        )  # fmt: skip
    flags = safety.check_pictures([picture.image for picture in drawing.pictures])
    shown = [index for index, flag in enumerate(flags) if not flag.blocked]
    if not shown:
        raise JobFailed(safety.CODE, "The content check held back every picture. Please try another prompt.")
    with ctx.stage("encode", until=0.98) as stage:
        files = provenance.png_files(
            [drawing.pictures[index] for index in shown],
            [seeds[index] for index in shown],
            ctx.illustrator.facts,
            stage,
            draft=order.draft,
        )
    metadata = {
        "seeds": seeds,
        "quality": order.quality,
        "safety": [flag.record() for flag in flags],
        "provenance": provenance.record(),
    }
    return Outputs(files, metadata | drawing.record, undelivered=len(flags) - len(shown))
