"""The `tiny` profile: the SDXL engine over random weights. Every code path of diffusion, no download, no meaning.

For tests. Its pictures are noise, but what runs here runs with the full model.
"""

from __future__ import annotations

from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.sdxl import SdxlEngine


class TinyEngine(SdxlEngine):
    """The engine of the GPU profiles over tiny components."""

    def __init__(self) -> None:
        super().__init__(tiny_components.components())
