"""What a scene's picture shows: a prompt made of the narration's own words, for diffusion models and the sketch engine.

The most concrete clauses are kept, characters are written out as their descriptions, and place, time of day and weather
are carried on until the text changes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from gpu_handlers.stages import lore
from gpu_handlers.stages.entities import POSSESSIVES, Cast, Entity, Mention

MAX_WORDS = 30  # with place and light it stays within the 77 tokens that CLIP reads
MAX_CHARS_OTHER = 120  # of a narration in another language
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]\s*,?")
_CLAUSE = re.compile(r"[.!?;:…]+[\"”’')]*\s+|\s[—–-]\s|\n|,\s+(?=(?:and|but|so|while|then|when|where|until|as)\b)")
_OPENING_DETERMINER = re.compile(r"^(?:the|that|this|his|her|their|its|our)\s+")
_GOING = (
    "in|on|at|to|into|onto|through|inside|across|near|beside|over|under|above|beneath|towards|toward|by|along|down|up|"
    "reached|entered|crossed|climbed|visited|explored|edge of|middle of|heart of|top of|foot of|end of"
)
_DENIAL = re.compile(r"\b(?:not|never|no|nobody|nothing|without)\b|n['’]t\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|no|without)\s+(?:\w+\s+)?\w+", re.IGNORECASE)
_FILLER = re.compile(
    r"\b(?:very|really|just|quite|almost|even|only|there (?:was|were|is|are|lived)|(?:once )?upon a time|one day|"
    r"long ago|at last|of course|began to|started to|tried to|decided to|wanted to|had to|could|would|should|might|"
    r"must|will|together|too|"
    r"(?:many|some|several|a few|two|three) (?:years|months|weeks|days|hours) (?:ago|later|before))\b\s*",
    re.IGNORECASE,
)
_EDGE = re.compile(r"\b(?:on|at|in|to|by|near) the (?:edge|middle|heart|end|side|centre|center) of\b", re.IGNORECASE)
# What is left when the one who did it has been named already.
_BARE_PAST = re.compile(r"^(?:was|were|is|are|had|has|have|been)\b")
_LEFT_OVER = re.compile(r"^(?:you|we|they|he|she|it|i)\s+|\b(?:they|he|she|it|him|them|us|me)\b\s*", re.IGNORECASE)
_SAID = re.compile(r"^(?:said|asked|whispered|replied|answered|cried|shouted|called)\b(?:\s+\S+){0,12}$")


@dataclass(slots=True)
class Setting:
    """Where and when the story is at, carried from scene to scene.

    Attributes:
        places: noun → the phrase of its first mention, used from then on.
        fixed: whether a slug line has said so.
    """

    place: str = ""
    time: str = ""
    weather: str = ""
    places: dict[str, str] = field(default_factory=dict)
    fixed: bool = False

    def read(self, text: str) -> None:
        """Move on to where `text` is."""
        moved = False
        for match in _place_pattern().finditer(text.lower()):
            noun = match["noun"]
            moved = moved or noun not in self.place.split()
            self.place = self.places.setdefault(noun, _placed(lore.meanings("places")[noun], match["phrase"]))
        words = [word.lower() for word in _WORD.findall(text)]
        time = next((lore.meanings("times")[word] for word in words if word in lore.meanings("times")), "")
        weather = next((lore.meanings("weather")[word] for word in words if word in lore.meanings("weather")), "")
        if moved or time:
            self.weather = ""
        self.time = time or self.time
        self.weather = weather or self.weather

    def move(self, slug: str) -> None:
        """Go to the place and time of a slug line such as "Wizard's tower - night"."""
        name, _, time = slug.lower().rpartition(" - ")
        self.time = lore.meanings("times").get(time.strip(), "" if name else self.time)
        self.weather, self.fixed = "", True
        words = _WORD.findall(name or slug.lower())
        noun = next((word for word in reversed(words) if word in lore.meanings("places")), None)
        if noun is not None:
            phrase = " ".join(words[: words.index(noun) + 1])
            self.place = self.places.setdefault(noun, _placed(lore.meanings("places")[noun], phrase))

    def missing_from(self, prompt: str) -> list[str]:
        """Place, time and weather that `prompt` says nothing of."""
        words = {word.lower() for word in _WORD.findall(prompt)}
        known = (("places", self.place), ("times", self.time), ("weather", self.weather))
        return [phrase for table, phrase in known if phrase and not words & set(lore.meanings(table))]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one scene shows.

    Attributes:
        subject: description of the character it is about; empty without one.
        reveals: whether something comes into sight, or the view is wide.
    """

    prompt: str
    subject: str
    reveals: bool


def english(text: str, cast: Cast, setting: Setting, *, about: str, mood: str) -> Seen:
    """The picture for a piece of an English narration; `cast` and `setting` read on.

    Args:
        about: what the whole is about, for scenes that name nothing one could see.
        mood: light of scenes whose words set none.
    """
    mentions = cast.read(text)
    setting.read(text)
    spoken = [match.span() for match in _QUOTED.finditer(text)]
    shown = [m for m in mentions if not any(start <= m.start < end for start, end in spoken)] or mentions
    subject = _subject(shown)
    clauses = _clauses(text, shown, spoken) or _clauses(text, mentions, [])
    prompt = _joined(_chosen(clauses))
    words = [word.lower() for word in _WORD.findall(text)]
    if subject is not None and subject.description not in prompt:
        prompt = f"{subject.description}, {prompt}" if prompt else subject.description
    if subject is None and about and not any(_concrete(word) for word in words):
        prompt = f"{about}, {prompt}"
    bare = prompt
    for mention in mentions:
        bare = bare.replace(mention.entity.description, "")  # a lighthouse keeper is not always in the lighthouse
    # A lesson is not at a place: "rain falls" in one sentence makes no rain in the next.
    parts = [prompt, *(setting.missing_from(bare) if cast.entities or setting.fixed else []), light(text) or mood]
    reveals = any(word in lore.listed("reveal") for word in words)
    return Seen(", ".join(part for part in parts if part), "" if subject is None else subject.description, reveals)


