"""`make covers` draws `web/covers/*.webp`: what each feature makes, by its own code and without a model.

The same code gives the same files. Films are shown by one of their pictures.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.engines.sketch.engine import SketchEngine
from gpu_handlers.engines.speech.speech import Word
from gpu_handlers.stages import i420, whiteboard
from gpu_handlers.stages.script import Figure, Scene
from gpu_handlers.stages.timeline import Beat
from infra.local.front_door import SAMPLES, WEB
from studio import catalog
from studio.uploads import PLACEHOLDER

COVERS = WEB / "covers"
SIZE = Size(640, 480)
MAX_BYTES = 18_000
LESSON, ITEMS = "A plant lives on sunlight, on water and on its leaves.", ("sunlight", "water", "leaves")
FPS, PEN_DOWN_SECONDS = 24, 3.5


def picture_of(feature: str, **order: Any) -> Rgb:
    """The first picture that a feature makes of its order."""
    context = JobContext(SketchEngine(), lambda _: None, _sample)
    made = import_module(f"gpu_handlers.features.{feature.replace('-', '_')}").run(
        catalog.parse(feature, order), context
    )
    return np.asarray(Image.open(io.BytesIO(made.files[0].content)).convert("RGB"))


def shot_of(prompt: str, style: str, seed: int) -> Rgb:
    """What stands before the camera in a film."""
    return SketchEngine().illustrate(prompt, style=style, size=SIZE, seed=seed).image


def board() -> Rgb:
    """A lesson while it is being drawn."""
    words = tuple(
        Word(found[0], found.start(), 0.3 + n * 0.36, 0.56 + n * 0.36)
        for n, found in enumerate(re.finditer(r"\S+", LESSON))
    )
    figure = Figure("list", "", ITEMS, tuple(map(LESSON.index, ITEMS)))
    scene = Scene(1, LESSON, "", "", "", "wide", "static", reverse=False, transition="cut", figure=figure)
    beat = Beat(scene, 0.0, words[-1].end + 0.3, 0.3, words)
    drawn = whiteboard.film(beat, None, size=SIZE, fps=FPS, frames=round(beat.seconds * FPS), seed=2)
    frame = next(itertools.islice(drawn, round(PEN_DOWN_SECONDS * FPS), None))
    return i420.to_rgb(frame, SIZE)


def worn() -> Rgb:
    """Before and after, side by side."""
    order = {"person": PLACEHOLDER, "cloth": PLACEHOLDER, "category": "casual", "consent": True, "seed": 7}
    after = Image.fromarray(picture_of("cloth-swap", **order))
    before = Image.fromarray(_sample("person"))
    half = (SIZE.width // 2 - 2, SIZE.height)
    both = Image.new("RGB", (SIZE.width, SIZE.height), "white")
    for x, side in ((0, before), (half[0] + 4, after)):
        torso = side.crop((0, 0, side.width, side.height * 3 // 5))
        both.paste(ImageOps.fit(torso, half, centering=(0.5, 0.0)), (x, 0))
    return np.asarray(both)


DRAWN: dict[str, Callable[[], Rgb]] = {
    "image-generation": lambda: shot_of("A lighthouse on a cliff at sunset, a sailing boat on the sea", "artistic", 11),
    "cloth-swap": worn,
    "influencer-creation": lambda: picture_of(
        "influencer-creation", gender="female", ethnicity="indian", ageRange="26-35", style="fashion", poses=1, seed=5
    ),
    "3d-video": lambda: shot_of("A dragon flying over snow-capped mountains", "cartoon", 4),
    "study-animation": board,
    "story-video": lambda: shot_of("A fox beside a lantern in the forest at night, the moon", "pixar", 3),
}


def packed(picture: Rgb) -> bytes:
    """As the page shows it, at the best quality that is small enough."""
    image = ImageOps.fit(Image.fromarray(picture), (SIZE.width, SIZE.height), centering=(0.5, 0.07))
    content = b""
    for quality in range(86, 20, -4):
        into = io.BytesIO()
        image.save(into, "WEBP", quality=quality, method=6)
        content = into.getvalue()
        if len(content) <= MAX_BYTES:
            break
    return content


def main() -> None:
    """Draw them all anew."""
    cv2.setNumThreads(1)  # with several, sums of networks come in any order
    for feature, draw in DRAWN.items():
        content = packed(draw())
        (COVERS / f"{feature}.webp").write_bytes(content)
        print(f"{feature}.webp  {len(content):,} bytes")


def _sample(field: str) -> Rgb:
    name = {"person": "person.jpg", "cloth": "garment.jpg"}[field]
    return np.asarray(Image.open(SAMPLES / name).convert("RGB"))


if __name__ == "__main__":
    main()
