"""Small pictures of unfinished work, uploaded now and then while a job runs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image

from gpu_handlers.engines.illustrator import Rgb
from studio.telemetry import logger

SIDE_PIXELS = 320
JPEG_QUALITY = 70
EVERY_SECONDS = 1.0

Upload = Callable[[str, bytes, str], str]
"""Stores `(name, content, content type)` and returns the key."""


@dataclass(slots=True)
class Previews:
    """The previews of one attempt, by the number of the picture they show."""

    upload: Upload
    _keys: dict[int, str] = field(default_factory=dict)
    _shown_at: dict[int, float] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """Where they lie, in the order of the pictures."""
        return tuple(self._keys[index] for index in sorted(self._keys))

    def show(self, index: int, image: Rgb) -> None:
        """Replace the preview of picture `index`, at most once a second; the work never fails for it."""
        now = time.monotonic()
        if now - self._shown_at.get(index, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        self._shown_at[index] = now
        picture = Image.fromarray(image)
        picture.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=JPEG_QUALITY)
        try:
            self._keys[index] = self.upload(f"preview-{index + 1}.jpg", buffer.getvalue(), "image/jpeg")
        except Exception:
            logger.exception("preview was not uploaded")
