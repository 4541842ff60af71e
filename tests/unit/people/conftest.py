"""Pictures for the tests of people and garments, and a job context without a queue.

`portrait.jpg` is NASA's portrait of an astronaut, in the public domain, as bundled with scikit-image.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from gpu_handlers.context import JobContext

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "samples"
os.environ.setdefault("STUDIO_MODELS_DIR", str(HERE.parents[2] / "models"))  # where `make test` puts the networks

# Without OpenCV there is nothing to look at photographs with.
collect_ignore = (
    []
    if find_spec("cv2")
    else [
        f"test_{name}.py"
        for name in ("people", "garment", "tryon", "persona", "features", "fitting", "likeness", "portraits")
    ]
)


def rgb(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """A real photograph: one person to the waist, busy background, hands full."""
    return rgb(HERE / "portrait.jpg")


@pytest.fixture(scope="session")
def person() -> np.ndarray:
    """The drawn sample: one person to the knees before a wall."""
    return rgb(SAMPLES / "person.jpg")


@pytest.fixture(scope="session")
def shirt() -> np.ndarray:
    """The drawn sample: a T-shirt laid flat."""
    return rgb(SAMPLES / "garment.jpg")


@pytest.fixture
def laid_flat() -> Callable[..., np.ndarray]:
    """Draw a garment from its outline on a plain ground."""

    def draw(outline: list[tuple[int, int]], colour: str, ground: str = "#d8d4cc") -> np.ndarray:
        picture = Image.new("RGB", (600, 640), ground)
        ImageDraw.Draw(picture).polygon(outline, fill=colour)
        return np.asarray(picture)

    return draw


@pytest.fixture
def without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the people weights are not installed."""
    from gpu_handlers.engines.people import nets

    monkeypatch.setattr(nets, "folder", lambda: None)


@pytest.fixture
def with_weights() -> None:
    """Skips where the people weights are not installed."""
    from gpu_handlers.engines.people import nets

    if nets.folder() is None:
        pytest.skip("the people weights are not on this machine")


@pytest.fixture
def context() -> Callable[..., JobContext]:
    """A job's context on the sketch engine with the given pictures; its progress is in `.seen`."""
    from gpu_handlers.context import JobContext
    from gpu_handlers.engines.sketch import SketchEngine

    def make(**pictures: Any) -> JobContext:
        return JobContext(SketchEngine(), lambda progress: None, pictures.__getitem__)

    return make
