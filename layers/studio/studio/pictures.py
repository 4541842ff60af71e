"""Pictures from strangers: decoded under limits and written anew, so that nothing of the original file is kept."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from studio.errors import BadPicture

MIN_SIDE_PIXELS = 256
MAX_PIXELS = 24_000_000  # 40 bytes of WebP can hold 40 megapixels, and each copy of them costs 160 MB
MAX_KEPT_SIDE_PIXELS = 2048  # more than any engine works at
FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture written by us: JPEG, or PNG where the original had transparency."""

    content: bytes
    content_type: str
    width: int
    height: int


def cleaned(content: bytes) -> CleanPicture:
    """Decode fully, turn upright, drop all metadata, bound the size, encode again.

    Raises:
        BadPicture: not a still JPEG, PNG or WebP, damaged, too small, or too many pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                _check(picture.size, getattr(picture, "n_frames", 1))
                transparent = "A" in picture.getbands() or "transparency" in picture.info
                picture.thumbnail((MAX_KEPT_SIDE_PIXELS, MAX_KEPT_SIDE_PIXELS))  # before anything copies it
                kept = ImageOps.exif_transpose(picture).convert("RGBA" if transparent else "RGB")
        except BadPicture:
            raise
        except UnidentifiedImageError as error:
            raise BadPicture("must be a JPEG, PNG or WebP picture") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadPicture(f"must have at most {MAX_PIXELS // 1_000_000} megapixels") from error
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:  # what decoders raise on damage
            raise BadPicture("is a damaged picture") from error
    kept.info.clear()
    buffer = io.BytesIO()
    if transparent:
        kept.save(buffer, "PNG")
    else:
        kept.save(buffer, "JPEG", quality=95, subsampling=0)
    return CleanPicture(buffer.getvalue(), "image/png" if transparent else "image/jpeg", kept.width, kept.height)


def _check(size: tuple[int, int], frames: int) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise BadPicture(f"must have at most {MAX_PIXELS // 1_000_000} megapixels")
    if min(size) < MIN_SIDE_PIXELS:
        raise BadPicture(f"must be at least {MIN_SIDE_PIXELS} pixels wide and high")
    if frames != 1:
        raise BadPicture("must be a still picture")
