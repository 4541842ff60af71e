"""The sketch engine: pictures from words without any model."""

from gpu_handlers.engines.sketch.engine import SketchEngine

__all__ = ["SketchEngine"]
