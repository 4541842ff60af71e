"""Files that strangers might send as pictures: broken by chance from a seed, and broken on purpose."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image

Mutation = Callable[[bytearray, random.Random], bytes]


def mutated(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """So many files with a name that makes each again: sound pictures of every kind, broken in every way in turn."""
    kinds, ways = sorted(_sound()), sorted(MUTATIONS)
    for number in range(count):
        kind, way = kinds[number % len(kinds)], ways[number // len(kinds) % len(ways)]
        chance = random.Random(f"{seed}/{number}")
        yield f"{number}: {kind}, {way}", MUTATIONS[way](bytearray(_sound()[kind]), chance)


def made_on_purpose() -> Iterator[tuple[str, bytes]]:
    """Bombs, lies and disguises."""
    for name, make in ON_PURPOSE.items():
        yield name, make()


def png(width: int, height: int, *, rows: int | None = None, extra: bytes = b"") -> bytes:
    """A PNG of black pixels, one bit each, with so many of its rows."""
    line = bytes(min(width // 8 + 1, 10_000))
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(line) for _ in range(height if rows is None else rows)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def _sound() -> dict[str, bytes]:
    """A picture of every kind and coding that we take."""
    noise = Image.effect_noise((320, 288), 60)
    colour = Image.merge(
        "RGB", (noise, noise.rotate(90).resize(noise.size), noise.transpose(Image.Transpose.ROTATE_180))
    )
    clear = colour.convert("RGBA")
    clear.putalpha(noise)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    return {
        "jpeg": _saved(colour, "JPEG", exif=exif),
        "jpeg, progressive": _saved(colour, "JPEG", progressive=True, subsampling=0),
        "jpeg, four colours": _saved(colour.convert("CMYK"), "JPEG"),
        "jpeg, a second one behind": _saved(colour, "MPO", save_all=True, append_images=[colour.resize((300, 260))]),
        "png": _saved(colour, "PNG"),
        "png, transparent": _saved(clear, "PNG", exif=exif),
        "png, palette": _saved(colour.convert("P"), "PNG", transparency=3),
        "png, 16 bits": _saved(noise.convert("I;16"), "PNG"),
        "webp": _saved(colour, "WEBP", exif=exif),
        "webp, lossless and transparent": _saved(clear, "WEBP", lossless=True),
    }


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


# ---- By chance -------------------------------------------------------------------------------------------------------


def _flipped(content: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 3, 30, 300))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def _head_flipped(content: bytearray, chance: random.Random) -> bytes:
    """Sizes, depths, tables and offsets are in the first bytes; the very first say what it is, and stay."""
    for _ in range(chance.randint(1, 6)):
        content[chance.randrange(12, 200)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(content)


def _cut(content: bytearray, chance: random.Random) -> bytes:
    return bytes(content[: chance.randrange(len(content))])


def _missing(content: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(8, len(content))
    del content[start : start + chance.choice((1, 2, 100, 5000))]
    return bytes(content)


def _repeated(content: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    part = content[start : start + chance.choice((4, 64, 2000))]
    content[start:start] = part * chance.choice((1, 10, 50))
    return bytes(content)


def _lied(content: bytearray, chance: random.Random) -> bytes:
    """Other sizes in the header, with checksums that fit."""
    width, height = (chance.choice((0, 1, 255, 256, 4000, 16_383, 65_535, 2**31 - 1)) for _ in range(2))
    if content[:4] == b"\x89PNG":
        depth, colour = chance.choice((1, 2, 4, 8, 16)), chance.choice((0, 2, 3, 4, 6))
        header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, chance.randint(0, 1))
        content[8:33] = chunk(b"IHDR", header)
    elif content[:2] == b"\xff\xd8":
        frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
        content[frame + 5 : frame + 9] = struct.pack(">HH", height % 65_536, width % 65_536)
    else:
        content[chance.choice((4, 16, 24, 26))] ^= chance.randrange(1, 256)
    return bytes(content)


def _joined(content: bytearray, chance: random.Random) -> bytes:
    """Two files in one: what one program takes for a picture, another takes for something else."""
    other = chance.choice((b"<script>alert(1)</script>", b"%PDF-1.7\n", b"PK\x03\x04" + bytes(40), _sound()["png"]))
    place = chance.choice((0, 2, 12, len(content) // 2, len(content)))
    content[place:place] = other
    return bytes(content)


def _noise(content: bytearray, chance: random.Random) -> bytes:
    """The right first bytes, and nothing that belongs to them."""
    return bytes(content[:12]) + chance.randbytes(chance.randrange(1, 20_000))


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": _flipped,
    "bits flipped in the head": _head_flipped,
    "cut": _cut,
    "a part missing": _missing,
    "a part repeated": _repeated,
    "another size": _lied,
    "two in one": _joined,
    "noise": _noise,
}


# ---- On purpose ------------------------------------------------------------------------------------------------------


def _with_text(size: int) -> bytes:
    return png(300, 300, extra=chunk(b"zTXt", b"Comment\0\0" + _packed(size)))


def _with_profile(size: int) -> bytes:
    return png(300, 300, extra=chunk(b"iCCP", b"profile\0\0" + _packed(size)))


def _packed(size: int) -> bytes:
    """So many zeros, packed without ever having them all."""
    packer, block = zlib.compressobj(1), bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def _with_chunks(count: int) -> bytes:
    return png(300, 300, extra=chunk(b"tEXt", b"a\0b") * count)


def _frames(kind: str, count: int) -> bytes:
    frames = [Image.new("RGB", (300, 300), (number, 0, 0)) for number in range(count)]
    return _saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _webp(width: int, height: int) -> bytes:
    """A lossless WebP that ends after its size."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(16)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg(width: int, height: int) -> bytes:
    content = bytearray(_sound()["jpeg"])
    frame = content.find(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def _scans(count: int) -> bytes:
    """A progressive JPEG that draws its last scan over and over: little to store, much to do (a known bomb)."""
    content = _sound()["jpeg, progressive"]
    last = content.rfind(b"\xff\xda")
    return content[:last] + content[last:-2] * count + b"\xff\xd9"


ON_PURPOSE: dict[str, Callable[[], bytes]] = {
    "png of 81 megapixels in few bytes": lambda: png(9000, 9000),
    "png of 900 megapixels": lambda: png(30_000, 30_000, rows=2),
    "png that claims 2³¹ − 1 pixels a side": lambda: png(2**31 - 1, 2**31 - 1, rows=1),
    "png that claims more than it holds": lambda: png(4000, 4000, rows=3),
    "png with a text that unpacks to 100 MB": lambda: _with_text(100_000_000),
    "png with a profile that unpacks to 100 MB": lambda: _with_profile(100_000_000),
    "png with 100,000 chunks": lambda: _with_chunks(100_000),
    "apng of 20 frames": lambda: _frames("PNG", 20),
    "webp of 20 frames": lambda: _frames("WEBP", 20),
    "gif of 20 frames": lambda: _frames("GIF", 20),
    "gif bomb": lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"," + bytes(9) + b"\x08" * 100,
    "webp of 268 megapixels in 40 bytes": lambda: _webp(16_383, 16_383),
    "jpeg of 4 gigapixels in its header": lambda: _jpeg(65_500, 65_500),
    "jpeg of hundreds of scans": lambda: _scans(500),
    "svg": lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "svg bomb": lambda: b"<!DOCTYPE s [<!ENTITY a 'a'>" + b"<!ENTITY b '&a;&a;'>" * 50 + b"]><svg>&b;</svg>",
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "html after the marker of a jpeg": lambda: b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "html after the signature of a png": lambda: b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "php in a png": lambda: png(10, 10) + b"<?php system($_GET[0]); ?>",
    "pdf": lambda: b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj",
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 512 512\n(/etc/passwd) (r) file",
    "imagemagick script": lambda: b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/x'",
    "playlist": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd",
    "zip": lambda: b"PK\x03\x04" + bytes(100),
    "elf": lambda: b"\x7fELF" + bytes(100),
    "tiff": lambda: _sound()["jpeg"].replace(b"\xff\xd8\xff", b"II*\x00", 1),
    "jpeg in the frame of a webp": lambda: b"RIFF\x00\x01\x00\x00WEBP" + _sound()["jpeg"],
    "nothing": lambda: b"",
    "a byte": lambda: b"\xff",
}
