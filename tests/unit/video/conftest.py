"""A small scene whose every distance is known: a far wall, a subject in front of it, textured so that motion shows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Layer, Picture, Rgb, Size
from gpu_handlers.stages import camera, i420, sheets
from gpu_handlers.stages.camera import Shot
from gpu_handlers.stages.moves import Move

FRAME = Size(320, 180)
DRAWN = Size(448, 232)
FPS = 30
FAR_M, NEAR_M = 80.0, 8.0
SUBJECT = np.s_[70:170, 174:274]


def texture(size: Size, seed: int, low: int, high: int) -> Rgb:
    noise = np.random.default_rng(seed).uniform(0, 1, (size.height, size.width, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.5)
    soft = (soft - soft.min()) / np.ptp(soft)
    return (low + soft * (high - low)).astype(np.uint8)


def picture(*, layered: bool = True) -> Picture:
    wall = texture(DRAWN, 1, 60, 200)
    subject = np.zeros((DRAWN.height, DRAWN.width, 4), np.uint8)
    subject[SUBJECT] = np.dstack([texture(Size(100, 100), 2, 90, 250), np.full((100, 100), 255, np.uint8)])
    image, depth = wall.copy(), np.full(wall.shape[:2], FAR_M, np.float32)
    image[SUBJECT], depth[SUBJECT] = subject[SUBJECT][..., :3], NEAR_M
    opaque = np.dstack([wall, np.full(wall.shape[:2], 255, np.uint8)])
    layers = (Layer("wall", opaque, FAR_M), Layer("subject", subject, NEAR_M)) if layered else ()
    return Picture(image, depth, layers)


@dataclass
class Take:
    """The frames of one shot as pictures."""

    frames: list[Rgb]

    def flow(self, first: int = 0, last: int = -1) -> tuple[np.ndarray, np.ndarray]:
        """Mean motion (right, down) in pixels of what is far and of what is near, from one frame to another."""
        last %= len(self.frames)
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in self.frames[first : last + 1]]
        far, near = np.zeros(2), np.zeros(2)
        for a, b in pairwise(grey):  # steps of a few pixels are what optical flow is good at
            flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0)
            far += np.median(np.concatenate([flow[30:150, 12:56], flow[30:150, -56:-12]], axis=1), axis=(0, 1))
            near += np.median(flow[70:110, 140:180], axis=(0, 1))
        return far, near


@pytest.fixture
def filmed():
    """Films the scene with a move."""

    def film(movement: str, *, layered: bool = True, seconds: float = 1.0, **options) -> Take:
        frames = camera.take(shot(movement, layered=layered, seconds=seconds, **options), size=FRAME, fps=FPS)
        return Take([i420.to_rgb(frame, FRAME) for frame in frames])

    return film


def shot(movement: str, *, layered: bool = True, seconds: float = 1.0, **options) -> Shot:
    made = picture(layered=layered)
    return Shot(sheets.of_picture(made, made.depth_m), Move(movement, **options), round(seconds * FPS), 1.0)
