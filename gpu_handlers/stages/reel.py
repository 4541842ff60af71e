"""Clips joined to one film, one after the other, with a cut, a crossfade or a dip through black between them.

A clip is filmed a little longer than it lasts (its handle), so that a fade never takes time away: the film is exactly
as long as its clips together. Nothing is kept but one handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Frame

if TYPE_CHECKING:  # the script plans shots and the camera cuts them: at run time only the camera needs this file
    from gpu_handlers.stages.script import Transition


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One piece of the film.

    Attributes:
        frames: at least `length`; those beyond are the handle, shown while the next clip fades in.
        length: frames until the next clip takes over.
        transition: from the clip before into this one; the first clip can only cut or rise from black.
    """

    frames: Iterator[Frame]
    length: int
    transition: Transition = "cut"


def handle(after: Transition | None, fade: int) -> int:
    """How many frames a clip needs beyond its length when the next one comes with `after`; None is the film's end."""
    return {"crossfade": fade, "dip": fade // 2}.get(after or "cut", 0)


def cut(clips: Iterable[Clip], *, size: Size, fade: int) -> Iterator[Frame]:
    """The frames of all clips; the last one's handle, if it has any, is played out.

    Args:
        clips: taken one by one, when the film gets there.
        size: of every frame, px.
        fade: how long a crossfade or a dip takes, frames.
    Raises:
        ValueError: a clip has fewer frames than its length.
    """
    black = _black(size)
    tail: list[Frame] = []
    for clip in clips:
        frames = _entered(islice(clip.frames, clip.length), tail, clip.transition, black, fade)
        tail, shown = [], 0
        for frame in frames:
            shown += 1
            yield frame
        if shown < clip.length:
            raise ValueError(f"a clip of {clip.length} frames ended after {shown}")
        # Filmed to its end before the next clip is asked for: two scenes would not have to fit into memory together.
        tail = list(islice(clip.frames, fade))
    yield from tail


def _entered(
    frames: Iterable[Frame], tail: list[Frame], transition: Transition, black: Frame, fade: int
) -> Iterator[Frame]:  # fmt: skip
    """A clip's frames, with its beginning mixed with the handle of the clip before."""
    sinks = min(len(tail), fade // 2)  # a clip without a handle leaves at once; what follows still rises from black
    for number, frame in enumerate(frames):
        if transition == "crossfade" and number < len(tail):
            yield i420.fade(tail[number], frame, (number + 1) / (len(tail) + 1))
        elif transition == "dip" and number < sinks:
            yield i420.fade(tail[number], black, (number + 1) / (sinks + 1))
        elif transition == "dip" and number < fade:
            yield i420.fade(black, frame, (number - sinks) / (fade - sinks))
        else:
            yield frame


def _black(size: Size) -> Frame:
    frame = i420.blank(size)
    parts = i420.planes(frame, size)
    parts.luma[...] = i420.BLACK_LUMA
    for plane in (parts.blue, parts.red):
        plane[...] = np.uint8(i420.NEUTRAL_CHROMA)
    return frame
