"""Pictures from strangers: decoded under limits and written anew, so that nothing of the original file is kept."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import BadPicture

if TYPE_CHECKING:
    from PIL import Image

MIN_SIDE_PIXELS = 256
MAX_PIXELS = 24_000_000  # 40 bytes of WebP can hold 40 megapixels, and each copy of them costs 160 MB
MAX_KEPT_SIDE_PIXELS = 2048  # more than any engine works at
MAX_SCANS = (
    32  # programs write a dozen; each is drawn over the whole picture, and a file of 1 MB could ask for thousands
)
NOT_A_PICTURE = "must be a JPEG, PNG or WebP picture"
DAMAGED = "is a damaged picture"
TOO_MANY_SCANS = f"must be a JPEG of at most {MAX_SCANS} scans; saving it again helps"
TOO_MANY_PIXELS = f"must have at most {MAX_PIXELS // 1_000_000} megapixels"


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
        BadPicture: not a still JPEG, PNG or WebP, damaged, too small, too many pixels or scans.
    """
    from PIL import Image, UnidentifiedImageError

    kind = _kind(content)
    if kind == "JPEG" and _scans(content) > MAX_SCANS:
        raise BadPicture(TOO_MANY_SCANS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata, which is dropped; pixels are counted by us
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=[kind]) as picture:
                kept = _decoded(picture)
        except BadPicture:
            raise
        except UnidentifiedImageError as error:
            raise BadPicture(NOT_A_PICTURE) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadPicture(TOO_MANY_PIXELS) from error
        except Exception as error:  # decoders promise nothing: OSError, SyntaxError, struct.error, MemoryError, …
            raise BadPicture(DAMAGED) from error
    return _written(kept)


def _kind(content: bytes) -> str:
    """Which decoder the first bytes ask for; no other gets to see the file."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    raise BadPicture(NOT_A_PICTURE)


def _scans(content: bytes) -> int:
    """How often a JPEG is drawn over, counted without drawing it (ITU-T T.81, B.1.1)."""
    scans, place = 0, 2
    while 0 <= (place := content.find(b"\xff", place)) < len(content) - 1:
        marker = content[place + 1]
        if marker == 0xD9:  # the end
            break
        if marker == 0xFF:  # filling
            place += 1
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD7:  # inside a scan
            place += 2
        else:
            scans += marker == 0xDA
            place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return scans


def _decoded(picture: Image.Image) -> Image.Image:
    """The pixels, upright and no larger than we keep them."""
    from PIL import ImageOps

    # Phones put a second, smaller picture behind the photo (MPO); only the photo is looked at.
    _check(picture.size, 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1))
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    picture.thumbnail((MAX_KEPT_SIDE_PIXELS, MAX_KEPT_SIDE_PIXELS))  # before anything copies it
    return ImageOps.exif_transpose(picture).convert("RGBA" if transparent else "RGB")


def _written(kept: Image.Image) -> CleanPicture:
    kept.info.clear()
    buffer = io.BytesIO()
    transparent = kept.mode == "RGBA"
    if transparent:
        kept.save(buffer, "PNG")
    else:
        kept.save(buffer, "JPEG", quality=95, subsampling=0)
    return CleanPicture(buffer.getvalue(), "image/png" if transparent else "image/jpeg", kept.width, kept.height)


def _check(size: tuple[int, int], frames: int) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise BadPicture(TOO_MANY_PIXELS)
    if min(size) < MIN_SIDE_PIXELS:
        raise BadPicture(f"must be at least {MIN_SIDE_PIXELS} pixels wide and high")
    if frames != 1:
        raise BadPicture("must be a still picture")
