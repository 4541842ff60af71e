"""How far away everything in a picture is: from its layers, from a depth model, or assumed and said so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import cv2
import numpy as np

from gpu_handlers.engines.illustrator import Metres, Picture, Rgb
from gpu_handlers.engines.weights import Model

Source = Literal["drawn", "depth-anything-v2-small", "assumed"]

MODEL = Model(
    id="depth-anything-v2-small",
    repo="depth-anything/Depth-Anything-V2-Small-hf",
    revision="main",
    verified=False,
    files=("config.json", "model.safetensors", "preprocessor_config.json"),
    size_mb=99,
    licence="apache-2.0",  # the Small model only; Base and Large are CC-BY-NC
    commercial=True,
    vram_gib=0.3,
)

# The model says which of two things is nearer, not by how many metres; this is a scene one could film on foot.
NEAREST_M, FARTHEST_M = 3.0, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Depth:
    """Metres per pixel, H×W, and where they come from."""

    metres: Metres
    source: Source


def of_picture(picture: Picture) -> Depth:
    """The picture's own depth if it has one; else estimated where the model's weights are here; else assumed."""
    if picture.depth_m is not None:
        return Depth(picture.depth_m, "drawn")
    if MODEL.folder is not None:
        return Depth(estimated(picture.image, str(MODEL.folder)), "depth-anything-v2-small")
    return Depth(assumed(picture.image), "assumed")


def estimated(image: Rgb, folder: str) -> Metres:
    """Depth as Depth Anything V2 sees it (Yang et al., 2024): relative nearness, spread over a walkable scene."""
    import torch
    from PIL import Image

    processor, model = _model(folder)
    with torch.inference_mode():
        inputs = processor(images=Image.fromarray(image), return_tensors="pt").to(model.device)
        nearness = model(**inputs).predicted_depth[0].float().cpu().numpy()
    low, high = np.percentile(nearness, (1, 99))
    share = np.clip((nearness - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)
    size = (image.shape[1], image.shape[0])
    share = np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_CUBIC), np.float32)
    return _metres(np.clip(share, 0, 1))


def assumed(image: Rgb) -> Metres:
    """A ground that comes towards us below the middle, all else far: true of most landscapes, known of none."""
    height, width = image.shape[:2]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    share = np.clip((rows - 0.35) / 0.65, 0, 1) ** np.float32(1.4) * np.float32(0.45)
    return _metres(np.repeat(share, width, axis=1))


def _metres(share: Metres) -> Metres:
    """Metres of a nearness from 0 (far) to 1 (near), linear in 1 / metres as parallax is."""
    near, far = 1 / NEAREST_M, 1 / FARTHEST_M
    return np.asarray(1 / (far + share * np.float32(near - far)), np.float32)


@cache
def _model(folder: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation

    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    model = AutoModelForDepthEstimation.from_pretrained(folder, local_files_only=True).eval()
    return processor, model.to("cuda" if torch.cuda.is_available() else "cpu")
