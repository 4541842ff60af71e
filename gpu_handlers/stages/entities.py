"""Who a story is about: every character found once, described once, and recognised again by name, noun or pronoun.

A description is made of the text's own words at the first mention, and is the same in every picture, so that the
character keeps its look. English only; in other languages nobody is found, and pictures go by the text alone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from gpu_handlers.stages import lore

Kind = Literal["he", "she", "person", "it"]

POSSESSIVES = frozenset({"his", "her", "its", "their"})
_HE, _SHE = frozenset({"he", "him", "his", "himself"}), frozenset({"she", "her", "hers", "herself"})
_IT, _THEY = frozenset({"it", "its", "itself"}), frozenset({"they", "them", "their", "themselves"})
_PRONOUNS = _HE | _SHE | _IT | _THEY
_KINDS: tuple[Kind, ...] = ("he", "she", "person", "it")
_GIRLS = frozenset({"girl", "woman", "lady"})
_NOUN_FOR: dict[Kind, str] = {"he": "a man", "she": "a woman", "person": "a person", "it": "a creature"}

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_DETERMINERS = "a|an|the|one|two|three|this|that|his|her|their|our|my|its|another|some"
_NO_ADJECTIVE = f"{_DETERMINERS}|and|or|but|of|to|in|on|at|with|by|from|was|is|were|are|had|has|who|there|lived|came"
_ADJECTIVES = rf"(?:(?!(?:{_NO_ADJECTIVE})\b)[a-z][a-z-]*,?\s+){{0,4}}"
_NAME = r"[A-Z][\w’-]*[a-z](?:\s+the\s+[A-Z][\w’-]*[a-z])?"
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n])[\s\"“”’'‘)(]*$")
_FEELS = "said|asked|smiled|smiles|laughed|whispered|nodded|knew|lived|lives|looked|wanted|decided|felt|loved|wondered"
# Before a name that is a place or an institution: "the people of Paris", "the National Assembly".
_NO_PERSON = re.compile(r"\b(?:of|in|from|to|at|near|through|across|over|into|[Tt]he)\s+(?:[A-Z][\w’-]*\s+)*$")
_CALLED = re.compile(rf"\b((?:an?|the)\s+{_ADJECTIVES}[a-z-]+)\s+(?:named|called)\s+$", re.IGNORECASE)
# What a thing hardly does: feel, or have something of his or her own.
_PERSONAL = re.compile(rf"\s+(?:(?:{_FEELS})\b|(?:\w+\s+){{1,3}}(?:his|her)\s)")
_ACTS = re.compile(
    rf"\s+(?:{_FEELS}|was|is|had|has|went|goes|saw|sees|found|finds|took|takes|ran|runs|knows|held|holds|came|comes|made|"
    r"makes|could|would|did|does|heard|hears|stood|stands|thought|gave|gives|began|begins|wants|decides|builds|built|sat|"
    r"sits|wrote|writes|told|tells|met|meets|kept|keeps|left|leaves|rode|rides|threw|throws|grew|flew|fell|won|lost|and|"
    r"[a-z]+ed)\b"
)


@dataclass(slots=True)
class Entity:
    """One character.

    Attributes:
        kind: the pronouns that may stand for it; a ``person`` becomes he or she with the first such pronoun.
        description: how a prompt names it, the same words in every scene.
        names: lower-case words that mean it: its name, its noun.
        animate: whether the text has called it he or she, and so will not call it it.
    """

    kind: Kind
    description: str
    names: set[str] = field(default_factory=set)
    animate: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text speaks of a character.

    Attributes:
        start, end: in characters, with the determiner and adjectives before the noun.
        pronoun: whether it is only a pronoun.
    """

    entity: Entity
    start: int
    end: int
    pronoun: bool = False


