"""How alike two faces are: YuNet finds and aligns them, SFace compares, both through OpenCV and on the CPU.

Both are in OpenCV's model zoo under licences that allow selling (YuNet MIT, SFace Apache-2.0). They are not fetched: an
operator puts the two files into `STUDIO_MODELS_DIR`/opencv-zoo. Without them nothing is measured, and results say why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines import weights
from gpu_handlers.engines.illustrator import Rgb

DETECTOR = "face_detection_yunet_2023mar.onnx"
RECOGNISER = "face_recognition_sface_2021dec.onnx"
SAME_PERSON = 0.363
"""Cosine from which two faces are taken for one person (OpenCV's documentation of FaceRecognizerSF, for LFW)."""

MODELS = (
    {"id": "yunet", "revision": "2023mar", "licence": "mit"},
    {"id": "sface", "revision": "2021dec", "licence": "apache-2.0"},
)

_running = Lock()  # cv2 nets keep their buffers inside


@dataclass(frozen=True, slots=True)
class Likeness:
    """Cosine of two face embeddings, −1 … 1; None where it could not be measured, and then why."""

    score: float | None
    why: str | None = None
    installed: bool = True

    @property
    def same(self) -> bool:
        """Whether nothing speaks against one person: alike enough, or no means to tell. No face speaks against it."""
        return not self.installed or (self.score is not None and self.score >= SAME_PERSON)

    @property
    def rank(self) -> float:
        """For choosing among pictures; one without a face comes last."""
        return -1.0 if self.score is None else self.score


def folder() -> Path | None:
    """Where both files lie; None without them."""
    own = weights.models_dir()
    place = own / "opencv-zoo" if own else None
    return place if place and all((place / file).is_file() for file in (DETECTOR, RECOGNISER)) else None


def compare(one: Rgb, other: Rgb) -> Likeness:
    """The largest faces of two pictures."""
    place = folder()
    if place is None:
        return Likeness(None, "face comparison is not installed here", installed=False)
    with _running:
        features = [_feature(place, image) for image in (one, other)]
        if features[0] is None or features[1] is None:
            return Likeness(None, "no face was found to compare")
        score = _nets(place)[1].match(features[0], features[1], cv2.FaceRecognizerSF_FR_COSINE)
    return Likeness(round(float(score), 4))


def _feature(place: Path, image: Rgb) -> NDArray[np.float32] | None:
    detector, recogniser = _nets(place)
    bgr = np.ascontiguousarray(image[..., ::-1])
    detector.setInputSize((image.shape[1], image.shape[0]))
    _, faces = detector.detect(bgr)
    if faces is None or not len(faces):
        return None
    largest = max(faces, key=lambda face: face[2] * face[3])
    return np.array(recogniser.feature(recogniser.alignCrop(bgr, largest)), np.float32)


@cache
def _nets(place: Path) -> tuple[Any, Any]:
    detector = cv2.FaceDetectorYN.create(str(place / DETECTOR), "", (320, 320))
    return detector, cv2.FaceRecognizerSF.create(str(place / RECOGNISER), "")
