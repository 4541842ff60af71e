"""Scenes told in pictures: each scene's picture, filmed by a moving camera for as long as the scene lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gpu_handlers.engines.illustrator import Picture, Size
from gpu_handlers.stages import camera, depth, sheets, storyboard
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.moves import Move
from gpu_handlers.stages.script import Scene
from gpu_handlers.stages.storyboard import Entry
from gpu_handlers.stages.timeline import Beat

# A whole move in less time would be hurried: shorter scenes get a part of it, longer ones are slower.
MOVE_SECONDS = 6.0
LEAST_SHARE = 0.4  # of a move, or one would not see it
ASIDE = 0.06  # of the width: a pan ends on a subject that stands this far from the middle


def drawn_size(scene: Scene, size: Size) -> Size:
    """How large the scene's picture is to be drawn for frames of `size`, px."""
    return storyboard.drawn_size(_entry(scene, MOVE_SECONDS, 0), size)


def film(beat: Beat, picture: Picture, *, size: Size, fps: int, frames: int) -> Iterator[Frame]:
    """The camera's take of a scene, as framed and moved as its script says.

    Args:
        picture: of `drawn_size`, with depth where its engine knows it.
        size: of the frames in pixels, even.
        frames: how many, with those that a fade needs beyond the scene's end; the move lasts until the last of them.
    """
    scene = sheets.of_picture(picture, depth.of_picture(picture).metres)
    entry = _entry(beat.scene, frames / fps, frames)
    aside = scene.centre[0] - 0.5
    if entry.move.movement == "pan" and abs(aside) > ASIDE:
        entry = replace(entry, move=replace(entry.move, reverse=aside < 0))
    return camera.take(storyboard.shot(entry, scene, size), size=size, fps=fps)


def _entry(scene: Scene, seconds: float, frames: int) -> Entry:
    # Breathing has a tempo of its own, however long one stands.
    share = 1.0 if scene.movement == "static" else min(1.0, max(LEAST_SHARE, seconds / MOVE_SECONDS))
    move = Move(scene.movement, amplitude=share, reverse=scene.reverse)
    return Entry(scene.number, 0, frames, scene.framing, move, 0)
