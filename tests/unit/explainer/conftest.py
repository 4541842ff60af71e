"""Scenes with a narration whose every word has its time, one per kind of figure, and what a film of them shows."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.speech.speech import Word
from gpu_handlers.stages import explainer, i420, kinetic
from gpu_handlers.stages.script import Figure, Scene
from gpu_handlers.stages.timeline import Beat

FPS = 10
LANDSCAPE, PORTRAIT = Size(640, 360), Size(360, 640)
STYLES = {"explainer": explainer.film, "kinetic": kinetic.film}
WORD_SECONDS, SPEECH_AT = 0.3, 0.4

NARRATIONS = {
    "list": "A plant needs three things to grow: water from the soil, gas from the air, and light from the sun.",
    "steps": "First the roots draw up water, then the leaves take in gas, and finally sugar is built inside.",
    "comparison": "Plants make their own food, while animals have to eat others.",
    "definition": "Chlorophyll is the green pigment that catches light.",
    "number": "More than 71 % of our planet is covered by water.",
    "bars": "Dry air is nitrogen 78 %, oxygen 21 % and a little else.",
}
FIGURES = {
    "list": ("list", "Ingredients", ("water from the soil", "gas from the air", "light from the sun")),
    "steps": ("steps", "", ("roots draw up water", "leaves take in gas", "sugar is built inside")),
    "comparison": ("comparison", "Two ways", ("Plants make their own food", "animals have to eat others")),
    "definition": ("definition", "Chlorophyll", ("Chlorophyll", "the green pigment that catches light")),
    "number": ("number", "of the planet is water", ("71 %",)),
    "bars": ("list", "Dry air", ("nitrogen 78 %", "oxygen 21 %")),
}


def beat(text: str, *, heading: str = "What a plant needs", figure: Figure | None = None, number: int = 1) -> Beat:
    """A scene in which every word takes `WORD_SECONDS`."""
    scene = Scene(number, text, heading, "", "", "wide", "static", False, "crossfade", False, figure)
    words = tuple(
        Word(match[0], match.start(), SPEECH_AT + at * WORD_SECONDS, SPEECH_AT + at * WORD_SECONDS + 0.25)
        for at, match in enumerate(re.finditer(r"\S+", text))
    )
    return Beat(scene, 3.0, SPEECH_AT + (len(words) + 3) * WORD_SECONDS, SPEECH_AT, words)


def drawn(kind: str, *, number: int = 1) -> Beat:
    """The scene with a figure of `kind`."""
    name, title, items = FIGURES[kind]
    at = tuple(NARRATIONS[kind].index(item) for item in items)
    return beat(NARRATIONS[kind], figure=Figure(name, title, items, at), number=number)


def frames_of(one: Beat, fps: int = FPS) -> int:
    return round((one.seconds + 0.4) * fps)


def filmed(
    style: str,
    one: Beat,
    image=None,
    *,
    size: Size = LANDSCAPE,
    palette: str = "science",
    seed: int = 1,
    fps: int = FPS,
):
    """The film of a scene as pictures H×W×3."""
    film = STYLES[style](one, image, size=size, fps=fps, frames=frames_of(one, fps), seed=seed, palette=palette)
    return [i420.to_rgb(frame, size) for frame in film]


def changed(first, second, *, levels: int = 12) -> np.ndarray:
    """Which pixels differ by more than `levels` in any colour."""
    return np.abs(first.astype(np.int16) - second).max(axis=2) > levels


@pytest.fixture(scope="session")
def image():
    """A picture with detail everywhere."""
    rows, columns = np.mgrid[0:240, 0:320]
    return np.dstack([columns * 0.7, rows, (rows // 16 + columns // 16) % 2 * 160]).astype(np.uint8)


SAMPLED = 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the films of every figure, shape and style, `make test` looks at every third; `make soak` at the others."""
    films = [item for item in items if item.path.name == "test_films.py" and hasattr(item, "callspec")]
    for number, item in enumerate(films):
        if number % SAMPLED:
            item.add_marker(pytest.mark.soak)
