"""What a narration lists, compares, defines or counts, drawn as diagrams that appear while it is said."""

from gpu_handlers.stages.figures.diagram import Diagram, begins, diagram

__all__ = ["Diagram", "begins", "diagram"]
