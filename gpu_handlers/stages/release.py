"""Films as they leave the house: signed with how they were made, with a poster that says the same."""

from __future__ import annotations

from gpu_handlers.engines.illustrator import EngineFacts, Rgb
from gpu_handlers.outputs import OutputFile
from gpu_handlers.stages import encode, manifest, provenance
from gpu_handlers.stages.watermark import Payload


def mp4(name: str, content: bytes, facts: EngineFacts) -> OutputFile:
    """The video with its manifest; frames carry no watermark."""
    return OutputFile(name, _signed(content, "video/mp4", name, facts), "video/mp4")


def poster(name: str, image: Rgb, seed: int, facts: EngineFacts) -> OutputFile:
    """One frame as JPEG, watermarked and signed like any picture."""
    marked = provenance.watermarked(image, Payload(trained=facts.engine != "sketch", seed=seed))
    return OutputFile(name, _signed(encode.jpeg(marked), "image/jpeg", name, facts), "image/jpeg")


def record() -> dict[str, object]:
    """What the result tells of its marks."""
    made = provenance.record()
    return made | {"watermark": f"{made['watermark']}, on the poster"}


def _signed(content: bytes, kind: str, title: str, facts: EngineFacts) -> bytes:
    if not manifest.available():
        return content
    software = f"{facts.model}@{facts.revision}"
    return manifest.sign(
        content, kind, title=title, source_type=provenance.source_type_of(facts), software=software
    )  # fmt: skip
