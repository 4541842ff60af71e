"""Films of moving type: the narration set large, phrase by phrase, word by word as it is said."""

from gpu_handlers.stages.kinetic.film import film

__all__ = ["film"]
