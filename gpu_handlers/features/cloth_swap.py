"""Cloth swap: one person, one garment, one picture of the person in it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import fitting, garment, illustrate, people, provenance, safety, tryon
from studio.catalog import ClothSwap

MAX_SIDE_PX = 1536  # larger photographs are scaled down: phones send 12 megapixels, the masks have a quarter of one


def run(order: ClothSwap, ctx: JobContext) -> Outputs:
    """Look at both photographs, dress the person, and show it beside the original."""
    if not order.consent:
        raise JobFailed("consent_required", "Please confirm that the person in the photo agrees to this picture.")
    (seed,) = illustrate.seeds(order.seed, 1)
    with ctx.stage("look", until=0.4) as stage:
        photo = _fitted(ctx.picture("person"))
        person = people.look(photo)
        stage.step(1, 2)
        cloth = garment.cut_out(_fitted(ctx.picture("cloth")), order.category)
        stage.step(2, 2)
    with ctx.stage("wear", until=0.5) as stage:
        worn = tryon.wear(photo, person, cloth, preserve_face=order.preserve_face)
        stage.step(1, 1)
    method, made = tryon.METHOD, {}
    if fitting.possible(ctx.illustrator) and not order.draft:
        with ctx.stage("fit", until=0.9) as stage:
            fitted = fitting.refine(
                ctx.illustrator,
                photo,
                worn,
                person,
                cloth,
                category=order.category,
                preserve_face=order.preserve_face,
                seed=seed,
                stage=stage,
                on_preview=ctx.show,
            )
        worn, method, made = fitted.image, fitting.METHOD, fitted.record
    (flag,) = safety.check_pictures([worn])
    if flag.blocked:
        raise JobFailed(safety.CODE, "The result was held back by the content check. Please try other photos.")
    with ctx.stage("encode", until=0.98) as stage:
        files = []
        for name, image in (("tryon.png", worn), ("before-after.png", tryon.before_after(photo, worn))):
            files.append(
                provenance.png_file(
                    name,
                    image,
                    seed,
                    ctx.illustrator.facts,
                    draft=order.draft,
                    source_type=provenance.ALTERED_PHOTO_SOURCE_TYPE,
                )
            )
            stage.step(len(files), 2)
    metadata = {
        "method": method,
        "seeds": [seed],
        "quality": order.quality,
        "category": order.category,
        "preserveFace": order.preserve_face,
        "person": person.record(),
        "garment": cloth.record(),
        "safety": [flag.record()],
        "provenance": provenance.record(),
    }
    return Outputs(tuple(files), metadata | made)


def _fitted(image: Rgb) -> Rgb:
    height, width = image.shape[:2]
    share = MAX_SIDE_PX / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS), np.uint8)
