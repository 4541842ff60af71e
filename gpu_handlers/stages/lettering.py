"""Text in pictures: one typeface for the house, shaping for every script, and never a box for a missing letter.

Open Sans (Apache-2.0; Latin, Greek, Cyrillic), Noto Sans Arabic and Noto Sans Devanagari (both OFL-1.1) come as Python
packages, so text looks the same on a machine without any fonts. What they lack, such as Chinese, is taken from the
machine's own fonts; what no font has is left out. Shaping and right-to-left runs are done by skia's text layout
(HarfBuzz and ICU).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import skia

Weight = Literal["regular", "bold"]

# Upright files by package. Of variable fonts only the default weight is used: skia 144 moves some of their outlines
# wrongly. Bold text in those scripts is thickened by the layout instead.
_LATIN: dict[Weight, tuple[str, str]] = {
    "regular": ("ttf_opensans", "ttf/OpenSans-Regular.ttf"),
    "bold": ("ttf_opensans", "ttf/OpenSans-Bold.ttf"),
}
_OTHERS = (
    ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    ("fontpkg_noto_sans_devanagari", "files/NotoSansDevanagari[wdth,wght].ttf"),
)
_BOLD_FROM = 600  # of OpenType's 1 … 1000
_ENDLESS_PX = 1e6  # a line that is not to be broken

# Scripts without spaces: Thai and Lao, Burmese, Khmer, kana, Han. Their lines break anywhere.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
# What begins no line (closing marks, small kana, vowel signs of Thai), and what ends none.
_CLINGS = "[、。，．！？：；」』）】〕…ーぁぃぅぇぉっゃゅょァィゥェォッャュョ\u0e30-\u0e3a\u0e45-\u0e4e\u0300-\u036f]"
_OPENS = "[「『（【〔]"
_ATOM = re.compile(rf"\s+|{_OPENS}*[{_UNSPACED}]{_CLINGS}*|(?:(?![{_UNSPACED}])\S)+{_CLINGS}*")


@cache
def typeface(weight: Weight = "regular") -> skia.Typeface:
    """The house's typeface; the same object for every call."""
    return _bundled(weight)[0]


def font(size_px: float, weight: Weight = "regular") -> skia.Font:
    """The house's typeface at `size_px` pixels an em, smooth and without hinting."""
    made = skia.Font(typeface(weight), size_px)
    made.setSubpixel(True)
    made.setEdging(skia.Font.Edging.kAntiAlias)
    made.setHinting(skia.FontHinting.kNone)
    return made


def covers(text: str) -> bool:
    """Whether every letter and digit of `text` can be drawn on this machine; other symbols do not count."""
    return all(_face_for(char, "regular") is not None for char in set(text) if char.isalnum())


def measure(text: str, font: skia.Font) -> float:
    """How wide one line of `text` is, px."""
    return _measured(text, _remembered(font), font.getSize())


def lines(text: str, font: skia.Font, width_px: float) -> list[str]:
    """`text` broken at spaces (and between characters of scripts without spaces) into lines within `width_px`.

    Line feeds break too. A word wider than the line is broken inside.
    """
    made: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for atom in _ATOM.findall(paragraph):
            if measure((line + atom).strip(), font) <= width_px:
                line += atom
                continue
            if line.strip():
                made.append(line.strip())
            *whole, line = _split(atom.strip(), font, width_px)
            made += whole
        if line.strip():
            made.append(line.strip())
    return made


def draw(canvas: skia.Canvas, text: str, x: float, y: float, font: skia.Font, paint: skia.Paint) -> float:
    """Draw one line with its left end at `x` and its baseline at `y`; tells how wide it is, px.

    Shaped, in reading order for right-to-left scripts, with other typefaces for letters that `font` lacks.
    """
    paragraph = _paragraph(text, font, paint)
    if paragraph is None:
        return 0.0
    paragraph.paint(canvas, x, y - paragraph.AlphabeticBaseline)
    return float(paragraph.LongestLine)


