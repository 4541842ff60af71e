"""Takes the networks that find people out of the MediaPipe wheel: `python -m infra.people WHEELS FOLDER`."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path

SHA256 = {
    "face_detection/face_detection_short_range.tflite": (
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"
    ),
    "pose_landmark/pose_landmark_full.tflite": ("e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"),
    "selfie_segmentation/selfie_segmentation.tflite": (
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
    ),
}
"""The files and their checksums."""


def unpack(wheels: Path, folder: Path) -> None:
    """Copy the networks from the one wheel in `wheels` into `folder`.

    Raises:
        ValueError: a file is not the one we know.
    """
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name, checksum in SHA256.items():
            content = archive.read(f"mediapipe/modules/{name}")
            if hashlib.sha256(content).hexdigest() != checksum:
                raise ValueError(f"{name} in {wheel.name} is not the file that was tested")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
