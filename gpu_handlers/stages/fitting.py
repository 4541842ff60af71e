"""Try-on by diffusion: the geometric try-on is the draft, and what changed in it is drawn anew to fall like cloth.

The draft brings cut, print and pose, which image prompts alone do not keep; the model brings folds, light and seams.
The garment is its image prompt (IP-Adapter), and everything outside the mask stays as it is in the draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import cv2
import numpy as np
from PIL import Image

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import (
    CannotDraw,
    Guided,
    Illustrator,
    InpaintOrder,
    PreviewReport,
    Reference,
    Rgb,
    Rgba,
    Size,
)
from gpu_handlers.engines.people.outline import Mask
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import tryon
from gpu_handlers.stages.garment import Category, Garment
from gpu_handlers.stages.people import PersonFacts

METHOD = "diffusion"
STRENGTH = 0.55  # of the draft that may change: folds and light, not the cut
GARMENT_SCALE = 0.6  # above it the adapter's idea of the garment wins over the draft's print
CHANGED = 6  # of 255, what counts as changed by the draft
CONTEXT = 0.25  # of the mask's box, shown around it so that light and scale can be seen
STEP_PX = 8

_WORDS = {
    "formal": "formal wear, tailored",
    "traditional": "traditional dress",
    "western": "western wear",
    "fitness": "sportswear, close fit",
    "casual": "casual wear",
}


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The person in the garment, and how the model made it."""

    image: Rgb
    record: dict[str, Any]


def possible(illustrator: Illustrator) -> TypeGuard[Guided]:
    """Whether this worker's engine can draw a garment by its picture."""
    return isinstance(illustrator, Guided) and "style" in illustrator.abilities


def refine(
    engine: Guided,
    image: Rgb,
    draft: Rgb,
    person: PersonFacts,
    garment: Garment,
    *,
    category: Category,
    preserve_face: bool,
    seed: int,
    stage: Stage,
    on_preview: PreviewReport | None = None,
) -> Fitted:
    """The draft with its garment drawn anew.

    Args:
        image: H×W×3, the photograph that `person` describes.
        draft: the geometric try-on of it, same size.
        preserve_face: as in `tryon.wear`: head and hands are the photograph's own pixels.
        on_preview: shown the clothes while they come about.
    Raises:
        JobFailed: the machine has too little memory for it.
    """
    mask = region(image, draft, person)
    box = _box(mask)
    if box is None:
        return Fitted(draft, {})
    left, top, right, bottom = box
    size = _working(right - left, bottom - top, engine.native_px)
    order = InpaintOrder(
        _scaled(draft[top:bottom, left:right], size),
        np.clip(_scaled_mask(mask[top:bottom, left:right], size), 0, 1),
        f"photograph of a person wearing a garment, {_WORDS[category]}, natural folds, detailed fabric",
        "realistic",
        seed,
        strength=STRENGTH,
        reference=Reference(on_white(garment.image), "style", GARMENT_SCALE),
    )
    try:
        drawing = engine.inpaint(order, on_step=stage.step, on_preview=on_preview)
    except CannotDraw as error:
        raise JobFailed(error.code, error.message) from error
    drawn = draft.copy()
    drawn[top:bottom, left:right] = _scaled(drawing.pictures[0].image, Size(right - left, bottom - top))
    mixed = np.clip(np.round(draft + (drawn.astype(np.float32) - draft) * mask[..., None]), 0, 255).astype(np.uint8)
    out = np.where(mask[..., None] > 0, mixed, draft)
    return Fitted(tryon.with_own_parts(image, out, person) if preserve_face else out, drawing.record)


def region(image: Rgb, draft: Rgb, person: PersonFacts) -> Mask:
    """What is drawn anew, H×W, 0 … 1 with soft edges: old clothes and what the draft changed, never head or hands."""
    changed = (np.abs(image.astype(np.int16) - draft).max(axis=2) > CHANGED).astype(np.uint8)
    whole = np.maximum(changed, (person.clothes > 0.5).astype(np.uint8))
    reach = max(3, round(0.006 * max(image.shape[:2])) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    # Opened against single pixels that rounding changed, closed over folds that happen to be of the old colour.
    whole = cv2.morphologyEx(cv2.morphologyEx(whole, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel, iterations=3)
    whole[np.maximum(person.head, person.hands) > 0.5] = 0
    soft = cv2.GaussianBlur(whole.astype(np.float32), (0, 0), max(0.8, reach / 3))
    soft[soft < 1 / 255] = 0
    return np.asarray(soft * (1 - np.maximum(person.head, person.hands)), np.float32)


def on_white(garment: Rgba) -> Rgb:
    """The cut-out on a white square: the image encoder looks at the middle square of what it is given."""
    height, width = garment.shape[:2]
    side = round(1.1 * max(height, width))
    square = np.full((side, side, 3), 255, np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    share = garment[..., 3:].astype(np.float32) / 255
    square[top : top + height, left : left + width] = garment[..., :3] * share + 255 * (1 - share)
    return np.round(square).astype(np.uint8)


def _box(mask: Mask) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the mask with some of its surroundings; None for an empty one."""
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return None
    height, width = mask.shape
    wide, tall = (int(CONTEXT * (values.max() - values.min() + 1)) for values in (xs, ys))
    left, right = max(0, int(xs.min()) - wide), min(width, int(xs.max()) + 1 + wide)
    return left, max(0, int(ys.min()) - tall), right, min(height, int(ys.max()) + 1 + tall)


def _working(width: int, height: int, native_px: int) -> Size:
    """About as many pixels as the model was trained on, in the crop's shape, in steps of 8."""
    grown = native_px / (width * height) ** 0.5
    return Size(*(max(STEP_PX, round(side * grown / STEP_PX) * STEP_PX) for side in (width, height)))


def _scaled(image: Rgb, size: Size) -> Rgb:
    resized = Image.fromarray(np.ascontiguousarray(image)).resize((size.width, size.height), Image.Resampling.LANCZOS)
    return np.asarray(resized, np.uint8)


def _scaled_mask(mask: Mask, size: Size) -> Mask:
    smaller = size.width < mask.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask, (size.width, size.height), interpolation=way), np.float32)