def right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def _split(word: str, font: skia.Font, width_px: float) -> list[str]:
    """`word` in pieces within `width_px`, one character each at least; the last may be empty."""
    pieces, piece = [], ""
    for char in word:
        if piece and not unicodedata.combining(char) and measure(piece + char, font) > width_px:
            pieces.append(piece)
            piece = ""
        piece += char
    return [*pieces, piece]


@lru_cache(maxsize=8192)
def _measured(text: str, face: int, size_px: float) -> float:
    paragraph = _paragraph(text, skia.Font(_REMEMBERED[face], size_px), skia.Paint())
    return 0.0 if paragraph is None else float(paragraph.LongestLine)


_REMEMBERED: dict[int, skia.Typeface] = {}
"""Typefaces by their number, so that measures can be kept by text, number and size."""


def _remembered(font: skia.Font) -> int:
    face = font.getTypeface()
    number = int(face.uniqueID())
    _REMEMBERED.setdefault(number, face)
    return number


def _paragraph(text: str, font: skia.Font, paint: skia.Paint) -> Any | None:
    """One endless line laid out; None when nothing of `text` can be drawn."""
    face = font.getTypeface()
    weight: Weight = "bold" if face.fontStyle().weight() >= _BOLD_FROM else "regular"
    shown, faces = _drawable(" ".join(text.split()), face, weight)
    if not shown.strip():
        return None
    provider, names = skia.textlayout_TypefaceFontProvider(), []
    for at, each in enumerate(faces):
        names.append(f"studio-{at}")
        provider.registerTypeface(each, names[-1])
    collection = skia.textlayout_FontCollection()
    collection.setDefaultFontManager(provider)
    style, manner = skia.textlayout_TextStyle(), skia.textlayout_ParagraphStyle()
    style.setFontFamilies(names)
    style.setFontSize(font.getSize())
    style.setForegroundPaint(paint)
    style.setFontStyle(face.fontStyle())
    manner.setTextStyle(style)
    builder = skia.textlayout_ParagraphBuilder.make(manner, collection, _unicode())
    builder.pushStyle(style)
    # The layout's lines run from left to right; a line of its own direction inside it keeps full stops at its end.
    builder.addText(f"\u202b{shown}\u202c" if right_to_left(shown) else shown)
    paragraph = builder.Build()
    paragraph.layout(_ENDLESS_PX)
    return paragraph


def _drawable(text: str, face: skia.Typeface, weight: Weight) -> tuple[str, list[skia.Typeface]]:
    """`text` without what no typeface has, and the typefaces it needs, `face` first."""
    faces, shown = {int(face.uniqueID()): face}, []
    for char in text:
        other = face if char.isspace() or face.unicharToGlyph(ord(char)) else _face_for(char, weight)
        if other is not None:
            faces.setdefault(int(other.uniqueID()), other)
            shown.append(char)
        elif unicodedata.category(char) in ("Mn", "Mc", "Cf") and shown:
            shown.append(char)  # joins what is before it and has no shape of its own
    return "".join(shown), list(faces.values())


@cache
def _face_for(char: str, weight: Weight) -> skia.Typeface | None:
    """The typeface that has `char`: ours, or one of this machine's."""
    for face in _bundled(weight):
        if face.unicharToGlyph(ord(char)):
            return face
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return None
    style = skia.FontStyle.Bold() if weight == "bold" else skia.FontStyle.Normal()
    found = skia.FontMgr().matchFamilyStyleCharacter("", style, [], ord(char))
    return found if found is not None and found.unicharToGlyph(ord(char)) else None


@cache
def _bundled(weight: Weight) -> tuple[skia.Typeface, ...]:
    return tuple(_opened(package, file) for package, file in (_LATIN[weight], *_OTHERS))


@cache
def _opened(package: str, file: str) -> skia.Typeface:
    # The folder and not the module: importing a package only to learn where it lies would run its code.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed", name=package)
    path = Path(spec.origin).parent / file
    face = skia.FontMgr().makeFromFile(str(path))
    if face is None:
        raise FileNotFoundError(path)
    return face


@cache
def _unicode() -> Any:
    return skia.Unicodes.ICU.Make()
