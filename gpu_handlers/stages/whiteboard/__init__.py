"""Whiteboard films: a scene is drawn on a white board by a hand with a pen, in time with what is said."""

from gpu_handlers.stages.whiteboard.film import film
from gpu_handlers.stages.whiteboard.layout import picture_size

__all__ = ["film", "picture_size"]
