"""Scenes that are said evenly, and a small drawing whose every line is known."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.engines.speech.speech import Word
from gpu_handlers.stages.script import Figure, FigureKind, Scene
from gpu_handlers.stages.timeline import Beat

SIZE = Size(480, 270)
FPS = 25
LIST = "Every plant needs four things: sunlight for energy, water from the ground, clean air around it, and good soil."
ITEMS = ("sunlight", "water", "clean air", "good soil")


def said(narration: str, heading: str = "", figure: Figure | None = None, *, seconds_per_word: float = 0.36) -> Beat:
    words = [
        Word(match[0], match.start(), 0.3 + at * seconds_per_word, 0.26 + (at + 1) * seconds_per_word)
        for at, match in enumerate(re.finditer(r"\S+", narration))
    ]
    scene = Scene(1, narration, heading, "", "", "wide", "static", reverse=False, transition="cut", figure=figure)
    return Beat(scene, 0.0, (words[-1].end if words else 1.0) + 0.3, 0.3, tuple(words))


def shown(kind: FigureKind, narration: str, items: tuple[str, ...], heading: str = "") -> Beat:
    figure = Figure(kind, heading, items, tuple(narration.index(item) for item in items))
    return said(narration, heading, figure)


def frames_of(beat: Beat) -> int:
    return round((beat.seconds + 0.4) * FPS)


@pytest.fixture
def listing() -> Beat:
    return shown("list", LIST, ITEMS, "What a plant needs")


@pytest.fixture
def telling() -> Beat:
    return said("A house stands at the foot of a hill, and the sun shines on its roof all day.", "The house")


@pytest.fixture(scope="session")
def house() -> Rgb:
    """A line drawing on white with flat colour: a house, its door, a sun."""
    image = np.full((300, 480, 3), 255, np.uint8)
    cv2.rectangle(image, (120, 150), (300, 270), (240, 200, 150), -1)
    cv2.rectangle(image, (120, 150), (300, 270), (30, 30, 40), 3, cv2.LINE_AA)
    cv2.polylines(
        image, [np.array([[110, 152], [210, 60], [310, 152]])], isClosed=False, color=(30, 30, 40), thickness=3
    )
    cv2.rectangle(image, (190, 200), (230, 270), (30, 30, 40), 3, cv2.LINE_AA)
    cv2.circle(image, (400, 70), 34, (250, 210, 60), -1, cv2.LINE_AA)
    cv2.circle(image, (400, 70), 34, (30, 30, 40), 3, cv2.LINE_AA)
    return image