class Cast:
    """The characters of one story, told apart while it is read from the beginning."""

    def __init__(self, text: str) -> None:
        """Args: text: the whole story; what is a name is learnt from how words are written elsewhere in it."""
        self.entities: list[Entity] = []
        self._text = text
        self._recent: list[Entity] = []
        self._pairs: dict[tuple[int, int], Entity] = {}
        self._lower = frozenset(word for word in _WORD.findall(text) if word[0].islower())
        # A capital in mid-sentence is a name; at a sentence's start it only may be one.
        capitals = Counter(word for word in _WORD.findall(text) if word[0].isupper())
        self._often = frozenset(word for word, times in capitals.items() if times > 1)
        self._capital = frozenset(match[1] for match in re.finditer(r"[a-z,;]\s+([A-Z][\w’-]*[a-z])\b", text))

    def read(self, text: str) -> list[Mention]:
        """The mentions in the next piece of the story, in order; new characters join the cast."""
        found: list[Mention] = []
        at = 0
        while (match := _WORD.search(text, at)) is not None:
            mention = self._mention(text, match)
            at = match.end() if mention is None else max(match.end(), mention.end)
            if mention is not None:
                found.append(mention)
                self._recent = [other for other in self._recent if other is not mention.entity] + [mention.entity]
        return found

    def _mention(self, text: str, match: re.Match[str]) -> Mention | None:
        word = re.sub(r"['’]s$", "", match[0])
        lower = word.lower()
        if lower in _PRONOUNS:
            entity = self._meant(lower)
            return None if entity is None else Mention(entity, match.start(), match.end(), pronoun=True)
        if word[0].isupper() and lower not in lore.listed("nobody"):
            named = self._named(text, match, word)
            if named is not None:
                return named
        kind = _kind(lower)
        return None if kind is None else self._noun(text, match, lower, kind)

    def _noun(self, text: str, match: re.Match[str], noun: str, kind: Kind) -> Mention | None:
        """Somebody called by what they are: "an old wizard", "the wizard"."""
        if re.match(r"['’]s?\s|-", text[match.end() :]) or match[0].endswith(("'s", "’s")):
            return None  # "the wizard's tower" shows a tower
        following = _WORD.match(text, match.end() + 1)
        if following is not None and _kind(following[0]) is not None:
            return None  # "a baby dragon" is a dragon
        start = _phrase_start(text, match.start())
        phrase = text[start : match.end()]
        known = self._known(noun)
        look = _look(phrase)
        other = (
            re.match(r"(?:an?|another)\b", phrase, re.IGNORECASE) and look and look not in (known or _NONE).description
        )
        if known is not None and not other:
            return Mention(known, start, match.end())
        worn, end = _worn(text, match.end())
        also = self._also_called(text[start : match.end()], noun)
        if also:
            kind, phrase = "she", _as_woman(phrase)
        entity = Entity(kind, _described(phrase, worn), {noun, *_singular(noun), *also})
        naming = re.match(rf"(?:,?\s+(?:named|called))?\s+({_NAME})", text[end:])
        if naming is not None and not _is_listed(naming[1].lower()):
            entity.names.add(naming[1].split()[0].lower())
            entity.description += f" named {naming[1]}"
            end += naming.end()
        self.entities.append(entity)
        return Mention(entity, start, end)

    def _named(self, text: str, match: re.Match[str], name: str) -> Mention | None:
        """Somebody called by name: known, introduced by an apposition, or doing something."""
        known = self._known(name.lower())
        if known is not None and _kind(name.lower()) is None:
            return Mention(known, _title_start(text, match.start()), match.end())
        if name.lower() in self._lower or _kind(name.lower()) is not None or _is_listed(name.lower()):
            return None
        if _NO_PERSON.search(text[: match.start()]):
            return None
        start = _title_start(text, match.start())
        after = text[match.end() :]
        called = _CALLED.search(text[:start])
        if called is not None:
            entity = Entity(
                _sex(after), f"{_described(called[1], '')} named {name}", {name.lower(), called[1].split()[-1]}
            )
            self.entities.append(entity)
            return Mention(entity, called.start(), match.end())
        being = _apposition(after)
        if being is not None:
            noun = being.rsplit(maxsplit=1)[-1]
            kind = _kind(noun) or "person"
            worn, end = _worn(text, match.end() + after.index(being) + len(being))
            also = self._also_called(being, noun)
            if also:
                kind, being = "she", _as_woman(being)
            entity = Entity(kind, f"{_described(being, worn)} named {name}", {name.lower(), noun, *also})
            self.entities.append(entity)
            return Mention(entity, start, end)
        begins = _SENTENCE_START.search(text[:start]) is not None
        sex = _sex(after)
        sure = name in self._capital or name in self._often or _PERSONAL.match(after) is not None
        if not _ACTS.match(after) or (begins and not sure):
            return None
        last = self._recent[-1] if self._recent else None
        if last is not None and sex == last.kind and " named " not in last.description:
            last.names.add(name.lower())  # "A girl stood there. Hana had lost her lantern": that is the girl
            return Mention(last, start, match.end())
        entity = Entity(sex, f"{_NOUN_FOR[sex]} named {name}", {name.lower()})
        self.entities.append(entity)
        return Mention(entity, start, match.end())

    def _also_called(self, phrase: str, noun: str) -> frozenset[str]:
        """What else the story calls a wizard, a doctor … who turns out to be a woman: "she", "the girl".

        Empty when it does not say so before somebody else comes in.
        """
        if noun not in lore.listed("beings", "either"):
            return frozenset()
        _, _, after = self._text.partition(phrase)
        naming = re.match(rf"(?:,?\s+(?:named|called))?\s+({_NAME})", after)
        names = set() if naming is None else {naming[1].split()[0]}
        for match in _WORD.finditer(after):
            word = re.sub(r"['’]s$", "", match[0])
            others = self._capital - names
            if word in others or (_kind(word.lower()) not in (None, "it") and word.lower() != noun):
                called = word.lower() in _GIRLS and re.search(r"\bthe\s+(?:[a-z]+\s+)?$", after[: match.start()], re.I)
                if called and _sex(after[: match.start()]) == "person":
                    return frozenset({"she", word.lower()})
                after = after[: match.start()]
                break
        hers = _sex(after) == "she" or (_sex(after) == "person" and re.search(r"[.!?]\s+Her\b", after[:200]))
        return frozenset({"she"}) if hers else frozenset()

    def _known(self, word: str) -> Entity | None:
        forms = {word, *_singular(word)}
        return next((entity for entity in reversed(self._recent) if forms & entity.names), None)

    def _meant(self, pronoun: str) -> Entity | None:
        """The last one mentioned whom the pronoun fits; two of them for "they"."""
        if pronoun in _THEY:
            return self._both(self._recent[:-1] if pronoun == "them" else self._recent)
        if pronoun in _IT:
            return next((e for e in reversed(self._recent) if e.kind == "it" and not e.animate), None)
        sex: Kind = "he" if pronoun in _HE else "she"
        near = [entity for entity in reversed(self._recent) if entity.kind in (sex, "person", "it")][:2]
        # One who is certainly he or she goes before one who might be.
        chosen = next((entity for entity in near if entity.kind == sex), near[0] if near else None)
        if chosen is not None:
            chosen.animate = True
            chosen.kind = sex if chosen.kind == "person" else chosen.kind
        return chosen

    def _both(self, recent: list[Entity]) -> Entity | None:
        """The last two, in the order they joined the story."""
        pair = [entity for entity in recent if entity in self.entities][-2:]
        if len(pair) < 2:
            return pair[0] if pair and pair[0].kind == "person" else None
        first, second = sorted(pair, key=self.entities.index)
        key = (self.entities.index(first), self.entities.index(second))
        return self._pairs.setdefault(key, Entity("person", f"{first.description} and {second.description}"))


