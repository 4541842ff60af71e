"""A still mark over every frame, such as DRAFT in the corner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, mark
from gpu_handlers.stages.i420 import Frame


def drafts(frames: Iterable[Frame], size: Size) -> Iterator[Frame]:
    """The frames with the draft mark, the same as on pictures."""
    black, white = (np.full((size.height, size.width, 3), level, np.uint8) for level in (0, 255))
    on_black, on_white = i420.from_rgb(mark.draft(black)), i420.from_rgb(mark.draft(white))
    # What differs between black and white beneath is what shows through; 219 is the span of luma.
    luma = size.width * size.height
    shows = (on_white[:luma].astype(np.int16) - on_black[:luma]) / 219
    rows, columns = np.nonzero(shows.reshape(size.height, size.width) < 0.99)
    top, left = rows.min() // 2 * 2, columns.min() // 2 * 2
    bottom, right = rows.max() // 2 * 2 + 2, columns.max() // 2 * 2 + 2
    window = np.s_[top:bottom, left:right]
    through = shows.reshape(size.height, size.width)[window].astype(np.float32)
    ink = np.asarray(i420.planes(on_black, size).luma[window] - i420.BLACK_LUMA * through, np.float32)
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    grey = cv2.resize(through, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    for frame in frames:
        out = i420.planes(frame, size)
        out.luma[window] = np.clip(out.luma[window] * through + ink, 0, 255).astype(np.uint8)
        for plane in (out.blue, out.red):
            plane[half] = (plane[half] * grey + i420.NEUTRAL_CHROMA * (1 - grey)).astype(np.uint8)
        yield frame
