"""Image generation: one to four pictures of one prompt, each with its own seed."""

from __future__ import annotations

from gpu_handlers.context import JobContext
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import illustrate, provenance
from studio.catalog import ImageGeneration


def run(order: ImageGeneration, ctx: JobContext) -> Outputs:
    """Draw the pictures and sign them with how they were made."""
    seeds = illustrate.seeds(order.seed, order.num_images)
    with ctx.stage("illustrate", until=0.95) as stage:
        reference = ctx.picture("reference") if order.reference else None
        drawing = illustrate.variations(ctx.illustrator, order, seeds, stage, reference=reference, on_preview=ctx.show)
    with ctx.stage("encode", until=0.98) as stage:
        files = provenance.png_files(list(drawing.pictures), seeds, ctx.illustrator.facts, stage, draft=order.draft)
    return Outputs(files, {"seeds": seeds, "quality": order.quality} | drawing.record)