_NONE = Entity("it", "")


def _kind(word: str) -> Kind | None:
    forms = {word, *_singular(word)}
    return next((kind for kind in _KINDS if forms & lore.listed("beings", kind)), None)


def _is_listed(word: str) -> bool:
    """Whether `word` is an ordinary word that only stands where capitals stand."""
    return (
        word in lore.listed("connectives")
        or word in lore.listed("openers")
        or any(word in lore.meanings(table) for table in ("places", "times", "weather"))
    )


def _sex(after: str) -> Kind:
    """Of a name, from the first pronoun after it that is no object."""
    pronoun = re.search(r"\b(he|she|his|himself|herself|her own)\b", after[:200], re.IGNORECASE)
    if pronoun is None:
        return (
            "she"
            if re.search(r"^[^.!?]{0,40}\bher\s+[a-z]+", after) and not re.search(r"\b(?:gave|threw|told)\b", after)
            else "person"
        )
    return "he" if pronoun[1].lower() in _HE else "she"


def _apposition(after: str) -> str | None:
    """The words up to the being in ", a bearded lighthouse keeper in a yellow coat, ..."."""
    match = re.match(r",\s+((?:an?|the)\s+[a-z][a-z -]*)", after)
    if match is None:
        return None
    words = match[1].split()[:7]
    for at, word in enumerate(words):
        if word in ("in", "with", "who", "of", "and", "from"):
            return None
        if _kind(word) is not None:
            return " ".join(words[: at + 1])
    return None


