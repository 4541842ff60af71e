"""Sentences, their parts, and how they are packed into scenes of a few seconds. Joined again, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gpu_handlers.stages.language import spoken_seconds

SHORTEST_SECONDS, AIM_SECONDS, LONGEST_SECONDS = 4.0, 6.5, 9.0
_WINDOW = 14  # sentences of one scene at most: fourteen exclamations of half a second

# Where a sentence too long for one scene may be cut, best first: after these marks, or before these words.
_JOINTS = (
    re.compile(r"[;:；：]\s*|\s[—–-]\s"),
    re.compile(
        r"[,，、،]\s*(?=(?:and|but|so|while|because|which|who|where|when|until|then|or|und|aber|et|mais|y|pero)\b)"
    ),
    re.compile(r"[,，、،]\s*"),
    re.compile(r"\s(?=(?:and|but|because|while|which|that|when|until|before|after|und|et|y)\s)"),
    re.compile(r"\s+"),
    re.compile(r"(?<=.)(?=.)"),
)
_INITIALS = re.compile(r"(?:^|\s)(?:INT|EXT|[A-Z])\.\s+$")


@dataclass(frozen=True, slots=True)
class Unit:
    """The least that is not cut: a sentence, or a part of a long one, with the space after it.

    Attributes:
        ends: whether a sentence ends with it.
    """

    text: str
    seconds: float
    ends: bool = True


def units(text: str, language: str) -> list[Unit]:
    """`text` in sentences; those longer than a scene in parts of it. Their texts joined are `text`."""
    made: list[Unit] = []
    for sentence in sentences(text, language):
        *before, last = _parts(sentence, language)
        made += [Unit(part, spoken_seconds(part, language), ends=False) for part in before]
        made.append(Unit(last, spoken_seconds(last, language)))
    return made


def sentences(text: str, language: str) -> list[str]:
    """Sentences with the space after them; joined they are `text`."""
    import sentencex

    boundaries: list[dict[str, Any]] = sentencex.get_sentence_boundaries(language, text)
    found: list[str] = []
    for boundary in boundaries:
        piece = str(boundary["text"])
        if found and (_INITIALS.search(found[-1]) or not any(map(str.isalnum, piece))):
            found[-1] += piece
        else:
            found.append(piece)
    return found if "".join(found) == text else [text]


def packed(all_units: Sequence[Unit], aim: float = AIM_SECONDS) -> list[list[Unit]]:
    """The units of one paragraph in groups, each as near to `aim` seconds as they allow.

    Least squares over all ways to cut (dynamic programming); scenes outside 4 … 9 s cost extra.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(all_units) + 1):
        options = []
        seconds = 0.0
        for start in range(end - 1, max(-1, end - 1 - _WINDOW), -1):
            seconds += all_units[start].seconds
            options.append((best[start][0] + _cost(seconds, aim), start))
        best.append(min(options))
    groups: list[list[Unit]] = []
    end = len(all_units)
    while end:
        start = best[end][1]
        groups.append(list(all_units[start:end]))
        end = start
    return groups[::-1]


def _cost(seconds: float, aim: float) -> float:
    outside = max(0.0, SHORTEST_SECONDS - seconds, seconds - LONGEST_SECONDS)
    return (seconds - aim) ** 2 + 20 * outside**2


def _parts(sentence: str, language: str) -> list[str]:
    """The sentence cut at its joints until no part is longer than a scene."""
    if spoken_seconds(sentence, language) <= LONGEST_SECONDS:
        return [sentence]
    middle = len(sentence) / 2
    for joint in _JOINTS:
        # Nearest to the middle, so that halves stay halves; the outer quarters would leave crumbs.
        cuts = [match.end() for match in joint.finditer(sentence) if 0.2 < match.end() / len(sentence) < 0.8]
        if cuts:
            cut = min(cuts, key=lambda at: abs(at - middle))
            return _parts(sentence[:cut], language) + _parts(sentence[cut:], language)
    return [sentence]
