"""The networks: where their files lie, and running one of them on a square picture."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines import weights
from gpu_handlers.engines.illustrator import Rgb

FACES = "face_detection/face_detection_short_range.tflite"
POSE = "pose_landmark/pose_landmark_full.tflite"
OUTLINE = "selfie_segmentation/selfie_segmentation.tflite"
FILES = (FACES, POSE, OUTLINE)

Floats = NDArray[np.float32]

BESIDE_US = Path(__file__).parents[3] / "models"

_running = Lock()  # cv2 nets keep their buffers inside: two threads must not run one at the same time


@cache
def folder() -> Path | None:
    """Where all of `FILES` lie; None without.

    That is `STUDIO_MODELS_DIR`/mediapipe, `models/mediapipe` beside our code, where `make` and the image put them, or
    the installed `mediapipe` package, which is found and never imported.
    """
    own = weights.models_dir()
    candidates = [folder / "mediapipe" for folder in (own, BESIDE_US) if folder]
    package = find_spec("mediapipe")
    if package and package.submodule_search_locations:
        candidates += [Path(place) / "modules" for place in package.submodule_search_locations]
    return next((place for place in candidates if all((place / file).is_file() for file in FILES)), None)


@cache
def _net(file: str) -> Any:
    place = folder()
    if place is None:
        raise FileNotFoundError("the people weights are not on this machine")
    return cv2.dnn.readNetFromTFLite(str(place / file))


def run(file: str, picture: Rgb, outputs: tuple[str, ...], *, low: float = 0.0) -> list[Floats]:
    """What the network in `file` says of a square picture of the size it wants.

    Args:
        picture: H×W×3 uint8.
        outputs: names of the tensors wanted.
        low: what black becomes; white becomes 1.
    """
    blob = picture.astype(np.float32).transpose(2, 0, 1)[None] / 255.0 * (1.0 - low) + low
    with _running:
        net = _net(file)
        net.setInput(np.ascontiguousarray(blob))
        return [np.array(tensor, np.float32) for tensor in net.forward(list(outputs))]
