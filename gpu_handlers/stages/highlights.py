"""What a narration says that can be drawn as a diagram: lists, steps, comparisons, definitions and numbers.

English patterns that are rather missed than seen where there is nothing. Every item stands in the narration as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gpu_handlers.stages import lore

FigureKind = Literal["list", "steps", "comparison", "definition", "number"]

MAX_ITEM_WORDS, MAX_TITLE_WORDS, MAX_ITEMS = 6, 7, 6


@dataclass(frozen=True, slots=True)
class Figure:
    """What a scene says that can be drawn as a diagram.

    Attributes:
        title: a few words.
        items: a few words each, taken from the narration; two for a comparison, one for a number (``"71 %"``), the term
            and its meaning for a definition.
        at: where in the narration each item is said, in characters, so that it can appear when it is heard.
    """

    kind: FigureKind
    title: str
    items: tuple[str, ...]
    at: tuple[int, ...]


_COUNT = "two|three|four|five|six|seven|eight|nine|ten|several|many|various|different"
_SORTS = (
    "parts?|types?|kinds?|stages?|steps?|phases?|states?|elements?|colou?rs?|layers?|forms?|branches|groups?|"
    "ingredients?|materials?|properties|causes?|effects?|reasons?|examples?|components?|things|ways|methods?|senses|planets|gases|"
    "organs|seasons|laws|rules|sources|uses|features|sides|angles|operations|genres|periods|tools|languages|numbers|factors"
)
_CUE = re.compile(
    r"\b(?:such as|including|includes?|consists? of|contains?|composed of|made (?:up )?of|namely|for example|"
    r"depends? on|needs?|requires?|divided into|split into|comes? in)\s*:?\s+|"
    rf"\b(?:{_COUNT}|main|basic|primary|key|important)\s+(?:[a-z]+\s+){{0,3}}(?:{_SORTS})(?:\s+of\s+[a-z ]{{2,30}}?)?"
    r"(?:\s+(?:are|is|were|called)\b\s*:?|:)\s+|:\s+"
)
_SERIES_END = re.compile(r"[.!?;:—–\n]|\s-\s|,?\s+(?:which|that|because|while|so that|when|where|to|are|is)\b")
_AND = re.compile(r",?\s+(?:and|or|&)\s+")
_STEP = re.compile(
    r"(?:(?<=[.!?;:]\s)|(?<=\n)|^)(?P<mark>first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth|next|then|after that|"
    r"afterwards|finally|lastly|to (?:begin|start) with|step (?:\d|one|two|three|four|five))\b(?:\s+of all)?[,:]?\s+",
    re.IGNORECASE,
)
_THEN = re.compile(r"(?:,|;|\s+and)\s+(?:and\s+)?(?:then|after that|next|finally)\s+")
_PAST = re.compile(r"\b(?:[a-z]+ed|was|were|had|ran|went|saw|came|took|said|found|gave|made|knew|stood|sat)\b")
_THING = r"(?:the |a |an )?[A-Za-z][\w’' -]{1,40}?"
_THAN = re.compile(
    rf"(?:^|(?<=[.!?]\s))(?P<one>{_THING})\s+(?:is|are|has|have|weighs?|moves?|grows?|costs?|runs?|uses?|travels?)\s+"
    rf"(?:[a-z]+\s+){{0,3}}?(?P<how>(?:more|less|fewer)\s+[a-z-]+|[a-z]{{3,}}er)\s+(?:[a-z]+\s+)?than\s+"
    rf"(?:that of )?(?P<two>{_THING})(?=[.,;!?]|$|\s+(?:because|and|but|when|in)\b)",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r",?\s+(?:whereas|in contrast to|as opposed to|compared (?:with|to)|versus|vs\.?)\s+|"
    r"[.;]\s+(?:In contrast|By contrast|On the other hand),?\s+"
)
_UNLIKE = re.compile(r"(?:^|(?<=[.!?]\s))Unlike\s+(?P<two>[^,.!?]{2,40}),\s+(?P<one>[^,.!?]{3,60})")
_PRONOUN = re.compile(
    r"^(?:he|she|it|they|we|i|you|this|that|these|those|there|what|who|nothing|everything|him|them|me|us|his|her|their|my|our)\b",
    re.I,
)
_CLASS = (
    "process|type|kind|sort|form|branch|study|science|set|system|way|method|number|shape|unit|measure|force|theory|law|"
    "quantity|language|structure|network|word|term|organ|molecule|rule|equation|technique|device|tool|art|poem|series|"
    "group|field|property|substance|particle|machine|program|collection|change|movement|story|line|ratio|reaction|"
    "organism|gas|chemical|pattern|state|period|figure of speech|statement|function|angle|point|region|layer"
)
_DEFINED = re.compile(
    rf"(?:^|(?<=[.!?:]\s))(?P<term>[A-Z][\w’'-]*(?:\s+[\w’'-]+){{0,3}}?)\s+"
    rf"(?:(?:is|are)\s+(?P<plain>(?:an?|the)\s+(?:[a-z-]+\s+){{0,3}}?(?:{_CLASS})s?\b[^.!?;]*)|"
    r"(?:means|refers to|is defined as|is known as|is called|are called|are known as|stands for)\s+(?P<said>[^.!?;]+))"
)
_BY_WHICH = re.compile(rf"^(?:an?|the)\s+(?:{_CLASS})s?\s+(?:by which|in which|that|which|where|of)\s+(?=\S+\s)")
_EXPLAINS = re.compile(r"\b(?:that|which|of|where|by|used)\b")
_METRES = r"kilomet(?:er|re)s|met(?:er|re)s|miles|feet"
_COUNTED = rf"years|people|tonnes|tons|cells|stars|dollars|species|{_METRES}"
_NUMBER = re.compile(
    r"(?:\d[\d,]*(?:\.\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|a hundred))\s*"
    rf"(?:%|per ?cent\b|(?:million|billion|trillion)(?:\s+(?:{_COUNTED}))?|degrees(?:\s+(?:Celsius|Fahrenheit))?|"
    rf"°\s?[CF]?\b|(?:{_METRES}|km|m)\s*(?:per|an?|/)\s*(?:second|hour|s|h)\b|light[- ]years)|"
    rf"\b\d{{1,3}}(?:,\d{{3}})+(?:\s+(?:{_COUNTED}))?"
)
_VERB_AFTER = re.compile(r"\s(?:comes?|is|are|was|were|has|have|lives?|covers?|goes|go|takes?|makes?)\b.*$")


def find(narration: str, *, heading: str = "", listed: str = "") -> Figure | None:
    """The figure of one scene; None where nothing can be drawn.

    Args:
        heading: of its part, taken as the title where the text offers none.
        listed: ``bullets`` or ``numbers`` when its lines were marked so.
    """
    for found in (
        _marked(narration, heading, listed),
        _steps(narration, heading),
        _comparison(narration),
        _defined(narration),
        _series(narration, heading),
        _number(narration),
    ):
        if found is not None:
            return found
    return None


def _marked(narration: str, heading: str, listed: str) -> Figure | None:
    """A list whose items were marked in the script."""
    if not listed:
        return None
    items: list[tuple[str, int]] = []
    title, at = heading, 0
    for line in narration.splitlines():
        if line.endswith((":", "：")) and not items:
            title = title or _short(line.rstrip(":："), MAX_TITLE_WORDS)
        elif line.strip():
            items.append((_short(line), at + len(line) - len(line.lstrip())))
        at += len(line) + 1
    if len(items) < 2:
        return None
    return _figure("steps" if listed == "numbers" else "list", title, items)


def _steps(narration: str, heading: str) -> Figure | None:
    marks = list(_STEP.finditer(narration))
    if len(marks) >= 2 and (len(marks) >= 3 or re.match(r"first|to |step", marks[0]["mark"], re.IGNORECASE)):
        return _figure("steps", heading, [_clause_at(narration, mark.end()) for mark in marks])
    for start, sentence in _sentences(narration):
        joints = list(_THEN.finditer(sentence))
        if not joints or _PRONOUN.match(sentence):
            continue
        clause = sentence[: joints[0].start()]
        # "She looked up, then ran" is a story; "the plant absorbs water, then builds sugar" is a process.
        head = _after_subject(clause)
        if not head or _PAST.search(clause):
            continue
        items = [_clause_at(narration, start + head)]
        items += [_clause_at(narration, start + joint.end()) for joint in joints]
        return _figure("steps", heading or _short(sentence[:head].strip(" ,"), MAX_TITLE_WORDS), items)
    return None


def _comparison(narration: str) -> Figure | None:
    than = _THAN.search(narration)
    if than is not None and not _PRONOUN.match(than["one"]) and not _PRONOUN.match(than["two"]):
        one, two = than["one"].strip(), than["two"].strip()
        if 0 < len(one.split()) <= MAX_ITEM_WORDS and 0 < len(two.split()) <= MAX_ITEM_WORDS:
            return Figure("comparison", _capital(than["how"]), (one, two), (than.start("one"), than.start("two")))
    unlike = _UNLIKE.search(narration)
    if unlike is not None and not _PRONOUN.match(unlike["two"]) and not _PRONOUN.match(unlike["one"]):
        items = [_clause_at(narration, unlike.start("two")), _clause_at(narration, unlike.start("one"))]
        return _figure("comparison", "", items)
    against = _AGAINST.search(narration)
    if against is None:
        return None
    before = re.split(r"[.!?;]\s+", narration[: against.start()])[-1]
    items = [_clause_at(narration, against.start() - len(before)), _clause_at(narration, against.end())]
    if any(_PRONOUN.match(text) or not text for text, _ in items):
        return None
    return _figure("comparison", "", items)


def _defined(narration: str) -> Figure | None:
    match = _DEFINED.search(narration)
    if (
        match is None
        or _PRONOUN.match(match["term"])
        or match["term"].split()[0].lower() in ("when", "if", "but", "and")
    ):
        return None
    which = "plain" if match["plain"] else "said"
    if which == "plain" and re.match(r"(?:The|A|An)\s", match["term"]) and not _EXPLAINS.search(match[which]):
        return None
    said, at = match[which], match.start(which)
    if len(said.split()) > MAX_ITEM_WORDS and (lead := _BY_WHICH.match(said)) is not None:
        said, at = said[lead.end() :], at + lead.end()
    meaning = _short(said)
    if not meaning:
        return None
    return Figure(
        "definition", _short(match["term"], MAX_TITLE_WORDS), (match["term"], meaning), (match.start("term"), at)
    )


def _series(narration: str, heading: str) -> Figure | None:
    """Three or more things one after the other, after words that announce them."""
    for cue in _CUE.finditer(narration):
        end = _SERIES_END.search(narration, cue.end())
        stop = len(narration) if end is None else end.start()
        span = narration[cue.end() : stop]
        joints = list(_AND.finditer(span))
        if not joints or "," not in span:
            continue
        pieces, at = [], 0
        for match in re.finditer(r",\s+(?:(?:and|or|&)\s+)?|,?\s+(?:and|or|&)\s+", span):
            if match.start() < joints[-1].start() and "," not in match[0]:
                continue  # "salt and pepper, sugar, and flour": the inner pair is one thing
            pieces.append((span[at : match.start()], cue.end() + at))
            at = match.end()
        pieces.append((span[at:], cue.end() + at))
        items = [(text.strip(), where) for text, where in pieces if text.strip()]
        if len(items) < 3 or any(len(text.split()) > 4 for text, _ in items):
            continue
        before = re.split(r"[.!?;\n]\s*", narration[: cue.start() + len(cue[0].rstrip(" :"))])[-1]
        title = heading or re.sub(
            r"\s*\b(?:are|is|were|such as|including|namely|for example)$", "", before.strip(" :,")
        )
        return _figure("list", _short(_capital(title), MAX_TITLE_WORDS), items)
    return None


def _number(narration: str) -> Figure | None:
    match = _NUMBER.search(narration)
    if match is None:
        return None
    number = match[0].strip()
    after = _VERB_AFTER.sub("", re.split(r"[.!?;,:\n]", narration[match.end() :])[0]).strip()
    before = re.split(r"[.!?;,:\n]", narration[: match.start()])[-1].strip()
    title = (after if len(after.split()) >= 2 else before).split()
    while title and title[-1].lower() in lore.listed("hanging"):
        title.pop()
    return Figure("number", _short(" ".join(title), MAX_TITLE_WORDS), (number,), (match.start(),))


def _figure(kind: FigureKind, title: str, items: list[tuple[str, int]]) -> Figure | None:
    kept = [(text, at) for text, at in items if text][:MAX_ITEMS]
    if len(kept) < 2:
        return None
    return Figure(kind, _short(title, MAX_TITLE_WORDS), tuple(text for text, _ in kept), tuple(at for _, at in kept))


def _clause_at(narration: str, start: int) -> tuple[str, int]:
    """The first words of what begins at `start`, and where."""
    rest = narration[start:]
    clause = re.split(r"[.!?;:,\n]|\s+(?:and|then|because|which|while|whereas|so)\s", rest)[0]
    lead = len(clause) - len(clause.lstrip())
    return _short(clause), start + lead


def _short(text: str, most: int = MAX_ITEM_WORDS) -> str:
    """The first words of `text`, without a preposition or an article left hanging at their end."""
    text = text.strip().strip(".,;:!?")
    words = re.findall(r"\S+", text)
    if len(words) <= most:
        return text
    words = words[:most]
    # Nor an infinitive: "animals eat plants to get" says no more than "animals eat plants".
    while len(words) > 1 and (words[-1].lower().strip(",") in lore.listed("hanging") or words[-2] == "to"):
        words.pop()
    at = 0
    for word in words:
        at = text.index(word, at) + len(word)
    return text[:at].strip(".,;:!?")


def _capital(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:]


def _after_subject(clause: str) -> int:
    """Where the verb begins in "the plant absorbs water"; 0 when that cannot be told."""
    match = re.match(
        r"(?:(?:The|A|An|Each|Every|This|These|Most|Many|All)\s+)?(?:[\w’'-]+\s+){1,3}?(?=[a-z]{2,}s\s)", clause
    )
    return 0 if match is None else match.end()


def _sentences(narration: str) -> Iterator[tuple[int, str]]:
    at = 0
    for match in re.finditer(r"[.!?]\s+|\n|$", narration):
        if match.start() > at:
            yield at, narration[at : match.start()]
        at = match.end()
