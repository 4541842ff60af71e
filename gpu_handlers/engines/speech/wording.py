"""What of a text is said, where its words stand, and where a long one may be cut.

A text is never made longer or shorter here, so a position in what is said is a position in what was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_TAG = re.compile(r"</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>")
_JOINERS = "\u200c\u200d"  # they shape letters in Hindi, Arabic and Persian
_CHUNK = re.compile(r"[^\s—–―…/]+")
_SAID_SIGNS = frozenset("%‰&@#§+=<>±×÷$€£¥₹°")
# Han, kana, Thai, Lao, Khmer and Burmese put no spaces between words.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f"
_UNSPACED_SIGN = re.compile(f"[{_UNSPACED}]")
_BREAKS = (
    re.compile(r"[.!?…।؟]+[\"'”’»)]*\s+|[。！？]+[”’」』]*\s*"),
    re.compile(r"[,;:—–،]+\s+|[、，；：]+\s*"),
    re.compile(r"\s+"),
)


def spoken(text: str) -> str:
    """`text` with blanks for what must not reach an engine or should not be read out, and of the same length.

    Gone are markup (a break of ten seconds must not come from a customer's text), control characters (eSpeak NG takes
    orders in them), square brackets (it takes phonemes in double ones), private and broken characters, and emoji.
    """
    bare = _TAG.sub(lambda tag: " " * len(tag[0]), text)
    return "".join(sign if _may_be_said(sign) else " " for sign in bare)


def words(said: str) -> Iterator[tuple[int, int]]:
    """Start and end of every word, without the punctuation around it.

    Scripts without spaces give what lies between two punctuation marks.
    """
    for chunk in _CHUNK.finditer(said):
        start = chunk.start()
        for at in range(chunk.start(), chunk.end() + 1):
            if at == chunk.end() or _ends_unspaced(said, at, chunk.start()):
                yield from _stripped(said, start, at)
                start = at


def is_unspaced(word: str) -> bool:
    """Whether the script of `word` puts no spaces between words."""
    return bool(_UNSPACED_SIGN.search(word))


def cuts(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Start and end of pieces of at most `limit` characters that together are `text`.

    A piece ends behind the last sentence that fits, else behind the last clause, else behind the last word, else at
    the limit. A border in the first third is passed over for a lesser one further on.
    """
    start = 0
    while len(text) - start > limit:
        end = start + limit
        for border in _BREAKS:
            ends = [found.end() for found in border.finditer(text, start, start + limit)]
            if ends and ends[-1] - start > limit // 3:
                end = ends[-1]
                break
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _may_be_said(sign: str) -> bool:
    if sign in "[]" or 0x1F000 <= ord(sign) < 0x20000 or 0x2600 <= ord(sign) < 0x27C0 or sign == "\ufe0f":
        return False
    return sign in _JOINERS or unicodedata.category(sign) not in ("Cc", "Cf", "Cn", "Co", "Cs")


def _ends_unspaced(said: str, at: int, chunk_start: int) -> bool:
    """Whether a word of an unspaced script ends before `at` because of punctuation."""
    if at == chunk_start or not unicodedata.category(said[at]).startswith("P"):
        return False
    return is_unspaced(said[chunk_start:at]) and not unicodedata.category(said[at - 1]).startswith("P")


def _stripped(said: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and _is_around(said[start]):
        start += 1
    while end > start and _is_around(said[end - 1]):
        end -= 1
    if any(sign.isalnum() or sign in _SAID_SIGNS for sign in said[start:end]):
        yield start, end


def _is_around(sign: str) -> bool:
    return sign not in _SAID_SIGNS and unicodedata.category(sign)[0] in "PZ"
