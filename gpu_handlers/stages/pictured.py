"""The pictures of a told story: drawn when the film gets to them, checked, and shown to the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Picture, Size, StepReport
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import safety
from gpu_handlers.stages.cast import Cast
from gpu_handlers.stages.safety import Flag
from gpu_handlers.stages.script import Scene


@dataclass(slots=True)
class Pictures:
    """One picture a scene; only the latest is kept.

    Attributes:
        style: a style name of the feature.
        on_step: told of every step of the engine; raises to stop the work.
        flags: what the content check said, one for each picture drawn so far.
    """

    ctx: JobContext
    cast: Cast
    style: str
    on_step: StepReport
    flags: list[Flag] = field(default_factory=list)
    _latest: tuple[int, Size, Picture] | None = field(default=None)

    def of(self, scene: Scene, size: Size) -> Picture:
        """The scene's picture at `size`.

        Raises:
            JobFailed: the engine cannot draw it, or the content check holds it back.
        """
        if self._latest and self._latest[:2] == (scene.number, size):
            return self._latest[2]
        picture = self.cast.draw(self.ctx.illustrator, scene, style=self.style, size=size, on_step=self.on_step)
        (flag,) = safety.check_pictures([picture.image])
        self.flags.append(flag)
        if flag.blocked:
            raise JobFailed(
                safety.CODE, f"The content check held back the picture of scene {scene.number}. Please change its text."
            )
        self.ctx.show(scene.number - 1, picture.image)
        self.on_step(1, 1)
        self._latest = (scene.number, size, picture)
        return picture

    @property
    def latest(self) -> Picture | None:
        """The one drawn last."""
        return self._latest[2] if self._latest else None


def record(flags: Sequence[Flag]) -> dict[str, Any]:
    """As JSON for the result of a film: how many pictures there are, and whether every one of them was checked."""
    return {"checked": bool(flags) and all(flag.checked for flag in flags), "pictures": len(flags)}
