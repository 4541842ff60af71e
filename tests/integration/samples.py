"""Pictures for tests, made here."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image


def photo(width: int = 320, height: int = 400, *, mode: str = "RGB", kind: str = "JPEG", **options: Any) -> bytes:
    """A soft gradient of the given size as a file."""
    ramp = np.linspace(0, 255, width, dtype=np.uint8)[None, :].repeat(height, axis=0)
    picture = Image.fromarray(np.dstack([ramp, ramp // 2, 255 - ramp]))
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()
