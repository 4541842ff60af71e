"""Pictures cut to the place they are shown in."""

from __future__ import annotations

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages.figures.box import Box


def covering(image: Rgb, box: Box, zoom: float = 1.0) -> Rgb:
    """The middle of a picture, cut to the proportions of a box and scaled to `zoom` times its size, even sides."""
    high, wide = image.shape[:2]
    share = min(wide / box.width, high / box.height)
    across, down = min(wide, round(box.width * share)), min(high, round(box.height * share))
    left, top = (wide - across) // 2, (high - down) // 2
    cut = image[top : top + down, left : left + across]
    to = (max(2, round(box.width * zoom / 2) * 2), max(2, round(box.height * zoom / 2) * 2))
    way = cv2.INTER_AREA if to[0] < across else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(cut), to, interpolation=way), np.uint8)
