"""Files that say they were made by a machine, and by which one."""

from __future__ import annotations

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import EngineFacts, Picture, Rgb
from gpu_handlers.outputs import OutputFile
from gpu_handlers.stages import mark

# IPTC's term for synthetic media; what C2PA and platforms look for.
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPUTER_DRAWN_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"

# zlib level 6 costs 2–3 times the CPU of level 4 on photographs for 1–2 % of the size.
PNG_LEVEL = 4


def png_files(
    pictures: list[Picture], seeds: list[int], facts: EngineFacts, stage: Stage, *, draft: bool
) -> tuple[OutputFile, ...]:  # fmt: skip
    """`image-1.png` … in the order of the pictures; drafts carry the corner mark."""
    files = []
    for number, (picture, seed) in enumerate(zip(pictures, seeds, strict=True), start=1):
        image = mark.draft(picture.image) if draft else picture.image
        files.append(OutputFile(f"image-{number}.png", png(image, seed, facts), "image/png"))
        stage.step(number, len(pictures))
    return tuple(files)


def png(image: Rgb, seed: int, facts: EngineFacts) -> bytes:
    """The picture as PNG with engine, model, seed and source type in its text chunks."""
    info = PngInfo()
    info.add_text("Software", f"AI Creative Studio ({facts.engine})")
    info.add_text("Model", f"{facts.model}@{facts.revision}")
    info.add_text("Seed", str(seed))
    drawn = facts.engine == "sketch"
    info.add_text("DigitalSourceType", COMPUTER_DRAWN_SOURCE_TYPE if drawn else DIGITAL_SOURCE_TYPE)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info, compress_level=PNG_LEVEL)
    return buffer.getvalue()
