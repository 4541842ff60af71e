"""Explainer films: a calm page with a picture, a heading and a diagram that grows while it is explained."""

from gpu_handlers.stages.explainer.film import film

__all__ = ["film"]
