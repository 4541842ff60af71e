"""Files that say they were made by a machine: in their metadata, in a signed manifest, and in their pixels.

Article 50 of the EU AI Act asks for marks that machines can read; platforms strip metadata, so there are two layers.
"""

from __future__ import annotations

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import EngineFacts, Picture, Rgb
from gpu_handlers.outputs import OutputFile
from gpu_handlers.stages import manifest, mark, trustmark, watermark
from gpu_handlers.stages.watermark import Payload

# IPTC's terms for synthetic media; what C2PA and platforms look for.
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPUTER_DRAWN_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
ALTERED_PHOTO_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"

# zlib level 6 costs 2–3 times the CPU of level 4 on photographs for 1–2 % of the size.
PNG_LEVEL = 4


def png_files(
    pictures: list[Picture], seeds: list[int], facts: EngineFacts, stage: Stage, *, draft: bool
) -> tuple[OutputFile, ...]:  # fmt: skip
    """`image-1.png` … in the order of the pictures; drafts carry the corner mark."""
    files = []
    for number, (picture, seed) in enumerate(zip(pictures, seeds, strict=True), start=1):
        files.append(png_file(f"image-{number}.png", picture.image, seed, facts, draft=draft))
        stage.step(number, len(pictures))
    return tuple(files)


def png_file(
    name: str, image: Rgb, seed: int, facts: EngineFacts, *, draft: bool, source_type: str | None = None
) -> OutputFile:  # fmt: skip
    """One picture to deliver; a draft carries the corner mark."""
    shown = mark.draft(image) if draft else image
    return OutputFile(name, png(shown, seed, facts, title=name, source_type=source_type), "image/png")


def png(
    image: Rgb, seed: int, facts: EngineFacts, *, title: str = "image.png", source_type: str | None = None
) -> bytes:  # fmt: skip
    """The picture as PNG, watermarked, with engine, model, seed and source type in its text, and signed.

    Args:
        source_type: IPTC digital source type URI; what the engine makes when None.
    """
    kind = source_type or source_type_of(facts)
    marked = watermarked(image, Payload(trained=facts.engine != "sketch", seed=seed))
    software = f"{facts.model}@{facts.revision}"
    info = PngInfo()
    info.add_text("Software", f"AI Creative Studio ({facts.engine})")
    info.add_text("Model", software)
    info.add_text("Seed", str(seed))
    info.add_text("DigitalSourceType", kind)
    buffer = io.BytesIO()
    Image.fromarray(marked).save(buffer, "PNG", pnginfo=info, compress_level=PNG_LEVEL)
    if not manifest.available():
        return buffer.getvalue()
    return manifest.sign(buffer.getvalue(), "image/png", title=title, source_type=kind, software=software)


def watermarked(image: Rgb, payload: Payload) -> Rgb:
    """A copy of the picture with every watermark of this machine; ours last, it adapts to what is there."""
    return watermark.mark(trustmark.mark(image, payload) if trustmark.available() else image, payload)


def check_signing() -> None:
    """Sign the smallest picture there is; raises what signing raises."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    manifest.sign(
        buffer.getvalue(), "image/png", title="check.png", source_type=COMPUTER_DRAWN_SOURCE_TYPE, software="check"
    )  # fmt: skip


def source_type_of(facts: EngineFacts) -> str:
    """How IPTC calls what this engine makes: drawn by rules, or by a trained model."""
    return COMPUTER_DRAWN_SOURCE_TYPE if facts.engine == "sketch" else DIGITAL_SOURCE_TYPE


def record() -> dict[str, object]:
    """What the result tells of its marks."""
    signed = manifest.available()
    marks = [watermark.NAME] + [trustmark.NAME] * trustmark.available()
    return {
        "watermark": " + ".join(marks),
        "c2pa": signed,
        "c2paTrusted": signed and manifest.credentials().trusted,
    }