def other(text: str, *, about: str) -> Seen:
    """The picture for a piece of a narration in another language: what it is about, and its own first words."""
    start = " ".join(text.split())[:MAX_CHARS_OTHER]
    return Seen(f"{about}, {start}" if about else start, "", reveals=False)


def light(text: str) -> str:
    """The light that the words of `text` ask for; empty when none does."""
    table = lore.meanings("light")
    counted: dict[str, int] = {}
    for word in _WORD.findall(_DENIED.sub("", text.lower())):
        if word in table:
            counted[table[word]] = counted.get(table[word], 0) + 1
    return max(counted, key=lambda phrase: counted[phrase]) if counted else ""


@dataclass(slots=True)
class _Clause:
    text: str
    score: float


def _subject(mentions: list[Mention]) -> Entity | None:
    """Whom it is about: the first who is not merely an owner of something."""
    return mentions[0].entity if mentions else None


def _clauses(text: str, mentions: list[Mention], spoken: list[tuple[int, int]]) -> list[_Clause]:
    """The clauses outside quotation marks, characters written out, each with how much one could see of it."""
    made: list[_Clause] = []
    edges = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]
    described: set[int] = set()
    for start, end in pairwise(edges):
        words: list[str] = []
        at = start
        holes = sorted(
            [(s, e, None) for s, e in spoken if s < end and e > start]
            + [(m.start, m.end, m) for m in mentions if start <= m.start < end],
            key=lambda hole: hole[0],
        )
        for first, last, mention in holes:
            if first < at:
                continue
            words.append(text[at:first])
            words.append("" if mention is None else _written(text, mention, described))
            at = min(last, end)
        words.append(text[at:end])
        clause = _cleaned("".join(words))
        if clause:
            made.append(_Clause(clause, _score(clause)))
    return made


def _written(text: str, mention: Mention, described: set[int]) -> str:
    """A mention in a prompt: the whole description once, after that nothing for pronouns and a word for the others."""
    said = text[mention.start : mention.end]
    if mention.pronoun and said.lower() in POSSESSIVES:
        return said.lower()
    if id(mention.entity) in described:
        return "" if mention.pronoun else said.split()[-1]
    described.add(id(mention.entity))
    return mention.entity.description


def _cleaned(clause: str) -> str:
    words = clause.strip(" \n,.;:!?…—–-\"“”‘’'()").split()
    while words and words[0].lower().strip(",") in lore.listed("connectives"):
        words.pop(0)
    clause = _EDGE.sub("in", _FILLER.sub("", " ".join(words)))
    clause = _LEFT_OVER.sub("", clause)
    clause = re.sub(r"\s+([,.;])", r"\1", re.sub(r"\s{2,}", " ", clause)).strip(" ,")
    if len(clause.split()) < 2 or _SAID.match(clause) or _BARE_PAST.match(clause):
        return ""
    clause = " ".join(lore.meanings("doing").get(word, word) for word in clause.split())
    return _plain_start(clause)


def _plain_start(clause: str) -> str:
    first = clause.split(maxsplit=1)[0]
    return clause[0].lower() + clause[1:] if first.lower() in lore.listed("starts") else clause


def _score(clause: str) -> float:
    words = [word.lower() for word in _WORD.findall(clause)]
    seen = sum(_concrete(word) for word in words)
    return seen + 0.15 * min(len(words), 10)


def _concrete(word: str) -> bool:
    """Whether one could point at it, as far as our lists know."""
    return word in _pointable() or word.removesuffix("s") in _pointable()


@cache
def _pointable() -> frozenset[str]:
    beings = lore.meanings("beings")
    return lore.listed("things") | lore.listed("looks") | {*lore.meanings("places"), *lore.meanings("weather"), *beings}


def _chosen(clauses: list[_Clause]) -> list[str]:
    """The best clauses in their own order, `MAX_WORDS` together; what is denied only where nothing else is said."""
    clauses = [clause for clause in clauses if not _DENIAL.search(clause.text)] or clauses
    kept: set[int] = set()
    room = MAX_WORDS
    for index in sorted(range(len(clauses)), key=lambda at: (-clauses[at].score, at)):
        length = len(clauses[index].text.split())
        if not kept or length <= room:
            kept.add(index)
            room -= length
    return [clauses[index].text for index in sorted(kept)]


def _joined(clauses: list[str]) -> str:
    return " ".join(", ".join(clauses).split()[: MAX_WORDS + 10])


def _placed(preposition: str, phrase: str) -> str:
    bare = _OPENING_DETERMINER.sub("the ", phrase.strip())
    if re.match(r"(?:the|an?)\s", bare) is None:
        bare = bare if preposition == "in" and bare.endswith(("space", "home")) else f"the {bare}"
    return f"{preposition} {bare}"


@cache
def _place_pattern() -> re.Pattern[str]:
    nouns = "|".join(sorted(lore.meanings("places"), key=len, reverse=True))
    return re.compile(
        rf"\b(?:{_GOING})\s+(?P<phrase>(?:(?:the|an?|his|her|their|its|our|that|this)\s+)?"
        rf"(?:(?!(?:and|or|of|to|in|with|was)\b)[a-z][a-z-]*\s+){{0,3}}?(?P<noun>{nouns}))\b"
    )
