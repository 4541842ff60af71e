"""Pictures by Stable Diffusion XL, staged so that an 8 GB card is enough."""

from gpu_handlers.engines.sdxl.engine import SdxlEngine

__all__ = ["SdxlEngine"]