def _singular(word: str) -> set[str]:
    if word.endswith("ies") and len(word) > 4:
        return {word[:-3] + "y"}
    if word.endswith("es") and len(word) > 4:
        return {word[:-1], word[:-2]}
    return {word[:-1]} if word.endswith("s") and len(word) > 3 else set()


def _phrase_start(text: str, noun_at: int) -> int:
    """Where the noun's phrase begins: up to four adjectives and a determiner before it."""
    lead = text[max(0, noun_at - 60) : noun_at]
    match = re.search(rf"\b(?:{_DETERMINERS})\s+{_ADJECTIVES}$", lead, re.IGNORECASE)
    return noun_at - len(lead) + match.start() if match is not None else noun_at


def _title_start(text: str, name_at: int) -> int:
    """Where the name begins with what people put before names: "Old Tom", "Captain Nemo"."""
    match = re.search(r"\b(?:Old|Young|Little|Big|Poor|Dear|Captain|Doctor|Professor|Uncle|Aunt)\s+$", text[:name_at])
    return name_at if match is None else match.start()


def _as_woman(phrase: str) -> str:
    """The phrase of a wizard, a doctor … who is a woman."""
    lead, _, noun = phrase.rpartition(" ")
    return f"{lead} female {noun}" if lead else f"female {noun}"


def _look(phrase: str) -> str:
    """The adjectives of a noun's phrase."""
    return " ".join(re.sub(rf"^(?:{_DETERMINERS})\s+", "", phrase, flags=re.IGNORECASE).split()[:-1])


def _described(phrase: str, worn: str) -> str:
    """An indefinite phrase: "The old fox" is "an old fox"."""
    kept = r"(?:the|this|that|his|her|their|our|my|its|another|some|one|an?)"
    words = re.sub(rf"^{kept}\s+", "", phrase, flags=re.IGNORECASE)
    words = words[0].lower() + words[1:]
    noun = words.rsplit(maxsplit=1)[-1]
    plural = (
        re.match(r"(?:two|three)\b", words)
        or noun in ("people", "children", "men", "women")
        or (noun.endswith("s") and not noun.endswith("ss") and bool(_singular(noun) & _all_beings()))
    )
    article = "" if plural else "an " if words[0] in "aeiou" else "a "
    return f"{article}{words}{worn}"


def _worn(text: str, at: int) -> tuple[str, int]:
    """What follows a noun and says how it looks: "with a grey beard", "in a red coat"; and where it ends."""
    match = _worn_pattern().match(text, at)
    return ("", at) if match is None else (" " + match[0].strip(" ,"), match.end())


@cache
def _worn_pattern() -> re.Pattern[str]:
    looks = "|".join(sorted(lore.listed("looks"), key=len, reverse=True))
    part = rf"(?:(?:an?|the|his|her|its)\s+)?(?:[a-z][a-z-]*\s+){{0,3}}?(?:{looks})\b"
    return re.compile(rf",?\s+(?:with|in|wearing)\s+{part}(?:\s+and\s+{part})?")


@cache
def _all_beings() -> frozenset[str]:
    return frozenset().union(*(lore.listed("beings", kind) for kind in _KINDS))
