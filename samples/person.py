"""Draws `person.jpg`: an invented person in a plain T-shirt before a wall, lit softly, for trying clothes on.

PYTHONPATH=.:layers/studio .venv/bin/python samples/person.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.persona import figure
from gpu_handlers.engines.persona.look import look_of
from gpu_handlers.engines.sketch.colour import from_hex
from gpu_handlers.stages import poses

SIZE = Size(832, 1216)
SEED = 21


def main() -> None:
    """Write the picture beside this file."""
    look = replace(
        look_of("female", "hispanic", "26-35", "casual", SEED),
        outfit="tee",
        top=from_hex("e9e4dc"),
        legs=from_hex("3f5577"),
        hair_style="wavy",
        glasses=False,
    )
    pose = poses.library()["relaxed"]
    scale = SIZE.height / 5.6  # to the knees
    person = figure.draw(
        look, pose.joints, SIZE, origin=(SIZE.width / 2, 0.42 * scale), scale=scale, turn=0.1, smile=0.8
    )
    alpha = person[..., 3:].astype(np.float32) / 255
    colour = person[..., :3].astype(np.float32)
    # Flat areas become round: light falls off towards the outline and downwards.
    inner = cv2.GaussianBlur(alpha[..., 0], (0, 0), 26)
    colour *= (0.86 + 0.2 * np.clip(inner, 0, 1))[..., None]
    ys, xs = np.mgrid[0 : SIZE.height, 0 : SIZE.width].astype(np.float32)
    wall = (
        np.array([196, 205, 203], np.float32)
        * (1.1 - 0.22 * ys / SIZE.height - 0.1 * np.abs(xs / SIZE.width - 0.35))[..., None]
    )
    shadow = cv2.GaussianBlur(np.roll(alpha[..., 0], (18, 46), (0, 1)), (0, 0), 30)
    wall *= (1 - 0.28 * shadow)[..., None]
    picture = wall * (1 - alpha) + colour * alpha
    picture += np.random.default_rng(1).normal(0, 2.0, picture.shape[:2])[..., None]
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(
        Path(__file__).with_suffix(".jpg"), quality=90, optimize=True
    )


if __name__ == "__main__":
    main()
